"""Expiries side by side: the strikes of each as one row of a table, so that one call makes a figure for all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

__all__ = ["abreast"]

Array = NDArray[np.float64]


def abreast(bounds: Sequence[int]) -> Callable[[Array], Array]:
    """Return what makes `(…, n)` into `(…, m, k)`: expiry i has rows `bounds[i]:bounds[i + 1]`, the longest of them k.

    Shorter ones end in NaN.
    """
    sizes = [last - first for first, last in pairwise(bounds)]
    longest = max(sizes, default=0)
    if all(size == longest for size in sizes):
        return lambda values: values.reshape(*values.shape[:-1], len(sizes), longest)
    place = np.arange(longest)
    rows = np.minimum(np.asarray(bounds[:-1])[:, None] + place, bounds[-1] - 1)
    there = place < np.asarray(sizes)[:, None]
    return lambda values: np.where(there, values[..., rows], np.nan)
