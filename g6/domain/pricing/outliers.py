"""Last prices that no move of the market explains, held against books."""

from __future__ import annotations

from math import isfinite, nan, sqrt

import numpy as np
from numpy.typing import NDArray

from g6.domain.quotes.quotes import Quotes
from g6.domain.schema.underlying import Underlying

__all__ = ["LEAST_DEVIATIONS", "outliers", "pace"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

LEAST_DEVIATIONS = 10.0
"""Standard deviations from which on a price is no market's."""
USUAL_VOLATILITY = 0.20
TRADING_SECONDS = 252 * 6.25 * 3600
FRESHEST_SECONDS = 5.0
"""Seconds by which a book and a trade of the same moment are apart at least."""
# They come from different ticks.


def pace(market: Underlying) -> float:
    """Return how far the index moves at its volatility: VIX, or 20 % where VIX is not known.

    Returns:
        Points a root second, NaN when the index is not known.

    >>> round(pace(Underlying(spot=24000.0, vix=12.0)), 3)
    1.209
    """
    if not (isfinite(market.spot) and market.spot > 0):
        return nan
    volatility = USUAL_VOLATILITY
    if isfinite(market.vix) and market.vix > 0:
        # A floor: a VIX that reads too low must not make ordinary trades outliers.
        volatility = max(market.vix / 100, 0.5 * USUAL_VOLATILITY)
    return market.spot * volatility / sqrt(TRADING_SECONDS)


def outliers(
    quotes: Quotes,
    middle: Array,
    half_spread: Array,
    last: Array,
    trade_age: Array,
    pace: Array | float,
) -> Mask:
    """Return which last prices stand more than `LEAST_DEVIATIONS` from where the option is quoted.

    A deviation is half the spread and a tick and, beside them, what the index moves since the trade
    times the slope of the quotes over strikes, which is the option's delta. Without a book the
    strikes above and below stand in, as unsure as they are apart. What cannot be held against
    anything is no outlier.

    Args:
        quotes: Quotes of n strikes.
        middle: Middle of each book in points, shape (2, n), NaN without one.
        half_spread: Half the width of the book, points.
        last: Last prices, points.
        trade_age: Seconds since the last trade.
        pace: What `pace` gives for the index of each row.

    Returns:
        A mask, shape (2, n).

    >>> from g6.simulation.example_unit import QUOTES
    >>> middle = (QUOTES.values["bid"] + QUOTES.values["ask"]) / 2
    >>> terms = middle, middle * 0 + 0.05, middle + 40.0, middle * 0, 0.0
    >>> bool(outliers(QUOTES, *terms).all())
    True
    """
    with np.errstate(all="ignore"):
        below, above = _neighbours(middle, quotes)
        gap = np.abs(above - below)
        steps = _steps(quotes)
        one_sided = np.fmax(np.abs(above - middle) / steps[1], np.abs(middle - below) / steps[0])
        slope = np.where(np.isfinite(gap), gap / steps.sum(axis=0), one_sided)
        has_book = np.isfinite(middle)
        level = np.where(has_book, middle, 0.5 * (below + above))
        unsure = np.where(has_book, half_spread, gap)
        moved = pace * np.sqrt(np.maximum(trade_age, FRESHEST_SECONDS))
        deviation = np.hypot(unsure + quotes.tick_size, slope * moved)
        odd: Mask = np.abs(last - level) > LEAST_DEVIATIONS * deviation
    return odd


def _neighbours(middle: Array, quotes: Quotes) -> tuple[Array, Array]:
    """Return the quotes of the next strike below and above, NaN at the ends of an expiry."""
    below = np.full(middle.shape, np.nan)
    above = np.full(middle.shape, np.nan)
    # Where strikes begin again another expiry begins, or the same one of another unit.
    same = (quotes.expiry[1:] == quotes.expiry[:-1]) & (quotes.strike[1:] > quotes.strike[:-1])
    below[:, 1:] = np.where(same, middle[:, :-1], np.nan)
    above[:, :-1] = np.where(same, middle[:, 1:], np.nan)
    return below, above


def _steps(quotes: Quotes) -> Array:
    """Return the distances to the next strike below and above, points, shape (2, n).

    Only those within an expiry mean anything.
    """
    distance = np.diff(quotes.strike)
    return np.stack([np.append(np.nan, distance), np.append(distance, np.nan)])
