"""Black (1976) on a forward: price and Greeks.

Options are European and priced off the forward F of their expiry, discounted with D = exp(-rT). The Greeks are spot
Black-Scholes at the forward-implied spot S* = F exp(-rT), so the printed index is not an input and cannot move them.
T is in years of 365 days, r continuously compounded.

A settlement value that is an average over the last half hour has less variance left inside that half hour than this
model gives it: there volatilities read too low and Greeks are those of a point fixing.

Source: F. Black, "The pricing of commodity contracts", Journal of Financial Economics 3 (1976).
"""

from dataclasses import dataclass
from math import pi, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import erfcx, ndtr

__all__ = ["PHI", "Greeks", "HigherGreeks", "greeks", "higher_greeks", "price"]

Array = NDArray[np.float64]

PHI: Array = np.array([[1.0], [-1.0]])
"""Side axis: +1 call, -1 put, shape (2, 1); broadcasts a strike axis (n,) to the chain's (2, n)."""
PHI.flags.writeable = False

_ROOT_HALF = sqrt(0.5)
_ROOT_HALF_PI = sqrt(pi / 2)
_INV_ROOT_2PI = 1 / sqrt(2 * pi)
_DAYS = 365.0
_QUIET = {"divide": "ignore", "over": "ignore", "under": "ignore", "invalid": "ignore"}


@dataclass(frozen=True, slots=True)
class Greeks:
    """First-order Greeks and gamma per unit of the index, float64 arrays of the broadcast shape.

    delta: per point of the forward-implied spot; delta of the call minus delta of the put is 1.
    gamma: delta per point of the forward-implied spot.
    theta: per calendar day, spot, volatility and rate unchanged.
    vega: per 1 % (one point) of volatility.
    rho: per 1 % of rate, the forward-implied spot unchanged.
    """

    delta: Array
    gamma: Array
    theta: Array
    vega: Array
    rho: Array


@dataclass(frozen=True, slots=True)
class HigherGreeks:
    """Second-order Greeks per unit of the index, float64 arrays of the broadcast shape.

    vanna: delta per 1 % of volatility, which is also vega per point of the forward-implied spot.
    charm: delta per calendar day that passes, spot, volatility and rate unchanged.
    vomma: vega (per 1 %) per 1 % of volatility.
    """

    vanna: Array
    charm: Array
    vomma: Array


def mills(z: Array) -> Array:
    """Mills ratio N(-z)/n(z) of the normal law; overflows to infinity below z = -37."""
    ratio: Array = erfcx(z * _ROOT_HALF)
    ratio *= _ROOT_HALF_PI
    return ratio


def price(sigma: ArrayLike, forward: ArrayLike, strike: ArrayLike, years: ArrayLike, rate: ArrayLike, phi: ArrayLike) -> Array:
    """Discounted Black-76 price, in points; all arguments broadcast.

    sigma per root year, forward and strike in points, years of 365 days, rate continuous, phi +1 call or -1 put.
    With no volatility or no time left it is the discounted payoff on the forward. NaN where an argument is NaN,
    infinite or negative (rate may be negative), or forward or strike is zero.
    """
    sigma, forward, strike, years, rate, phi = _floats(sigma, forward, strike, years, rate, phi)
    with np.errstate(**_QUIET):
        root_variance = sigma * np.sqrt(years)
        distance = np.abs(np.log(forward / strike))
        time_value = np.minimum(forward, strike) * folded_price(distance, root_variance)
        value = np.exp(-rate * years) * (time_value + np.maximum(phi * (forward - strike), 0.0))
        valid = (forward > 0) & (strike > 0) & (sigma >= 0) & (np.abs(phi) == 1)
        return np.where(valid & np.isfinite(value), value, np.nan)


def folded_price(distance: Array, root_variance: Array) -> Array:
    """Undiscounted out-of-the-money price over min(F, K), for distance = |ln(F/K)| and root_variance = sigma sqrt(T).

    Relative accuracy holds in the far tail, where N(d1) and exp(distance) N(d2) agree to many digits.
    """
    away = np.where(root_variance > 0, distance / root_variance, np.inf)
    half = 0.5 * root_variance
    d1 = half - away
    tail = mills(np.maximum(-d1, 0.0)) - mills(away + half)
    body = ndtr(d1) - np.exp(-0.5 * d1 * d1) * _INV_ROOT_2PI * mills(away + half)
    value = np.where(d1 > 0, body, np.exp(-0.5 * d1 * d1) * _INV_ROOT_2PI * tail)
    return np.where(root_variance > 0, value, np.where(root_variance == 0, 0.0, np.nan))


def greeks(sigma: ArrayLike, forward: ArrayLike, strike: ArrayLike, years: ArrayLike, rate: ArrayLike, phi: ArrayLike) -> Greeks:
    """Greeks of spot Black-Scholes at S* = F exp(-rT); arguments and units as in `price`.

    delta = phi N(phi d1), gamma = n(d1)/(S* sigma sqrt T), vega = S* n(d1) sqrt(T)/100,
    theta = (-S* n(d1) sigma/(2 sqrt T) - phi r K D N(phi d2))/365, rho = phi K T D N(phi d2)/100.
    NaN where sigma, forward, strike or years is not a positive finite number, or a figure exceeds float64.
    """
    sigma, forward, strike, years, rate, phi = _floats(sigma, forward, strike, years, rate, phi)
    with np.errstate(**_QUIET):
        root_years, root_variance, d1, d2 = _moneyness(sigma, forward, strike, years, phi)
        discount = np.exp(-rate * years)
        spot = forward * discount
        money_density = spot * np.exp(-0.5 * d1 * d1) * _INV_ROOT_2PI
        strike_leg = phi * strike * discount * ndtr(phi * d2)
        return Greeks(
            delta=_finite(phi * ndtr(phi * d1), strike_leg),
            gamma=_finite(money_density / (spot * spot * root_variance)),
            theta=_finite((money_density * sigma / (-2.0 * root_years) - rate * strike_leg) / _DAYS),
            vega=_finite(money_density * root_years * 0.01),
            rho=_finite(strike_leg * years * 0.01),
        )


def higher_greeks(
    sigma: ArrayLike, forward: ArrayLike, strike: ArrayLike, years: ArrayLike, rate: ArrayLike, phi: ArrayLike
) -> HigherGreeks:
    """Vanna, charm and vomma of spot Black-Scholes at S* = F exp(-rT); arguments as in `greeks`, NaN likewise.

    vanna = -n(d1) d2/sigma/100, vomma = S* n(d1) sqrt(T) d1 d2/sigma/10^4,
    charm = -n(d1) (r/(sigma sqrt T) - d2/(2T))/365; vanna, charm and vomma are the same for both sides.
    """
    sigma, forward, strike, years, rate, phi = _floats(sigma, forward, strike, years, rate, phi)
    with np.errstate(**_QUIET):
        root_years, root_variance, d1, d2 = _moneyness(sigma, forward, strike, years, phi)
        density = np.exp(-0.5 * d1 * d1) * _INV_ROOT_2PI
        spot = forward * np.exp(-rate * years)
        return HigherGreeks(
            vanna=_finite(density * d2 / sigma * -0.01),
            charm=_finite(density * (0.5 * d2 / years - rate / root_variance) / _DAYS),
            vomma=_finite(spot * density * root_years * d1 * d2 / sigma * 1e-4),
        )


def _moneyness(sigma: Array, forward: Array, strike: Array, years: Array, phi: Array) -> tuple[Array, Array, Array, Array]:
    """Root of time, root of variance, d1, d2; NaN where the arguments are no living option."""
    root_years = np.where(years > 0, np.sqrt(years), np.nan)
    root_variance = np.where((sigma > 0) & (np.abs(phi) == 1), sigma * root_years, np.nan)
    d1 = np.log(forward / strike) / root_variance + 0.5 * root_variance
    return root_years, root_variance, d1, d1 - root_variance


def _floats(*arguments: ArrayLike) -> tuple[Array, ...]:
    return tuple(np.asarray(argument, dtype=np.float64) for argument in arguments)


def _finite(figure: Array, also: Array | float = 0.0) -> Array:
    """The figure, NaN where it, or the figure it came with, is not finite."""
    return np.where(np.isfinite(figure) & np.isfinite(also), figure, np.nan)
