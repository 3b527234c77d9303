"""G6's own stored days as a recording: the raw columns of the chains below a data directory.

`chain/underlying=NIFTY/date=2026-11-20/` holds parts of one cycle (`034500Z.parquet`), quarter-hour
segments (`034500Z-040000Z.parquet`) and whole days (`day.parquet`). Where several hold a cycle, the
one that is folded least was written last.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from g6.adapters.replay.market_snapshot import TICK, Snapshot, root_of
from g6.adapters.replay.unread import LeftOut
from g6.domain.cycles.cycle import QUARTER_HOUR, isoformat_z, quarter_hour_of
from g6.domain.market.instrument import Contracts
from g6.domain.quotes.quotes import NAN, QUOTE_FIELDS
from g6.domain.schema import layout
from g6.domain.schema.frame import SIDE_PREFIXES
from g6.domain.schema.json_reading import number, part
from g6.domain.schema.layout import Kind
from g6.domain.schema.underlying import Underlying
from g6.domain.schema.words import SpotSource
from g6.errors import BadInput, UserError

SIDE_COLUMNS = ("symbol", "token", "source", *QUOTE_FIELDS)
RAW = (
    *("timestamp", "observed_at", "expiry", "strike", "lot_size", "tick_size"),
    *("spot", "spot_source", "spot_age_seconds", "future", "vix"),
    *(side + name for side in SIDE_PREFIXES for name in SIDE_COLUMNS),
)
NEEDED = (
    "timestamp",
    "expiry",
    "strike",
    "lot_size",
    "ce_symbol",
    "pe_symbol",
    "ce_last",
    "pe_last",
    "ce_oi",
    "pe_oi",
)
UnitHeader = Mapping[str, object]
"""The JSON that a file keeps of one unit."""
_INSTANT = pa.timestamp("us", "UTC")


@dataclass(frozen=True, slots=True)
class _QuarterHour:
    """The rows of a quarter hour of one file, and the headers of its units by cycle."""

    path: Path
    quarter: datetime
    table: pa.Table
    headers: Mapping[str, UnitHeader]


class StoredRecording:
    """A snapshot source over a data directory.

    With `thorough` every column is read when the source is opened, else the instants only. Of all
    days, or of one.

    Raises:
        BadInput: A file cannot be read.
    """

    remembers = True
    left_out: Sequence[LeftOut] = ()

    def __init__(self, directory: Path, *, thorough: bool = True, day: date | None = None) -> None:
        self._files: dict[str, dict[datetime, Path]] = {}
        expiries: dict[str, set[date]] = {}
        for root in sorted((directory / layout.folder(Kind.CHAIN)).glob(layout.ANY_INDEX)):
            index = root_of(layout.parse_index_name(root.name) or "")
            file_of: dict[datetime, Path] = {}
            folder = layout.ANY_DAY if day is None else layout.day_name(day)
            files = root.glob(f"{folder}/*{layout.ROWS_SUFFIX}")
            for path in sorted(files, key=_folding_order, reverse=True):
                table = _read(path, RAW if thorough else ("timestamp", "expiry"))
                file_of |= dict.fromkeys(pc.unique(table.column("timestamp")).to_pylist(), path)
                days = pc.unique(table.column("expiry")).to_pylist()
                expiries.setdefault(index, set()).update(days)
            if file_of:
                self._files[index] = file_of
        if not self._files:
            _refuse_archived(directory, day)
        self._expiries = {index: frozenset(days) for index, days in expiries.items()}
        self._instants = {index: tuple(sorted(files)) for index, files in self._files.items()}
        self._cached: dict[str, _QuarterHour] = {}

    def instants(self) -> Mapping[str, tuple[datetime, ...]]:
        """Return the instants of each index."""
        return self._instants

    def expiries(self) -> Mapping[str, frozenset[date]]:
        """Return the distinct expiries of each index."""
        return self._expiries

    def read(self, index: str, at: datetime) -> Snapshot:
        """Return the stored unit.

        Raises:
            BadInput: A file changed since the opening.
        """
        path = self._files[index][at]
        quarter = quarter_hour_of(at)
        cached = self._cached.get(index)
        if cached is None or (cached.path, cached.quarter) != (path, quarter):
            cached = _read_quarter(path, quarter)
            self._cached[index] = cached
        is_now = pc.equal(cached.table.column("timestamp"), pa.scalar(at, _INSTANT))
        header = cached.headers.get(isoformat_z(at), {})
        return _snapshot(index, at, cached.table.filter(is_now), header)


def _refuse_archived(directory: Path, day: date | None) -> None:
    """Refuse days of which nothing but notes of a cold place is here.

    Raises:
        UserError: There are such days.
    """
    folder = layout.ANY_DAY if day is None else layout.day_name(day)
    kind = layout.folder(Kind.CHAIN)
    notes = sorted(directory.glob(f"{kind}/{layout.ANY_INDEX}/{folder}/{layout.COLD_FILE}"))
    if notes:
        archived = layout.parse_day_name(notes[0].parent.name)
        raise UserError(
            f"{archived} is archived, and a recording is read from files that are here",
            f"g6 archive back --date {archived}",
        )


def _folding_order(path: Path) -> tuple[int, str]:
    """Order files by how far they are folded: parts first, whole days last."""
    if path.name == layout.DAY_FILE:
        return 2, str(path)
    return int(layout.SEGMENT_NAME.fullmatch(path.name) is not None), str(path)


def _read(path: Path, columns: tuple[str, ...]) -> pa.Table:
    try:
        with pq.ParquetFile(path) as file:
            names = file.schema_arrow.names
            if missing := [name for name in NEEDED if name not in names]:
                reason = f"has no column {', '.join(missing)}; it is no stored chain"
                raise BadInput(path, None, reason)
            return file.read([name for name in columns if name in names])
    except (pa.ArrowInvalid, OSError) as error:
        reason = f"is not a whole Parquet file: {str(error).splitlines()[0]}"
        raise BadInput(path, None, reason) from error


def _read_quarter(path: Path, quarter: datetime) -> _QuarterHour:
    table = _read(path, RAW)
    metadata = table.schema.metadata or {}
    at = table.column("timestamp")
    first = pa.scalar(quarter, _INSTANT)
    end = pa.scalar(quarter + QUARTER_HOUR, _INSTANT)
    rows = table.filter(pc.and_(pc.greater_equal(at, first), pc.less(at, end)))
    return _QuarterHour(path, quarter, rows, dict(_headers(metadata, rows)))


def _headers(metadata: Mapping[bytes, bytes], table: pa.Table) -> Iterator[tuple[str, UnitHeader]]:
    """Yield cycle and header of each unit: a part has one of them, a folded file all, packed."""
    if packed := metadata.get(b"g6.headers"):
        yield from json.loads(zlib.decompress(base64.b64decode(packed))).items()
    elif (single := metadata.get(b"g6.header")) and table.num_rows:
        yield isoformat_z(table.column("timestamp")[0].as_py().astimezone(UTC)), json.loads(single)


def _snapshot(index: str, at: datetime, rows: pa.Table, header: UnitHeader) -> Snapshot:
    n = rows.num_rows
    values = {
        name: np.stack([_number(rows, side + name) for side in SIDE_PREFIXES])
        for name in QUOTE_FIELDS
    }
    token = np.nan_to_num(
        np.stack([_number(rows, side + "token") for side in SIDE_PREFIXES])
    ).astype(np.int64)
    source = np.stack([_text(rows, side + "source") for side in SIDE_PREFIXES])
    tick = _number(rows, "tick_size")
    contracts = Contracts(
        index,
        rows.column("expiry").to_numpy().astype("datetime64[D]"),
        _number(rows, "strike"),
        _number(rows, "lot_size").astype(np.int64),
        np.where(np.isfinite(tick), tick, TICK),
        np.stack([_text(rows, side + "symbol") for side in SIDE_PREFIXES]),
        token,
    )
    is_told = "observed_at" in header
    observed = float(number(header, "observed_at")) if is_told else _first(rows, "observed_at", n)
    market = part(header, "spot")
    spot = Underlying.parse(market) if market else _underlying(rows, at, n)
    return Snapshot(contracts, values, spot, observed, source == "backfill")


def _underlying(rows: pa.Table, at: datetime, n: int) -> Underlying:
    """Return the underlying as the columns have it, for a file that lost its headers."""
    return Underlying(
        spot=_first(rows, "spot", n),
        spot_time=at.timestamp() - _first(rows, "spot_age_seconds", n),
        spot_source=str(_text(rows, "spot_source")[0]) if n else SpotSource.LIVE.value,
        future=_first(rows, "future", n),
        vix=_first(rows, "vix", n),
    )


def _first(rows: pa.Table, name: str, n: int) -> float:
    return float(_number(rows, name)[0]) if n else NAN


def _number(rows: pa.Table, name: str) -> NDArray[np.float64]:
    """Return a column as float64, instants as epoch seconds. Missing cells and columns are NaN."""
    if name not in rows.column_names:
        return np.full(rows.num_rows, NAN)
    column = rows.column(name)
    if pa.types.is_timestamp(column.type):
        micros = column.cast(_INSTANT).cast(pa.int64())
        return np.asarray(micros.to_numpy() / 1e6, dtype=np.float64)
    return np.asarray(column.to_numpy(), dtype=np.float64)


def _text(rows: pa.Table, name: str) -> NDArray[np.object_]:
    if name not in rows.column_names:
        return np.full(rows.num_rows, "", dtype=object)
    return np.array([value or "" for value in rows.column(name).to_pylist()], dtype=object)
