"""The stream's numbers of the indices: they stand in the cash markets' dumps, which are not otherwise needed, and never changed."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from g6.domain.market.instrument import VIX

_INDICES = 9
_NUMBERS = {
    "NSE:NIFTY 50": 1001,
    "NSE:NIFTY FIN SERVICE": 1007,
    "NSE:NIFTY BANK": 1016,
    VIX: 1035,
    "NSE:NIFTY NEXT 50": 1058,
    "NSE:NIFTY MID SELECT": 1125,
    "BSE:SENSEX": 1,
    "BSE:BANKEX": 1072,
}
INDEX_TOKENS: Mapping[str, int] = MappingProxyType(
    {key: number * 256 + _INDICES for key, number in _NUMBERS.items()}
)
"""Instrument tokens by quote key: the exchange's number of the index, then the number of the segment of indices."""
