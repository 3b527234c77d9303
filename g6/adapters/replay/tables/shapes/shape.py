"""A shape is a list of steps. Each takes a batch of a table and gives it other columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class ShapedRows:
    """Rows of a table while steps shape them.

    Attributes:
        table: The rows.
        number: Their places in the file, from 1. Calls and puts side by side share a place.
        reasons: Why a row of the file was left out, by its place.
    """

    table: pa.Table
    number: NDArray[np.int64]
    reasons: Mapping[int, str] = field(default_factory=dict)

    def keep(self, rows: NDArray[np.bool_], reasons: Mapping[int, str]) -> ShapedRows:
        """Return the batch of the rows that a mask selects, with further reasons."""
        selected = self.table if rows.all() else self.table.filter(pa.array(rows))
        return ShapedRows(selected, self.number[rows], {**self.reasons, **reasons})


class Step(Protocol):
    """One change of a table's columns. `names` has the columns that it leaves."""

    @property
    def names(self) -> Sequence[str]:
        """The names of the columns afterwards."""
        ...

    def apply(self, batch: ShapedRows) -> ShapedRows:
        """Return the batch with the other columns."""
        ...


@dataclass(frozen=True, slots=True)
class TableShape:
    """The form of one file.

    Attributes:
        reads: The columns that are read of the file, None for those that the layout names.
        names: The columns that a layout can name.
        steps: What is done to the columns, in order.
        units: What quantities count, where the form says it.
        has_bars: Whether a row is a bar: its price is valid at its end, its volume is its own.
        is_daily: Whether it holds one instant a day, so that its rows stay in memory.
    """

    names: tuple[str, ...]
    reads: tuple[str, ...] | None = None
    steps: tuple[Step, ...] = ()
    units: Mapping[str, str] = field(default_factory=dict)
    has_bars: bool = False
    is_daily: bool = False

    def apply(self, table: pa.Table, number: NDArray[np.int64]) -> ShapedRows:
        """Return a batch of the file in its shape."""
        batch = ShapedRows(table, number)
        for step in self.steps:
            batch = step.apply(batch)
        return batch
