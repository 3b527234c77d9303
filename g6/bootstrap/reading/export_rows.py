"""Stored rows as one table to hand to somebody: keys first, names as `g6.load` has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa

from g6.adapters.parquet.queries.load import Query, load_table
from g6.adapters.parquet.queries.stored_span import DaySpan
from g6.domain.schema.layout import Kind

KEYS: Mapping[str, tuple[str, ...]] = {
    Kind.CHAIN: (
        "timestamp",
        "underlying",
        "expiry",
        "strike",
        "spot",
        "future",
        "forward",
        "vix",
    ),
    Kind.OVERVIEW: ("timestamp", "underlying", "spot", "future", "forward", "vix"),
}
"""Columns that every exported row begins with, whichever others are chosen."""


@dataclass(frozen=True, slots=True)
class ExportQuery:
    """Which rows are exported. The fields are the arguments of `g6.load`."""

    index: str | Sequence[str]
    day: DaySpan = "latest"
    kind: str = "chain"
    columns: Sequence[str] = ()
    expiry: str | date | Sequence[str | date] | None = None
    strike: float | tuple[float, float] | None = None
    as_of: str | datetime | None = None
    shape: str = "wide"


def export_table(directory: Path, export: ExportQuery) -> pa.Table:
    """Return the rows to export, each with spot, future, forward, VIX and its instant.

    Raises:
        NothingToDo: Nothing of that is stored.
        UserError: An argument cannot be.
    """
    query = Query.of(
        directory,
        export.index,
        export.day,
        export.kind,
        columns=export.columns or None,
        expiry=export.expiry,
        strike=export.strike,
        as_of=export.as_of,
        tz="UTC",
        shape=export.shape,
    )
    return load_table(query.beginning_with(KEYS.get(export.kind, ())))


def about(directory: Path, export: ExportQuery, rows: int) -> dict[str, str]:
    """Return what is said of the rows where a file has room for it."""
    names = export.index if isinstance(export.index, str) else ", ".join(export.index)
    return {
        "rows": f"{rows} of {export.kind}",
        "index": names,
        "day": str(export.day),
        "directory": str(directory),
        "columns": "docs/reference/columns.md says what each is, with its unit",
    }
