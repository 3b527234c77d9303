"""Zerodha's Kite Connect over its own client: provider, instrument dumps, access token, login.

limits               rates, sizes of requests, addresses: the facts of Kite, written down once
token                the access token: its end, its seal, its file
access               one token for all workers
browser_login        a person's login and the exchange for a token
rest_client          Kite's REST client and the table of its errors
authorized_requests  requests with the token of all workers, each in its turn
quote_parsing        answers to arrays: pure
dump_parsing         a dump to columns: pure
dump_cache           dumps by day, shared by all workers and kept on disk
minute_candles       candles of past sessions
interest_candles     open interest of the session before
underlyings          indices, futures and VIX of all indices in one request
kite_provider        the Provider port over all of these
ticker/              the tick stream
"""

# Kite's client takes half a second to import: `KiteProvider` and the login are imported from
# their modules by who talks to Kite, so that `g6 --help` does not pay for it.
from g6.adapters.kite.access import Access, KiteCredentials
from g6.adapters.kite.minute_candles import KiteCandles

__all__ = ["Access", "KiteCandles", "KiteCredentials"]
