"""Files of tables become batches of options, by the shape of each and by a layout."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from g6.adapters.replay.tables.bars import closed_bars
from g6.adapters.replay.tables.shapes.shape import TableShape
from g6.adapters.replay.tables.shapes.table_shapes import shape_of
from g6.adapters.replay.tables.table_layout import TableLayout
from g6.adapters.replay.tables.table_parsing import Losses, OptionRows, parse_table
from g6.adapters.replay.tables.table_sources import (
    SUFFIXES,
    is_table,
    raw_batches,
    raw_names,
    readable,
)

__all__ = [
    "SUFFIXES",
    "FileLosses",
    "column_names",
    "file_shape",
    "is_table",
    "options_of",
    "texts_of",
]


@dataclass(slots=True)
class FileLosses:
    """The unreadable rows of one file: the reason by row, and how many name no index, by name."""

    reasons: dict[int, str] = field(default_factory=dict)
    others: dict[str, int] = field(default_factory=dict)

    def add(self, losses: Losses) -> None:
        """Add the losses of a batch."""
        self.reasons |= losses.reasons
        for name, count in losses.others.items():
            self.others[name] = self.others.get(name, 0) + count


def file_shape(path: Path, layout: TableLayout) -> TableShape:
    """Return the shape of a file.

    Raises:
        BadInput: The file cannot be read.
    """
    with readable(path):
        return shape_of(raw_names(path), path, layout)


def column_names(path: Path, layout: TableLayout) -> list[str]:
    """Return the names of a file's columns, once it has the shape of a row per option.

    Raises:
        BadInput: The file cannot be read.
    """
    return list(file_shape(path, layout).names)


def options_of(path: Path, layout: TableLayout, losses: FileLosses) -> Iterator[OptionRows]:
    """Yield a file's options batch by batch.

    An unreadable row is left out and added to `losses`.

    Raises:
        BadInput: The file cannot be read.
    """
    shape = file_shape(path, layout)
    parts = _parsed(path, shape, layout, losses)
    if not (shape.has_bars if layout.bars is None else layout.bars):
        yield from parts
        return
    # A bar ends where the next one begins, and a day's volume is the sum of its bars.
    whole = list(parts)
    if whole:
        yield closed_bars(OptionRows.join(whole), layout.calendar)


def _parsed(
    path: Path, shape: TableShape, layout: TableLayout, losses: FileLosses
) -> Iterator[OptionRows]:
    with readable(path):
        for table, number, reasons in _batches(path, shape, layout):
            of_batch = Losses()
            losses.reasons |= reasons
            if table.num_rows:
                yield parse_table(table, 0, layout, of_batch, number)
            losses.add(of_batch)


def texts_of(path: Path, column: str, layout: TableLayout) -> set[str]:
    """Return the distinct texts of a whole column.

    Raises:
        BadInput: The file cannot be read.
    """
    texts: set[str] = set()
    with readable(path):
        for table, _, _ in _batches(path, file_shape(path, layout), layout):
            columns = layout.columns_of(table.column_names)
            theirs = columns.get(column) or columns["date"]
            values = table.column(theirs).unique().drop_null().to_pylist()
            texts.update(map(str, values))
    return texts


def _batches(
    path: Path, shape: TableShape, layout: TableLayout
) -> Iterator[tuple[pa.Table, NDArray[np.int64], dict[int, str]]]:
    """Yield tables of the columns that are needed, their row numbers, and the lost rows."""
    columns = list(dict.fromkeys(layout.columns_of(shape.names).values()))
    for table, number, torn in raw_batches(path, shape.reads or columns):
        if not shape.steps:
            yield table, number, torn
            continue
        batch = shape.apply(table, number)
        yield batch.table.select(columns), batch.number, {**torn, **batch.reasons}
