"""Black (1976) on a forward: price and Greeks.

Options are European and priced off the forward F of their expiry, discounted with D = exp(-rT). The
Greeks are spot Black-Scholes at the forward-implied spot S* = F exp(-rT), so that the printed index
is no input and cannot move them. T is in years of 365 days, r continuously compounded.

A settlement value that is an average over the last half hour has less variance left inside that
half hour than this model gives it: there volatilities read too low, and Greeks are those of a point
fixing.

Source: F. Black, "The pricing of commodity contracts", Journal of Financial Economics 3 (1976).
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import pi, sqrt

import numpy as np
from numpy.typing import ArrayLike

from g6.domain.pricing.black76.broadcasting import Array, chunks, columns
from g6.domain.pricing.distribution import erfcx, ndtr

__all__ = [
    "PHI",
    "Greeks",
    "HigherGreeks",
    "greeks",
    "greeks_of",
    "higher_greeks",
    "mills",
    "price",
    "vega",
]

PHI: Array = np.array([[1.0], [-1.0]])
"""Side axis: +1 call, -1 put, shape (2, 1). It broadcasts a strike axis (n,) to (2, n)."""
PHI.flags.writeable = False

_ROOT_HALF = sqrt(0.5)
_ROOT_HALF_PI = sqrt(pi / 2)
_INV_ROOT_2PI = 1 / sqrt(2 * pi)
_DAYS = 365.0


@dataclass(frozen=True, slots=True)
class Greeks:
    """First-order Greeks and gamma per unit of the index, float64 arrays of the broadcast shape.

    Attributes:
        delta: Per point of the forward-implied spot. That of the call less that of the put is 1.
        gamma: Delta per point of the forward-implied spot.
        theta: Per calendar day, spot, volatility and rate unchanged.
        vega: Per 1 % (one point) of volatility.
        rho: Per 1 % of rate, the forward-implied spot unchanged.
    """

    delta: Array
    gamma: Array
    theta: Array
    vega: Array
    rho: Array


@dataclass(frozen=True, slots=True)
class HigherGreeks:
    """Second-order Greeks per unit of the index, float64 arrays of the broadcast shape.

    Attributes:
        vanna: Delta per 1 % of volatility, and also vega per point of the forward-implied spot.
        charm: Delta per calendar day that passes, spot, volatility and rate unchanged.
        vomma: Vega (per 1 %) per 1 % of volatility.
    """

    vanna: Array
    charm: Array
    vomma: Array


def price(
    sigma: ArrayLike,
    forward: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    rate: ArrayLike,
    phi: ArrayLike,
) -> Array:
    """Return the discounted Black-76 price. All arguments broadcast.

    Args:
        sigma: Volatility, a fraction per root year.
        forward: Points.
        strike: Points.
        years: Years of 365 days.
        rate: Continuous rate a year, which may be negative.
        phi: +1 call or -1 put.

    Returns:
        Points. With no volatility or no time left it is the discounted payoff on the forward. NaN
        where an argument is NaN, infinite or negative, or forward or strike is zero.

    >>> float(price(0.2, 100.0, 100.0, 1.0, 0.0, 1.0).round(6))
    7.965567
    """
    return _in_chunks(_price, sigma, forward, strike, years, rate, phi)


def _in_chunks(formula: Callable[..., Array], *arguments: ArrayLike) -> Array:
    """Return what a formula gives for arguments that broadcast, in their shape."""
    flat, shape = columns(*arguments)
    value = np.empty(flat[0].size)
    with np.errstate(all="ignore"):
        for part in chunks(value.size):
            value[part] = formula(*(column[part] for column in flat))
    return value.reshape(shape)


def _price(
    sigma: Array, forward: Array, strike: Array, years: Array, rate: Array, phi: Array
) -> Array:
    time_value = np.minimum(forward, strike) * _folded_price(
        np.abs(np.log(forward / strike)), sigma * np.sqrt(years)
    )
    value = np.exp(-rate * years) * (time_value + np.maximum(phi * (forward - strike), 0.0))
    finite = np.isfinite(value) & np.isfinite(forward + strike + sigma + years)
    valid = finite & (forward > 0) & (strike > 0) & (sigma >= 0) & (np.abs(phi) == 1)
    return np.where(valid, value, np.nan)


def _folded_price(distance: Array, root_variance: Array) -> Array:
    """Return the undiscounted out-of-the-money price over min(F, K).

    `distance` is |ln(F/K)|, `root_variance` is sigma sqrt(T). Relative accuracy holds in the far
    tail, where N(d1) and exp(distance) N(d2) agree to many digits.
    """
    away = distance / root_variance
    half = 0.5 * root_variance
    d1 = half - away
    density = np.exp(-0.5 * d1 * d1) * _INV_ROOT_2PI
    far = mills(away + half)
    value = np.where(
        d1 > 0, ndtr(d1) - density * far, density * (mills(np.maximum(-d1, 0.0)) - far)
    )
    return np.where(root_variance == 0, 0.0, value)


def mills(z: Array) -> Array:
    """Return the Mills ratio N(-z)/n(z) of the normal law. It overflows below z = -37.

    >>> float(mills(np.array([0.0])).round(6)[0])
    1.253314
    """
    ratio: Array = erfcx(z * _ROOT_HALF)
    ratio *= _ROOT_HALF_PI
    return ratio


def greeks(
    sigma: ArrayLike,
    forward: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    rate: ArrayLike,
    phi: ArrayLike,
) -> Greeks:
    """Return Greeks of spot Black-Scholes at S* = F exp(-rT). Arguments and units as in `price`.

    delta = phi N(phi d1), gamma = n(d1)/(S* sigma sqrt T), vega = S* n(d1) sqrt(T)/100,
    theta = (-S* n(d1) sigma/(2 sqrt T) - phi r K D N(phi d2))/365, rho = phi K T D N(phi d2)/100.
    NaN where sigma, forward, strike or years is not a positive finite number, or a figure exceeds
    float64.

    >>> float(greeks(0.2, 100.0, 100.0, 1.0, 0.0, 1.0).vega.round(6))
    0.396953
    """
    return Greeks(*_rows_in_chunks(5, greeks_of, sigma, forward, strike, years, rate, phi))


def greeks_of(
    sigma: Array, forward: Array, strike: Array, years: Array, rate: Array, phi: Array
) -> Array:
    """Return the figures of `greeks` for columns of one length, a row each in its order.

    >>> columns = [np.full(1, value) for value in (0.12, 26000.0, 26000.0, 0.02, 0.055, 1.0)]
    >>> delta = greeks_of(*columns)[0]
    >>> delta.round(3)
    array([0.503])
    """
    figures = np.empty((5, sigma.size))
    root_years, root_variance, d1, d2 = _moneyness(sigma, forward, strike, years, phi)
    discount = np.exp(-rate * years)
    spot = forward * discount
    density = spot * np.exp(-0.5 * d1 * d1) * _INV_ROOT_2PI
    leg = phi * strike * discount * ndtr(phi * d2)
    figures[0] = phi * ndtr(phi * d1)
    figures[1] = density / (spot * spot * root_variance)
    figures[2] = (density * sigma / (-2.0 * root_years) - rate * leg) / _DAYS
    figures[3] = density * root_years * 0.01
    figures[4] = leg * years * 0.01
    figures[~np.isfinite(figures)] = np.nan
    return figures


def vega(
    sigma: ArrayLike, forward: ArrayLike, strike: ArrayLike, years: ArrayLike, rate: ArrayLike
) -> Array:
    """Return the vega of `greeks` alone, to the bit. It is the same for both sides.

    >>> float(vega(0.2, 100.0, 100.0, 1.0, 0.0).round(6))
    0.396953
    """
    return _in_chunks(_vega, sigma, forward, strike, years, rate, 1.0)


def _vega(
    sigma: Array, forward: Array, strike: Array, years: Array, rate: Array, phi: Array
) -> Array:
    root_years, _, d1, _ = _moneyness(sigma, forward, strike, years, phi)
    value = (
        forward * np.exp(-rate * years) * np.exp(-0.5 * d1 * d1) * _INV_ROOT_2PI * root_years * 0.01
    )
    return np.where(np.isfinite(value), value, np.nan)


def higher_greeks(
    sigma: ArrayLike,
    forward: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    rate: ArrayLike,
    phi: ArrayLike,
) -> HigherGreeks:
    """Return vanna, charm and vomma, the same for both sides. Arguments and NaN as in `greeks`.

    vanna = -n(d1) d2/sigma/100, charm = -n(d1) (r/(sigma sqrt T) - d2/(2T))/365,
    vomma = S* n(d1) sqrt(T) d1 d2/sigma/10^4.

    >>> float(higher_greeks(0.2, 100.0, 100.0, 1.0, 0.0, 1.0).vanna.round(6))
    0.001985
    """
    return HigherGreeks(
        *_rows_in_chunks(3, _higher_greeks, sigma, forward, strike, years, rate, phi)
    )


def _rows_in_chunks(count: int, figures_of: Callable[..., Array], *arguments: ArrayLike) -> Array:
    """Return `count` figures of arguments of any shapes: the figure first, then their shape."""
    flat, shape = columns(*arguments)
    figures = np.empty((count, flat[0].size))
    with np.errstate(all="ignore"):
        for part in chunks(figures.shape[1]):
            figures[:, part] = figures_of(*(column[part] for column in flat))
    return figures.reshape(count, *shape)


def _higher_greeks(
    sigma: Array, forward: Array, strike: Array, years: Array, rate: Array, phi: Array
) -> Array:
    figures = np.empty((3, sigma.size))
    root_years, root_variance, d1, d2 = _moneyness(sigma, forward, strike, years, phi)
    density = np.exp(-0.5 * d1 * d1) * _INV_ROOT_2PI
    figures[0] = density * d2 / sigma * -0.01
    figures[1] = density * (0.5 * d2 / years - rate / root_variance) / _DAYS
    figures[2] = forward * np.exp(-rate * years) * density * root_years * d1 * d2 / sigma * 1e-4
    figures[~np.isfinite(figures)] = np.nan
    return figures


def _moneyness(
    sigma: Array, forward: Array, strike: Array, years: Array, phi: Array
) -> tuple[Array, Array, Array, Array]:
    """Return root of time, root of variance, d1 and d2, NaN where there is no living option."""
    root_years = np.sqrt(years)
    root_variance = sigma * root_years
    d1 = np.log(forward / strike) / root_variance + 0.5 * root_variance
    alive = (sigma > 0) & (years > 0) & (forward > 0) & (np.abs(phi) == 1) & np.isfinite(d1)
    d1 = np.where(alive, d1, np.nan)
    return root_years, root_variance, d1, d1 - root_variance
