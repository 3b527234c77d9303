"""How each cycle ended, as the stored overviews say: outcomes by day and index."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa

from g6.adapters.parquet import days
from g6.adapters.parquet.arrays import codes_of, integers_of
from g6.adapters.parquet.columns import OVERVIEW_SCHEMA
from g6.adapters.parquet.instant_rows import OBSERVATION, is_observed_by
from g6.adapters.parquet.reading import day_table
from g6.domain.cycles.gaps import Outcomes, StatusReason
from g6.domain.schema import layout
from g6.domain.schema.layout import Kind
from g6.errors import BadInput, DamagedFile

COLUMNS = ("underlying", "timestamp", "status", "reason")


def statuses(
    directory: Path, first: date | None, last: date | None, at: datetime | None = None
) -> Iterator[tuple[date, dict[str, Outcomes]]]:
    """Yield each stored day from `first` to `last` and its outcomes by index.

    A damaged file costs its own rows and is named by a DamagedFile warning.

    Args:
        directory: The data directory.
        first: The first day, None without an end.
        last: The last day, None without an end.
        at: Leave out rows that were not there at this instant. None leaves out nothing.
    """
    root = directory / layout.folder(Kind.OVERVIEW)
    for day in days.days(root):
        if (first is None or day >= first) and (last is None or day <= last):
            yield day, _outcomes(_readable_rows(days.directory_of(root, day), at))


def _outcomes(table: pa.Table) -> dict[str, Outcomes]:
    """Return the outcomes of a day's rows by index."""
    places, indices = codes_of(table.column("underlying"))
    instants = integers_of(table.column("timestamp"))
    statuses, status_words = codes_of(table.column("status"))
    reasons, reason_words = codes_of(table.column("reason"))
    rows: tuple[StatusReason, ...] = tuple(
        (status, reason) for status in status_words for reason in reason_words
    )
    codes = statuses * len(reason_words) + reasons
    by_index: dict[str, Outcomes] = {}
    for place, index in enumerate(indices):
        of_index = np.flatnonzero(places == place)
        if len(of_index):
            by_index[index] = _latest_rows(instants[of_index], codes[of_index], rows)
    return by_index


def _latest_rows(
    instants: np.ndarray[tuple[int], np.dtype[np.int64]],
    codes: np.ndarray[tuple[int], np.dtype[np.int64]],
    rows: tuple[StatusReason, ...],
) -> Outcomes:
    """Return outcomes by ascending instant, the last row where an instant has several."""
    if not np.all(instants[1:] > instants[:-1]):
        order = np.argsort(instants, kind="stable")
        instants = instants[order]
        codes = codes[order]
        is_last = np.append(instants[1:] != instants[:-1], True)
        instants = instants[is_last]
        codes = codes[is_last]
    return Outcomes(instants, codes, rows)


def _readable_rows(directory: Path, at: datetime | None) -> pa.Table:
    """Return the rows of a day, none of a day of which no file can be read.

    The chains of such a day still say what was stored.
    """
    try:
        if at is None:
            return day_table(directory, OVERVIEW_SCHEMA, COLUMNS)
        table = day_table(directory, OVERVIEW_SCHEMA, [*COLUMNS, OBSERVATION[1]])
        return table.take(pa.array(np.flatnonzero(is_observed_by(table, at)))).select(COLUMNS)
    except BadInput as error:
        # Such a day once ended g6 data gaps and coverage for all days.
        warnings.warn(f"left out: {error.sentence}", DamagedFile, stacklevel=2)
        return pa.schema([OVERVIEW_SCHEMA.field(name) for name in COLUMNS]).empty_table()
