"""Read a file, a unit or a whole day, whatever it is folded into."""

from __future__ import annotations

import base64
import json
import os
import zlib
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from g6.adapters.parquet_store.days import DayFile, Level, files, steadily
from g6.domain.cycle import isoformat_z
from g6.errors import BadInput

_INSTANT = pa.timestamp("us", "UTC")
_AT_ONCE = 1_000_000
"""Bytes up to which a file is read whole, and by one thread: what is to be found in it costs more than fetching it."""
_CORES = os.cpu_count() or 1


def read(path: Path, schema: pa.Schema, columns: Sequence[str] | None = None, rows: pc.Expression | None = None) -> pa.Table:
    """Return `columns` (default all) of a file; a column that an earlier version did not write is all missing.

    Errors: BadInput (not a whole Parquet file), FileNotFoundError.
    """
    wanted = schema if columns is None else pa.schema([schema.field(name) for name in columns])
    try:
        size = path.stat().st_size
        source = path if size > _AT_ONCE else pa.BufferReader(path.read_bytes())
        with pq.ParquetFile(source, pre_buffer=True) as file:
            there = set(file.schema_arrow.names)
            names = [name for name in wanted.names if name in there]
            table = file.read(names, use_threads=size > _AT_ONCE)
    except (pa.ArrowInvalid, OSError) as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise BadInput(
            path, None, f"not a whole Parquet file ({error})", "move it away; `g6 data check` lists what is damaged"
        ) from error
    metadata = table.schema.metadata
    table = conform(table, wanted)
    return (table if rows is None else table.filter(rows)).replace_schema_metadata(metadata)


def conform(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return `table` with exactly the columns of `schema`, absent ones missing throughout."""
    if table.schema.equals(schema):
        return table
    columns = [
        table.column(field.name).cast(field.type) if field.name in table.column_names else pa.nulls(table.num_rows, field.type)
        for field in schema
    ]
    return pa.table(columns, schema=schema)


def pack_headers(headers: Mapping[str, Any]) -> str:
    """Pack the headers of many units, by cycle, into one metadata value: they are nearly alike, so they shrink well."""
    text = json.dumps(headers, sort_keys=True, separators=(",", ":"))
    return base64.b64encode(zlib.compress(text.encode())).decode()


def headers(path: Path) -> dict[str, Any]:
    """Return the headers of the units in a folded file, by cycle."""
    metadata = pq.read_metadata(path).metadata or {}
    packed = metadata.get(b"g6.headers")
    return dict(json.loads(zlib.decompress(base64.b64decode(packed)))) if packed else {}


def unit_table(found: Iterable[DayFile], instant: datetime, schema: pa.Schema) -> tuple[pa.Table, dict[str, Any]] | None:
    """Return the rows of one instant and their header from the best of the files that may hold it, None when none does."""
    for file in sorted((file for file in found if file.may_hold(instant)), key=lambda file: file.level):
        if file.level is Level.PART:
            table = read(file.path, schema)
            return table, json.loads((table.schema.metadata or {}).get(b"g6.header", b"{}"))
        table = read(file.path, schema, rows=pc.field("timestamp") == pa.scalar(instant, _INSTANT))
        header = headers(file.path).get(isoformat_z(instant))
        if table.num_rows or header is not None:
            return table, header or {}
    return None


def day_table(directory: Path, schema: pa.Schema, columns: Sequence[str] | None = None) -> pa.Table:
    """Return a whole day, each cycle from the best file that holds it, by instant as far as files are."""
    names = list(columns) if columns is not None else schema.names
    needed = names if "timestamp" in names else ["timestamp", *names]
    return steadily(lambda: merge(files(directory), schema, needed)).select(names)


def merge(found: Sequence[DayFile], schema: pa.Schema, names: Sequence[str]) -> pa.Table:
    """Return columns `names` (with `timestamp`) of all rows in the files, each instant's from the best file that holds it."""
    if len(found) == 1:
        return _rows(found[0], schema, names).replace_schema_metadata(None)
    with ThreadPoolExecutor(_CORES) as pool:
        rows = dict(zip(found, pool.map(lambda file: _rows(file, schema, names), found), strict=True))
    tables: list[tuple[DayFile, pa.Table]] = []
    for level in Level:
        better = tables.copy()
        tables += [(file, _without(rows[file], _held(file, better))) for file in found if file.level is level]
    tables.sort(key=lambda pair: pair[0].first)
    if not tables:
        return pa.schema([schema.field(name) for name in names]).empty_table()
    return pa.concat_tables([table.replace_schema_metadata(None) for _, table in tables])


def _rows(file: DayFile, schema: pa.Schema, names: Sequence[str]) -> pa.Table:
    """Return a file's rows by instant, within one as they were written."""
    table = read(file.path, schema, names)
    return by_instant(table) if file.level is Level.DAY else table


def by_instant(table: pa.Table) -> pa.Table:
    """Return the rows by instant; nothing is done where they are, as in every day that was compacted since days are kept so."""
    at = table.column("timestamp").cast(pa.int64()).to_numpy()
    return table if np.all(at[1:] >= at[:-1]) else table.sort_by([("timestamp", "ascending")])


def _held(file: DayFile, better: Iterable[tuple[DayFile, pa.Table]]) -> set[datetime]:
    """Return the instants of `file` that a better file holds already."""
    held: set[datetime] = set()
    for other, table in better:
        if other.level is Level.PART:
            held |= {other.first} if file.may_hold(other.first) else set()
        elif other.first < file.end and file.first < other.end:
            held |= set(pc.unique(table.column("timestamp")).to_pylist())
    return held


def _without(table: pa.Table, instants: set[datetime]) -> pa.Table:
    if not instants:
        return table
    return table.filter(pc.invert(pc.is_in(table.column("timestamp"), pa.array(sorted(instants), _INSTANT))))
