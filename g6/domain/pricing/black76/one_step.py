"""One Halley step from a good guess, and the Greeks at its end: what listed options need.

Signs are folded away: with k = |ln(F/K)|, h = k/w, s = sign(S* - KD) and t = s w/2, the
out-of-the-money option of a strike holds N(-s d1) = n(d1) M(h + t) of the spot and
N(-s d2) = n(d2) M(h - t) of the discounted strike, M the Mills ratio, and
S* n(d1) = KD n(d2) = sqrt(S* KD) g/sqrt(2 pi) with g = exp(-(h^2 + t^2)/2). So two values of erfcx
price the guess, one exponential gives its derivative, h^2 - t^2 the next one, and the Greeks at the
end of the step follow from the same four numbers, because d N(-s d1)/d ln w = n(d1) (h - t).

A call of a few hundred options costs more in calls than in arithmetic, so that there are as few as
can be. Everything is measured in v = w/sqrt(2) and k/2, which takes the constants out of the
arguments of erfcx. Rows that are worked on alike stand side by side. Every result goes into scratch
of the caller, and no operand is a Python number.
"""

from math import pi, sqrt

import numpy as np
from numpy import absolute, add, bitwise_and, copysign, divide, exp, less, log, multiply, subtract
from numpy.typing import NDArray

from g6.domain.pricing.black76.broadcasting import Array
from g6.domain.pricing.black76.guess import first_guess
from g6.domain.pricing.distribution import erfcx

__all__ = ["ROUNDING", "ROWS", "greeks_after", "step"]

ROUNDING = 6 * float(np.finfo(np.float64).eps)
"""Part of an in-the-money price below which a time value is what rounding left of it."""
# Price and payoff are each rounded, so that some 6 to 12 ulp of them are noise. Of 26 unsolvable
# reference prices one lies there (5 ulp away). The nearest solvable ones are 11, 15 and 18 ulp
# away. Discounting the difference of forward and strike instead of both would be exact to fewer
# ulp, but loses two of those, whose forward was itself rounded: a spot times exp(rT).

ROWS = 18
"""Rows of scratch that one call works in. What a row holds changes on the way."""

# Operands without a dimension: NumPy converts a Python number anew at every call.
_ZERO = np.array(0.0)
_ONE = np.array(1.0)
_HALF = np.array(0.5)
_ROOT_PI = np.array(sqrt(pi))
_TWO_OVER_ROOT_PI = np.array(2 / sqrt(pi))
_HALF_OVER_ROOT_PI = np.array(0.5 / sqrt(pi))
_HUNDREDTH = np.array(0.01)
_FIFTIETH = np.array(0.02)
_PER_DAY = np.array(-1 / 365)
_LARGEST = np.array(1e15)
_ROUNDING = np.array(ROUNDING)
# After a relative step e at curvature c Halley's error is about e^3 (1/2 + c^2/12), that of the
# Greeks (e c)^2/2.
_LAST_STEP = np.array(1e-5)


def step(
    columns: tuple[Array, ...], block: Array, sigma: Array, is_final: NDArray[np.bool_]
) -> list[Array]:
    """Write volatilities, and whether they are final. They are not where the input is no option.

    Args:
        columns: Price, forward, strike, years, rate and phi, each of shape (n,).
        block: Scratch of shape (ROWS, n).
        sigma: Where the volatilities go.
        is_final: Where the answers go.

    Returns:
        The rows of the scratch, for `greeks_after`.

    >>> row = [np.array([value]) for value in (12.0, 100.0, 100.1, 1.0, 0.0, 1.0)]
    >>> sigma, is_final = np.empty(1), np.empty(1, np.bool_)
    >>> _ = step(tuple(row), np.empty((ROWS, 1)), sigma, is_final)
    >>> round(float(sigma[0]), 4)
    0.3031
    """
    rows = list(block)
    _fold(columns, block, rows)
    _, _, newton, pull, root, growth, relative, _, v, a, b, *_ = rows
    # From time value, distance and k/2, which stand in these rows until `_newton`.
    first_guess(relative, root, growth, v, (a, b))
    _evaluate(block, rows)
    _newton(rows)
    multiply(columns[0], _ROUNDING, sigma)  # sigma is scratch until its own line
    less(sigma, rows[6], is_final)
    multiply(rows[16], newton, pull)
    add(pull, _ONE, growth)
    divide(newton, growth, relative)
    absolute(block[2:4], block[9:11])
    add(a, b, a)
    bitwise_and(is_final, a < _LAST_STEP, is_final)
    multiply(v, relative, a)
    add(v, a, v)
    multiply(columns[3], _HALF, root)
    np.sqrt(root, root)
    divide(v, root, sigma)
    _only_options(columns, sigma, a, is_final)
    return rows


def _fold(columns: tuple[Array, ...], block: Array, rows: list[Array]) -> None:
    """Write discounted spot and strike, their distance and geometric mean, k/2 and time value."""
    price, forward, strike, years, rate, phi = columns
    spot, present, gap, ratio, _, _, value, scale, *_ = rows
    multiply(rate, years, ratio)
    exp(ratio, ratio)
    divide(forward, ratio, spot)
    divide(strike, ratio, present)
    subtract(spot, present, gap)
    multiply(phi, gap, value)
    np.maximum(value, _ZERO, out=value)
    subtract(price, value, value)
    multiply(spot, present, scale)
    np.sqrt(scale, scale)
    divide(spot, scale, ratio)
    log(ratio, ratio)
    absolute(block[2:4], block[4:6])


def _evaluate(block: Array, rows: list[Array]) -> None:
    """Write half the sign of the gap, erfcx of both arguments, sqrt(S* KD) g, (h^2 - t^2)/2."""
    _, _, gap, _, _, half_k, _, scale, v, _, inverse, side, near, far, _, _, away, half = rows
    copysign(_HALF, gap, side)
    divide(half_k, v, away)
    multiply(v, side, half)
    add(away, half, near)
    subtract(away, half, far)
    erfcx(block[12:14], block[14:16])
    multiply(block[16:18], block[16:18], block[16:18])
    add(away, half, inverse)
    exp(inverse, inverse)
    divide(scale, inverse, scale)
    subtract(away, half, away)


def _newton(rows: list[Array]) -> None:
    """Write (time value - model)/(derivative w), and the signed density into the last row."""
    _, _, newton, _, _, _, value, density, v, _, _, side, _, _, spot_leg, strike_leg, _, money = (
        rows
    )
    multiply(side, density, money)
    subtract(strike_leg, spot_leg, newton)
    multiply(newton, money, newton)
    subtract(value, newton, newton)
    divide(newton, density, newton)
    multiply(newton, _ROOT_PI, newton)
    divide(newton, v, newton)


def _only_options(
    columns: tuple[Array, ...], sigma: Array, spare: Array, is_final: NDArray[np.bool_]
) -> None:
    """Clear what is final where the input is no option."""
    # A negative time value can have a negative root, two negative points a positive ratio.
    _, forward, _, years, _, phi = columns
    np.minimum(sigma, forward, out=spare)
    bitwise_and(is_final, spare > _ZERO, is_final)
    np.maximum(sigma, years, out=spare)
    bitwise_and(is_final, spare < _LARGEST, is_final)
    absolute(phi, spare)
    bitwise_and(is_final, spare == _ONE, is_final)


def greeks_after(
    rows: list[Array], columns: tuple[Array, ...], sigma: Array, figures: Array
) -> None:
    """Write delta, gamma, theta, vega and rho into figures, shape (5, n).

    The rows that `step` returned are consumed.
    """
    _, _, _, years, rate, phi = columns
    delta, gamma, theta, vega, rho = figures
    spot, _, _, pull, root, growth, _, density, v, *_ = rows
    strike_leg = rows[15]
    _first_order(rows, phi, delta)
    multiply(strike_leg, years, rho)
    multiply(rho, _HUNDREDTH, rho)
    # Carried over the step: d ln g/d ln w is the curvature.
    add(growth, pull, growth)
    multiply(density, growth, density)
    multiply(density, _HALF_OVER_ROOT_PI, density)
    multiply(spot, spot, gamma)
    multiply(gamma, v, gamma)
    divide(density, gamma, gamma)
    multiply(density, root, vega)
    multiply(vega, sigma, theta)
    divide(theta, years, theta)
    multiply(strike_leg, rate, strike_leg)
    add(theta, strike_leg, theta)
    multiply(theta, _PER_DAY, theta)
    multiply(vega, _FIFTIETH, vega)


def _first_order(rows: list[Array], phi: Array, delta: Array) -> None:
    """Write delta, and phi K D N(phi d2) in place of the strike's erfcx.

    With s = sign(S* - KD), phi N(phi d1) = (phi + s)/2 - s N(-s d1) whatever the side, and likewise
    for d2.
    """
    (
        spot,
        strike,
        _,
        _,
        _,
        _,
        relative,
        _,
        _,
        slope,
        _,
        side,
        near,
        far,
        spot_leg,
        strike_leg,
        _,
        money,
    ) = rows
    multiply(relative, _TWO_OVER_ROOT_PI, slope)
    multiply(far, slope, far)
    add(spot_leg, far, spot_leg)
    multiply(spot_leg, money, spot_leg)
    multiply(near, slope, near)
    add(strike_leg, near, strike_leg)
    multiply(strike_leg, money, strike_leg)
    multiply(phi, _HALF, slope)
    add(side, slope, slope)
    divide(spot_leg, spot, delta)
    subtract(slope, delta, delta)
    multiply(slope, strike, slope)
    subtract(slope, strike_leg, strike_leg)
