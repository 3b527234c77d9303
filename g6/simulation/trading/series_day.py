"""One series on one day: the prices at which its options are dealt, second by second."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from g6.simulation.contracts import draws_by_strike
from g6.simulation.expiries import ExpirySeries
from g6.simulation.paths import MarketDay
from g6.simulation.roots import Root
from g6.simulation.smile import Curve
from g6.simulation.trading.books import busyness, half_spread, outward_ticks
from g6.simulation.trading.interest import InterestBounds

Numbers = NDArray[np.float64]
Whole = NDArray[np.int64]


@dataclass(frozen=True)
class SeriesDay:
    """The strikes, shape (n,), of a series listed on a day, with all that moves them.

    Columns number its options: calls, then puts.
    """

    root: Root
    seed: int
    series: ExpirySeries
    market: MarketDay
    curve: Curve
    strike: Numbers
    interest: InterestBounds

    def draw(self, *address: object) -> Numbers:
        """Return numbers in (0, 1), shape (2, n), that belong to each option and to `address`."""
        return draws_by_strike(self.root, self.strike, self.seed, *address, self.series.expiry)

    @cached_property
    def own(self) -> Numbers:
        """A number in (0, 1) of each option's own, shape (2, n).

        Width and size of its book and the times of its publications begin there.
        """
        return self.draw("book")

    def at_the_money(self, second: int) -> int:
        """Return the position of the strike nearest to the forward."""
        return int(np.abs(self.strike - self.curve.forward[second]).argmin())

    def deal(self, column: Whole, second: Whole, bought: NDArray[np.bool_]) -> Whole:
        """Return the prices in ticks, shape (m,), of trades in `column` at `second`.

        Those that are `bought` are dealt at the ask, the others at the bid.
        """
        n = len(self.strike)
        call, put = self.curve.dealt(self.strike[column % n], second)
        bid, ask = self._book(np.where(column < n, call, put), second)
        return np.where(bought, ask, np.maximum(bid, 1))

    def extremes(self, rows: Whole, top: Whole, bottom: Whole) -> tuple[Whole, Whole]:
        """Return the highest and lowest prices in ticks of the strikes at `rows`.

        `top` and `bottom`, shape (m, 1), are the seconds, of one minute each, in which the forward
        was highest and lowest. The answer's last axis holds calls before puts.
        """
        # Both moments at once: of a hundred strikes, calls of numpy take longer than their numbers.
        seconds = np.stack([top, bottom])
        bid, ask = self._book(np.stack(self.curve.dealt(self.strike[rows], seconds)), seconds)
        (_, call_low), (put_low, _) = bid
        (call_high, _), (_, put_high) = ask
        low = np.concatenate([call_low, put_low], axis=-1)
        return np.concatenate([call_high, put_high], axis=-1), np.maximum(low, 1)

    def _book(self, value: Numbers, second: Whole) -> tuple[Whole, Whole]:
        half = half_spread(self.root, self.series.rank, value, busyness(self.market, second))
        return outward_ticks(value - half, value + half)
