"""A first guess of the root of variance, good to a few parts in ten million on any listed chain.

In Bachelier's model the volatility that gives a time value y at a distance X = |S* - KD| depends,
apart from scale, on one number: with l = ln((y + X)/y) it is (y + X) H(l). H is smooth and bounded,
so that a table with linear interpolation holds it. Black's root of variance w follows from
Bachelier's u as w = u k/X (1 + w^2/24 + ...), k = |ln(F/K)|, the series in even powers that is
exact at the money. 1/(1 - w^2/24) holds its first two terms and half of the third.

Source of the link between both: C. Grunspan, "A note on the equivalence between the normal and the
lognormal implied volatility" (2011).
"""

from functools import cache
from math import log as ln
from math import pi, sqrt

import numpy as np
from numpy import add, divide, log, multiply
from numpy.typing import NDArray

from g6.domain.pricing.black76.broadcasting import Array
from g6.domain.pricing.black76.model import mills

__all__ = ["first_guess"]

_CELLS_PER_UNIT = 512
# Up to a time value of e^-24 times the distance. Beyond it the guess is a poor one.
_CELLS = 24 * _CELLS_PER_UNIT

# Operands without a dimension: NumPy converts a Python number anew at every call.
_PER_UNIT = np.array(float(_CELLS_PER_UNIT))
_ONE = np.array(1.0)
_TWELFTH = np.array(-1 / 12)


def first_guess(
    value: Array, distance: Array, half_k: Array, v: Array, spare: tuple[Array, Array]
) -> None:
    """Write the guess, over sqrt(2), into v.

    It is NaN exactly at the money, where both k and the distance vanish.

    Args:
        value: Time values.
        distance: |S* - KD| in the same unit.
        half_k: k/2.
        v: Where the guess goes.
        spare: Two columns of scratch.
    """
    total, other = spare
    slope, intercept = _table()
    add(value, distance, total)
    divide(total, value, v)
    log(v, v)
    multiply(v, _PER_UNIT, other)
    cell = other.astype(np.intp)
    slope.take(cell, None, other, "clip")
    multiply(other, v, v)
    intercept.take(cell, None, other, "clip")
    add(v, other, v)
    multiply(v, total, v)
    multiply(v, half_k, v)
    divide(v, distance, v)
    multiply(v, v, other)
    multiply(other, _TWELFTH, other)
    add(other, _ONE, other)
    divide(v, other, v)


@cache
def _table() -> tuple[Array, Array]:
    """Return slope and intercept of sqrt(2) H on each cell of l (`level`)."""
    level = np.arange(_CELLS + 1) / _CELLS_PER_UNIT
    h = _bachelier_moneyness(level[1:])
    height = sqrt(2) * np.concatenate([[sqrt(2 * pi)], -np.expm1(-level[1:]) / h])
    slope = np.diff(height) * _CELLS_PER_UNIT
    return slope, height[:-1] - slope * level[:-1]


def _bachelier_moneyness(level: NDArray[np.float64]) -> Array:
    """Return h = X/(sigma sqrt T) with X/y = h/(n(h) - h N(-h)) = e^level - 1."""
    # Newton in ln h, monotone from above.
    target = np.log(np.expm1(level))
    h = np.sqrt(2 * level)
    for _ in range(12):
        ratio = mills(h)
        rest = 1 - h * ratio
        residual = np.log(h / rest) + 0.5 * h * h + 0.5 * ln(2 * pi) - target
        h = h * np.exp(-residual / (1 + h * ratio / rest))
    return h
