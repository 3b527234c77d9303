"""Zerodha's Kite Connect over its own client: provider, instrument dumps, access token, login.

`parse_*` are pure; everything that the client raises goes through the one table in `client`. The provider and the login bring the
broker's client with them, whose import takes half a second: `Kite` is imported from `provider` by who asks the broker.
"""

from g6.adapters.kite.access import Access, KiteCredentials
from g6.adapters.kite.minute_candles import KiteCandles

__all__ = ["Access", "KiteCandles", "KiteCredentials"]
