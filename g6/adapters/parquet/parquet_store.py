"""The store that code reads: Parquet parts below the data directory.

`chain/underlying=NIFTY/date=2026-11-20/034500Z.parquet`, `overview/date=…/034500Z.parquet`,
`instruments/date=…/NFO.parquet`. Every write is a temporary name, a sync and a rename.
"""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import date, datetime, timedelta
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from g6.adapters.parquet import days
from g6.adapters.parquet.arrays import EPOCH, integers_of, numbers_of, with_plain_text
from g6.adapters.parquet.columns import (
    CHAIN_SCHEMA,
    LISTING_SCHEMA,
    OVERVIEW_SCHEMA,
    chain_table,
    encode,
    overview_rows,
    overview_table,
)
from g6.adapters.parquet.days import FoldLevel
from g6.adapters.parquet.file_memory import FileMemory
from g6.adapters.parquet.instant_rows import newest_first
from g6.adapters.parquet.reading import (
    conform,
    metadata_of,
    read,
    unit_table,
    whole,
    widened,
)
from g6.adapters.parquet.units import stored_unit
from g6.domain.cycles.cycle import Unit, isoformat_z, parse_z
from g6.domain.market.calendar import day_of
from g6.domain.market.instrument import SIDES, Listing
from g6.domain.schema import layout
from g6.domain.schema.frame import Frame
from g6.domain.schema.layout import Kind
from g6.domain.schema.overview_row import OverviewRow
from g6.domain.schema.words import SinkName
from g6.errors import BadInput, Unavailable
from g6.files import directory_lock, refusals, replace
from g6.ports import WriteReport

_OI = ("expiry", "strike", "ce_oi", "pe_oi")
_LISTING_KEY = ("underlying", "instrument_type", "expiry", "strike", "symbol")
_LISTING_ORDER = [(name, "ascending") for name in _LISTING_KEY]
_LISTING_MARK = {"g6.version": "1"}


class ParquetStore:
    """Store over `directory` (the data directory). Readers never see half a file."""

    sink: ClassVar[str] = SinkName.PARQUET

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def chain_root(self, index: str) -> Path:
        """Return the directory of the chains of `index`."""
        return self._directory / layout.folder(Kind.CHAIN, index)

    @property
    def overview_root(self) -> Path:
        """The directory of the overviews."""
        return self._directory / layout.folder(Kind.OVERVIEW)

    def write_chain(self, unit: Unit, frame: Frame) -> WriteReport:
        """Write one unit's part. The same part again changes nothing.

        Raises:
            StoreBusy: A disk refuses the file.
        """
        path = days.part_path(self.chain_root(unit.index), unit.instant)
        content = encode(chain_table(frame))
        with _open(path.parent, shared=True):
            return _put(path, content, len(frame))

    def write_overview(self, cycle: str, rows: Sequence[OverviewRow]) -> WriteReport:
        """Write the part of a cycle whole. Rows of other indices come from the part it replaces.

        Raises:
            StoreBusy: A disk refuses the file.
        """
        instant = parse_z(cycle)
        path = days.part_path(self.overview_root, instant)
        new = _by_index(rows)
        with _open(path.parent):
            wide, table = self._overview_at(path.parent, instant)
            merged = {} if table is None else _by_index(overview_rows(table))
            fresh = overview_table(list((merged | new).values()))
            if table is not None and len(wide) > len(OVERVIEW_SCHEMA):
                fresh = _with_foreign(fresh, table, wide, set(new))
            return _put(path, encode(fresh), len(new))

    def _overview_at(self, directory: Path, instant: datetime) -> tuple[pa.Schema, pa.Table | None]:
        """Return the columns and rows that are stored of an instant.

        Those in a damaged part are lost already.
        """
        with suppress(BadInput, FileNotFoundError):
            files = days.files_of_instant(directory, instant)
            wide = widened([file.path for file in files], OVERVIEW_SCHEMA)
            stored = unit_table(files, instant, wide)
            return wide, stored[0] if stored else None
        return OVERVIEW_SCHEMA, None

    def read_chain(self, unit: Unit) -> Frame | None:
        """Return a stored unit with its header, None when there is none.

        Raises:
            BadInput: The file is damaged.
        """
        return stored_unit(self._directory, unit)

    def read_overview(self, cycle: str) -> Sequence[OverviewRow]:
        """Return the overview rows of one cycle. Rows in a damaged part are lost."""
        instant = parse_z(cycle)
        directory = days.part_path(self.overview_root, instant).parent
        with suppress(BadInput):
            stored = days.steadily(
                lambda: unit_table(days.files(directory), instant, OVERVIEW_SCHEMA)
            )
            return overview_rows(stored[0]) if stored else ()
        return ()

    def overview_cycles(self, first: datetime, last: datetime) -> Mapping[str, frozenset[str]]:
        """Return the indices with an overview row by cycle. Of parts only the footers are read."""
        cycles: dict[datetime, set[str]] = {}
        for day in days.days(self.overview_root):
            if days.session_date(first) <= day <= days.session_date(last):
                directory = days.directory_of(self.overview_root, day)
                rows = days.steadily(partial(_rows_at, directory, first, last))
                for instant, indices in rows:
                    cycles.setdefault(instant, set()).update(indices)
        return {isoformat_z(instant): frozenset(cycles[instant]) for instant in sorted(cycles)}

    def last_overview(self) -> datetime | None:
        """Return the newest instant with an overview row, None when there is none."""
        return days.steadily(self._last_overview)

    def _last_overview(self) -> datetime | None:
        for file in newest_first(self.overview_root, reversed(days.days(self.overview_root))):
            if file.level is FoldLevel.PART:
                return file.first
            with suppress(BadInput):
                rows = _FOLDED_ROWS.of(file.path)
                if rows:
                    return rows[-1][0]
        return None

    def record_swept(self, until: datetime) -> None:
        """Keep the instant up to which everything that was due is stored.

        A host without the directory, where nothing is stored, keeps nothing.

        Raises:
            StoreBusy: A disk refuses the file.
        """
        if self._directory.is_dir():
            replace(self._directory / layout.SWEPT_UNTIL, f"{isoformat_z(until)}\n".encode())

    def swept_until(self) -> datetime | None:
        """Return what `record_swept` kept last. A damaged file says nothing."""
        with suppress(OSError, ValueError):
            return parse_z((self._directory / layout.SWEPT_UNTIL).read_text("utf-8").strip())
        return None

    def last_oi(self, index: str, before: date, since: datetime | None = None) -> Frame | None:
        """Return the open interest of the last chain before a session, None without one.

        Damaged files are passed over, and cold places that do not answer.
        """
        return days.steadily(partial(self._last_oi, index, before, since))

    def _last_oi(self, index: str, before: date, since: datetime | None) -> Frame | None:
        root = self.chain_root(index)
        first = date.min if since is None else day_of(since)
        earlier = (day for day in reversed(days.days(root)) if first <= day < before)
        for file in newest_first(root, earlier):
            with suppress(BadInput, Unavailable):
                table = read(file.path, CHAIN_SCHEMA, ["timestamp", *_OI])
                if table.num_rows:
                    instants = table.column("timestamp")
                    newest = pc.max(instants)
                    if since is not None and newest.as_py() < since:
                        return None
                    return _oi(table.filter(pc.equal(instants, newest)))
        return None

    def keep_listing(self, listing: Listing, exchange: str) -> None:
        """Store one underlying's listing in its exchange's file of the day. Other rows stay.

        Raises:
            StoreBusy: A disk refuses the file.
        """
        folder = self._directory / layout.day_folder(Kind.INSTRUMENTS, listing.on)
        path = folder / layout.listing_file(exchange)
        # An expired contract is in no later dump, so that what is stored here stays for good.
        with _open(path.parent):
            schema = widened([path], LISTING_SCHEMA)
            merged = conform(_listing_table(listing), schema).replace_schema_metadata(_LISTING_MARK)
            if (others := _others_listed(path, schema, listing.underlying)) is not None:
                merged = pa.concat_tables([merged, others.replace_schema_metadata(_LISTING_MARK)])
            ordered = with_plain_text(merged).sort_by(_LISTING_ORDER)
            _put(path, encode(_dictionaries(ordered, schema)), len(listing.contracts))


def _others_listed(path: Path, schema: pa.Schema, name: str) -> pa.Table | None:
    """Return the listings of other underlyings in a file. A damaged file is set aside."""
    with suppress(FileNotFoundError):
        try:
            return read(path, schema, rows=pc.field("underlying") != name)
        except BadInput:
            # Nobody lists an expired contract again: what can be read of it must not be replaced.
            path.replace(path.with_name(f".{path.name}.damaged"))
    return None


def _with_foreign(
    fresh: pa.Table, table: pa.Table, wide: pa.Schema, replaced: set[str]
) -> pa.Table:
    """Add a newer version's columns to rows of one cycle.

    They are missing in the rows that are written now.
    """
    places: dict[str, int] = {}
    for place, name in enumerate(table.column("underlying").to_pylist()):
        if str(name) not in replaced:
            places[str(name)] = place
    names = fresh.column("underlying").to_pylist()
    old_places = pa.array([places.get(str(name)) for name in names], pa.int64())
    for field in list(wide)[len(OVERVIEW_SCHEMA) :]:
        fresh = fresh.append_column(field, table.column(field.name).take(old_places))
    return fresh


def _by_index(rows: Iterable[OverviewRow]) -> dict[str, OverviewRow]:
    return {str(row["underlying"]): row for row in rows}


def _listing_table(listing: Listing) -> pa.Table:
    contracts = listing.contracts
    side, row = np.nonzero(contracts.symbol != "")
    columns: dict[str, list[object]] = {
        "underlying": [listing.underlying] * len(row),
        "instrument_type": np.array(SIDES)[side].tolist(),
        "expiry": contracts.expiry[row].astype("datetime64[D]").tolist(),
        "strike": contracts.strike[row].tolist(),
        "symbol": contracts.symbol[side, row].tolist(),
        "token": contracts.token[side, row].tolist(),
        "lot_size": contracts.lot_size[row].tolist(),
        "tick_size": contracts.tick_size[row].tolist(),
    }
    for future in listing.futures:
        columns["underlying"].append(listing.underlying)
        columns["instrument_type"].append("FUT")
        columns["strike"].append(None)
        for name in ("expiry", "symbol", "token", "lot_size", "tick_size"):
            columns[name].append(getattr(future, name))
    arrays = [pa.array(columns[field.name], field.type) for field in LISTING_SCHEMA]
    return pa.table(arrays, schema=LISTING_SCHEMA)


def _dictionaries(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Encode text afresh, so that the bytes depend on the rows alone."""
    columns = []
    for field in schema:
        column = table.column(field.name)
        if pa.types.is_dictionary(field.type):
            columns.append(column.cast(pa.string()).combine_chunks().dictionary_encode())
        else:
            columns.append(column.combine_chunks())
    return pa.table(columns, schema=schema.with_metadata(table.schema.metadata))


def _rows_at(
    directory: Path, first: datetime, last: datetime
) -> list[tuple[datetime, frozenset[str]]]:
    """Return the instants of a day's overview rows, with the indices that each has rows of."""
    rows: list[tuple[datetime, frozenset[str]]] = []
    for file in days.files(directory):
        if file.level is FoldLevel.PART:
            if first <= file.first <= last:
                with suppress(BadInput):
                    rows.append((file.first, _indices(file.path)))
        elif file.first <= last and first < file.end:
            with suppress(BadInput):
                folded = _FOLDED_ROWS.of(file.path)
                begin = bisect_left(folded, first, key=itemgetter(0))
                rows += folded[begin : bisect_right(folded, last, key=itemgetter(0))]
    return rows


def _folded_rows(path: Path) -> tuple[tuple[datetime, frozenset[str]], ...]:
    """Return the instants of a folded file of overviews, ascending, with the indices of each."""
    table = read(path, OVERVIEW_SCHEMA, ["timestamp", "underlying"])
    micros = integers_of(table.column("timestamp")).tolist()
    names = table.column("underlying").to_pylist()
    indices: dict[int, set[str]] = {}
    for at, name in zip(micros, names, strict=True):
        indices.setdefault(at, set()).add(name)
    ordered = sorted(indices.items())
    return tuple((EPOCH + timedelta(microseconds=at), frozenset(some)) for at, some in ordered)


# Every question about the past begins with which cycles there are: reading a folded file anew took
# 20 ms of 60.
_FOLDED_ROWS = FileMemory(_folded_rows, most=64)


def _indices(path: Path) -> frozenset[str]:
    """Return the indices of a part of overviews, as its metadata names them.

    Raises:
        BadInput: The file is damaged.
    """
    with whole(path):
        names = json.loads(metadata_of(path).get(b"g6.indices", b"[]"))
        return frozenset(map(str, names))


def _oi(table: pa.Table) -> Frame:
    columns = {name: numbers_of(table.column(name)) for name in _OI}
    for name in ("strike", "ce_oi", "pe_oi"):
        columns[name] = columns[name].astype(np.float64)
    return Frame({}, columns)


@contextmanager
def _open(directory: Path, *, shared: bool = False) -> Iterator[None]:
    """Hold the lock of a day's directory, made when it is missing."""
    with refusals(directory):
        if not directory.is_dir():
            directory.mkdir(parents=True, exist_ok=True)
        with directory_lock(directory, shared=shared):
            yield


def _put(path: Path, content: bytes, rows: int) -> WriteReport:
    """Write a file unless it has this very content. One that cannot be read is replaced."""
    sink = ParquetStore.sink
    with suppress(OSError):
        if path.read_bytes() == content:
            return WriteReport(rows={sink: 0}, bytes={sink: 0}, unchanged={sink: rows})
    replace(path, content)
    return WriteReport(rows={sink: rows}, bytes={sink: len(content)})
