"""Breadth: how many of the market's parts go the same way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan

import numpy as np
from numpy.typing import NDArray

from g6.domain.instrument import CE, PE

__all__ = ["Breadth", "Share", "above", "rising"]

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


def above(values: Sequence[float], marks: Sequence[float]) -> Share:
    """Return how many values stand above their own mark: indices above open or previous close, futures above the day's VWAP."""
    now, mark = np.asarray(values, dtype=np.float64), np.asarray(marks, dtype=np.float64)
    return _share(now - mark)


def rising(premium_change: Array, oi_change: Array) -> Breadth:
    """Return the breadth of a chain's strikes from changes over one window, `(2, n)` each, NaN unknown."""
    return Breadth(_share(premium_change[CE]), _share(oi_change[CE]), _share(premium_change[PE]), _share(oi_change[PE]))


def _share(change: Array) -> Share:
    return Share(int(np.count_nonzero(change > 0)), int(np.count_nonzero(~np.isnan(change))))
