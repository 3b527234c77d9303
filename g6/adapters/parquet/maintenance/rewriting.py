"""Rewriting a compacted day with other values in some of its columns.

The file is read whole and written whole. The other columns stay as they were, to the byte.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from g6.adapters.parquet import days
from g6.adapters.parquet.arrays import with_plain_text
from g6.adapters.parquet.cold_notes import is_cold
from g6.adapters.parquet.columns import (
    CHAIN_SCHEMA,
    OVERVIEW_SCHEMA,
    column_array,
    column_values,
    encode,
    overview_table,
)
from g6.adapters.parquet.maintenance.folding import revised_collections
from g6.adapters.parquet.reading import by_instant, foreign, headers, pack_headers, read
from g6.domain.cycles.cycle import isoformat_z
from g6.domain.schema.frame import ColumnValues, Words
from g6.domain.schema.json_types import Document
from g6.domain.schema.layout import DAY_FILE
from g6.domain.schema.overview_row import OverviewRow
from g6.domain.schema.rows import CHAIN
from g6.errors import BadInput, NothingToDo, Unavailable
from g6.files import directory_lock, refusals, replace
from g6.ports.history import DayChange, StoredDay

_COLUMNS = {column.name: column for column in CHAIN}
_STAMPED = ("model", "rate", "config_id")
_UNCHANGED = ("status", "reason")
RECOMPUTED = ".recomputed"
"""A mark beside a day whose figures are not those that were written live.

CSV files hold the live ones.
"""


def read_day(directory: Path, index: str, columns: Sequence[str]) -> StoredDay:
    """Return columns of a compacted day, ordered by instant.

    Raises:
        NothingToDo: The day is not there, or not compacted.
        Unavailable: It lies in a cold place.
        BadInput: Its file is damaged.
    """
    path = directory / DAY_FILE
    if is_cold(days.day_path(directory)):
        raise Unavailable(
            f"{directory} is archived, and nothing is rewritten in a cold place",
            f"g6 archive back --date {days.named_day(directory)}",
        )
    if not path.exists():
        raise NothingToDo(f"{directory} has no {DAY_FILE}; g6 data compact makes it")
    others = [name for name in columns if name not in ("timestamp", "underlying")]
    table = by_instant(read(path, CHAIN_SCHEMA, ["timestamp", *others])).combine_chunks()
    seconds = column_values(table, _COLUMNS["timestamp"])
    instants, starts = np.unique(seconds, return_index=True)
    values = {}
    for name in columns:
        if name == "underlying":
            values[name] = np.full(table.num_rows, index, dtype=object)
        else:
            values[name] = column_values(table, _COLUMNS[name])
    bounds = np.append(starts, table.num_rows).astype(np.int64)
    cycles = tuple(isoformat_z(at) for at in instants.tolist())
    return StoredDay(cycles, bounds, values, headers(path))


def write_day(
    directory: Path,
    columns: Mapping[str, ColumnValues | Words],
    stamps: Mapping[str, Document],
) -> DayChange:
    """Write `columns`, ordered by instant, into a compacted day, and return what that changed.

    Raises:
        StoreBusy: A disk refuses the file.
        BadInput: The day's file is damaged, or a newer version wrote it.
    """
    path = directory / DAY_FILE
    with refusals(directory), directory_lock(directory.parent):
        _refuse_newer(path, CHAIN_SCHEMA)
        unchanged = [name for name in CHAIN_SCHEMA.names if name not in columns]
        stored = read(path, CHAIN_SCHEMA, unchanged)
        ordered = by_instant(stored)
        arrays = []
        for field in CHAIN_SCHEMA:
            if field.name in columns:
                arrays.append(column_array(columns[field.name], field))
            else:
                arrays.append(ordered.column(field.name))
        table = pa.table(arrays, schema=CHAIN_SCHEMA)
        metadata = _own(stored.schema.metadata)
        metadata[b"g6.headers"] = pack_headers(stamps).encode()
        metadata.pop(b"g6.revised_from", None)
        if collections := revised_collections(stamps):
            metadata[b"g6.revised_from"] = collections.encode()
        for name in _STAMPED:
            if name in columns:
                metadata[f"g6.{name}".encode()] = _distinct(table.column(name)).encode()
        content = encode(table.replace_schema_metadata(metadata), small=True)
        change = _change(path, table, content)
        # The mark stands beside the file: computed again under the live settings, the file's bytes
        # come back as they were. It comes first: who was killed between the two left a day whose
        # CSV files a check called damaged, and no later recomputation changed a byte.
        _write_if_changed(path, content, directory / RECOMPUTED)
        return change


def _change(path: Path, table: pa.Table, content: bytes) -> DayChange:
    """Return how the new rows of a file differ from the stored ones.

    Args:
        path: The file as it is stored.
        table: The new rows.
        content: Their bytes.
    """
    stored = path.read_bytes()
    if stored == content:
        return DayChange.NONE
    # Under the configuration and the headers of before, rows without a new figure are the same
    # bytes. It takes as long as the first writing did, and only where the configuration changed.
    before = read(path, CHAIN_SCHEMA, ["timestamp", "config_id"])
    names = by_instant(before).column("config_id")
    if names.equals(table.column("config_id")):
        return DayChange.FIGURES
    place = CHAIN_SCHEMA.get_field_index("config_id")
    as_before = table.set_column(place, CHAIN_SCHEMA.field(place), names)
    metadata = _own(before.schema.metadata)
    is_same = encode(as_before.replace_schema_metadata(metadata), small=True) == stored
    return DayChange.SETTINGS if is_same else DayChange.FIGURES


def _refuse_newer(path: Path, schema: pa.Schema) -> None:
    """Refuse a day that a newer version wrote.

    Its own columns would contradict what is computed here.

    Raises:
        BadInput: The file has columns of a newer version.
    """
    if names := [field.name for field in foreign(path, schema)]:
        reason = (
            f"has columns of a newer version ({', '.join(names)}), which this one cannot "
            "compute again"
        )
        fix = "use the version of G6 that wrote it; g6 --version says which this is"
        raise BadInput(path, None, reason, fix)


def _own(metadata: Mapping[bytes, bytes] | None) -> dict[bytes, bytes]:
    return {name: value for name, value in (metadata or {}).items() if name.startswith(b"g6.")}


def _distinct(values: pa.ChunkedArray) -> str:
    return ",".join(sorted(map(str, pc.unique(values).to_pylist())))


def write_figures(directory: Path, index: str, rows: Sequence[OverviewRow]) -> bool:
    """Replace figures in the rows of one index in a compacted day of overviews.

    Status and reason stay as they were.

    Returns:
        False when that changes no byte.
    """
    path = directory / DAY_FILE
    with refusals(directory), directory_lock(directory.parent):
        _refuse_newer(path, OVERVIEW_SCHEMA)
        table = read(path, OVERVIEW_SCHEMA)
        metadata = _own(table.schema.metadata)
        is_mine = pc.equal(table.column("underlying").cast(pa.string()), index)
        mine = table.filter(is_mine)
        endings: dict[str, Document] = {}
        for stored in mine.select(["timestamp", *_UNCHANGED]).to_pylist():
            endings[isoformat_z(stored.pop("timestamp"))] = stored
        fresh = []
        written = set()
        for row in rows:
            if row["timestamp"] in endings:
                fresh.append({**row, **endings[row["timestamp"]]})
                written.add(row["timestamp"])
        unwritten = []
        for place, at in enumerate(mine.column("timestamp").to_pylist()):
            if isoformat_z(at) not in written:
                unwritten.append(place)
        parts = (
            table.filter(pc.invert(is_mine)),
            mine.take(pa.array(unwritten, pa.int64())),
            overview_table(fresh),
        )
        merged = pa.concat_tables([part.replace_schema_metadata(None) for part in parts])
        order = [("timestamp", "ascending"), ("underlying", "ascending")]
        sorted_table = _encoded(with_plain_text(merged).sort_by(order))
        content = encode(sorted_table.replace_schema_metadata(metadata), small=True)
        return _write_if_changed(path, content)


def _encoded(table: pa.Table) -> pa.Table:
    columns = []
    for column in table.columns:
        array = column.combine_chunks()
        columns.append(array.dictionary_encode() if pa.types.is_string(column.type) else array)
    return pa.table(columns, schema=OVERVIEW_SCHEMA)


def _write_if_changed(path: Path, content: bytes, mark: Path | None = None) -> bool:
    if path.read_bytes() == content:
        return False
    if mark is not None:
        mark.touch()
    replace(path, content)
    return True


def day_directory(root: Path, day: date) -> Path:
    """Return the directory of a day.

    Raises:
        NothingToDo: There is no such day. It names the first and the last there is.
    """
    directory = days.directory_of(root, day)
    if not directory.is_dir():
        raise NothingToDo(f"nothing of {day} in {root}; {days.span_of(days.days(root))}")
    return directory
