"""Running totals of a day's trades at the ends of quarter hours: no answer adds up a whole day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Whole = NDArray[np.int64]
Int32 = NDArray[np.int32]

T = TypeVar("T", np.int16, np.int32, np.float64)

QUARTER = 15
NEVER = np.iinfo(np.int32).max
"""The low where nothing has been, in ticks."""


@dataclass(frozen=True, slots=True)
class RunningTotals:
    """Totals before minute 15 b, each of shape (quarters + 1, 2n).

    Attributes:
        volume: Lots.
        value: Lots × ticks.
        high: Highest price, ticks.
        low: Lowest price, ticks, NEVER without a trade.
        interest_high: Highest open interest, lots.
        interest_low: Lowest open interest, lots.
        latest: The last minute with a trade, -1 without one.
    """

    volume: Int32
    value: NDArray[np.float64]
    high: Int32
    low: Int32
    interest_high: Int32
    interest_low: Int32
    latest: NDArray[np.int16]


def running(
    lots: Int32, price: Int32, extremes: tuple[Int32, Int32], interest: Int32
) -> RunningTotals:
    """Return the totals of a day.

    All arguments have the shape (minutes, 2n). `extremes` are high and low of each minute, 0 and
    NEVER without a trade.
    """
    high, low = extremes
    marks = np.arange(0, len(lots), QUARTER)
    value = np.add.reduceat(lots * price.astype(np.float64), marks, axis=0)
    traded = np.where(lots > 0, np.arange(len(lots), dtype=np.int16)[:, None], np.int16(-1))
    return RunningTotals(
        _after(np.cumsum(np.add.reduceat(lots, marks, axis=0), axis=0, dtype=np.int32), 0),
        _after(np.cumsum(value, axis=0), 0.0),
        _after(np.maximum.accumulate(np.maximum.reduceat(high, marks, axis=0), axis=0), 0),
        _after(np.minimum.accumulate(np.minimum.reduceat(low, marks, axis=0), axis=0), NEVER),
        _after(np.maximum.accumulate(np.maximum.reduceat(interest, marks, axis=0), axis=0), 0),
        _after(np.minimum.accumulate(np.minimum.reduceat(interest, marks, axis=0), axis=0), NEVER),
        _after(np.maximum.accumulate(np.maximum.reduceat(traded, marks, axis=0), axis=0), -1),
    )


def _after(totals: NDArray[T], nothing: float) -> NDArray[T]:
    first = np.full((1, totals.shape[1]), nothing, dtype=totals.dtype)
    return np.concatenate([first, totals])
