"""Breadth: how many of the market's parts go the same way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan

import numpy as np
from numpy.typing import NDArray

from g6.domain.figures.build_up import change
from g6.domain.market.instrument import CE, PE
from g6.domain.schema.frame import Frame

__all__ = ["Breadth", "MarketBreadth", "Share", "above", "market", "rising", "since_close"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Share:
    """How many of those that are known do; `fraction` NaN when none is known."""

    count: int
    known: int

    @property
    def fraction(self) -> float:
        """Count over known, 0 to 1."""
        return self.count / self.known if self.known else nan


@dataclass(frozen=True, slots=True)
class Breadth:
    """Of the strikes of a chain: shares with a rising premium and with rising open interest, by side."""

    call_premium: Share
    call_oi: Share
    put_premium: Share
    put_oi: Share


@dataclass(frozen=True, slots=True)
class MarketBreadth:
    """Of all indices: above the day's open, above the previous close; of their futures: above the day's VWAP."""

    above_open: Share
    above_close: Share
    futures_above_vwap: Share


def market(frames: Sequence[Frame]) -> MarketBreadth:
    """Return the breadth of the indices whose stored chains these are, one each."""
    seen = [frame.header["spot"] for frame in frames]

    def of(name: str) -> list[float]:
        return [nan if (value := each.get(name)) is None else float(value) for each in seen]

    spot = of("spot")
    return MarketBreadth(
        above(spot, of("open")),
        above(spot, of("prev_close")),
        above(of("future"), of("future_vwap")),
    )


def since_close(frame: Frame) -> Breadth:
    """Return the breadth of a stored chain's options against the previous session; an option untraded today has no new premium."""
    names = ("last", "close", "oi", "oi_prev", "oi_day_high", "volume")
    now = {name: frame.both_sides(name).astype(np.float64) for name in names}
    premium = np.where(now["volume"] > 0, now["last"] - now["close"], nan)
    return rising(premium, change(now["oi"], now["oi_prev"], now["oi_day_high"]))


def above(values: Sequence[float], marks: Sequence[float]) -> Share:
    """Return how many values stand above their own mark: indices above open or previous close, futures above the day's VWAP."""
    now, mark = np.asarray(values, dtype=np.float64), np.asarray(marks, dtype=np.float64)
    return _share(now - mark)


def rising(premium_change: Array, oi_change: Array) -> Breadth:
    """Return the breadth of a chain's strikes from changes over one window, `(2, n)` each, NaN unknown."""
    return Breadth(
        _share(premium_change[CE]),
        _share(oi_change[CE]),
        _share(premium_change[PE]),
        _share(oi_change[PE]),
    )


def _share(change: Array) -> Share:
    return Share(int(np.count_nonzero(change > 0)), int(np.count_nonzero(~np.isnan(change))))
