"""How each cycle ended, read from the overviews: status and reason by index and instant, day by day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

from g6.adapters.parquet_store import days
from g6.adapters.parquet_store.columns import OVERVIEW_SCHEMA
from g6.adapters.parquet_store.reading import day_table
from g6.domain.gaps import Row
from g6.ports.history import OVERVIEW

COLUMNS = ("underlying", "timestamp", "status", "reason")


def statuses(directory: Path, first: date | None, last: date | None) -> Iterator[tuple[date, dict[str, dict[datetime, Row]]]]:
    """Yield each stored day from `first` to `last` (None: from the beginning, to the end) and its rows by index and instant.

    Errors: BadInput (a damaged file).
    """
    root = directory / OVERVIEW
    for day in days.days(root):
        if (first is None or day >= first) and (last is None or day <= last):
            found: dict[str, dict[datetime, Row]] = {}
            table = day_table(days.directory_of(root, day), OVERVIEW_SCHEMA, COLUMNS)
            for index, at, status, reason in zip(*(table.column(name).to_pylist() for name in COLUMNS), strict=True):
                found.setdefault(index, {})[at.astimezone(UTC)] = (status, reason or "")
            yield day, found
