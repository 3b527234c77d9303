"""Cycles that are stored already, held against what a table says of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from g6.domain.market.instrument import SIDES, contract_keys
from g6.domain.schema.frame import SIDE_PREFIXES, Frame

__all__ = ["stored_difference"]

FIGURES = ("last", "volume", "oi")
"""What a table gives of an option. All else is computed of it."""


def stored_difference(stored: Frame | None, table: Frame) -> str:
    """Return the first option of a table that a stored cycle lacks or has other figures of.

    Args:
        stored: The chain that is stored, None where the cycle has none.
        table: The chain of the table. What it does not know differs from nothing.

    Returns:
        The option and its figures in words, "" where nothing differs.
    """
    keys = _keys(table)
    places = _places(_keys(stored) if stored is not None else np.empty(0, np.int64), keys)
    for side, prefix in zip(SIDES, SIDE_PREFIXES, strict=True):
        for name in FIGURES:
            theirs = np.asarray(table.columns[prefix + name], dtype=np.float64)
            ours = np.full(len(theirs), np.nan)
            if stored is not None:
                column = np.asarray(stored.columns[prefix + name], dtype=np.float64)
                ours[places >= 0] = column[places[places >= 0]]
            differs = np.flatnonzero(np.isfinite(theirs) & (ours != theirs))
            if len(differs):
                n = int(differs[0])
                option = f"{table.columns['expiry'][n]} {table.columns['strike'][n]:g} {side}"
                figure = "ltp" if name == "last" else name
                return f"{figure} of {option}: {_written(ours[n])} stored, {theirs[n]:,g} here"
    return ""


def _keys(frame: Frame) -> NDArray[np.int64]:
    return contract_keys(frame.columns["expiry"], frame.columns["strike"])


def _places(stored: NDArray[np.int64], keys: NDArray[np.int64]) -> NDArray[np.intp]:
    """Return where each key stands among the stored ones, -1 for nowhere."""
    if not len(stored):
        return np.full(len(keys), -1)
    order = np.argsort(stored)
    place = order[np.minimum(np.searchsorted(stored[order], keys), len(order) - 1)]
    return np.where(stored[place] == keys, place, -1)


def _written(value: float) -> str:
    return "none" if np.isnan(value) else f"{value:,g}"
