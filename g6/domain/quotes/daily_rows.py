"""The options of an exchange's end-of-day file as arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class DailyRows:
    """The options of one index at the close of one day. Every array is `(m,)`.

    Attributes:
        expiry: Days.
        strike: Points.
        side: 0 is CE, 1 is PE.
        oi: Open interest, units.
        volume: Units, NaN where the file counts lots that are not known.
        settlement: The settlement price, points.
        lot: Units of a contract by the file, NaN where it has none.
    """

    expiry: NDArray[np.datetime64]
    strike: Array
    side: NDArray[np.intp]
    oi: Array
    volume: Array
    settlement: Array
    lot: Array

    def __len__(self) -> int:
        return len(self.strike)
