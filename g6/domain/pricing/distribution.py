"""The special functions of option prices, from scipy, which is imported when one is first needed.

Rows are read and most questions about them answered without scipy, which takes 112 MB of an
installation and 0.1 s of an import.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from types import ModuleType

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


@cache
def _special() -> ModuleType:
    return import_module("scipy.special")


def ndtr(x: ArrayLike) -> Array:
    """Return the standard normal distribution function.

    >>> float(ndtr(0.0))
    0.5
    """
    values: Array = _special().ndtr(x)
    return values


def ndtri(p: ArrayLike) -> Array:
    """Return the inverse of the standard normal distribution function.

    >>> float(ndtri(0.5))
    0.0
    """
    values: Array = _special().ndtri(p)
    return values


def erfcx(x: ArrayLike, out: Array | None = None) -> Array:
    """Return the scaled complementary error function, exp(x²) erfc(x).

    Args:
        x: The argument.
        out: Where the result goes, a new array by default.

    >>> float(erfcx(0.0))
    1.0
    """
    values: Array = _special().erfcx(x, out)
    return values
