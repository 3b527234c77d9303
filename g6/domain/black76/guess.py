"""A first guess of the root of variance, good to a few parts in ten million on any listed chain.

In Bachelier's model the volatility that gives a time value y at a distance X = |S* - KD| depends, apart from scale, on
one number: with l = ln((y + X)/y) it is (y + X) H(l). H is smooth and bounded, so a table with linear interpolation
holds it. Black's root of variance w follows from Bachelier's u (over the geometric mean of S* and KD) as
w = u k/(2 sinh(k/2)) (1 + ...), k = |ln(F/K)|, the series in even powers that is exact at the money.

Source of the link between both: C. Grunspan, "A note on the equivalence between the normal and the lognormal implied
volatility" (2011).
"""

from functools import cache
from math import log, pi

import numpy as np
from numpy.typing import NDArray

from g6.domain.black76.columns import Array
from g6.domain.black76.model import mills

__all__ = ["first_guess"]

_CELLS_PER_UNIT = 512
_CELLS = 24 * _CELLS_PER_UNIT  # up to a time value of e^-24 times the distance; beyond it the guess is a poor one

# Operands without a dimension: NumPy converts a Python number anew at every call.
_PER_UNIT = np.array(float(_CELLS_PER_UNIT))
_SOFT = np.array(1e-8)
_SECOND = np.array(1 / 24)
_FOURTH = np.array(7 / 1920)


def first_guess(value: Array, distance: Array, scale: Array, k: Array, w: Array, spare: tuple[Array, Array]) -> None:
    """Write the guess into w, for time values and distances |S* - KD| of the same unit, scale = sqrt(S* K D).

    At the money both k and the distance vanish; the softening keeps their ratio and costs nothing elsewhere.
    """
    total, other = spare
    slope, intercept = _table()
    np.add(value, distance, total)
    np.divide(total, value, w)
    np.log(w, w)
    np.multiply(w, _PER_UNIT, other)
    cell = other.astype(np.intp)
    slope.take(cell, None, other, "clip")
    np.multiply(other, w, w)
    intercept.take(cell, None, other, "clip")
    np.add(w, other, w)
    np.multiply(w, total, w)
    np.add(k, _SOFT, other)
    np.multiply(w, other, w)
    np.multiply(scale, _SOFT, other)
    np.add(other, distance, other)
    np.divide(w, other, w)
    np.multiply(w, w, total)
    np.multiply(total, _FOURTH, other)
    np.add(other, _SECOND, other)
    np.multiply(other, total, other)
    np.multiply(other, w, other)
    np.add(w, other, w)


@cache
def _table() -> tuple[Array, Array]:
    """Slope and intercept of H on each cell of l (`level`)."""
    level = np.arange(_CELLS + 1) / _CELLS_PER_UNIT
    h = _bachelier_moneyness(level[1:])
    height = np.concatenate([[np.sqrt(2 * pi)], -np.expm1(-level[1:]) / h])
    slope = np.diff(height) * _CELLS_PER_UNIT
    return slope, height[:-1] - slope * level[:-1]


def _bachelier_moneyness(level: NDArray[np.float64]) -> Array:
    """h = X/(sigma sqrt T) with X/y = h/(n(h) - h N(-h)) = e^level - 1; Newton in ln h, monotone from above."""
    target = np.log(np.expm1(level))
    h = np.sqrt(2 * level)
    for _ in range(12):
        ratio = mills(h)
        rest = 1 - h * ratio
        residual = np.log(h / rest) + 0.5 * h * h + 0.5 * log(2 * pi) - target
        h = h * np.exp(-residual / (1 + h * ratio / rest))
    return h
