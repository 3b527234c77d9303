"""Breadth: how many of the market's parts go the same way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan

import numpy as np
from numpy.typing import NDArray

from g6.domain.figures.build_up import change
from g6.domain.market.instrument import CE, PE
from g6.domain.schema.chain import Chain

__all__ = [
    "COLUMNS",
    "Breadth",
    "MarketBreadth",
    "Share",
    "above",
    "market",
    "rising",
    "since_close",
]

COLUMNS = ("volume", "last", "close", "oi", "oi_prev", "oi_day_high")
"""Columns of either side that `since_close` reads."""
Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Share:
    """How many parts go up, of those of which it is known."""

    count: int
    known: int

    @property
    def fraction(self) -> float:
        """Count over known, 0 to 1, NaN when none is known."""
        return self.count / self.known if self.known else nan


@dataclass(frozen=True, slots=True)
class Breadth:
    """Of the strikes of a chain: shares with a rising premium and rising open interest, by side."""

    call_premium: Share
    call_oi: Share
    put_premium: Share
    put_oi: Share


@dataclass(frozen=True, slots=True)
class MarketBreadth:
    """Of all indices: shares above the day's open and the previous close, futures above VWAP."""

    above_open: Share
    above_close: Share
    futures_above_vwap: Share


def market(chains: Sequence[Chain]) -> MarketBreadth:
    """Return the breadth of the indices whose chains these are, one each.

    >>> from g6.simulation.example_unit import CHAIN
    >>> market([CHAIN]).above_open
    Share(count=1, known=1)
    """
    markets = [chain.market for chain in chains]
    spot = [market.spot for market in markets]
    future = [market.future for market in markets]
    return MarketBreadth(
        above_open=above(spot, [market.open for market in markets]),
        above_close=above(spot, [market.prev_close for market in markets]),
        futures_above_vwap=above(future, [market.future_vwap for market in markets]),
    )


def since_close(chain: Chain) -> Breadth:
    """Return the breadth of a chain's options against the previous session.

    >>> from g6.simulation.example_unit import CHAIN
    >>> since_close(CHAIN).call_oi
    Share(count=82, known=82)
    """
    sides = chain.sides
    # An option untraded today still shows the last price of another day: that is no new premium.
    premium_change = np.where(sides["volume"] > 0, chain.last - sides["close"], nan)
    return rising(premium_change, change(sides["oi"], chain.oi_prev, sides["oi_day_high"]))


def above(values: Sequence[float], marks: Sequence[float]) -> Share:
    """Return how many values stand above their own mark.

    Args:
        values: Prices in points, NaN unknown.
        marks: What each is held against: open, previous close, the day's VWAP.

    >>> above([101.0, 99.0, np.nan], [100.0, 100.0, 100.0])
    Share(count=1, known=2)
    """
    now = np.asarray(values, dtype=np.float64)
    mark = np.asarray(marks, dtype=np.float64)
    return _share(now - mark)


def rising(premium_change: Array, oi_change: Array) -> Breadth:
    """Return the breadth of a chain's strikes from changes over one window.

    Args:
        premium_change: Points, shape (2, n), NaN unknown.
        oi_change: Units, of the same shape.

    >>> rising(np.array([[1.0, -1.0], [0.0, 2.0]]), np.full((2, 2), np.nan)).put_premium
    Share(count=1, known=2)
    """
    return Breadth(
        _share(premium_change[CE]),
        _share(oi_change[CE]),
        _share(premium_change[PE]),
        _share(oi_change[PE]),
    )


def _share(change: Array) -> Share:
    return Share(int(np.count_nonzero(change > 0)), int(np.count_nonzero(~np.isnan(change))))
