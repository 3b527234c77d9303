"""Last prices that no move of the market explains: each held against its book, or its neighbours' where it has none."""

from __future__ import annotations

from math import isfinite, nan, sqrt

import numpy as np
from numpy.typing import NDArray

from g6.domain.quotes.quotes import Quotes, Underlying

__all__ = ["LEAST_DEVIATIONS", "outliers", "pace"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

LEAST_DEVIATIONS = 10.0
"""Standard deviations from which on a price is no market's."""
USUAL_VOLATILITY = 0.20
TRADING_SECONDS = 252 * 6.25 * 3600
FRESHEST_SECONDS = 5.0
"""A book and a trade of the same moment are never nearer in time than this: they come from different ticks."""


def pace(seen: Underlying) -> float:
    """Return how far the index moves at its volatility (VIX; else 20 %), points a root second.

    NaN when the index is not known.
    """
    if not (isfinite(seen.spot) and seen.spot > 0):
        return nan
    known = isfinite(seen.vix) and seen.vix > 0
    return (
        seen.spot
        * (max(seen.vix / 100, 0.5 * USUAL_VOLATILITY) if known else USUAL_VOLATILITY)
        / sqrt(TRADING_SECONDS)
    )


def outliers(
    quotes: Quotes,
    middle: Array,
    half_spread: Array,
    last: Array,
    trade_age: Array,
    pace: Array | float,
) -> Mask:
    """Return which last prices `(2, n)` stand more than `LEAST_DEVIATIONS` from where the option is quoted.

    A deviation is half the spread and a tick and, beside them, what the index moves since the trade (`pace` points a root second),
    times the slope of the quotes over strikes, which is the option's delta. `middle`, `half_spread` points, NaN without a book:
    the strikes above and below stand in, as unsure as they are apart. What cannot be held against anything is none.
    """
    with np.errstate(all="ignore"):
        below, above = _neighbours(middle, quotes)
        apart, steps = np.abs(above - below), _steps(quotes)
        one_sided = np.fmax(np.abs(above - middle) / steps[1], np.abs(middle - below) / steps[0])
        slope = np.where(np.isfinite(apart), apart / steps.sum(axis=0), one_sided)
        own = np.isfinite(middle)
        level, unsure = (
            np.where(own, middle, 0.5 * (below + above)),
            np.where(own, half_spread, apart),
        )
        moved = pace * np.sqrt(np.maximum(trade_age, FRESHEST_SECONDS))
        found: Mask = np.abs(last - level) > LEAST_DEVIATIONS * np.hypot(
            unsure + quotes.tick_size, slope * moved
        )
    return found


def _neighbours(middle: Array, quotes: Quotes) -> tuple[Array, Array]:
    """Return the quotes of the next strike below and above `(2, n)`, NaN at the ends of an expiry, where strikes begin again."""
    below, above = np.full(middle.shape, np.nan), np.full(middle.shape, np.nan)
    same = (quotes.expiry[1:] == quotes.expiry[:-1]) & (quotes.strike[1:] > quotes.strike[:-1])
    below[:, 1:] = np.where(same, middle[:, :-1], np.nan)
    above[:, :-1] = np.where(same, middle[:, 1:], np.nan)
    return below, above


def _steps(quotes: Quotes) -> Array:
    """Return the distances to the next strike below and above `(2, n)`, points; only those within an expiry mean anything."""
    distance = np.diff(quotes.strike)
    return np.stack([np.append(np.nan, distance), np.append(distance, np.nan)])
