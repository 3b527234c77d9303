"""The index, its future and VIX as seen with a chain."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from math import nan

from g6.domain.schema.frame import Header
from g6.domain.schema.json_reading import read_record
from g6.domain.schema.json_types import JsonObject, plain_fields
from g6.domain.schema.words import SpotSource

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
    spot_source: str = SpotSource.LIVE.value
    future: float = nan
    future_expiry: date | None = None
    future_time: float = nan
    future_bid: float = nan
    future_ask: float = nan
    future_oi: float = nan
    future_volume: float = nan
    future_vwap: float = nan
    future_prev_close: float = nan
    vix: float = nan

    def header(self) -> JsonObject:
        """Write the market into a frame's header: no future has the expiry "".

        >>> Underlying(future_expiry=date(2026, 11, 24)).header()["future_expiry"]
        '2026-11-24'
        """
        expiry = "" if self.future_expiry is None else self.future_expiry.isoformat()
        return {**plain_fields(self), "future_expiry": expiry}

    @classmethod
    def parse(cls, header: Header) -> Underlying:
        """Read the market from a frame's header: absent and null fields are unknown.

        >>> Underlying.parse({"spot": 24100.0, "vix": None}).vix
        nan
        """
        expiry = str(header.get("future_expiry") or "")
        day = date.fromisoformat(expiry) if expiry else None
        return read_record(cls, header, future_expiry=day)
