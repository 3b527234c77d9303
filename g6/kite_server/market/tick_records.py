"""Ticks as records: prices in points, quantities in units, times in epoch seconds."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

LEVELS = 5

_QUANTITIES = (2 * LEVELS,)
TICK = np.dtype(
    [
        ("token", np.uint32),
        ("last", float),
        ("last_quantity", np.int64),
        ("average", float),
        ("volume", np.int64),
        ("buy", np.int64),
        ("sell", np.int64),
        ("open", float),
        ("high", float),
        ("low", float),
        ("close", float),
        ("traded_at", np.int64),
        ("oi", np.int64),
        ("oi_high", np.int64),
        ("oi_low", np.int64),
        ("stamp", np.int64),
        ("lower", float),
        ("upper", float),
        ("price", float, _QUANTITIES),
        ("quantity", np.int64, _QUANTITIES),
        ("orders", np.int64, _QUANTITIES),
    ]
)
"""A contract.

`traded_at` is 0 without a trade. Five levels of the bid, then five of the ask.
"""

# Kite's packets of an index have high, low, open and close in this order. Those of a contract have
# open, high, low and close.
INDEX_TICK = np.dtype(
    [
        ("token", np.uint32),
        ("last", float),
        ("high", float),
        ("low", float),
        ("open", float),
        ("close", float),
        ("stamp", np.int64),
    ]
)
"""An index.

It has no volume, interest or book.
"""

Ticks = NDArray[np.void]
Numbers = NDArray[np.float64]

_STEPS = np.arange(LEVELS)
_GOLDEN = 0.6180339887498949


def whole(values: Numbers) -> NDArray[np.int64]:
    """Return numbers as integers, 0 for NaN."""
    return np.nan_to_num(values).astype(np.int64)


def fill_books(
    ticks: Ticks, best: dict[str, Numbers], tick_size: Numbers, lot_size: NDArray[np.int64]
) -> None:
    """Write five levels a side around the best ones.

    Args:
        ticks: Records to write into, shape (m,).
        best: bid, ask, bid_quantity and ask_quantity, shape (m,), NaN or 0 where a side is empty.
        tick_size: Points between two levels, shape (m,).
        lot_size: Units of a lot, shape (m,).
    """
    # Deeper levels have sizes of their own in whole lots, from a golden-ratio sequence by token, so
    # that they look alike in every run and do not exceed the side's total.
    for side, (name, sign) in enumerate((("bid", -1), ("ask", 1))):
        price = best[name][:, None]
        quantity = np.nan_to_num(best[f"{name}_quantity"])[:, None]
        levels = price + sign * _STEPS * tick_size[:, None]
        turn = (ticks["token"][:, None] * _GOLDEN + (_STEPS + LEVELS * side) * 0.37) % 1.0
        best_lots = quantity / lot_size[:, None]
        deeper = np.maximum(np.floor(best_lots * (0.4 + 2.0 * turn)), np.minimum(best_lots, 1))
        lots = np.where(_STEPS == 0, best_lots, deeper)
        is_level = (levels > 0) & (lots > 0)
        of_side = slice(side * LEVELS, (side + 1) * LEVELS)
        ticks["price"][:, of_side] = np.where(is_level, np.round(levels, 2), 0.0)
        ticks["quantity"][:, of_side] = np.where(is_level, lots * lot_size[:, None], 0)
        ticks["orders"][:, of_side] = np.where(is_level, 1 + np.minimum(lots // 4, 400), 0)


def empty(tokens: NDArray[np.integer[Any]]) -> Ticks:
    """Return records of contracts with nothing in them but their tokens."""
    ticks = np.zeros(len(tokens), TICK)
    ticks["token"] = tokens
    return ticks
