"""Reading a file, a unit or a whole day, whatever it is folded into."""

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

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from g6.adapters.parquet.arrays import INDEX, array_of, besides, integers_of
from g6.adapters.parquet.cold_notes import is_cold, stored_source, unanswered
from g6.adapters.parquet.days import DayFile, FoldLevel, files, of_level, steadily
from g6.adapters.parquet.file_memory import FileMemory
from g6.adapters.parquet.row_groups import footer, groups_with
from g6.domain.cycles.cycle import isoformat_z
from g6.domain.schema.json_types import Document
from g6.errors import BadInput, DamagedFile, StoreBusy, Unavailable
from g6.files import shown

_INSTANT = pa.timestamp("us", "UTC")
_WHOLE_BYTES = 1_000_000
"""A file of up to so many bytes is read whole, by one thread: seeking in it costs more."""
_CORES = os.cpu_count() or 1
# Flipping bytes at random raised each of these. Of 20 rounds 8 ended a check, a fold or a load
# while some were not here.
DAMAGED = (
    pa.ArrowException,
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
    zlib.error,
)
"""The errors that reading a damaged file can raise."""


def read(
    path: Path,
    schema: pa.Schema,
    columns: Sequence[str] | None = None,
    rows: pc.Expression | None = None,
    *,
    instants: Sequence[datetime] | None = None,
) -> pa.Table:
    """Return columns of a file. One that an earlier version did not write is missing throughout.

    Args:
        path: The file.
        schema: The columns of this version.
        columns: Names of the columns to read, all by default.
        rows: A condition on rows.
        instants: The instants whose rows are read, all by default.

    Raises:
        BadInput: It is no whole Parquet file.
        FileNotFoundError: It is gone.
    """
    target = schema if columns is None else pa.schema([schema.field(name) for name in columns])
    with whole(path):
        is_large = is_cold(path) or path.stat().st_size > _WHOLE_BYTES
        source = stored_source(path) if is_large else pa.BufferReader(path.read_bytes())
        # Checksums cost 11 % of reading a day of 12 MB: 22 ms instead of 20 (measured).
        with pq.ParquetFile(
            source,
            metadata=footer(path) if is_large else None,
            pre_buffer=True,
            page_checksum_verification=True,
        ) as file:
            stored = set(file.schema_arrow.names)
            if schema.names[0] not in stored:
                raise ValueError(f"it has no column {schema.names[0]}")
            names = [name for name in target.names if name in stored]
            if instants is None:
                table = file.read(names, use_threads=is_large)
            else:
                groups = groups_with(file, instants)
                table = file.read_row_groups(groups, names, use_threads=is_large)
        metadata = table.schema.metadata
        table = conform(table, target)
        if instants is not None:
            table = _of_instants(table, instants)
        return (table if rows is None else table.filter(rows)).replace_schema_metadata(metadata)


def _of_instants(table: pa.Table, instants: Sequence[datetime]) -> pa.Table:
    """Return the rows of some instants."""
    # An expression is worked out by an engine that takes 1 ms more. A slice would copy nothing, and
    # hold the whole row group of 13 MB for as long as anybody has one chain of it.
    return table.filter(pc.is_in(table.column("timestamp"), array_of(instants, _INSTANT)))


@contextmanager
def whole(path: Path) -> Iterator[None]:
    """Turn whatever reading a damaged file raises into BadInput that names it.

    A file that is gone stays FileNotFoundError.

    Raises:
        BadInput: The file is damaged.
        Unavailable: It lies in a cold place, which does not answer.
    """
    try:
        yield
    except FileNotFoundError:
        raise
    except DAMAGED as error:
        if is_cold(path) and isinstance(error, OSError):
            raise unanswered(path, error) from error
        reason = f"not a whole Parquet file ({words_of(error, 200)})"
        fix = "move it away; `g6 data check` lists what is damaged"
        raise BadInput(shown(path), None, reason, fix) from error


def words_of(error: BaseException, most: int) -> str:
    """Return an error's words on one line of at most `most` characters, as a terminal can print."""
    words = " ".join(str(error).split())[:most]
    return words.encode("utf-8", errors="backslashreplace").decode()


def foreign(path: Path, schema: pa.Schema) -> list[pa.Field]:
    """Return the columns of a file that `schema` lacks, which a newer version has written.

    Raises:
        BadInput: It is no whole Parquet file.
    """
    with whole(path):
        source = stored_source(path) if is_cold(path) else pa.BufferReader(path.read_bytes())
        fields = pq.read_schema(source)
        return [field.remove_metadata() for field in fields if field.name not in schema.names]


def widened(paths: Iterable[Path], schema: pa.Schema) -> pa.Schema:
    """Return `schema` with the columns of a newer version that these files have.

    A damaged file has none.

    Raises:
        StoreBusy: Two files have a column in two types.
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
                    f"as {wide.field(field.name).type}; nothing was written, use the newest "
                    "version of G6 that wrote there"
                )
    return wide


def conform(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return `table` with exactly the columns of `schema`. Absent ones are missing throughout."""
    if table.schema.equals(schema):
        return table
    columns = []
    for field in schema:
        if field.name in table.column_names:
            columns.append(table.column(field.name).cast(field.type))
        else:
            columns.append(pa.nulls(table.num_rows, field.type))
    return pa.table(columns, schema=schema)


def pack_headers(headers: Document) -> str:
    """Pack the headers of many units, by cycle, into one metadata value.

    They are nearly alike, so they shrink well.
    """
    text = json.dumps(headers, sort_keys=True, separators=(",", ":"))
    return base64.b64encode(zlib.compress(text.encode())).decode()


def headers(path: Path) -> Mapping[str, Document]:
    """Return the headers of the units in a folded file, by cycle.

    Raises:
        BadInput: The file is damaged.
    """
    with whole(path):
        packed = metadata_of(path).get(b"g6.headers")
        return dict(json.loads(zlib.decompress(base64.b64decode(packed)))) if packed else {}


def header_of(path: Path, cycle: str) -> Document | None:
    """Return the header of one unit in a folded file, None where it has none.

    Raises:
        BadInput: The file is damaged.
        FileNotFoundError: It is gone.
    """
    text = _HEADER_TEXTS.of(path).get(cycle)
    return None if text is None else dict(json.loads(text))


def _header_texts(path: Path) -> Mapping[str, bytes]:
    """Return the header of each unit in a folded file as JSON, by cycle."""
    return {
        cycle: json.dumps(document, separators=(",", ":")).encode()
        for cycle, document in headers(path).items()
    }


# The headers of a day are one packed text: unpacking it for each unit took half of the time in
# which a chain of the past is read. As texts they take 1 MB a day of an index.
_HEADER_TEXTS = FileMemory(_header_texts, most=12)


def header(path: Path, table: pa.Table) -> Document:
    """Return the header of the unit in a part, of which `table` was read.

    Raises:
        BadInput: The file is damaged.
    """
    with whole(path):
        return dict(json.loads((table.schema.metadata or {}).get(b"g6.header", b"{}")))


def part_header(path: Path) -> Document:
    """Return the header of the unit in a part, of which no row is read.

    Raises:
        BadInput: The file is damaged.
        FileNotFoundError: It is gone.
    """
    with whole(path):
        return dict(json.loads(metadata_of(path).get(b"g6.header", b"{}")))


def metadata_of(path: Path) -> dict[bytes, bytes]:
    """Return a file's metadata, which needs no column.

    Raises:
        BadInput: The file is damaged.
        FileNotFoundError: It is gone.
    """
    with whole(path):
        return dict(pq.read_metadata(stored_source(path)).metadata or {})


def unit_table(
    files_of_day: Iterable[DayFile], instant: datetime, schema: pa.Schema
) -> tuple[pa.Table, Document] | None:
    """Return the rows of one instant and their header, from the best file that has them.

    Overview rows of indices that the best file lacks are the next one's. None when no file has any.
    """
    best: tuple[pa.Table, Document] | None = None
    for file in sorted(files_of_day, key=lambda file: file.level):
        if not file.may_hold(instant) or (best is not None and INDEX not in schema.names):
            continue
        try:
            table, by_cycle = rows_at(file, [instant], schema)
        except (BadInput, Unavailable):
            if best is None:
                raise
            continue
        header_of_unit = by_cycle.get(isoformat_z(instant))
        if best is not None:
            others = besides(table, {instant}, [best[0]])
            pieces = [piece.replace_schema_metadata(None) for piece in (best[0], others)]
            best = pa.concat_tables(pieces), best[1]
        elif table.num_rows or header_of_unit is not None:
            best = table, header_of_unit or {}
    return best


def rows_at(
    file: DayFile, instants: Sequence[datetime] | None, schema: pa.Schema
) -> tuple[pa.Table, Mapping[str, Document]]:
    """Return the rows of some instants in one file, None for all, and its headers by cycle.

    Raises:
        BadInput: The file is damaged.
        FileNotFoundError: It is gone.
    """
    if file.level is FoldLevel.PART:
        table = read(file.path, schema)
        return table, {isoformat_z(file.first): header(file.path, table)}
    if instants is None or len(instants) != 1:
        return read(file.path, schema, instants=instants), headers(file.path)
    cycle = isoformat_z(instants[0])
    document = header_of(file.path, cycle)
    table = read(file.path, schema, instants=instants)
    return table, {} if document is None else {cycle: document}


def day_table(directory: Path, schema: pa.Schema, columns: Sequence[str] | None = None) -> pa.Table:
    """Return a whole day, each cycle from the best file that holds it.

    Rows are ordered by instant as far as files are. A damaged file costs its own rows and is named
    by a DamagedFile warning.

    Raises:
        BadInput: No file of the day can be read.
    """
    names = list(columns) if columns is not None else schema.names
    needed = names if "timestamp" in names else ["timestamp", *names]
    table, damaged = steadily(lambda: readable(files(directory), schema, needed))
    for error in damaged.values():
        warnings.warn(f"left out: {error.sentence}", DamagedFile, stacklevel=2)
    return table.select(names)


def readable(
    files_of_day: Sequence[DayFile], schema: pa.Schema, names: Sequence[str]
) -> tuple[pa.Table, dict[Path, BadInput]]:
    """Return `merge` of the files that can be read, and of the others why not.

    Raises:
        BadInput: None can be read.
    """
    damaged: dict[Path, BadInput] = {}
    by_name = {shown(file.path): file.path for file in files_of_day}
    while True:
        whole_files = [file for file in files_of_day if file.path not in damaged]
        try:
            return merge(whole_files, schema, names), damaged
        except BadInput as error:
            path = by_name.get(error.path)
            if path is None or len(damaged) + 1 == len(files_of_day):
                raise
            damaged[path] = error


def merge(sources: Sequence[DayFile], schema: pa.Schema, names: Sequence[str]) -> pa.Table:
    """Return columns of all rows in the files, each instant's from the best file that holds it.

    Of an overview it is each instant's and index's. `names` include `timestamp`.
    """
    if len(sources) == 1:
        return _rows(sources[0], schema, names).replace_schema_metadata(None)
    if INDEX in schema.names and INDEX not in names:
        return merge(sources, schema, [*names, INDEX]).select(names)
    # Arrow reads a small file in one thread; side by side a running day is read three times as
    # fast (measured).
    with ThreadPoolExecutor(_CORES) as pool:
        tables_read = pool.map(lambda file: _rows(file, schema, names), sources)
        rows = dict(zip(sources, tables_read, strict=True))
    tables: list[tuple[DayFile, pa.Table]] = []
    for level in FoldLevel:
        better = tables.copy()
        for file in of_level(sources, level):
            remainder = besides(rows[file], _instants(file, better), [table for _, table in better])
            tables.append((file, remainder))
    tables.sort(key=lambda pair: pair[0].first)
    if not tables:
        return pa.schema([schema.field(name) for name in names]).empty_table()
    return pa.concat_tables([table.replace_schema_metadata(None) for _, table in tables])


def _rows(file: DayFile, schema: pa.Schema, names: Sequence[str]) -> pa.Table:
    """Return a file's rows by instant, within one instant as they were written."""
    table = read(file.path, schema, names)
    return by_instant(table) if file.level is FoldLevel.DAY else table


def by_instant(table: pa.Table) -> pa.Table:
    """Return the rows ordered by instant.

    Nothing is done where they are, as in every day that was compacted since days are stored so.
    """
    at = integers_of(table.column("timestamp"))
    return table if np.all(at[1:] >= at[:-1]) else table.sort_by([("timestamp", "ascending")])


def _instants(file: DayFile, better: Iterable[tuple[DayFile, pa.Table]]) -> set[datetime]:
    """Return the instants of `file` that a better file has rows of."""
    instants: set[datetime] = set()
    for other, table in better:
        if other.level is FoldLevel.PART:
            if file.may_hold(other.first):
                instants.add(other.first)
        elif other.first < file.end and file.first < other.end:
            instants |= set(pc.unique(table.column("timestamp")).to_pylist())
    return instants
