"""How far apart bids and asks stand: what a book costs to cross, strike by strike and over the expiry.

Sides are axis 0 of `(2, k)` arrays, (CE, PE). Only two-sided, uncrossed books have a spread; all others are counted, not guessed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import nan

import numpy as np
from numpy.typing import NDArray

from g6.domain.figures.volatility_smile import smile
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
HALF_LIQUID = 0.10
"""Spread as a fraction of the mid at which an option is half as liquid as it could be."""


def spread(bid: Array, ask: Array) -> Array:
    """Return `ask − bid` in points, NaN where the book is not two-sided or is crossed; the arguments broadcast."""
    with np.errstate(invalid="ignore"):
        two_sided = (bid > 0) & (ask >= bid) & np.isfinite(ask)
        return np.where(two_sided, ask - bid, nan)


def microprice(bid: Array, ask: Array, bid_quantity: Array, ask_quantity: Array) -> Array:
    """Return the mid weighted by the other side's quantity at the best level, points; NaN where `spread` or a quantity is."""
    with np.errstate(invalid="ignore", divide="ignore"):
        weighted = (bid * ask_quantity + ask * bid_quantity) / (bid_quantity + ask_quantity)
    return np.where(np.isfinite(spread(bid, ask)), weighted, nan)


def liquidity(bid: Array, ask: Array, volume: Array) -> Array:
    """Return the score of books: 1 at no spread, 1/2 at a tenth of the mid, 0 without two sides or a trade today.

    Three decimals; prices in points, the day's volume in units, all of one shape.

    >>> liquidity(np.array([99.0, 95.0, nan]), np.array([101.0, 105.0, 1.0]), np.array([50.0, 50.0, 50.0]))
    array([0.833, 0.5  , 0.   ])
    """
    with np.errstate(invalid="ignore"):
        score = 1.0 / (1.0 + spread(bid, ask) / (0.5 * (bid + ask)) / HALF_LIQUID)
    return np.where(np.isfinite(score) & (volume > 0), score, 0.0).round(3)


def illiquid(chain: Chain) -> NDArray[np.bool_]:
    """Return the strikes `(n,)` of which neither side scores one half."""
    scores = liquidity(chain.bid, chain.ask, chain.sides["volume"])
    return np.asarray((scores < 0.5).all(axis=0))


@dataclass(frozen=True, slots=True)
class Summary:
    """The books of one expiry, or of its strikes near the money, now.

    `options` listed, `two_sided` those with a spread; `median_points`, `worst_points`; `median_ticks`; `median_pct` of the mid;
    `median_iv` half the distance of the volatilities of bid and ask, a fraction, out-of-the-money sides. NaN without a book.
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
    """Return for each expiry the whole of it, then its strikes near the money."""
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
    known = values[np.isfinite(values)]
    return float(np.median(known)) if known.size else nan


@dataclass(frozen=True, slots=True)
class Spreads:
    """Spreads by strike over t cycles, `(2, k)` each: how many cycles had a two-sided book, and the spread in them, points."""

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
    seen: Array, known: NDArray[np.bool_], count: NDArray[np.int64], share: float
) -> Array:
    """Linear quantile along axis 0 of what is known, NaN where nothing is."""
    if not len(seen):
        return np.full(seen.shape[1:], nan)
    ordered = np.sort(np.where(known, seen, np.inf), axis=0)
    place = share * np.maximum(count - 1, 0)
    low, high = np.floor(place).astype(np.int64), np.ceil(place).astype(np.int64)
    ends = [np.take_along_axis(ordered, each[None], axis=0)[0] for each in (low, high)]
    below, above = (np.where(count > 0, end, nan) for end in ends)
    return np.asarray(below + (place - low) * (above - below))
