"""Figures of many expiries by one call: their strikes side by side, the shorter ones padded."""

from __future__ import annotations

from math import nan
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["Figure", "beside", "pick", "ratio"]

Array = NDArray[np.float64]
Figure: TypeAlias = Any
"""A number for one expiry, an array of them for many."""


def beside(figure: Figure) -> Array:
    """Return one figure per expiry, to be set against each of its strikes.

    >>> beside(np.array([24101.0, 24140.0])).shape
    (2, 1)
    """
    return np.asarray(figure)[..., None]


def pick(values: Array, place: Any) -> Any:
    """Return the value at one place of each expiry.

    Args:
        values: Shape (k,) for one expiry, (m, k) for many.
        place: A position, or positions of shape (m,).

    >>> pick(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1, 0]))
    array([2., 3.])
    """
    return values[place] if values.ndim == 1 else values[np.arange(len(place)), place]


def ratio(part: Figure, whole: Figure) -> Figure:
    """Return part over whole, NaN where the whole is not above 0.

    >>> ratio(np.array([1.0, 1.0]), np.array([4.0, 0.0]))
    array([0.25,  nan])
    """
    unknown = np.full(np.shape(whole), nan)
    return np.divide(part, whole, out=unknown, where=np.asarray(whole) > 0)[()]
