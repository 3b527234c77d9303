"""Aggregates of one expiry's chain: what its open interest, its prices and its smile say in one number each.

Strikes are `(k,)` ascending, points; sides are axis 0, (CE, PE); open interest and volume are units of the underlying (contracts
times lot already), never multiplied again. Sums skip NaN. What cannot be known is NaN. Many expiries go through one call when
they stand along leading axes: strikes `(m, k)`, sides `(m, 2, k)`, figures `(m,)`; the shorter ones end in strikes of NaN.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import nan, sqrt
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from g6.domain.market.instrument import CE, PE

__all__ = [
    "InterestLevel",
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
    "strike_nearest",
    "strikes_with",
    "support",
    "total",
]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Figure: TypeAlias = Any
"""A number for one expiry, an array of them for many."""

SESSIONS_PER_YEAR = 252
STRADDLE_SHARE = 0.85
WING_DELTA = 0.25
_WING_DEVIATIONS = float(ndtri(1 - WING_DELTA))


@dataclass(frozen=True, slots=True)
class InterestLevel:
    """A strike that open interest marks.

    `oi` and `change` (since the previous session, NaN unknown) in units; `distance` from the forward in points, negative below
    it, and `deviations` the same in standard deviations to expiry.
    """

    strike: Figure = nan
    oi: Figure = nan
    change: Figure = nan
    distance: Figure = nan
    deviations: Figure = nan


def total(quantity: Array, side: int) -> Figure:
    """Return the sum of one side of `(…, 2, k)` open interest or volume, units; NaN when no strike has a figure."""
    return _sums(quantity[..., side, :])


def strikes_with(quantity: Array) -> Figure:
    """Return how many strikes have a figure on either side: the strikes that a sum over `(…, 2, k)` holds."""
    return np.isfinite(quantity).any(axis=-2).sum(axis=-1)


def pcr(quantity: Array) -> Figure:
    """Return the put/call ratio, put sum over call sum of `(…, 2, k)` open interest or volume; NaN when there are no calls."""
    sums = _sums(quantity)
    return _share(sums[..., PE], sums[..., CE])


def max_pain(strike: Array, oi: Array) -> Figure:
    """Return the listed strike (points) at which open options would be worth least in total at settlement, the lower on a tie.

    Worth at K: sum of call OI × max(K − K_i, 0) + put OI × max(K_i − K, 0). NaN without open interest.
    """
    held = np.where(np.isfinite(oi), oi, 0.0)
    if not strike.shape[-1]:
        return np.full(strike.shape[:-1], nan)[()]
    above = np.maximum(np.nan_to_num(strike[..., :, None] - strike[..., None, :]), 0.0)
    calls, puts = above @ held[..., CE, :, None], above.swapaxes(-1, -2) @ held[..., PE, :, None]
    pain = np.where(np.isnan(strike), np.inf, (calls + puts)[..., 0])
    return np.where(held.any(axis=(-2, -1)), _at(strike, pain.argmin(axis=-1)), nan)[()]


def support(
    strike: Array, oi: Array, oi_prev: Array, forward: Figure, deviation: Figure
) -> InterestLevel:
    """Return the strike below the forward with the most put open interest, the one nearest the forward on a tie."""
    below = (strike < _beside(forward))[..., ::-1]
    return _level(
        below, (strike[..., ::-1], oi[..., PE, ::-1], oi_prev[..., PE, ::-1]), forward, deviation
    )


def resistance(
    strike: Array, oi: Array, oi_prev: Array, forward: Figure, deviation: Figure
) -> InterestLevel:
    """Return the strike above the forward with the most call open interest, the one nearest the forward on a tie."""
    return _level(
        strike > _beside(forward), (strike, oi[..., CE, :], oi_prev[..., CE, :]), forward, deviation
    )


def _level(
    beyond: Mask, outward: tuple[Array, Array, Array], forward: Figure, deviation: Figure
) -> InterestLevel:
    """The most open interest `beyond` the forward; `outward`: strikes, open interest now and before, going away from it."""
    strike, oi, oi_prev = outward
    held = beyond & (oi > 0)
    if not held.any():
        return InterestLevel(*np.full((5, *strike.shape[:-1]), nan))
    place = np.where(held, oi, 0.0).argmax(axis=-1)
    found, before = (
        np.where(held.any(axis=-1), _at(each, place), nan)[()] for each in (strike, oi_prev)
    )
    now = np.where(np.isnan(found), nan, _at(oi, place))[()]
    return InterestLevel(
        found, now, now - before, found - forward, _share(found - forward, deviation)
    )


def smile(strike: Array, forward: Figure, iv: Array) -> Array:
    """Return one volatility per strike `(…, k)`: that of the out-of-the-money side, calls above the forward, else puts."""
    curve: Array = np.where(strike > _beside(forward), iv[..., CE, :], iv[..., PE, :])
    return curve


def atm_iv(strike: Array, forward: Figure, iv: Array) -> Figure:
    """Return the volatility at the forward (fraction per root year), linear in strike between the two strikes around it.

    Out-of-the-money sides of `iv` `(…, 2, k)`; NaN when one of the two has none or the forward lies outside the strikes.
    """
    level = _beside(forward)
    within = (strike <= level).any(axis=-1) & (strike >= level).any(axis=-1)
    if not within.any():
        return np.full(within.shape, nan)[()]
    curve, upper = (
        smile(strike, forward, iv),
        np.minimum((strike < level).sum(axis=-1), strike.shape[-1] - 1),
    )
    lower = np.maximum(upper - 1, 0)
    above, below, high, low = (
        _at(strike, upper),
        _at(strike, lower),
        _at(curve, upper),
        _at(curve, lower),
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        weight = (forward - below) / (above - below)
        between = low * (1 - weight) + high * weight
    return np.where(within, np.where(above == forward, high, between), nan)[()]


def strike_nearest(strike: Array, level: Figure) -> Figure:
    """Return the strike nearest to `level`, points, the lower on a tie; NaN where the level is unknown."""
    away = np.abs(strike - _beside(level))
    known = np.isfinite(away)
    return np.where(
        known.any(axis=-1), _at(strike, np.where(known, away, np.inf).argmin(axis=-1)), nan
    )[()]


def straddle(strike: Array, price: Array, atm: Figure) -> Figure:
    """Return call plus put at ATM, points, of the prices analysed (mids where there is a book); NaN when one is missing."""
    at = strike == _beside(atm)
    both = np.where(at[..., None, :], price, 0.0).sum(axis=(-2, -1))
    return np.where(at.any(axis=-1), both, nan)[()]


def expected_move(forward: Figure, sigma: Figure, years: Figure) -> Figure:
    """Return one standard deviation of the underlying to the fix, F σ √T in points: about 68 % of outcomes lie within it."""
    return forward * sigma * _root(years)


def session_move(forward: Figure, sigma: Figure) -> Figure:
    """Return one standard deviation over one session, F σ / √252 in points."""
    return forward * sigma / sqrt(SESSIONS_PER_YEAR)


def expected_move_straddle(straddle_points: Figure) -> Figure:
    """Return 0.85 × straddle in points: about half of all outcomes lie within it."""
    return STRADDLE_SHARE * straddle_points


def forward_delta(strike: Array, forward: Figure, sigma: Array, years: Figure) -> Array:
    """Return N(d1) `(…, k)`: a call's delta in the forward, undiscounted; a put's is this less 1."""
    with np.errstate(divide="ignore", invalid="ignore"):
        left = _beside(_root(years))
        deviation = sigma * np.where(left > 0, left, nan)
        delta: Array = ndtr(np.log(_beside(forward) / strike) / deviation + 0.5 * deviation)
    return delta


def risk_reversal_butterfly(
    strike: Array, forward: Figure, iv: Array, years: Figure, middle: Figure = None
) -> tuple[Figure, Figure]:
    """Return RR = IV(25Δ call) − IV(25Δ put) and BF = their mean − ATM, both fractions per root year, in forward delta.

    Volatilities at 25Δ are linear in delta between the out-of-the-money strikes around it. Where the first of them lies beyond
    25Δ already, as on an expiry day's last hours, the smile at the money is the other end. NaN where 25Δ lies outside the strikes.
    `middle`: what `atm_iv` says, for who knows it already.
    """
    middle = atm_iv(strike, forward, iv) if middle is None else middle
    curve, level = smile(strike, forward, iv), _beside(forward)
    delta = forward_delta(strike, forward, curve, years)
    known, above = np.isfinite(curve) & (level > 0), strike > level
    with np.errstate(invalid="ignore"):
        at_money = ndtr(0.5 * middle * _root(years))
    call = _at_wing(delta, curve, known & above, (at_money, middle))
    put = _at_wing(
        (1 - delta)[..., ::-1],
        curve[..., ::-1],
        (known & ~above)[..., ::-1],
        (1 - at_money, middle),
    )
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


def _at_wing(delta: Array, sigma: Array, known: Mask, money: tuple[Figure, Figure]) -> Figure:
    """Volatility where delta first falls to 25 %, going outward over the strikes that are `known`.

    `money`: delta and volatility at the forward, where the way begins.
    """
    beyond = known & (delta <= WING_DELTA)
    if not beyond.any():
        return np.full(delta.shape[:-1], nan)[()]
    outer = beyond.argmax(axis=-1)
    before = known & (np.arange(delta.shape[-1]) < _beside(outer))
    inner = delta.shape[-1] - 1 - before[..., ::-1].argmax(axis=-1)
    crossed = before.any(axis=-1)
    near, here = (
        np.where(crossed, _at(delta, inner), money[0]),
        np.where(crossed, _at(sigma, inner), money[1]),
    )
    far, there = _at(delta, outer), _at(sigma, outer)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = here + (near - WING_DELTA) / (near - far) * (there - here)
    return np.where(beyond.any(axis=-1) & (near >= WING_DELTA), found, nan)[()]


def _sums(quantity: Array) -> Any:
    """Sums over the strikes, NaN where none has a figure."""
    known = np.isfinite(quantity)
    return np.where(known.any(axis=-1), np.where(known, quantity, 0.0).sum(axis=-1), nan)[()]


def _share(part: Figure, whole: Figure) -> Figure:
    """Part over whole, NaN where the whole is not above 0."""
    return np.divide(part, whole, out=np.full(np.shape(whole), nan), where=np.asarray(whole) > 0)[
        ()
    ]


def _beside(figure: Figure) -> Array:
    """One figure per expiry, to be set against each of its strikes."""
    return np.asarray(figure)[..., None]


def _at(values: Array, place: Any) -> Any:
    """The value at one place of each expiry."""
    return values[place] if values.ndim == 1 else values[np.arange(len(place)), place]


def _root(years: Figure) -> Any:
    """√T, NaN where there is no time that could be left."""
    left = np.asarray(years, dtype=np.float64)
    return np.sqrt(np.where((left >= 0) & (left < np.inf), left, nan))[()]


def change_pct(now: float, before: float) -> float:
    """Return the change against `before` in percent; NaN when there is nothing to compare with."""
    return 100.0 * (now / before - 1.0) if before > 0 else nan
