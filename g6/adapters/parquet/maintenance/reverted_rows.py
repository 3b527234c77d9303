"""Which cycles a restore would revert: their rows were stored after the backup was made."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from g6.adapters.parquet.arrays import plain_type
from g6.domain.cycles.cycle import isoformat_z

_INSTANT = "timestamp"
_ORDER = ("timestamp", "underlying", "expiry", "strike")
_BITS = {pa.float64(): pa.int64(), pa.float32(): pa.int32()}
"""NaN equals itself by its bits alone."""


def reverted_rows(stored: bytes, backup: bytes) -> Sequence[str]:
    """Return the cycles of which a file has other rows than a backup of it, oldest first.

    Args:
        stored: The content of the Parquet file. One that is damaged has no rows to lose.
        backup: What it is to be replaced by.
    """
    try:
        there = _ordered(stored)
        before = _ordered(backup)
    except (OSError, ValueError):
        return []
    if there is None or before is None:
        return []
    names = [name for name in there.column_names if name in before.column_names]
    rows = _by_instant(there.select(names))
    rows_before = _by_instant(before.select(names))
    changed = []
    for instant, of_instant in rows.items():
        other = rows_before.get(instant)
        if other is None or not other.equals(of_instant):
            changed.append(isoformat_z(instant))
    return changed


def _ordered(content: bytes) -> pa.Table | None:
    """Return the rows of a file in one order, None where they are of no cycle.

    Raises:
        OSError: It is damaged.
        ValueError: It is no Parquet file.
    """
    with pq.ParquetFile(pa.BufferReader(content), page_checksum_verification=True) as file:
        table = file.read()
    if _INSTANT not in table.column_names:
        return None
    keys = [(name, "ascending") for name in _ORDER if name in table.column_names]
    columns = {name: _plain(table.column(name)) for name in table.column_names}
    plain = pa.table(columns)
    return plain.take(pc.sort_indices(plain, sort_keys=keys)).combine_chunks()


def _plain(column: pa.ChunkedArray) -> pa.Array:
    """Return a column of which equal values are equal, whatever dictionary they came by."""
    array = column.combine_chunks()
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], array.type)
    array = array.cast(plain_type(array.type))
    return array.view(_BITS[array.type]) if array.type in _BITS else array


def _by_instant(table: pa.Table) -> dict[datetime, pa.Table]:
    """Return the rows of each instant, which stand together."""
    counts = pc.value_counts(table.column(_INSTANT))
    tables = {}
    begin = 0
    for count in counts.to_pylist():
        tables[count["values"]] = table.slice(begin, count["counts"])
        begin += count["counts"]
    return tables
