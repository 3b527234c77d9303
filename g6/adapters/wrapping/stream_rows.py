"""Rows of the quote cache as quotes, and quotes as rows of the cache."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from g6.domain.market.instrument import Contracts, Future
from g6.domain.quotes.quotes import DEPTH_FIELDS, NAN, QUOTE_FIELDS, Quotes
from g6.domain.quotes.tick import NOBODY, REST, SOURCES, TICK, blank
from g6.domain.schema.underlying import Underlying

StreamArray = NDArray[Any]
Mask = NDArray[np.bool_]

TICK_FIELDS = tuple(name for name in QUOTE_FIELDS if name in (TICK.names or ()))
"""The quantities of a quote that a row of the cache has too."""
_BOOK = ("bid", "ask", "bid_quantity", "ask_quantity")
_DEEPER = {name: (name[:-2], int(name[-1]) - 1) for name in DEPTH_FIELDS}
"""Of each level behind the best, the field of a row that has it, and its position there."""


def unpack(contracts: Contracts, listed: Mask, rows: StreamArray, observed_at: float) -> Quotes:
    """Return rows of the listed options as quotes, NaN for an option that nobody answered for."""
    values = {name: np.full(listed.shape, NAN) for name in (*QUOTE_FIELDS, *_DEEPER)}
    is_silent = rows["source"] == NOBODY
    for name in TICK_FIELDS:
        column = rows[name][:, 0] if name in _BOOK else rows[name]
        values[name][listed] = np.where(is_silent, NAN, column)
    for side in ("bid", "ask"):
        total = rows[f"{side}_quantity"].sum(axis=1)
        values[f"{side}_depth"][listed] = np.where(is_silent, NAN, total)
    for name, (field, level) in _DEEPER.items():
        values[name][listed] = np.where(is_silent, NAN, rows[field][:, level])
    source = np.full(listed.shape, "", dtype=object)
    source[listed] = np.array(SOURCES, dtype=object)[rows["source"]]
    return Quotes(contracts, source, values, market=Underlying(), observed_at=observed_at)


def pack(quotes: Quotes, selected: Mask, received: float) -> StreamArray:
    """Return some quotes, which a request answered, as rows of the cache."""
    rows = blank(int(selected.sum()))
    rows["source"] = REST
    rows["received"] = received
    for name in TICK_FIELDS:
        values = quotes.values[name][selected]
        if name in _BOOK:
            rows[name][:, 0] = _as_level(name, values)
        else:
            rows[name] = values
    for name, (field, level) in _DEEPER.items():
        if name in quotes.values:
            rows[field][:, level] = _as_level(field, quotes.values[name][selected])
    return rows


def _as_level(field: str, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the values of one level of the book, where an unknown quantity is 0."""
    return values if field in ("bid", "ask") else np.nan_to_num(values)


def future_fields(row: Any, future: Future) -> dict[str, Any]:
    """Return what a row of the cache says of the nearest future."""
    return {
        "future": float(row["last"]),
        "future_expiry": future.expiry,
        "future_time": float(row["quote_time"]),
        "future_bid": float(row["bid"][0]),
        "future_ask": float(row["ask"][0]),
        "future_oi": float(row["oi"]),
        "future_volume": float(row["volume"]),
        "future_vwap": float(row["average_price"]),
        "future_prev_close": float(row["close"]),
    }
