"""Rows that say other figures than an earlier row of the same option and instant.

The first row counts: in the order in which the files were named, and of the lines in each. The
others are counted, and the first of them is shown with the figures that differ.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from g6.adapters.replay.tables.table_layout import NUMBERS, TableLayout
from g6.adapters.replay.tables.table_reading import FileLosses, options_of

__all__ = ["RowPlace", "differences", "fingerprints"]

Array = NDArray[np.float64]

_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
_SHIFTS = (np.uint64(30), np.uint64(27), np.uint64(31))


@dataclass(frozen=True, slots=True)
class RowPlace:
    """Where an option stands: the file, its row there, from 1, and its side."""

    path: Path
    row: int
    side: int


def fingerprints(figures: Mapping[str, Array], count: int) -> NDArray[np.uint64]:
    """Return a number for the figures of each of so many rows, another one for other figures.

    A figure that a row lacks is the same as one that its file lacks. Two million rows with all
    their figures would take 200 MB, and their numbers take 16.
    """
    numbers = np.zeros(count, dtype=np.uint64)
    for name, figure in figures.items():
        # Zero has two signs.
        bits = (np.asarray(figure, dtype=np.float64) + 0.0).view(np.uint64)
        mixed = bits + np.uint64(zlib.crc32(name.encode()) << 32 | 1)
        for factor, shift in zip(_MIX, _SHIFTS[:2], strict=True):
            mixed = (mixed ^ (mixed >> shift)) * factor
        mixed ^= mixed >> _SHIFTS[2]
        numbers += np.where(np.isnan(figure), np.uint64(0), mixed)
    return numbers


def differences(earlier: RowPlace, later: RowPlace, layout: TableLayout) -> str:
    """Return the figures in which two rows differ, as `ltp 130 here and 127.6 there`."""
    there = _figures(earlier, layout)
    here = _figures(later, layout)
    words = []
    for name in sorted(there.keys() | here.keys()):
        ours = _written(here.get(name))
        theirs = _written(there.get(name))
        if ours != theirs:
            words.append(f"{NUMBERS.get(name, (name,))[0]} {ours} here and {theirs} there")
    return ", ".join(words)


def _figures(place: RowPlace, layout: TableLayout) -> Mapping[str, float]:
    """Return the figures of one row, which is read again."""
    for options in options_of(place.path, layout, FileLosses()):
        is_it = (options.row == place.row) & (options.side == place.side)
        if is_it.any():
            n = int(np.flatnonzero(is_it)[0])
            return {name: float(figure[n]) for name, figure in options.figures.items()}
    return {}


def _written(value: float | None) -> str:
    return "none" if value is None or np.isnan(value) else f"{value:.10g}"
