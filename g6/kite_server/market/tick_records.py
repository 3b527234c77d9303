"""What is told of an instrument at one moment, one record each: prices in points, quantities in units, times in epoch seconds."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

LEVELS = 5

TICK = np.dtype(
    [
        ("token", np.uint32), ("last", float), ("last_quantity", np.int64), ("average", float), ("volume", np.int64),
        ("buy", np.int64), ("sell", np.int64), ("open", float), ("high", float), ("low", float), ("close", float),
        ("traded_at", np.int64), ("oi", np.int64), ("oi_high", np.int64), ("oi_low", np.int64), ("stamp", np.int64),
        ("lower", float), ("upper", float),
        ("price", float, (2 * LEVELS,)), ("quantity", np.int64, (2 * LEVELS,)), ("orders", np.int64, (2 * LEVELS,)),
    ]
)  # fmt: skip
"""A contract. `traded_at` is 0 without a trade; of the ten levels five are the bid's, then five the ask's, 0 where none is."""

INDEX_TICK = np.dtype(
    [
        ("token", np.uint32), ("last", float), ("high", float), ("low", float), ("open", float), ("close", float),
        ("stamp", np.int64),
    ]
)  # fmt: skip
"""An index; it has no volume, interest or book."""

Ticks = NDArray[np.void]
Numbers = NDArray[np.float64]

_STEPS = np.arange(LEVELS)
_TURN = 0.6180339887498949


def whole(values: Numbers) -> NDArray[np.int64]:
    """Return numbers as integers, 0 where there is none."""
    return np.nan_to_num(values).astype(np.int64)


def fill_books(
    ticks: Ticks, best: dict[str, Numbers], tick_size: Numbers, lot_size: NDArray[np.int64]
) -> None:
    """Write five levels a side around the best ones.

    `best`: bid, ask, bid_quantity, ask_quantity, `(m,)` each, NaN or 0 where that side is empty. Deeper levels lie a tick apart and
    have sizes of their own, in whole lots, so that they do not exceed the side's total.
    """
    for side, (name, sign) in enumerate((("bid", -1), ("ask", 1))):
        price, quantity = best[name][:, None], np.nan_to_num(best[f"{name}_quantity"])[:, None]
        levels = price + sign * _STEPS * tick_size[:, None]
        turn = (ticks["token"][:, None] * _TURN + (_STEPS + LEVELS * side) * 0.37) % 1.0
        best_lots = quantity / lot_size[:, None]
        lots = np.where(
            _STEPS == 0,
            best_lots,
            np.maximum(np.floor(best_lots * (0.4 + 2.0 * turn)), np.minimum(best_lots, 1)),
        )
        there = (levels > 0) & (lots > 0)
        here = slice(side * LEVELS, (side + 1) * LEVELS)
        ticks["price"][:, here] = np.where(there, np.round(levels, 2), 0.0)
        ticks["quantity"][:, here] = np.where(there, lots * lot_size[:, None], 0)
        ticks["orders"][:, here] = np.where(there, 1 + np.minimum(lots // 4, 400), 0)


def empty(tokens: NDArray[Any]) -> Ticks:
    """Return records of contracts with nothing in them but their tokens."""
    ticks = np.zeros(len(tokens), TICK)
    ticks["token"] = tokens
    return ticks
