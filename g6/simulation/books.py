"""Order books: bid and ask rounded outward to the tick, wide at the open and in the auction, one-sided far from the money."""

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

_NOISE = 1e-6
_TURN = 0.6180339887498949
_SIZES = -np.log1p(-(np.arange(256) + 0.5) / 256)

Numbers = NDArray[np.float64]


def half_spread(root: Root, rank: int, value: Numbers, busy: Numbers | float) -> Numbers:
    """Return half the spread of options worth `value`, in points; it grows with the value, fast where that is mostly intrinsic."""
    plain = 0.015 + 0.00022 * value + 0.0015 * np.maximum(value - 0.02 * root.level, 0.0)
    return plain * (root.spread * RANKS[rank]) * busy


def busyness(market: MarketDay, second: NDArray[np.int64]) -> Numbers:
    """Return 4 in the first five minutes and from 15:15 (the index's freeze) on, else 1."""
    session = market.session
    late = (
        market.fix - 900
        if session.index_freeze is None
        else (session.index_freeze - session.open).total_seconds()
    )
    return np.where((second < 300) | (second >= late), BUSY, 1.0)


def ticks(low: Numbers, high: Numbers) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return `low` rounded down and `high` rounded up, in ticks."""
    down = np.floor(low / OPTION_TICK + _NOISE)
    up = np.ceil(high / OPTION_TICK - _NOISE)
    return down.astype(np.int64), np.maximum(up, 1).astype(np.int64)


def turning(phase: Numbers, second: int) -> Numbers:
    """Return a number in [0, 1) for each option that changes every ten seconds; `phase` is the option's own, of the same shape."""
    return np.asarray((phase + (second // HOLD) * _TURN) % 1.0)


def sizes(turn: Numbers) -> Numbers:
    """Return exponentially distributed sizes of mean 1 for `turn` in [0, 1)."""
    return np.asarray(_SIZES[(turn * 256).astype(np.int64)])


@dataclass(frozen=True, slots=True)
class Book:
    """The books of a series' options at one moment: how active the series is, how busy the moment (see `busyness`)."""

    root: Root
    rank: int
    second: int
    busy: float

    def quote(self, value: Numbers, offset: NDArray[np.int64], own: Numbers) -> dict[str, Numbers]:
        """Return `bid, ask` in points, NaN where that side is empty, and the four quantities in lots, all shaped as `value`.

        `offset`: strikes out of the money, negative in the money; `own`: each option's number in (0, 1).
        """
        turn = turning(own, self.second)
        half = half_spread(self.root, self.rank, value, self.busy) * (0.8 + 0.4 * turn)
        bid, ask = ticks(value - half, value + half)
        thin = turning(own, self.second // 6) < np.clip((np.abs(offset) - 30) / 80, 0.0, 0.35)
        no_bid, no_ask = (bid < 1) | (thin & (offset > 0)), thin & (offset < 0)
        depth = (3 + 300 / (value + 2)) * (0.15 + self.root.interest) / RANKS[self.rank]
        best, best_ask = (
            np.floor(1 + depth * sizes((turn + shift) % 1.0)) for shift in (0.0, 0.37)
        )
        return {
            "bid": np.where(no_bid, np.nan, bid * OPTION_TICK),
            "ask": np.where(no_ask, np.nan, ask * OPTION_TICK),
            "bid_quantity": np.where(no_bid, 0.0, best),
            "ask_quantity": np.where(no_ask, 0.0, best_ask),
            "buy_quantity": np.where(no_bid, 0.0, best * np.floor(12 + 25 * (turn * 7 % 1.0))),
            "sell_quantity": np.where(
                no_ask, 0.0, best_ask * np.floor(12 + 25 * ((turn * 7 + 0.5) % 1.0))
            ),
        }
