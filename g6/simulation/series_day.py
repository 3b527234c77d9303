"""One series on one day: what its options are dealt at, second by second."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from g6.simulation.books import busyness, half_spread, ticks
from g6.simulation.contracts import lattice
from g6.simulation.expiries import ExpirySeries
from g6.simulation.interest import InterestBounds
from g6.simulation.paths import MarketDay
from g6.simulation.roots import Root
from g6.simulation.smile import Curve

Numbers = NDArray[np.float64]
Whole = NDArray[np.int64]


@dataclass(frozen=True)
class SeriesDay:
    """The strikes `(n,)` of a series listed on a day, with all that moves them. Columns number its options: calls, then puts."""

    root: Root
    seed: int
    series: ExpirySeries
    market: MarketDay
    curve: Curve
    strike: Numbers
    held: InterestBounds

    def draw(self, *address: object) -> Numbers:
        """Return numbers in (0, 1) `(2, n)` that belong to each option of the series and to `address`."""
        return lattice(self.root, self.strike, self.seed, *address, self.series.expiry)

    @cached_property
    def own(self) -> Numbers:
        """A number in (0, 1) of each option's own, `(2, n)`: where its book's width, size and publication times begin."""
        return self.draw("book")

    def at_the_money(self, second: int) -> int:
        """Return the position of the strike nearest to the forward."""
        return int(np.abs(self.strike - self.curve.forward[second]).argmin())

    def deal(self, column: Whole, second: Whole, bought: NDArray[np.bool_]) -> Whole:
        """Return the prices in ticks, `(m,)`, of trades in `column` at `second`, bought at the ask or sold at the bid."""
        n = len(self.strike)
        call, put = self.curve.dealt(self.strike[column % n], second)
        value = np.where(column < n, call, put)
        bid, ask = self._around(value, second)
        return np.where(bought, ask, np.maximum(bid, 1))

    def extremes(self, rows: Whole, top: Whole, bottom: Whole) -> tuple[Whole, Whole]:
        """Return the highest and lowest prices in ticks, calls before puts on the last axis, of the strikes at `rows`.

        `top`, `bottom` `(m, 1)`: the seconds, of one minute each, in which the forward was highest and lowest.
        """
        call_top, put_top = (
            self._around(value, top) for value in self.curve.dealt(self.strike[rows], top)
        )
        call_bottom, put_bottom = (
            self._around(value, bottom) for value in self.curve.dealt(self.strike[rows], bottom)
        )
        high = np.concatenate([call_top[1], put_bottom[1]], axis=-1)
        return high, np.maximum(np.concatenate([call_bottom[0], put_top[0]], axis=-1), 1)

    def _around(self, value: Numbers, second: Whole) -> tuple[Whole, Whole]:
        half = half_spread(self.root, self.series.rank, value, busyness(self.market, second))
        return ticks(value - half, value + half)
