"""Read a file, a unit or a whole day, whatever it is folded into."""

from __future__ import annotations

import base64
import json
import os
import warnings
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from g6.adapters.parquet.arrays import integers_of
from g6.adapters.parquet.days import DayFile, FoldLevel, files, steadily
from g6.domain.cycles.cycle import isoformat_z
from g6.errors import BadInput, DamagedFile, StoreBusy
from g6.files import shown

_INSTANT = pa.timestamp("us", "UTC")
_AT_ONCE = 1_000_000
"""Bytes up to which a file is read whole, and by one thread: what is to be found in it costs more than fetching it."""
_CORES = os.cpu_count() or 1
DAMAGED = (
    pa.ArrowException, OSError, ValueError, LookupError, TypeError, ArithmeticError, MemoryError, RecursionError, AttributeError,
    zlib.error,
)  # fmt: skip
"""What reading a damaged file can raise, bytes flipped at random included."""


def read(
    path: Path,
    schema: pa.Schema,
    columns: Sequence[str] | None = None,
    rows: pc.Expression | None = None,
) -> pa.Table:
    """Return `columns` (default all) of a file; a column that an earlier version did not write is all missing.

    Every page is held against its checksum. Errors: BadInput (not a whole Parquet file), FileNotFoundError.
    """
    wanted = schema if columns is None else pa.schema([schema.field(name) for name in columns])
    with whole(path):
        size = path.stat().st_size
        source = (
            os.fsencode(path).decode() if size > _AT_ONCE else pa.BufferReader(path.read_bytes())
        )
        with pq.ParquetFile(source, pre_buffer=True, page_checksum_verification=True) as file:
            there = set(file.schema_arrow.names)
            if schema.names[0] not in there:
                raise ValueError(f"it has no column {schema.names[0]}")
            names = [name for name in wanted.names if name in there]
            table = file.read(names, use_threads=size > _AT_ONCE)
        metadata = table.schema.metadata
        table = conform(table, wanted)
        return (table if rows is None else table.filter(rows)).replace_schema_metadata(metadata)


@contextmanager
def whole(path: Path) -> Iterator[None]:
    """Turn whatever reading a damaged file raises into BadInput that names it; one that is gone stays FileNotFoundError."""
    try:
        yield
    except FileNotFoundError:
        raise
    except DAMAGED as error:
        said = (
            " ".join(str(error).split())[:200].encode("utf-8", errors="backslashreplace").decode()
        )
        raise BadInput(
            shown(path),
            None,
            f"not a whole Parquet file ({said})",
            "move it away; `g6 data check` lists what is damaged",
        ) from error


def foreign(path: Path, schema: pa.Schema) -> list[pa.Field]:
    """Return the columns of a file that `schema` does not have: those of a newer version. Errors: BadInput."""
    with whole(path):
        return [
            field.remove_metadata()
            for field in pq.read_schema(pa.BufferReader(path.read_bytes()))
            if field.name not in schema.names
        ]


def widened(paths: Iterable[Path], schema: pa.Schema) -> pa.Schema:
    """Return `schema` with the columns of a newer version that these files have; a damaged file has none.

    Errors: StoreBusy (two files have a column in two types).
    """
    wide = schema
    for path in paths:
        try:
            fields = foreign(path, schema)
        except (BadInput, FileNotFoundError):
            continue
        for field in fields:
            if field.name not in wide.names:
                wide = wide.append(field)
            elif wide.field(field.name).type != field.type:
                raise StoreBusy(
                    f"{path} has the column {field.name} as {field.type}, another file of its day "
                    f"as {wide.field(field.name).type}; nothing was written, use the newest version of G6 that wrote there"
                )
    return wide


def conform(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return `table` with exactly the columns of `schema`, absent ones missing throughout."""
    if table.schema.equals(schema):
        return table
    columns = [
        table.column(field.name).cast(field.type)
        if field.name in table.column_names
        else pa.nulls(table.num_rows, field.type)
        for field in schema
    ]
    return pa.table(columns, schema=schema)


def pack_headers(headers: Mapping[str, Any]) -> str:
    """Pack the headers of many units, by cycle, into one metadata value: they are nearly alike, so they shrink well."""
    text = json.dumps(headers, sort_keys=True, separators=(",", ":"))
    return base64.b64encode(zlib.compress(text.encode())).decode()


def headers(path: Path) -> dict[str, Any]:
    """Return the headers of the units in a folded file, by cycle. Errors: BadInput."""
    with whole(path):
        packed = metadata_of(path).get(b"g6.headers")
        return dict(json.loads(zlib.decompress(base64.b64decode(packed)))) if packed else {}


def header(path: Path, table: pa.Table) -> dict[str, Any]:
    """Return the header of the unit in a part, of which `table` was read. Errors: BadInput."""
    with whole(path):
        return dict(json.loads((table.schema.metadata or {}).get(b"g6.header", b"{}")))


def metadata_of(path: Path) -> dict[bytes, bytes]:
    """Return what a file says of itself beside its columns. Errors: BadInput, FileNotFoundError."""
    with whole(path):
        return dict(pq.read_metadata(os.fsencode(path).decode()).metadata or {})


def unit_table(
    found: Iterable[DayFile], instant: datetime, schema: pa.Schema
) -> tuple[pa.Table, dict[str, Any]] | None:
    """Return the rows of one instant and their header from the best of the files that may hold it, None when none does."""
    for file in sorted(
        (file for file in found if file.may_hold(instant)), key=lambda file: file.level
    ):
        if file.level is FoldLevel.PART:
            table = read(file.path, schema)
            return table, header(file.path, table)
        table = read(file.path, schema, rows=pc.field("timestamp") == pa.scalar(instant, _INSTANT))
        told = headers(file.path).get(isoformat_z(instant))
        if table.num_rows or told is not None:
            return table, told or {}
    return None


def day_table(directory: Path, schema: pa.Schema, columns: Sequence[str] | None = None) -> pa.Table:
    """Return a whole day, each cycle from the best file that holds it, by instant as far as files are.

    A damaged file costs its own rows and is named by a DamagedFile warning. Errors: BadInput (no file of the day can be read).
    """
    names = list(columns) if columns is not None else schema.names
    needed = names if "timestamp" in names else ["timestamp", *names]
    table, damaged = steadily(lambda: readable(files(directory), schema, needed))
    for error in damaged.values():
        warnings.warn(f"left out: {error.sentence}", DamagedFile, stacklevel=2)
    return table.select(names)


def readable(
    found: Sequence[DayFile], schema: pa.Schema, names: Sequence[str]
) -> tuple[pa.Table, dict[Path, BadInput]]:
    """Return `merge` of the files that can be read, and of the others why not. Errors: BadInput (none can be read)."""
    damaged: dict[Path, BadInput] = {}
    by_name = {shown(file.path): file.path for file in found}
    while True:
        try:
            return merge(
                [file for file in found if file.path not in damaged], schema, names
            ), damaged
        except BadInput as error:
            path = by_name.get(error.path)
            if path is None or len(damaged) + 1 == len(found):
                raise
            damaged[path] = error


def merge(found: Sequence[DayFile], schema: pa.Schema, names: Sequence[str]) -> pa.Table:
    """Return columns `names` (with `timestamp`) of all rows in the files, each instant's from the best file that holds it."""
    if len(found) == 1:
        return _rows(found[0], schema, names).replace_schema_metadata(None)
    with ThreadPoolExecutor(_CORES) as pool:
        rows = dict(
            zip(found, pool.map(lambda file: _rows(file, schema, names), found), strict=True)
        )
    tables: list[tuple[DayFile, pa.Table]] = []
    for level in FoldLevel:
        better = tables.copy()
        tables += [
            (file, _without(rows[file], _held(file, better)))
            for file in found
            if file.level is level
        ]
    tables.sort(key=lambda pair: pair[0].first)
    if not tables:
        return pa.schema([schema.field(name) for name in names]).empty_table()
    return pa.concat_tables([table.replace_schema_metadata(None) for _, table in tables])


def _rows(file: DayFile, schema: pa.Schema, names: Sequence[str]) -> pa.Table:
    """Return a file's rows by instant, within one as they were written."""
    table = read(file.path, schema, names)
    return by_instant(table) if file.level is FoldLevel.DAY else table


def by_instant(table: pa.Table) -> pa.Table:
    """Return the rows by instant; nothing is done where they are, as in every day that was compacted since days are kept so."""
    at = integers_of(table.column("timestamp"))
    return table if np.all(at[1:] >= at[:-1]) else table.sort_by([("timestamp", "ascending")])


def _held(file: DayFile, better: Iterable[tuple[DayFile, pa.Table]]) -> set[datetime]:
    """Return the instants of `file` that a better file holds already."""
    held: set[datetime] = set()
    for other, table in better:
        if other.level is FoldLevel.PART:
            held |= {other.first} if file.may_hold(other.first) else set()
        elif other.first < file.end and file.first < other.end:
            held |= set(pc.unique(table.column("timestamp")).to_pylist())
    return held


def _without(table: pa.Table, instants: set[datetime]) -> pa.Table:
    if not instants:
        return table
    return table.filter(
        pc.invert(pc.is_in(table.column("timestamp"), pa.array(sorted(instants), _INSTANT)))
    )
