"""Expiries side by side: the strikes of each as one row of a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

__all__ = ["abreast"]

Array = NDArray[np.float64]


def abreast(bounds: Sequence[int]) -> Callable[[Array], Array]:
    """Return a function that lays the rows of m expiries side by side.

    Args:
        bounds: Expiry i has the rows `bounds[i]:bounds[i + 1]`.

    Returns:
        A function that makes (…, n) into (…, m, k), k the strikes of the longest expiry. Shorter
        ones end in NaN.

    >>> abreast([0, 2, 3])(np.array([1.0, 2.0, 3.0]))
    array([[ 1.,  2.],
           [ 3., nan]])
    """
    sizes = [last - first for first, last in pairwise(bounds)]
    longest = max(sizes, default=0)
    # Windows have as many strikes in each expiry: the table is a view then, without a copy.
    if all(size == longest for size in sizes):
        return lambda values: values.reshape(*values.shape[:-1], len(sizes), longest)
    place = np.arange(longest)
    rows = np.minimum(np.asarray(bounds[:-1])[:, None] + place, bounds[-1] - 1)
    is_row = place < np.asarray(sizes)[:, None]
    return lambda values: np.where(is_row, values[..., rows], np.nan)
