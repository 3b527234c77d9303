"""Figures of open interest: sums, put/call ratios, max pain, and the strikes that it marks.

Strikes are `(k,)` ascending, points. Sides are axis 0, (CE, PE). Open interest and volume are units
of the underlying (contracts times lot already), never multiplied again. Sums skip NaN, and what
cannot be known is NaN. Many expiries go through one call when they stand along leading axes:
strikes `(m, k)`, sides `(m, 2, k)`, figures `(m,)`. The shorter ones end in strikes of NaN.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import nan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from g6.domain.figures.many_expiries import Figure, beside, pick, ratio
from g6.domain.market.instrument import CE, PE

__all__ = [
    "InterestLevel",
    "max_pain",
    "pcr",
    "resistance",
    "strikes_with",
    "support",
    "total",
]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class InterestLevel:
    """A strike that open interest marks.

    `oi` and `change` (since the previous session, NaN unknown) are units. `distance` from the
    forward is points, negative below it, and `deviations` the same in standard deviations to
    expiry.
    """

    strike: Figure = nan
    oi: Figure = nan
    change: Figure = nan
    distance: Figure = nan
    deviations: Figure = nan


def total(quantity: Array, side: int) -> Figure:
    """Return the sum of one side of open interest or volume.

    Args:
        quantity: Units, shape (…, 2, k).
        side: CE or PE.

    Returns:
        Units, NaN when no strike has a figure.

    >>> float(total(np.array([[65.0, np.nan, 130.0], [65.0, 65.0, 0.0]]), CE))
    195.0
    """
    return _sums(quantity[..., side, :])


def strikes_with(quantity: Array) -> Figure:
    """Return how many strikes have a figure on either side: the strikes that a sum holds.

    Args:
        quantity: Units, shape (…, 2, k).

    >>> int(strikes_with(np.array([[65.0, np.nan], [np.nan, np.nan]])))
    1
    """
    return np.isfinite(quantity).any(axis=-2).sum(axis=-1)


def pcr(quantity: Array) -> Figure:
    """Return the put/call ratio: put sum over call sum of open interest or volume.

    Args:
        quantity: Units, shape (…, 2, k).

    Returns:
        A ratio, NaN when there are no calls.

    >>> float(pcr(np.array([[650.0, 650.0], [325.0, 650.0]])))
    0.75
    """
    sums = _sums(quantity)
    return ratio(sums[..., PE], sums[..., CE])


def max_pain(strike: Array, oi: Array) -> Figure:
    """Return the listed strike at which open options would be worth least at settlement.

    Worth at K is the sum of call OI × max(K − K_i, 0) and put OI × max(K_i − K, 0).

    Args:
        strike: Points, ascending, shape (…, k).
        oi: Units, shape (…, 2, k). NaN counts as none.

    Returns:
        A strike in points, the lower one on a tie, NaN without open interest.

    >>> float(max_pain(np.array([100.0, 110.0]), np.array([[5.0, 0.0], [0.0, 5.0]])))
    100.0
    """
    if not strike.shape[-1]:
        return np.full(strike.shape[:-1], nan)[()]
    units = np.where(np.isfinite(oi), oi, 0.0)
    # In the money by at K: rows are settlements, columns strikes. Padded strikes are no settlement.
    depth = np.maximum(np.nan_to_num(strike[..., :, None] - strike[..., None, :]), 0.0)
    calls = depth @ units[..., CE, :, None]
    puts = depth.swapaxes(-1, -2) @ units[..., PE, :, None]
    pain = np.where(np.isnan(strike), np.inf, (calls + puts)[..., 0])
    least = pick(strike, pain.argmin(axis=-1))
    return np.where(units.any(axis=(-2, -1)), least, nan)[()]


def support(
    strike: Array, oi: Array, oi_prev: Array, forward: Figure, deviation: Figure
) -> InterestLevel:
    """Return the strike below the forward with the most put open interest.

    Args:
        strike: Points, ascending, shape (…, k).
        oi: Units, shape (…, 2, k).
        oi_prev: Units at the end of the previous session, of the same shape.
        forward: Points.
        deviation: One standard deviation to expiry, points.

    Returns:
        The level, the one nearest the forward on a tie, NaN where there is none.

    >>> oi = np.array([[0.0, 0.0, 65.0], [130.0, 65.0, 0.0]])
    >>> level = support(np.array([90.0, 100.0, 110.0]), oi, oi, 104.0, 7.0)
    >>> float(level.strike), float(level.oi), float(level.distance), float(level.deviations)
    (90.0, 130.0, -14.0, -2.0)
    """
    is_below = (strike < beside(forward))[..., ::-1]
    outward = (strike[..., ::-1], oi[..., PE, ::-1], oi_prev[..., PE, ::-1])
    return _level(is_below, outward, forward, deviation)


def resistance(
    strike: Array, oi: Array, oi_prev: Array, forward: Figure, deviation: Figure
) -> InterestLevel:
    """Return the strike above the forward with the most call open interest.

    Arguments and result are those of `support`.

    >>> oi = np.array([[0.0, 0.0, 65.0], [130.0, 65.0, 0.0]])
    >>> float(resistance(np.array([90.0, 100.0, 110.0]), oi, oi, 104.0, 7.0).strike)
    110.0
    """
    is_above = strike > beside(forward)
    outward = (strike, oi[..., CE, :], oi_prev[..., CE, :])
    return _level(is_above, outward, forward, deviation)


def _level(
    is_beyond: Mask, outward: tuple[Array, Array, Array], forward: Figure, deviation: Figure
) -> InterestLevel:
    """Return the most open interest beyond the forward.

    `outward` are strikes, open interest now and before, going away from the forward, so that the
    first of equals is the nearest.
    """
    strike, oi, oi_prev = outward
    candidates = is_beyond & (oi > 0)
    if not candidates.any():
        return InterestLevel(*np.full((5, *strike.shape[:-1]), nan))
    place = np.where(candidates, oi, 0.0).argmax(axis=-1)
    has_level = candidates.any(axis=-1)
    level = np.where(has_level, pick(strike, place), nan)[()]
    before = np.where(has_level, pick(oi_prev, place), nan)[()]
    now = np.where(np.isnan(level), nan, pick(oi, place))[()]
    distance = level - forward
    return InterestLevel(level, now, now - before, distance, ratio(distance, deviation))


def _sums(quantity: Array) -> Any:
    """Return the sums over the strikes, NaN where none has a figure."""
    is_known = np.isfinite(quantity)
    sums = np.where(is_known, quantity, 0.0).sum(axis=-1)
    return np.where(is_known.any(axis=-1), sums, nan)[()]
