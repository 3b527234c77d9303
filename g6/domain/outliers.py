"""Last prices that no move of the market explains: each held against its book, or its neighbours' where it has none."""

from __future__ import annotations

from math import isfinite

import numpy as np
from numpy.typing import NDArray

from g6.domain.quote import Quotes

__all__ = ["LEAST_DEVIATIONS", "outliers"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

LEAST_DEVIATIONS = 10.0
"""Standard deviations from which on a price is no market's."""
USUAL_VOLATILITY = 0.20
TRADING_SECONDS = 252 * 6.25 * 3600
FRESHEST_SECONDS = 5.0
"""A book and a trade of the same moment are never nearer in time than this: they come from different ticks."""


def outliers(quotes: Quotes, middle: Array, half_spread: Array, last: Array, trade_age: Array) -> Mask:
    """Return which last prices `(2, n)` stand more than `LEAST_DEVIATIONS` from where the option is quoted.

    A deviation is half the spread and a tick and, beside them, what the index moves at its volatility (VIX; else 20 %) since the
    trade, times the slope of the quotes over strikes, which is the option's delta. `middle`, `half_spread` points, NaN without a
    book: the strikes above and below stand in, as unsure as they are apart. What cannot be held against anything is none.
    """
    vix, spot = quotes.spot.vix, quotes.spot.spot
    if not (isfinite(spot) and spot > 0):
        return np.zeros(last.shape, dtype=np.bool_)
    volatility = max(vix / 100, 0.5 * USUAL_VOLATILITY) if isfinite(vix) and vix > 0 else USUAL_VOLATILITY
    with np.errstate(all="ignore"):
        below, above = _neighbours(middle, quotes.expiry)
        apart, steps = np.abs(above - below), _steps(quotes)
        one_sided = np.fmax(np.abs(above - middle) / steps[1], np.abs(middle - below) / steps[0])
        slope = np.where(np.isfinite(apart), apart / steps.sum(axis=0), one_sided)
        own = np.isfinite(middle)
        level, unsure = np.where(own, middle, 0.5 * (below + above)), np.where(own, half_spread, apart)
        moved = spot * volatility * np.sqrt(np.maximum(trade_age, FRESHEST_SECONDS) / TRADING_SECONDS)
        found: Mask = np.abs(last - level) > LEAST_DEVIATIONS * np.hypot(unsure + quotes.tick_size, slope * moved)
    return found


def _neighbours(middle: Array, expiry: NDArray[np.datetime64]) -> tuple[Array, Array]:
    """Return the quotes of the next strike below and above `(2, n)`, NaN at the ends of an expiry."""
    below, above = np.full(middle.shape, np.nan), np.full(middle.shape, np.nan)
    same = expiry[1:] == expiry[:-1]
    below[:, 1:] = np.where(same, middle[:, :-1], np.nan)
    above[:, :-1] = np.where(same, middle[:, 1:], np.nan)
    return below, above


def _steps(quotes: Quotes) -> Array:
    """Return the distances to the next strike below and above `(2, n)`, points; only those within an expiry mean anything."""
    distance = np.diff(quotes.strike)
    return np.stack([np.append(np.nan, distance), np.append(distance, np.nan)])
