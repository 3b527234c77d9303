"""How each cycle ended, read from the overviews: status and reason by index and instant, day by day."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa

from g6.adapters.parquet import days
from g6.adapters.parquet.columns import OVERVIEW_SCHEMA
from g6.adapters.parquet.reading import day_table
from g6.domain.cycles.gaps import Row
from g6.domain.schema import layout
from g6.domain.schema.layout import Kind
from g6.errors import BadInput, DamagedFile

COLUMNS = ("underlying", "timestamp", "status", "reason")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def statuses(
    directory: Path, first: date | None, last: date | None
) -> Iterator[tuple[date, dict[str, dict[datetime, Row]]]]:
    """Yield each stored day from `first` to `last` (None: from the beginning, to the end) and its rows by index and instant.

    A damaged file costs its own rows and is named by a DamagedFile warning.
    """
    root = directory / layout.folder(Kind.OVERVIEW)
    for day in days.days(root):
        if (first is None or day >= first) and (last is None or day <= last):
            found: dict[str, dict[datetime, Row]] = {}
            table = _readable_rows(days.directory_of(root, day))
            for index, at, status, reason in zip(
                _texts(table, "underlying"),
                _instants(table),
                _texts(table, "status"),
                _texts(table, "reason"),
                strict=True,
            ):
                found.setdefault(index, {})[at] = (status, reason)
            yield day, found


def _readable_rows(directory: Path) -> pa.Table:
    """Return the rows of a day, none of a day of which no file can be read: its chains still say what was stored."""
    try:
        return day_table(directory, OVERVIEW_SCHEMA, COLUMNS)
    except BadInput as error:
        warnings.warn(f"left out: {error.sentence}", DamagedFile, stacklevel=2)
        return pa.schema([OVERVIEW_SCHEMA.field(name) for name in COLUMNS]).empty_table()


def _texts(table: pa.Table, name: str) -> list[str]:
    """Return a text column, missing as empty, by its distinct values: Arrow makes each Python object anew."""
    column = table.column(name).unify_dictionaries().combine_chunks()
    words = column.dictionary.to_pylist()
    # Not `indices.fill_null`, which imports pandas: half of what a command over a small store took.
    missing = column.indices.is_null().to_numpy(zero_copy_only=False)
    places = np.where(missing, len(words), column.indices.to_numpy(zero_copy_only=False))
    words.append("")
    return [words[place] for place in places.astype(np.int64).tolist()]


def _instants(table: pa.Table) -> list[datetime]:
    """Return the instants in UTC; every index of a cycle has the same, and they are made once."""
    micros = table.column("timestamp").cast(pa.int64()).to_numpy().tolist()
    known = {each: _EPOCH + timedelta(microseconds=each) for each in set(micros)}
    return [known[each] for each in micros]
