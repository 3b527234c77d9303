"""One Halley step from a good guess, and the Greeks at its end: all that options as exchanges list them need.

Signs are folded away: with k = |ln(F/K)|, h = k/w, s = sign(S* - KD) and t = s w/2, the out-of-the-money option of a
strike holds N(-s d1) = n(d1) M(h + t) of the spot and N(-s d2) = n(d2) M(h - t) of the discounted strike, M the Mills
ratio, and S* n(d1) = KD n(d2) = sqrt(S* KD) g/sqrt(2 pi) with g = exp(-(h^2 + t^2)/2). So two values of erfcx price the
guess, one exponential gives its derivative, h^2 - t^2 the next one, and the Greeks at the end of the step follow from
the same four numbers, because d N(-s d1)/d ln w = n(d1) (h - t).

Every operation writes into scratch given by the caller: allocation and Python numbers as operands would cost as much
as the arithmetic.
"""

from math import pi, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import erfcx

from g6.domain.black76.columns import Array
from g6.domain.black76.guess import first_guess

__all__ = ["ROWS", "Stepped", "greeks_after", "step"]

ROWS = 18
"""Rows of scratch that one call works in."""

# Operands without a dimension: NumPy converts a Python number anew at every call.
_ZERO, _ONE, _HALF = np.array(0.0), np.array(1.0), np.array(0.5)
_ROOT_HALF, _ROOT_EIGHTH = np.array(sqrt(0.5)), np.array(sqrt(0.125))
_ROOT_2PI, _INV_ROOT_2PI, _TWO_OVER_ROOT_PI = np.array(sqrt(2 * pi)), np.array(1 / sqrt(2 * pi)), np.array(2 / sqrt(pi))
_HUNDREDTH, _PER_DAY = np.array(0.01), np.array(-1 / 365)
_LARGEST = np.array(1e15)
# After a relative step e at curvature c Halley's error is about e^3 (1/2 + c^2/12), that of the Greeks (e c)^2/2.
_LAST_STEP = np.array(1e-5)


class Folded(NamedTuple):
    """Options with their sides folded together; all but k in discounted points."""

    spot: Array
    strike: Array
    gap: Array
    """Forward-implied spot less discounted strike."""
    distance: Array
    scale: Array
    """Geometric mean of spot and strike."""
    k: Array
    time_value: Array


class Stepped(NamedTuple):
    """What the Greeks take over from a step."""

    folded: Folded
    w: Array
    """Root of variance after the step, sigma sqrt(T)."""
    root_years: Array
    relative: Array
    """The step over the guess."""
    half_curvature: Array
    inverse_density: Array
    spot_argument: Array
    strike_argument: Array
    spot_erfcx: Array
    strike_erfcx: Array
    first: Array
    """Scratch, and another."""
    second: Array


def step(columns: tuple[Array, ...], block: Array, sigma: Array, done: NDArray[np.bool_]) -> Stepped:
    """Write volatilities into sigma, and into done whether they are final; false also where the input is no option.

    columns: price, forward, strike, years, rate, phi, each (n,). block: scratch, (ROWS, n).
    """
    _, forward, _, years, _, phi = columns
    rows = list(block)
    folded = _fold(columns, rows)
    w, root_years = rows[7:9]
    first_guess(folded.time_value, folded.distance, folded.scale, folded.k, w, (rows[9], rows[10]))
    stepped = _evaluate(folded, w, root_years, rows[9:])
    newton, pull = stepped.first, stepped.second
    _relative_newton(stepped, newton, pull)
    np.multiply(stepped.half_curvature, newton, pull)
    np.add(pull, _ONE, stepped.relative)
    np.divide(newton, stepped.relative, stepped.relative)
    np.abs(newton, newton)
    np.abs(pull, pull)
    np.add(newton, pull, newton)
    np.less(newton, _LAST_STEP, done)
    np.multiply(w, stepped.relative, pull)
    np.add(w, pull, w)
    np.sqrt(years, root_years)
    np.divide(w, root_years, sigma)
    # A negative time value can have a negative root, two negative points a positive ratio: neither is an option.
    for sound in (sigma > _ZERO, forward > _ZERO, sigma < _LARGEST, years < _LARGEST, np.abs(phi) == _ONE):
        np.bitwise_and(done, sound, done)
    return stepped


def _fold(columns: tuple[Array, ...], rows: list[Array]) -> Folded:
    price, forward, strike, years, rate, phi = columns
    folded = Folded(*rows[:7])
    growth = folded.k
    np.multiply(rate, years, growth)
    np.exp(growth, growth)
    np.divide(forward, growth, folded.spot)
    np.divide(strike, growth, folded.strike)
    np.subtract(folded.spot, folded.strike, folded.gap)
    np.abs(folded.gap, folded.distance)
    np.multiply(phi, folded.gap, folded.time_value)
    np.maximum(folded.time_value, _ZERO, out=folded.time_value)
    np.subtract(price, folded.time_value, folded.time_value)
    np.multiply(folded.spot, folded.strike, folded.scale)
    np.sqrt(folded.scale, folded.scale)
    np.divide(forward, strike, folded.k)
    np.log(folded.k, folded.k)
    np.abs(folded.k, folded.k)
    return folded


def _evaluate(folded: Folded, w: Array, root_years: Array, rows: list[Array]) -> Stepped:
    """erfcx at both arguments, the density and the curvature, all at the guess w."""
    relative, away, inverse_density, near, far, spot_erfcx, strike_erfcx, *_ = rows
    half = relative
    np.multiply(folded.k, _ROOT_HALF, away)
    np.divide(away, w, away)
    np.multiply(w, _ROOT_EIGHTH, half)
    np.copysign(half, folded.gap, half)
    np.add(away, half, near)
    np.subtract(away, half, far)
    erfcx(near, spot_erfcx)
    erfcx(far, strike_erfcx)
    np.multiply(away, away, away)
    np.multiply(half, half, half)
    np.add(away, half, inverse_density)
    np.exp(inverse_density, inverse_density)
    np.subtract(away, half, away)
    return Stepped(folded, w, root_years, *rows)


def _relative_newton(at: Stepped, newton: Array, model: Array) -> None:
    """(time value - model)/(derivative w), both over the scale."""
    np.divide(at.folded.time_value, at.folded.scale, newton)
    np.multiply(newton, at.inverse_density, newton)
    np.subtract(at.spot_erfcx, at.strike_erfcx, model)
    np.abs(model, model)
    np.multiply(model, _HALF, model)
    np.subtract(newton, model, newton)
    np.multiply(newton, _ROOT_2PI, newton)
    np.divide(newton, at.w, newton)


def greeks_after(at: Stepped, columns: tuple[Array, ...], sigma: Array, figures: Array) -> None:
    """Write delta, gamma, theta, vega, rho into figures, (5, n); consumes the step."""
    _, _, _, years, rate, phi = columns
    delta, gamma, theta, vega, rho = figures
    density, strike_leg = at.inverse_density, at.strike_erfcx
    np.divide(at.folded.scale, density, density)
    _first_order(at, phi, density, delta)
    np.multiply(strike_leg, years, rho)
    np.multiply(rho, _HUNDREDTH, rho)
    _density_after(at, density)
    np.multiply(at.folded.spot, at.folded.spot, gamma)
    np.multiply(gamma, at.w, gamma)
    np.divide(density, gamma, gamma)
    np.multiply(density, at.root_years, vega)
    np.multiply(vega, _HUNDREDTH, vega)
    np.multiply(density, sigma, theta)
    np.divide(theta, at.root_years, theta)
    np.multiply(theta, _HALF, theta)
    np.multiply(strike_leg, rate, strike_leg)
    np.add(theta, strike_leg, theta)
    np.multiply(theta, _PER_DAY, theta)


def _first_order(at: Stepped, phi: Array, density: Array, delta: Array) -> None:
    """Write delta, and phi K D N(phi d2) in place of the strike's erfcx.

    With s = sign(S* - KD), phi N(phi d1) = (phi + s)/2 - s N(-s d1) whatever the side, and likewise for d2.
    """
    half_sign, money, slope = at.first, at.second, at.folded.k
    spot_leg, strike_leg = at.spot_erfcx, at.strike_erfcx
    np.copysign(_HALF, at.folded.gap, half_sign)
    np.multiply(half_sign, density, money)
    np.multiply(at.relative, _TWO_OVER_ROOT_PI, slope)
    np.multiply(at.strike_argument, slope, at.strike_argument)
    np.add(spot_leg, at.strike_argument, spot_leg)
    np.multiply(spot_leg, money, spot_leg)
    np.multiply(at.spot_argument, slope, at.spot_argument)
    np.add(strike_leg, at.spot_argument, strike_leg)
    np.multiply(strike_leg, money, strike_leg)
    np.multiply(phi, _HALF, slope)
    np.add(half_sign, slope, slope)
    np.divide(spot_leg, at.folded.spot, delta)
    np.subtract(slope, delta, delta)
    np.multiply(slope, at.folded.strike, slope)
    np.subtract(slope, strike_leg, strike_leg)


def _density_after(at: Stepped, density: Array) -> None:
    """Carry sqrt(S* KD) g over the step: d ln g/d ln w is the curvature."""
    growth = at.first
    np.multiply(at.half_curvature, at.relative, growth)
    np.add(growth, growth, growth)
    np.add(growth, _ONE, growth)
    np.multiply(density, growth, density)
    np.multiply(density, _INV_ROOT_2PI, density)
