"""The facts of Kite Connect: how often it may be asked, how much at once, and where people log in.

Source: kite.trade/docs/connect/v3, chapters "Exceptions and errors" (rate limits), "Market quotes"
and "WebSocket streaming".
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

LOGIN_URL = "https://kite.zerodha.com/connect/login"

MOST_QUOTE_KEYS = 500
"""Instruments that one /quote request may name."""

# Kite counts by calendar second: 1 quote request, 3 for candles, 10 others. The spacings are 5 %
# wider, so that two requests of two hosts never fall into one of its seconds.
REQUEST_SPACINGS: Mapping[str, float] = MappingProxyType(
    {"quote": 1.05, "historical": 0.35, "other": 0.1}
)
"""Seconds between two requests of a family, over all workers of one API key."""

STREAM_CONNECTIONS = 3
"""WebSocket connections of one API key at a time."""

STREAM_TOKENS = 3000
"""Instruments that one connection may subscribe to."""
