"""Figures of prices and volatilities: the money, the straddle, expected moves, skew.

Strikes are `(k,)` ascending, points. Sides are axis 0, (CE, PE). Volatilities are fractions per
root year, times years of 365 days. What cannot be known is NaN. Many expiries go through one call
when they stand along leading axes: strikes `(m, k)`, sides `(m, 2, k)`, figures `(m,)`. The shorter
ones end in strikes of NaN.
"""

from __future__ import annotations

from math import nan, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from g6.domain.figures.many_expiries import Figure, beside, pick
from g6.domain.market.instrument import CE, PE
from g6.domain.pricing.distribution import ndtr

__all__ = [
    "SESSIONS_PER_YEAR",
    "atm_iv",
    "change_pct",
    "expected_move",
    "expected_move_straddle",
    "forward_delta",
    "risk_reversal_butterfly",
    "session_move",
    "slope_curvature",
    "smile",
    "straddle",
    "strike_nearest",
]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

SESSIONS_PER_YEAR = 252
STRADDLE_SHARE = 0.85
"""Of a straddle: half of a normal distribution lies within 0.85 of its mean absolute value."""
WING_DELTA = 0.25
_WING_DEVIATIONS = 0.6744897501960817
"""`ndtri(1 - WING_DELTA)`, written down: computed at import it would import scipy."""


def smile(strike: Array, forward: Figure, iv: Array) -> Array:
    """Return one volatility per strike: that of the out-of-the-money side.

    Args:
        strike: Points, ascending, shape (…, k).
        forward: Points.
        iv: Fractions per root year, shape (…, 2, k).

    Returns:
        Shape (…, k): calls above the forward, else puts.

    >>> smile(np.array([90.0, 110.0]), 100.0, np.array([[0.1, 0.2], [0.3, 0.4]]))
    array([0.3, 0.2])
    """
    curve: Array = np.where(strike > beside(forward), iv[..., CE, :], iv[..., PE, :])
    return curve


def atm_iv(strike: Array, forward: Figure, iv: Array) -> Figure:
    """Return the volatility at the forward, linear in strike between the two strikes around it.

    Args:
        strike: Points, ascending, shape (…, k).
        forward: Points.
        iv: Fractions per root year, shape (…, 2, k). The out-of-the-money sides are used.

    Returns:
        A fraction per root year. NaN when one of the two strikes has none, or the forward lies
        outside the strikes.

    >>> float(atm_iv(np.array([90.0, 110.0]), 100.0, np.array([[0.1, 0.2], [0.3, 0.4]])))
    0.25
    """
    level = beside(forward)
    is_within = (strike <= level).any(axis=-1) & (strike >= level).any(axis=-1)
    if not is_within.any():
        return np.full(is_within.shape, nan)[()]
    curve = smile(strike, forward, iv)
    upper = np.minimum((strike < level).sum(axis=-1), strike.shape[-1] - 1)
    lower = np.maximum(upper - 1, 0)
    above = pick(strike, upper)
    below = pick(strike, lower)
    high = pick(curve, upper)
    low = pick(curve, lower)
    with np.errstate(divide="ignore", invalid="ignore"):
        weight = (forward - below) / (above - below)
        between = low * (1 - weight) + high * weight
    return np.where(is_within, np.where(above == forward, high, between), nan)[()]


def strike_nearest(strike: Array, level: Figure) -> Figure:
    """Return the strike nearest to a level, the lower on a tie, NaN where the level is unknown.

    Args:
        strike: Points, ascending, shape (…, k).
        level: Points.

    >>> float(strike_nearest(np.array([90.0, 100.0, 110.0]), 105.0))
    100.0
    """
    distance = np.abs(strike - beside(level))
    is_known = np.isfinite(distance)
    nearest = np.where(is_known, distance, np.inf).argmin(axis=-1)
    return np.where(is_known.any(axis=-1), pick(strike, nearest), nan)[()]


def straddle(strike: Array, price: Array, atm: Figure) -> Figure:
    """Return call plus put at ATM, points, NaN when one is missing.

    Args:
        strike: Points, ascending, shape (…, k).
        price: Prices analysed (mids where there is a book), points, shape (…, 2, k).
        atm: Points, one of the strikes.

    >>> prices = np.array([[11.0, 4.0], [1.0, 3.5]])
    >>> float(straddle(np.array([90.0, 100.0]), prices, 100.0))
    7.5
    """
    is_atm = strike == beside(atm)
    both = np.where(is_atm[..., None, :], price, 0.0).sum(axis=(-2, -1))
    return np.where(is_atm.any(axis=-1), both, nan)[()]


def expected_move(forward: Figure, sigma: Figure, years: Figure) -> Figure:
    """Return one standard deviation of the underlying to the fix, F σ √T in points.

    About 68 % of outcomes lie within it.

    >>> float(expected_move(24000.0, 0.12, 0.01))
    288.0
    """
    return forward * sigma * _root(years)


def session_move(forward: Figure, sigma: Figure) -> Figure:
    """Return one standard deviation of the underlying over one session, F σ / √252 in points.

    >>> round(session_move(24000.0, 0.12), 2)
    181.42
    """
    return forward * sigma / sqrt(SESSIONS_PER_YEAR)


def expected_move_straddle(straddle_points: Figure) -> Figure:
    """Return 0.85 × straddle in points: about half of all outcomes lie within it.

    >>> expected_move_straddle(200.0)
    170.0
    """
    return STRADDLE_SHARE * straddle_points


def forward_delta(strike: Array, forward: Figure, sigma: Array, years: Figure) -> Array:
    """Return N(d1), a call's delta in the forward, undiscounted. A put's is this less 1.

    Args:
        strike: Points, shape (…, k).
        forward: Points.
        sigma: Fractions per root year, shape (…, k).
        years: To the settlement fix.

    >>> forward_delta(np.array([100.0]), 100.0, np.array([0.0]), 0.25)
    array([nan])
    >>> forward_delta(np.array([100.0]), 100.0, np.array([0.2]), 0.25).round(4)
    array([0.5199])
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        root = beside(_root(years))
        deviation = sigma * np.where(root > 0, root, nan)
        delta: Array = ndtr(np.log(beside(forward) / strike) / deviation + 0.5 * deviation)
    return delta


def risk_reversal_butterfly(
    strike: Array, forward: Figure, iv: Array, years: Figure, middle: Figure = None
) -> tuple[Figure, Figure]:
    """Return RR = IV(25Δ call) − IV(25Δ put) and BF = their mean − ATM, in forward delta.

    Volatilities at 25Δ are linear in delta between the out-of-the-money strikes around it. Where
    the first of them lies beyond 25Δ already, as in an expiry day's last hours, the smile at the
    money is the other end.

    Args:
        strike: Points, ascending, shape (…, k).
        forward: Points.
        iv: Fractions per root year, shape (…, 2, k).
        years: To the settlement fix.
        middle: ATM volatility where it is computed already, else None.

    Returns:
        Two fractions per root year, NaN where 25Δ lies outside the strikes.

    >>> strike = np.array([80.0, 90.0, 100.0, 110.0, 120.0])
    >>> iv = np.full((2, 5), 0.2) - 0.001 * (strike - 100.0)
    >>> rr, bf = risk_reversal_butterfly(strike, 100.0, iv, 0.25)
    >>> round(float(rr), 4), round(float(bf), 4)
    (-0.0146, -0.0004)
    """
    middle = atm_iv(strike, forward, iv) if middle is None else middle
    curve = smile(strike, forward, iv)
    level = beside(forward)
    delta = forward_delta(strike, forward, curve, years)
    is_known = np.isfinite(curve) & (level > 0)
    is_call = strike > level
    with np.errstate(invalid="ignore"):
        at_money = ndtr(0.5 * middle * _root(years))
    # On an expiry day's last hours the first strike outside lies beyond 25Δ already.
    call = _at_wing(delta, curve, is_known & is_call, at_money, middle)
    # The put's way goes down from the forward: the same arrays from their other end.
    put = _at_wing(
        (1 - delta)[..., ::-1],
        curve[..., ::-1],
        (is_known & ~is_call)[..., ::-1],
        1 - at_money,
        middle,
    )
    return call - put, 0.5 * (call + put) - middle


def slope_curvature(middle: Figure, rr: Figure, bf: Figure, years: Figure) -> tuple[Figure, Figure]:
    """Return slope and curvature of the smile at the money.

    They are the first and second derivative, at the forward, of the parabola through the
    volatilities at 25Δ put, ATM and 25Δ call over x = ln(K/F)/(σ_ATM √T).

    Args:
        middle: ATM volatility, a fraction per root year.
        rr: Risk reversal as `risk_reversal_butterfly` gives it.
        bf: Butterfly as it gives it.
        years: To the settlement fix.

    Returns:
        Fractions per root year, per standard deviation and per its square, NaN where one of the
        three volatilities is unknown.

    >>> slope, curvature = slope_curvature(0.14, 0.0, 0.0, 0.02)
    >>> round(float(slope), 12), round(float(curvature), 12)
    (0.0, 0.0)
    """
    call = middle + bf + 0.5 * rr
    put = middle + bf - 0.5 * rr
    is_known = (np.asarray(years) > 0) & (middle > 0) & (call > 0) & (put > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        root = np.sqrt(np.where(is_known, years, nan))
        x_call = (_WING_DEVIATIONS * call + 0.5 * call * call * root) / middle
        x_put = (-_WING_DEVIATIONS * put + 0.5 * put * put * root) / middle
        outer = (call - middle) / x_call
        inner = (put - middle) / x_put
        half = (outer - inner) / (x_call - x_put)
        return outer - half * x_call, 2 * half


def _at_wing(
    delta: Array, sigma: Array, is_candidate: Mask, money_delta: Figure, money_sigma: Figure
) -> Figure:
    """Return the volatility where delta first falls to 25 %, going outward over the candidates.

    `money_delta` and `money_sigma` are those at the forward, where the way begins.
    """
    beyond = is_candidate & (delta <= WING_DELTA)
    if not beyond.any():
        return np.full(delta.shape[:-1], nan)[()]
    outer = beyond.argmax(axis=-1)
    before = is_candidate & (np.arange(delta.shape[-1]) < beside(outer))
    inner = delta.shape[-1] - 1 - before[..., ::-1].argmax(axis=-1)
    has_inner = before.any(axis=-1)
    near = np.where(has_inner, pick(delta, inner), money_delta)
    here = np.where(has_inner, pick(sigma, inner), money_sigma)
    far = pick(delta, outer)
    there = pick(sigma, outer)
    with np.errstate(divide="ignore", invalid="ignore"):
        at_wing = here + (near - WING_DELTA) / (near - far) * (there - here)
    return np.where(beyond.any(axis=-1) & (near >= WING_DELTA), at_wing, nan)[()]


def _root(years: Figure) -> Any:
    """Return √T, NaN where there is no time that could be left."""
    T = np.asarray(years, dtype=np.float64)
    return np.sqrt(np.where((T >= 0) & (np.inf > T), T, nan))[()]


def change_pct(now: float, before: float) -> float:
    """Return the change against `before` in percent, NaN without anything to compare with.

    >>> round(change_pct(102.0, 100.0), 6)
    2.0
    """
    return 100.0 * (now / before - 1.0) if before > 0 else nan
