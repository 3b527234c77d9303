"""A minute of options: what the trades before it left, and when and how they trade in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from g6.simulation.trading.series_day import Numbers, Whole

__all__ = ["SEVERAL", "MinuteTrades", "TapeMinute"]

MOST_TRADES = 60
SEVERAL = 4
"""Lots from which a minute's extremes are those of the path of its prices."""


@dataclass(frozen=True, slots=True)
class MinuteTrades:
    """The trades of options within one minute each, evenly spaced.

    Attributes:
        lots: Lots of all trades of the minute, shape (m,).
        phase: Where in its interval the first one comes, a byte, shape (m,).
    """

    lots: NDArray[np.int32]
    phase: NDArray[np.uint8]

    def of(self, columns: Whole) -> MinuteTrades:
        """Return the trades of some of the options."""
        return MinuteTrades(self.lots[columns], self.phase[columns])

    @property
    def count(self) -> Whole:
        """How many trades there are."""
        return np.minimum(np.sqrt(self.lots).astype(np.int64), MOST_TRADES)

    def second(self, number: Whole) -> Whole:
        """Return the second of the minute of trade `number`, 0 the first."""
        interval = number + (self.phase + 0.5) / 256
        return np.asarray((60 * interval / np.maximum(self.count, 1)).astype(np.int64))

    def count_by(self, second: int) -> Whole:
        """Return how many trades have happened by the end of `second` of the minute."""
        count = self.count
        happened = np.ceil((second + 1) * count / 60 - (self.phase + 0.5) / 256)
        return np.clip(happened, 0, count).astype(np.int64)

    def bought(self, number: Whole) -> NDArray[np.bool_]:
        """Tell which trades `number` a buyer began."""
        return np.asarray((self.phase >> (number & 7).astype(np.uint8)) & 1 == 1)

    @property
    def several(self) -> NDArray[np.bool_]:
        """Whether there are so many that the minute's extremes are those of the path."""
        return self.lots >= SEVERAL


@dataclass(frozen=True, slots=True)
class TapeMinute:
    """One minute of a tape: what the trades before it left, and its own. Shapes are (2n,).

    Attributes:
        number: Of the minute.
        volume: Lots traded before it.
        value: Lots × ticks.
        high: Highest price in ticks, 0 without a trade.
        low: Lowest price in ticks, NEVER without a trade.
        last: Price of the last trade in ticks, 0 without one.
        last_second: Second of that trade, 0 without one.
        trades: The trades of the minute itself.
    """

    number: int
    volume: Whole
    value: Numbers
    high: Whole
    low: Whole
    last: Whole
    last_second: Whole
    trades: MinuteTrades
