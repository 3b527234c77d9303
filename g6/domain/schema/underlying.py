"""The index, its future and VIX as seen with a chain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from math import nan
from typing import Any

__all__ = ["Underlying"]


@dataclass(frozen=True, slots=True)
class Underlying:
    """The index, its future and VIX as seen with the chain.

    Prices in points, times in epoch seconds, NaN unknown. `spot_source` is live, frozen (closing
    auction), stale, none where there is no spot, or disputed where a source gives several.
    `prev_close` is the previous session's close.
    """

    spot: float = nan
    open: float = nan
    high: float = nan
    low: float = nan
    prev_close: float = nan
    spot_time: float = nan
    spot_source: str = "live"
    future: float = nan
    future_expiry: str = ""
    future_time: float = nan
    future_bid: float = nan
    future_ask: float = nan
    future_oi: float = nan
    future_volume: float = nan
    future_vwap: float = nan
    future_prev_close: float = nan
    vix: float = nan

    @classmethod
    def parse(cls, header: Mapping[str, Any]) -> Underlying:
        """Read the market from a frame's header: absent and null fields are unknown.

        >>> Underlying.parse({"spot": 24100.0, "vix": None}).vix
        nan
        """
        names = {each.name for each in fields(cls)}
        return cls(
            **{name: value for name, value in header.items() if name in names and value is not None}
        )
