"""Expiries side by side: the strikes of each as one row of a table, so that one call makes a figure for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["abreast"]

Array = NDArray[np.float64]


def abreast(values: Array, bounds: Sequence[int]) -> Array:
    """Return `(…, n)` as `(…, m, k)`: expiry i has rows `bounds[i]:bounds[i + 1]`, the longest k; the shorter ones end in NaN."""
    starts, sizes = np.asarray(bounds[:-1], dtype=np.intp), np.diff(bounds)
    longest = int(sizes.max(initial=0))
    if np.all(sizes == longest):
        return values[..., bounds[0] : bounds[-1]].reshape(*values.shape[:-1], len(sizes), longest)
    place = np.arange(longest)
    table: NDArray[Any] = values[..., np.minimum(starts[:, None] + place, bounds[-1] - 1)]
    return np.where(place < sizes[:, None], table, np.nan)
