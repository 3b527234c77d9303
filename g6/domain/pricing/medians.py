"""Medians of columns of which only some values are known."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["median_of_least"]

Array = NDArray[np.float64]


def median_of_least(values: Array, count: NDArray[np.integer[Any]], axis: int = -1) -> Array:
    """Return the median of the `count` least values along an axis.

    Args:
        values: Numbers, infinite where a value is not known: those sort behind the known ones.
        count: How many are known, of the shape of `values` without the axis.
        axis: The axis that the median is taken along.

    Returns:
        Medians of the shape of `count`, NaN where nothing is known.

    >>> median_of_least(np.array([[3.0, 1.0, 2.0], [5.0, 4.0, np.inf]]), np.array([3, 2]))
    array([2. , 4.5])
    """
    ordered: Array = np.sort(values, axis=axis)
    width = ordered.shape[axis]
    # Every pair of a liquid chain is known: one row of the table then, without an index for each.
    if width % 2 and np.all(count == width):
        middle: Array = ordered.take(width // 2, axis=axis)
        return middle
    low = np.maximum(count - 1, 0) // 2
    high = np.minimum(count // 2, width - 1)
    below, above = (
        np.take_along_axis(ordered, np.expand_dims(place, axis), axis=axis).squeeze(axis)
        for place in (low, high)
    )
    return np.where(count > 0, 0.5 * (below + above), np.nan)
