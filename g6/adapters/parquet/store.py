"""The store that code reads: Parquet parts below the data directory.

`chain/underlying=NIFTY/date=2026-11-20/034500Z.parquet`, `overview/date=…/034500Z.parquet`,
`instruments/date=…/NFO.parquet`. Every write is a temporary name, a sync and a rename.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from g6.adapters.parquet import days
from g6.adapters.parquet.columns import (
    CHAIN_SCHEMA,
    LISTING_SCHEMA,
    OVERVIEW_SCHEMA,
    chain_frame,
    chain_table,
    encode,
    overview_rows,
    overview_table,
)
from g6.adapters.parquet.days import FoldLevel
from g6.adapters.parquet.reading import conform, metadata_of, read, unit_table, whole, widened
from g6.domain.cycles.cycle import Unit, isoformat_z, parse_z
from g6.domain.market.instrument import Listing
from g6.domain.schema import layout
from g6.domain.schema.frame import Frame
from g6.domain.schema.layout import Kind
from g6.errors import BadInput
from g6.files import directory_lock, refusals, replace
from g6.ports import WriteReport

_OI = ("expiry", "strike", "ce_oi", "pe_oi")


class ParquetStore:
    """Store over `directory` (the data directory). Repeated writes replace, readers never see half a file."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def chain_root(self, index: str) -> Path:
        """Return where the chains of `index` stay."""
        return self._directory / layout.folder(Kind.CHAIN, index)

    @property
    def overview_root(self) -> Path:
        """Where overviews stay."""
        return self._directory / layout.folder(Kind.OVERVIEW)

    def write_chain(self, unit: Unit, frame: Frame) -> WriteReport:
        """Write one unit's part; the same part again is left alone. Errors: StoreBusy."""
        path = days.part_path(self.chain_root(unit.index), unit.instant)
        content = encode(chain_table(frame))
        with _open(path.parent, shared=True):
            return _put(path, content, len(frame))

    def write_overview(self, cycle: str, rows: Sequence[Mapping[str, Any]]) -> WriteReport:
        """Write the part of a cycle whole, the rows of other indices taken from what it replaces. Errors: StoreBusy."""
        instant = parse_z(cycle)
        path = days.part_path(self.overview_root, instant)
        given = {str(row["underlying"]): row for row in rows}
        with _open(path.parent):
            wide, table = self._overview_at(path.parent, instant)
            held = (
                {str(row["underlying"]): row for row in overview_rows(table)}
                if table is not None
                else {}
            )
            fresh = overview_table(list((held | given).values()))
            if table is not None and len(wide) > len(OVERVIEW_SCHEMA):
                fresh = _with_foreign(fresh, table, wide, set(given))
            return _put(path, encode(fresh), len(given))

    def _overview_at(self, directory: Path, instant: datetime) -> tuple[pa.Schema, pa.Table | None]:
        """Rows that are stored of an instant, and the columns they have; those in a damaged part are lost already."""
        with suppress(BadInput, FileNotFoundError):
            wide = widened(
                [file.path for file in days.files_unlocked(directory) if file.may_hold(instant)],
                OVERVIEW_SCHEMA,
            )
            found = unit_table(days.files_unlocked(directory), instant, wide)
            return wide, found[0] if found else None
        return OVERVIEW_SCHEMA, None

    def read_chain(self, unit: Unit) -> Frame | None:
        """Return a stored unit with its header. Errors: BadInput (a damaged file)."""
        directory = days.part_path(self.chain_root(unit.index), unit.instant).parent
        found = days.steadily(lambda: unit_table(days.files(directory), unit.instant, CHAIN_SCHEMA))
        return chain_frame(found[0], unit.index, found[1]) if found else None

    def overview_cycles(self, first: datetime, last: datetime) -> Mapping[str, frozenset[str]]:
        """Return the indices with an overview row by cycle; of parts only the footers are read."""
        found: dict[datetime, set[str]] = {}
        for day in days.days(self.overview_root):
            if days.session_date(first) <= day <= days.session_date(last):
                directory = days.directory_of(self.overview_root, day)
                for instant, indices in days.steadily(
                    lambda at=directory: list(_rows_at(at, first, last))  # type: ignore[misc]
                ):
                    found.setdefault(instant, set()).update(indices)
        return {isoformat_z(instant): frozenset(found[instant]) for instant in sorted(found)}

    def last_overview(self) -> datetime | None:
        """Return the newest instant with an overview row."""
        for file in days.newest_first(self.overview_root, reversed(days.days(self.overview_root))):
            if file.level is FoldLevel.PART:
                return file.first
            with suppress(BadInput):
                newest = pc.max(
                    read(file.path, OVERVIEW_SCHEMA, ["timestamp"]).column("timestamp")
                ).as_py()
                if newest is not None:
                    return datetime.fromisoformat(newest.isoformat())
        return None

    def last_oi(self, index: str, before: date) -> Frame | None:
        """Return the OI of the last chain of the newest day before `before`; damaged files are passed over."""
        root = self.chain_root(index)
        earlier = (day for day in reversed(days.days(root)) if day < before)
        for file in days.newest_first(root, earlier):
            with suppress(BadInput, FileNotFoundError):
                table = read(file.path, CHAIN_SCHEMA, ["timestamp", *_OI])
                if table.num_rows:
                    return _oi(
                        table.filter(
                            pc.equal(table.column("timestamp"), pc.max(table.column("timestamp")))
                        )
                    )
        return None

    def keep_listing(self, listing: Listing, exchange: str) -> None:
        """Keep one underlying's listing in its exchange's file of the day; what is there of others stays. Errors: StoreBusy."""
        folder = self._directory / layout.day_folder(Kind.INSTRUMENTS, listing.on)
        path = folder / layout.listing_file(exchange)
        with _open(path.parent):
            schema = widened([path], LISTING_SCHEMA)
            tables = [conform(_listing_table(listing), schema)]
            with suppress(BadInput, FileNotFoundError):
                tables.append(read(path, schema, rows=pc.field("underlying") != listing.underlying))
            merged = pa.concat_tables(
                [table.replace_schema_metadata({"g6.version": "1"}) for table in tables]
            )
            order = [
                (name, "ascending")
                for name in ("underlying", "instrument_type", "expiry", "strike", "symbol")
            ]
            plain = merged.cast(
                pa.schema([(field.name, _plain_type(field.type)) for field in merged.schema])
            )
            _put(path, encode(_dictionaries(plain.sort_by(order), schema)), len(listing.contracts))


def _with_foreign(
    fresh: pa.Table, table: pa.Table, wide: pa.Schema, replaced: set[str]
) -> pa.Table:
    """Add a newer version's columns to rows of one cycle; those of indices that are written now are not known."""
    places = {
        str(name): place
        for place, name in enumerate(table.column("underlying").to_pylist())
        if str(name) not in replaced
    }
    taken = pa.array(
        [places.get(str(name)) for name in fresh.column("underlying").to_pylist()], pa.int64()
    )
    for field in list(wide)[len(OVERVIEW_SCHEMA) :]:
        fresh = fresh.append_column(field, table.column(field.name).take(taken))
    return fresh


def _plain_type(kind: pa.DataType) -> pa.DataType:
    """Text without its dictionary: Arrow sorts no dictionaries."""
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _listing_table(listing: Listing) -> pa.Table:
    contracts = listing.contracts
    side, row = np.nonzero(contracts.symbol != "")
    futures = listing.futures
    n = len(side) + len(futures)
    values: dict[str, Any] = {
        "underlying": [listing.underlying] * n,
        "instrument_type": [("CE", "PE")[each] for each in side] + ["FUT"] * len(futures),
        "expiry": contracts.expiry[row].astype("datetime64[D]").tolist()
        + [future.expiry for future in futures],
        "strike": [*contracts.strike[row].tolist(), *[None] * len(futures)],
        "symbol": contracts.symbol[side, row].tolist() + [future.symbol for future in futures],
        "token": contracts.token[side, row].tolist() + [future.token for future in futures],
        "lot_size": contracts.lot_size[row].tolist() + [future.lot_size for future in futures],
        "tick_size": contracts.tick_size[row].tolist() + [future.tick_size for future in futures],
    }
    return pa.table(
        [pa.array(values[field.name], field.type) for field in LISTING_SCHEMA],
        schema=LISTING_SCHEMA,
    )


def _dictionaries(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Encode text afresh, so that the bytes depend on the rows and not on how they were put together."""
    columns = [
        table.column(field.name).cast(pa.string()).combine_chunks().dictionary_encode()
        if pa.types.is_dictionary(field.type)
        else table.column(field.name).combine_chunks()
        for field in schema
    ]
    return pa.table(columns, schema=schema.with_metadata(table.schema.metadata))


def _rows_at(
    directory: Path, first: datetime, last: datetime
) -> Iterator[tuple[datetime, set[str]]]:
    for file in days.files(directory):
        if file.level is FoldLevel.PART and first <= file.first <= last:
            with suppress(BadInput):
                yield file.first, _indices(file.path)
        elif file.level is not FoldLevel.PART and file.first <= last and first < file.end:
            with suppress(BadInput):
                table = read(file.path, OVERVIEW_SCHEMA, ["timestamp", "underlying"])
                for row in table.to_pylist():
                    if first <= row["timestamp"] <= last:
                        yield row["timestamp"], {row["underlying"]}


def _indices(path: Path) -> set[str]:
    """Return the indices that a part of overviews says it has rows of. Errors: BadInput."""
    with whole(path):
        return {str(name) for name in json.loads(metadata_of(path).get(b"g6.indices", b"[]"))}


def _oi(table: pa.Table) -> Frame:
    columns = {name: table.column(name).to_numpy() for name in _OI}
    return Frame(
        {},
        {
            name: values if name == "expiry" else values.astype(np.float64)
            for name, values in columns.items()
        },
    )


@contextmanager
def _open(directory: Path, *, shared: bool = False) -> Iterator[None]:
    """Hold the lock of a day's directory, made when it is not there."""
    with refusals(directory):
        directory.mkdir(parents=True, exist_ok=True)
        with directory_lock(directory, shared=shared):
            yield


def _put(path: Path, content: bytes, rows: int) -> WriteReport:
    """Write a file unless it has this very content already; a part that cannot be read is replaced."""
    with suppress(OSError):
        if path.read_bytes() == content:
            return WriteReport(rows={"parquet": 0}, bytes={"parquet": 0})
    replace(path, content)
    return WriteReport(rows={"parquet": rows}, bytes={"parquet": len(content)})
