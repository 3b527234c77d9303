"""How far apart bids and asks stand: what a book costs to cross, by strike and by expiry.

Sides are axis 0 of `(2, k)` arrays, (CE, PE). Only two-sided, uncrossed books have a spread. All
others are counted, not guessed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import nan

import numpy as np
from numpy.typing import NDArray

from g6.domain.figures.smile.volatility_smile import smile
from g6.domain.schema.chain import Chain

__all__ = [
    "NEAR_STRIKES",
    "Spreads",
    "Summary",
    "illiquid",
    "liquidity",
    "microprice",
    "over_cycles",
    "spread",
    "summaries",
]

Array = NDArray[np.float64]

NEAR_STRIKES = 5
"""Strikes either side of ATM that are near the money."""
# The width that `quality` still takes a mid from: 10 % of it.
HALF_LIQUID = 0.10
"""Spread as a fraction of the mid at which an option is half as liquid as it could be."""


def spread(bid: Array, ask: Array) -> Array:
    """Return `ask − bid`, NaN where the book is not two-sided or is crossed.

    Args:
        bid: Points. A source writes an empty level as 0, −0.01 or NaN.
        ask: Points, broadcast with the bids.

    >>> spread(np.array([99.0, 0.0, 5.0]), np.array([101.0, 1.0, 4.9]))
    array([ 2., nan, nan])
    """
    with np.errstate(invalid="ignore"):
        is_two_sided = (bid > 0) & (ask >= bid) & np.isfinite(ask)
        return np.where(is_two_sided, ask - bid, nan)


def microprice(bid: Array, ask: Array, bid_quantity: Array, ask_quantity: Array) -> Array:
    """Return the mid of the best levels, each weighted by the other side's quantity.

    Args:
        bid: Points.
        ask: Points.
        bid_quantity: Units at the best bid.
        ask_quantity: Units at the best ask.

    Returns:
        Points, NaN where the spread or a quantity is.

    >>> float(microprice(np.array(99.0), np.array(101.0), np.array(300.0), np.array(100.0)))
    100.5
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        weighted = (bid * ask_quantity + ask * bid_quantity) / (bid_quantity + ask_quantity)
    return np.where(np.isfinite(spread(bid, ask)), weighted, nan)


def liquidity(bid: Array, ask: Array, volume: Array) -> Array:
    """Return the score of books: 1 at no spread, 1/2 at a tenth of the mid.

    Args:
        bid: Points.
        ask: Points, of the same shape.
        volume: Units of the day, of the same shape.

    Returns:
        Three decimals, 0 without two sides or a trade today.

    >>> liquidity(np.array([99.0, 95.0]), np.array([101.0, 105.0]), np.array([50.0, 50.0]))
    array([0.833, 0.5  ])
    """
    with np.errstate(invalid="ignore"):
        score = 1.0 / (1.0 + spread(bid, ask) / (0.5 * (bid + ask)) / HALF_LIQUID)
    return np.where(np.isfinite(score) & (volume > 0), score, 0.0).round(3)


def illiquid(chain: Chain) -> NDArray[np.bool_]:
    """Return the strikes `(n,)` of which neither side scores one half.

    >>> from g6.simulation.example_unit import CHAIN
    >>> illiquid(CHAIN)[:3]
    array([False, False, False])
    """
    scores = liquidity(chain.bid, chain.ask, chain.sides["volume"])
    return np.asarray((scores < 0.5).all(axis=0))


@dataclass(frozen=True, slots=True)
class Summary:
    """The books of one expiry, or of its strikes near the money, now. NaN without a book.

    Attributes:
        expiry: Whose books.
        near: Whether only strikes near the money are counted.
        options: Listed options.
        two_sided: Options with a spread.
        median_points: Median of the spreads.
        worst_points: Largest of the spreads.
        median_ticks: Median in ticks.
        median_pct: Median in percent of the mid.
        median_iv: Median of half the distance of the volatilities of bid and ask, a fraction, of
            the out-of-the-money sides.
    """

    expiry: date
    near: bool
    options: int
    two_sided: int
    median_points: float
    worst_points: float
    median_ticks: float
    median_pct: float
    median_iv: float


def summaries(chain: Chain) -> list[Summary]:
    """Return for each expiry the whole of it, then its strikes near the money.

    >>> from g6.simulation.example_unit import CHAIN
    >>> [(summary.expiry.day, summary.near) for summary in summaries(CHAIN)]
    [(25, False), (25, True), (1, False), (1, True)]
    """
    records = []
    for of_expiry in chain.each_expiry():
        expiry = of_expiry.expiries[0].day
        near = of_expiry.take(np.abs(of_expiry.offset) <= NEAR_STRIKES)
        records.append(_summary(of_expiry, expiry, near=False))
        records.append(_summary(near, expiry, near=True))
    return records


def _summary(chain: Chain, expiry: date, *, near: bool) -> Summary:
    points = spread(chain.bid, chain.ask)
    is_two_sided = np.isfinite(points)
    worst = float(np.max(points, where=is_two_sided, initial=-1.0))
    forward = chain.expiries[0].forward if chain.expiries else nan
    width = chain.sides["iv_ask"] - chain.sides["iv_bid"]
    return Summary(
        expiry=expiry,
        near=near,
        options=int(np.count_nonzero(chain.is_listed)),
        two_sided=int(np.count_nonzero(is_two_sided)),
        median_points=_median(points),
        worst_points=worst if is_two_sided.any() else nan,
        median_ticks=_median(points / chain.tick_size),
        median_pct=_median(100 * points / (0.5 * (chain.bid + chain.ask))),
        median_iv=_median(0.5 * smile(chain.strike, forward, width)),
    )


def _median(values: Array) -> float:
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if finite.size else nan


@dataclass(frozen=True, slots=True)
class Spreads:
    """Spreads by strike over cycles, shape (2, k) each.

    Attributes:
        strike: Points, shape (k,).
        cycles: How many cycles there are.
        two_sided: In how many of them the book was two-sided.
        median: Of the spreads then, points.
        p90: Their 90th percentile.
        worst: Their largest.
    """

    strike: Array
    cycles: int
    two_sided: NDArray[np.int64]
    median: Array
    p90: Array
    worst: Array


def over_cycles(chains: Sequence[Chain]) -> Spreads:
    """Return spread statistics per strike of one expiry over cycles.

    Args:
        chains: The expiry's chain at each cycle. A strike that one lacks had no book in it.

    >>> from g6.simulation.example_unit import CHAIN
    >>> over_cycles([CHAIN.expiry(date(2026, 8, 25))] * 2).strike[:3]
    array([23100., 23150., 23200.])
    """
    strikes = np.unique(np.concatenate([np.zeros(0), *(chain.strike for chain in chains)]))
    points = np.full((len(chains), 2, len(strikes)), nan)
    for cycle, chain in enumerate(chains):
        places = np.searchsorted(strikes, chain.strike)
        points[cycle][:, places] = spread(chain.bid, chain.ask)
    is_two_sided = np.isfinite(points)
    count = is_two_sided.sum(axis=0)
    median, p90, worst = (
        _quantile(points, is_two_sided, count, share) for share in (0.5, 0.9, 1.0)
    )
    return Spreads(strikes, len(chains), count, median, p90, worst)


def _quantile(
    points: Array, is_two_sided: NDArray[np.bool_], count: NDArray[np.int64], share: float
) -> Array:
    """Return the linear quantile along axis 0 of what is known, NaN where nothing is.

    The unknown is sorted behind everything. np.nanquantile walks the strikes one by one in Python.
    """
    if not len(points):
        return np.full(points.shape[1:], nan)
    ordered = np.sort(np.where(is_two_sided, points, np.inf), axis=0)
    place = share * np.maximum(count - 1, 0)
    low = np.floor(place).astype(np.int64)
    high = np.ceil(place).astype(np.int64)
    below = _ranked(ordered, low, count)
    above = _ranked(ordered, high, count)
    return np.asarray(below + (place - low) * (above - below))


def _ranked(ordered: Array, place: NDArray[np.int64], count: NDArray[np.int64]) -> Array:
    values = np.take_along_axis(ordered, place[None], axis=0)[0]
    return np.where(count > 0, values, nan)
