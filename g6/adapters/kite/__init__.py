"""Zerodha's Kite Connect over its own client: provider, instrument dumps, access token, login.

`parse_*` are pure; everything that the client raises goes through the one table in `client`.
"""

from g6.adapters.kite.access import Access, Credentials
from g6.adapters.kite.minutes import KiteCandles
from g6.adapters.kite.provider import Kite

__all__ = ["Access", "Credentials", "Kite", "KiteCandles"]
