"""A compacted day with other values in some of its columns: read whole, written whole, the rest as it was to the byte."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from g6.adapters.parquet import days
from g6.adapters.parquet.columns import (
    CHAIN_SCHEMA,
    OVERVIEW_SCHEMA,
    column_array,
    column_values,
    encode,
    overview_table,
)
from g6.adapters.parquet.reading import by_instant, foreign, headers, pack_headers, read
from g6.domain.cycles.cycle import isoformat_z
from g6.domain.schema.frame import Words
from g6.domain.schema.layout import DAY_FILE
from g6.domain.schema.rows import CHAIN
from g6.errors import BadInput, NothingToDo
from g6.files import directory_lock, refusals, replace
from g6.ports.history import StoredDay

_KINDS = {column.name: column for column in CHAIN}
_STAMPED = ("model", "rate", "config_id")
_KEPT = ("status", "reason")
RECOMPUTED = ".recomputed"
"""Stands beside a day whose figures are not those that were written live, and are in no CSV file."""


def read_day(directory: Path, index: str, columns: Sequence[str]) -> StoredDay:
    """Return columns of a compacted day by instant. Errors: NothingToDo (not there), BadInput."""
    path = directory / DAY_FILE
    if not path.exists():
        raise NothingToDo(f"{directory} has no {DAY_FILE}; g6 data compact makes it")
    table = read(
        path,
        CHAIN_SCHEMA,
        ["timestamp", *(name for name in columns if name not in ("timestamp", "underlying"))],
    )
    table = by_instant(table).combine_chunks()
    seconds = column_values(table, _KINDS["timestamp"])
    instants, starts = np.unique(seconds, return_index=True)
    found = {name: column_values(table, _KINDS[name]) for name in columns if name != "underlying"}
    if "underlying" in columns:
        found["underlying"] = np.full(table.num_rows, index, dtype=object)
    bounds = np.append(starts, table.num_rows).astype(np.int64)
    return StoredDay(
        tuple(isoformat_z(at) for at in instants.tolist()), bounds, found, headers(path)
    )


def write_day(
    directory: Path,
    columns: Mapping[str, NDArray[Any] | Words],
    stamps: Mapping[str, Mapping[str, Any]],
) -> bool:
    """Write `columns` (by instant) into a compacted day; False when that changes no byte. Errors: StoreBusy, BadInput."""
    path = directory / DAY_FILE
    with refusals(directory), directory_lock(directory.parent):
        _refuse_newer(path, CHAIN_SCHEMA)
        held = read(
            path, CHAIN_SCHEMA, [name for name in CHAIN_SCHEMA.names if name not in columns]
        )
        kept = by_instant(held)
        arrays = [
            column_array(columns[field.name], field)
            if field.name in columns
            else kept.column(field.name)
            for field in CHAIN_SCHEMA
        ]
        table = pa.table(arrays, schema=CHAIN_SCHEMA)
        metadata = _own(held.schema.metadata) | {
            b"g6.headers": pack_headers(stamps).encode(),
            **{
                f"g6.{name}".encode(): _distinct(table.column(name)).encode()
                for name in _STAMPED
                if name in columns
            },
        }
        changed = _changed(path, encode(table.replace_schema_metadata(metadata), small=True))
        if changed:
            (directory / RECOMPUTED).touch()
        return changed


def _refuse_newer(path: Path, schema: pa.Schema) -> None:
    """Leave a day alone that a newer version wrote: its own columns would contradict what is computed here. Errors: BadInput."""
    if names := [field.name for field in foreign(path, schema)]:
        raise BadInput(
            path,
            None,
            f"has columns of a newer version ({', '.join(names)}), which this one cannot compute again",
            "use the version of G6 that wrote it; g6 --version says which this is",
        )


def _own(metadata: Mapping[bytes, bytes] | None) -> dict[bytes, bytes]:
    return {name: value for name, value in (metadata or {}).items() if name.startswith(b"g6.")}


def _distinct(values: pa.ChunkedArray) -> str:
    return ",".join(sorted(str(value) for value in pc.unique(values).to_pylist()))


def write_figures(directory: Path, index: str, rows: Sequence[Mapping[str, Any]]) -> bool:
    """Put other figures into the rows of one index in a compacted day of overviews; status and reason stay."""
    path = directory / DAY_FILE
    with refusals(directory), directory_lock(directory.parent):
        _refuse_newer(path, OVERVIEW_SCHEMA)
        table = read(path, OVERVIEW_SCHEMA)
        metadata = _own(table.schema.metadata)
        mine = table.filter(pc.equal(table.column("underlying").cast(pa.string()), index))
        kept = {isoformat_z(at): (status, reason) for at, status, reason in _told(mine)}
        fresh = [
            dict(row) | dict(zip(_KEPT, kept[row["timestamp"]], strict=True))
            for row in rows
            if row["timestamp"] in kept
        ]
        written = {row["timestamp"] for row in fresh}
        places = [n for n, (at, *_) in enumerate(_told(mine)) if isoformat_z(at) not in written]
        others = table.filter(pc.not_equal(table.column("underlying").cast(pa.string()), index))
        parts = [
            each.replace_schema_metadata(None)
            for each in (others, mine.take(pa.array(places, pa.int64())), overview_table(fresh))
        ]
        whole = _plain(pa.concat_tables(parts)).sort_by(
            [("timestamp", "ascending"), ("underlying", "ascending")]
        )
        return _changed(path, encode(_encoded(whole).replace_schema_metadata(metadata), small=True))


def _told(table: pa.Table) -> list[tuple[Any, ...]]:
    return list(
        zip(*(table.column(name).to_pylist() for name in ("timestamp", *_KEPT)), strict=True)
    )


def _plain(table: pa.Table) -> pa.Table:
    """Text without its dictionaries: Arrow sorts none."""
    kinds = [
        pa.string() if pa.types.is_dictionary(field.type) else field.type for field in table.schema
    ]
    return table.cast(pa.schema(list(zip(table.column_names, kinds, strict=True))))


def _encoded(table: pa.Table) -> pa.Table:
    columns = [
        column.combine_chunks().dictionary_encode()
        if pa.types.is_string(column.type)
        else column.combine_chunks()
        for column in table.columns
    ]
    return pa.table(columns, schema=OVERVIEW_SCHEMA)


def _changed(path: Path, content: bytes) -> bool:
    if path.read_bytes() == content:
        return False
    replace(path, content)
    return True


def day_directory(root: Path, day: date) -> Path:
    """Return the directory of a day. Errors: NothingToDo."""
    directory = days.directory_of(root, day)
    if not directory.is_dir():
        there = days.days(root)
        has = (
            f"the first day there is {there[0]}, the last {there[-1]}"
            if there
            else "there is no day at all"
        )
        raise NothingToDo(f"nothing of {day} in {root}; {has}")
    return directory
