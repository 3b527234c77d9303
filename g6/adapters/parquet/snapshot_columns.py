"""A stored snapshot by its columns: nulls, distinct values, least and largest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from g6.adapters.parquet.arrays import plain_type
from g6.domain.cycles.cycle import isoformat_z
from g6.errors import BadInput, UserError
from g6.ports.readers import ColumnSummary, SnapshotColumns

__all__ = ["read_snapshot", "summary_of"]


def read_snapshot(path: Path) -> pa.Table:
    """Return a Parquet file as it is.

    Raises:
        UserError: There is no such file.
        BadInput: It is no whole Parquet file.
    """
    try:
        return pq.read_table(path, partitioning=None)
    except FileNotFoundError as error:
        raise UserError(
            f"there is no file {path}",
            "name a file, or an index and an instant: NIFTY@2026-11-18T05:30:00Z",
        ) from error
    except (OSError, pa.ArrowInvalid) as error:
        raise BadInput(path, None, f"not a whole Parquet file ({error})") from error


def summary_of(name: str, table: pa.Table, counted: Sequence[str]) -> SnapshotColumns:
    """Return a snapshot by its columns, those of `counted` value by value as well."""
    columns = [_column(field.name, table.column(field.name)) for field in table.schema]
    values = {
        column: table.column(column).to_pylist()
        for column in counted
        if column in table.column_names
    }
    return SnapshotColumns(name, table.num_rows, tuple(columns), values)


def _column(name: str, values: pa.ChunkedArray) -> ColumnSummary:
    values = values.cast(plain_type(values.type))
    present = values.drop_null()
    if pa.types.is_floating(values.type):
        present = present.filter(pc.invert(pc.is_nan(present)))
    extremes = pc.min_max(present).as_py() if len(present) else {"min": None, "max": None}
    return ColumnSummary(
        name=name,
        nulls=len(values) - len(present),
        distinct=pc.count_distinct(present).as_py(),
        min=_plain(extremes["min"]),
        max=_plain(extremes["max"]),
    )


def _plain(value: object) -> object:
    """Return a value for JSON: an instant or a day as text."""
    if isinstance(value, datetime):
        return isoformat_z(value)
    isoformat = getattr(value, "isoformat", None)
    return isoformat() if isoformat else value
