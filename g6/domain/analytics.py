"""Aggregates of one expiry's chain: what its open interest, its prices and its smile say in one number each.

Strikes are `(k,)` ascending, points; sides are axis 0, (CE, PE); open interest and volume are units of the underlying (contracts
times lot already), never multiplied again. Sums skip NaN. What cannot be known is NaN.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, nan, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from g6.domain.instrument import CE, PE

__all__ = [
    "Level",
    "atm_iv",
    "change_pct",
    "expected_move",
    "expected_move_straddle",
    "forward_delta",
    "max_pain",
    "pcr",
    "resistance",
    "risk_reversal_butterfly",
    "session_move",
    "slope_curvature",
    "smile",
    "straddle",
    "strikes_with",
    "support",
    "total",
]

Array = NDArray[np.float64]

SESSIONS_PER_YEAR = 252
STRADDLE_SHARE = 0.85
WING_DELTA = 0.25
_WING_DEVIATIONS = float(ndtri(1 - WING_DELTA))


@dataclass(frozen=True, slots=True)
class Level:
    """A strike that open interest marks.

    `oi` and `change` (since the previous session, NaN unknown) in units; `distance` from the forward in points, negative below
    it, and `deviations` the same in standard deviations to expiry.
    """

    strike: float = nan
    oi: float = nan
    change: float = nan
    distance: float = nan
    deviations: float = nan


def total(quantity: Array, side: int) -> float:
    """Return the sum of one side of `(2, k)` open interest or volume, units; NaN when no strike has a figure."""
    known = quantity[side]
    known = known[np.isfinite(known)]
    return float(known.sum()) if len(known) else nan


def strikes_with(quantity: Array) -> int:
    """Return how many strikes have a figure on either side: the strikes that a sum over `(2, k)` holds."""
    return int(np.count_nonzero(np.isfinite(quantity).any(axis=0)))


def pcr(quantity: Array) -> float:
    """Return the put/call ratio, put sum over call sum of `(2, k)` open interest or volume; NaN when there are no calls."""
    calls, puts = total(quantity, CE), total(quantity, PE)
    return puts / calls if calls > 0 else nan


def max_pain(strike: Array, oi: Array) -> float:
    """Return the listed strike (points) at which open options would be worth least in total at settlement, the lower on a tie.

    Worth at K: sum of call OI × max(K − K_i, 0) + put OI × max(K_i − K, 0). NaN without open interest.
    """
    held = np.nan_to_num(oi)
    if not held.any():
        return nan
    above = np.maximum(strike[:, None] - strike[None, :], 0.0)
    return float(strike[np.argmin(above @ held[CE] + above.T @ held[PE])])


def support(strike: Array, oi: Array, oi_prev: Array, forward: float, deviation: float) -> Level:
    """Return the strike below the forward with the most put open interest, the one nearest the forward on a tie."""
    return _level(strike, oi[PE], oi_prev[PE], forward, deviation, below=True)


def resistance(strike: Array, oi: Array, oi_prev: Array, forward: float, deviation: float) -> Level:
    """Return the strike above the forward with the most call open interest, the one nearest the forward on a tie."""
    return _level(strike, oi[CE], oi_prev[CE], forward, deviation, below=False)


def _level(strike: Array, oi: Array, oi_prev: Array, forward: float, deviation: float, *, below: bool) -> Level:
    beyond = np.flatnonzero((strike < forward if below else strike > forward) & (oi > 0))
    if not len(beyond):
        return Level()
    outward = beyond[::-1] if below else beyond
    place = outward[np.argmax(oi[outward])]
    distance = float(strike[place]) - forward
    return Level(
        float(strike[place]),
        float(oi[place]),
        float(oi[place] - oi_prev[place]),
        distance,
        distance / deviation if deviation > 0 else nan,
    )


def smile(strike: Array, forward: float, iv: Array) -> Array:
    """Return one volatility per strike `(k,)`: that of the out-of-the-money side, calls above the forward, puts at and below it."""
    curve: Array = np.where(strike > forward, iv[CE], iv[PE])
    return curve


def atm_iv(strike: Array, forward: float, iv: Array) -> float:
    """Return the volatility at the forward (fraction per root year), linear in strike between the two strikes around it.

    Out-of-the-money sides of `iv` `(2, k)`; NaN when one of the two has none or the forward lies outside the strikes.
    """
    if not (len(strike) and strike[0] <= forward <= strike[-1]):
        return nan
    upper = int(strike.searchsorted(forward))
    curve = smile(strike, forward, iv)
    if strike[upper] == forward:
        return float(curve[upper])
    weight = (forward - strike[upper - 1]) / (strike[upper] - strike[upper - 1])
    return float(curve[upper - 1] * (1 - weight) + curve[upper] * weight)


def straddle(strike: Array, price: Array, atm: float) -> float:
    """Return call plus put at ATM, points, of the prices analysed (mids where there is a book); NaN when one is missing."""
    at = strike == atm
    return float(price[:, at].sum()) if at.any() else nan


def expected_move(forward: float, sigma: float, years: float) -> float:
    """Return one standard deviation of the underlying to the fix, F σ √T in points: about 68 % of outcomes lie within it."""
    return forward * sigma * sqrt(years) if 0 <= years < inf else nan


def session_move(forward: float, sigma: float) -> float:
    """Return one standard deviation over one session, F σ / √252 in points."""
    return forward * sigma / sqrt(SESSIONS_PER_YEAR)


def expected_move_straddle(straddle_points: float) -> float:
    """Return 0.85 × straddle in points: about half of all outcomes lie within it."""
    return STRADDLE_SHARE * straddle_points


def forward_delta(strike: Array, forward: float, sigma: Array, years: float) -> Array:
    """Return N(d1) `(k,)`: a call's delta in the forward, undiscounted; a put's is this less 1."""
    with np.errstate(divide="ignore", invalid="ignore"):
        deviation = sigma * sqrt(years) if years > 0 else np.full(len(strike), nan)
        delta: Array = ndtr(np.log(forward / strike) / deviation + 0.5 * deviation)
    return delta


def risk_reversal_butterfly(strike: Array, forward: float, iv: Array, years: float) -> tuple[float, float]:
    """Return RR = IV(25Δ call) − IV(25Δ put) and BF = their mean − ATM, both fractions per root year, in forward delta.

    Volatilities at 25Δ are linear in delta between the out-of-the-money strikes around it; NaN where it lies outside the strikes.
    """
    if not forward > 0:
        return nan, nan
    middle, curve = atm_iv(strike, forward, iv), smile(strike, forward, iv)
    known = np.flatnonzero(np.isfinite(curve))
    strike, curve = strike[known], curve[known]
    delta = forward_delta(strike, forward, curve, years)
    above = strike > forward
    call = _at_wing(delta[above], curve[above])
    put = _at_wing((1 - delta[~above])[::-1], curve[~above][::-1])
    return call - put, 0.5 * (call + put) - middle


def slope_curvature(middle: float, rr: float, bf: float, years: float) -> tuple[float, float]:
    """Return slope and curvature of the smile at the money, fractions per root year and per standard deviation (squared).

    First and second derivative, at the forward, of the parabola through the volatilities at 25Δ put, ATM (`middle`) and 25Δ call,
    over x = ln(K/F)/(σ_ATM √T). `rr` and `bf` as `risk_reversal_butterfly` gives them; NaN where one of the three is unknown.
    """
    call, put = middle + bf + 0.5 * rr, middle + bf - 0.5 * rr
    if not (years > 0 and middle > 0 and call > 0 and put > 0):
        return nan, nan
    x_call = (_WING_DEVIATIONS * call + 0.5 * call * call * sqrt(years)) / middle
    x_put = (-_WING_DEVIATIONS * put + 0.5 * put * put * sqrt(years)) / middle
    outer, inner = (call - middle) / x_call, (put - middle) / x_put
    half = (outer - inner) / (x_call - x_put)
    return outer - half * x_call, 2 * half


def _at_wing(delta: Array, sigma: Array) -> float:
    """Volatility where delta first falls to 25 %, going outward from the money."""
    beyond = np.flatnonzero(delta <= WING_DELTA)
    if not len(beyond) or beyond[0] == 0:
        return nan
    i = int(beyond[0])
    weight = (delta[i - 1] - WING_DELTA) / (delta[i - 1] - delta[i])
    return float(sigma[i - 1] + weight * (sigma[i] - sigma[i - 1]))


def change_pct(now: float, before: float) -> float:
    """Return the change against `before` in percent; NaN when there is nothing to compare with."""
    return 100.0 * (now / before - 1.0) if before > 0 else nan
