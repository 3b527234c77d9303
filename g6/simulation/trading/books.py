"""Order books: bids and asks on the tick, wide when the market is busy, one-sided far out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from g6.simulation.contracts import OPTION_TICK
from g6.simulation.paths import MarketDay
from g6.simulation.roots import Root

RANKS = (1.0, 1.5, 2.5, 5.0)
"""How much wider the books of less active expiries are."""
BUSY = 4.0
"""How much wider books are in the first five minutes and from the index's freeze on."""
HOLD = 10
"""Seconds for which a book keeps its width and size."""

# A price that is a whole number of ticks but for its last bits must not be rounded to the next one.
_ROUNDING_NOISE = 1e-6
_GOLDEN_RATIO = 0.6180339887498949
_SIZES = -np.log1p(-(np.arange(256) + 0.5) / 256)

Numbers = NDArray[np.float64]


def half_spread(root: Root, rank: int, value: Numbers, busy: Numbers | float) -> Numbers:
    """Return half the spread of options worth `value`, in points.

    It grows with the value, and fast where the value is mostly intrinsic.
    """
    # At the money the whole spread comes to 0.05 to 0.25 points, as the real books show it.
    plain = 0.015 + 0.00022 * value + 0.0015 * np.maximum(value - 0.02 * root.level, 0.0)
    return plain * (root.spread * RANKS[rank]) * busy


def busyness(market: MarketDay, second: NDArray[np.int64]) -> Numbers:
    """Return 4 in the first five minutes and from 15:15 (the index's freeze) on, else 1."""
    session = market.session
    if session.index_freeze is None:
        late: float = market.fix - 900
    else:
        late = (session.index_freeze - session.open).total_seconds()
    return np.where((second < 300) | (second >= late), BUSY, 1.0)


def outward_ticks(low: Numbers, high: Numbers) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return `low` rounded down and `high` rounded up, in ticks."""
    # Rounded outward the value lies within its book, and books of neighbouring strikes stay free of
    # arbitrage as the values are.
    down = np.floor(low / OPTION_TICK + _ROUNDING_NOISE)
    up = np.ceil(high / OPTION_TICK - _ROUNDING_NOISE)
    return down.astype(np.int64), np.maximum(up, 1).astype(np.int64)


def rotated(phase: Numbers, second: int) -> Numbers:
    """Return a number in [0, 1) for each option that changes every ten seconds.

    `phase` is the option's own number and gives the answer its shape.
    """
    # Steps of the golden ratio spread evenly over [0, 1) and do not repeat within a day.
    return np.asarray((phase + (second // HOLD) * _GOLDEN_RATIO) % 1.0)


def exponential_sizes(turn: Numbers) -> Numbers:
    """Return exponentially distributed sizes of mean 1 for `turn` in [0, 1)."""
    return np.asarray(_SIZES[(turn * 256).astype(np.int64)])


@dataclass(frozen=True, slots=True)
class Book:
    """The books of a series' options at one moment.

    Attributes:
        root: The underlying.
        rank: Liquidity rank of the series, 0 the most active.
        second: Second of the session.
        busy: How much wider than usual books are, as `busyness` says.
    """

    root: Root
    rank: int
    second: int
    busy: float

    def quote(self, value: Numbers, offset: NDArray[np.int64], own: Numbers) -> dict[str, Numbers]:
        """Return `bid, ask` in points, NaN where that side is empty, and four quantities in lots.

        Args:
            value: What each option is worth, in points. All answers have its shape.
            offset: Strikes out of the money, negative in the money.
            own: Each option's own number in (0, 1).
        """
        turn = rotated(own, self.second)
        half = half_spread(self.root, self.rank, value, self.busy) * (0.8 + 0.4 * turn)
        bid, ask = outward_ticks(value - half, value + half)
        # Far out of the money nobody bids, deep in the money nobody offers.
        thin = rotated(own, self.second // 6) < np.clip((np.abs(offset) - 30) / 80, 0.0, 0.35)
        no_bid = (bid < 1) | (thin & (offset > 0))
        no_ask = thin & (offset < 0)
        depth = (3 + 300 / (value + 2)) * (0.15 + self.root.interest) / RANKS[self.rank]
        bid_lots = np.floor(1 + depth * exponential_sizes(turn % 1.0))
        ask_lots = np.floor(1 + depth * exponential_sizes((turn + 0.37) % 1.0))
        all_bids = bid_lots * np.floor(12 + 25 * (turn * 7 % 1.0))
        all_asks = ask_lots * np.floor(12 + 25 * ((turn * 7 + 0.5) % 1.0))
        return {
            "bid": np.where(no_bid, np.nan, bid * OPTION_TICK),
            "ask": np.where(no_ask, np.nan, ask * OPTION_TICK),
            "bid_quantity": np.where(no_bid, 0.0, bid_lots),
            "ask_quantity": np.where(no_ask, 0.0, ask_lots),
            "buy_quantity": np.where(no_bid, 0.0, all_bids),
            "sell_quantity": np.where(no_ask, 0.0, all_asks),
        }
