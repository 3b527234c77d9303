"""The layout of an instrument dump: its columns, and the numbers that its indices go by."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from g6.domain.market.instrument import INDICES, INVENTED

DUMP_COLUMNS = (
    "instrument_token",
    "exchange_token",
    "tradingsymbol",
    "name",
    "last_price",
    "expiry",
    "strike",
    "tick_size",
    "lot_size",
    "instrument_type",
    "segment",
    "exchange",
)
"""Columns of Kite Connect's instrument dump, in their order (kite.trade/docs/connect/v3)."""

INDEX_NUMBERS: Mapping[str, int] = MappingProxyType(
    {
        "NSE:NIFTY 50": 1001,
        "NSE:NIFTY FIN SERVICE": 1007,
        "NSE:NIFTY BANK": 1016,
        "NSE:INDIA VIX": 1035,
        "NSE:NIFTY NEXT 50": 1058,
        "NSE:NIFTY MID SELECT": 1125,
        "BSE:SENSEX": 1,
        "BSE:BANKEX": 1072,
    }
)
"""Exchange tokens of the indices by quote key."""

INDEX_SEGMENT = 9
"""Segment of the indices: the lowest byte of an instrument token is the segment's number."""


def index_token(number: int) -> int:
    """Return the instrument token of the index with an exchange token.

    >>> index_token(1001)
    256265
    """
    return number * 256 + INDEX_SEGMENT


# The indices stand in the dumps of the cash markets, which nothing else needs, and their
# numbers have never changed: they are written down here instead of downloaded.
INDEX_TOKENS: Mapping[str, int] = MappingProxyType(
    {key: index_token(number) for key, number in INDEX_NUMBERS.items()}
    | {INDICES[name].quote_key: index_token(9_001 + n) for n, name in enumerate(INVENTED)}
)
"""Instrument tokens of the indices by quote key, those of the invented ones too."""
