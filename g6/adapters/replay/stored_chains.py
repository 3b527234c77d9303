"""G6's own stored days as a recording: the raw columns of the chains below a data directory.

`chain/underlying=NIFTY/date=2026-11-20/` holds parts of one cycle (`034500Z.parquet`), quarter-hour segments
(`034500Z-040000Z.parquet`) and whole days (`day.parquet`); where several hold a cycle, the smaller file is the newer truth.
"""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from g6.adapters.replay.market_snapshot import TICK, Snapshot, root_of
from g6.adapters.replay.unread import LeftOut
from g6.domain.cycles.cycle import isoformat_z
from g6.domain.market.instrument import Contracts
from g6.domain.quotes.quotes import NAN, QUOTE_FIELDS, Underlying
from g6.domain.schema.frame import SIDES
from g6.errors import BadInput

SIDE_COLUMNS = ("symbol", "token", "source", *QUOTE_FIELDS)
RAW = (
    "timestamp", "observed_at", "expiry", "strike", "lot_size", "tick_size",
    "spot", "spot_source", "spot_age_seconds", "future", "vix",
    *(side + name for side in SIDES for name in SIDE_COLUMNS),
)  # fmt: skip
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
QUARTER = timedelta(minutes=15)
_SEGMENT = re.compile(r"\d{6}Z-\d{6}Z")


@dataclass(frozen=True, slots=True)
class _Slice:
    """The rows of a quarter hour of one file, and the headers of its units by cycle."""

    path: Path
    quarter: datetime
    table: pa.Table
    headers: Mapping[str, Any]


class StoredDays:
    """Source over a data directory. Errors: BadInput.

    With `thorough` every file is read through when opened, else its instants only.
    """

    remembers = True
    left_out: Sequence[LeftOut] = ()

    def __init__(self, directory: Path, *, thorough: bool = True) -> None:
        self._files: dict[str, dict[datetime, Path]] = {}
        expiries: dict[str, set[date]] = {}
        for root in sorted((directory / "chain").glob("underlying=*")):
            index = root_of(root.name.removeprefix("underlying="))
            held: dict[datetime, Path] = {}
            for path in sorted(root.glob("date=*/*.parquet"), key=_level, reverse=True):
                table = _read(path, RAW if thorough else ("timestamp", "expiry"))
                held |= dict.fromkeys(pc.unique(table.column("timestamp")).to_pylist(), path)
                expiries.setdefault(index, set()).update(
                    pc.unique(table.column("expiry")).to_pylist()
                )
            if held:
                self._files[index] = held
        self._expiries = {index: frozenset(days) for index, days in expiries.items()}
        self._instants = {index: tuple(sorted(held)) for index, held in self._files.items()}
        self._held: dict[str, _Slice] = {}

    def instants(self) -> Mapping[str, tuple[datetime, ...]]:
        """Return the instants of each index."""
        return self._instants

    def expiries(self) -> Mapping[str, frozenset[date]]:
        """Return the distinct expiries of each index."""
        return self._expiries

    def read(self, index: str, at: datetime) -> Snapshot:
        """Return the stored unit. Errors: BadInput, for a file that changed since it was opened."""
        path, quarter = (
            self._files[index][at],
            at.replace(minute=at.minute // 15 * 15, second=0, microsecond=0),
        )
        held = self._held.get(index)
        if held is None or (held.path, held.quarter) != (path, quarter):
            held = self._held[index] = _slice(path, quarter)
        rows = held.table.filter(
            pc.equal(held.table.column("timestamp"), pa.scalar(at, pa.timestamp("us", "UTC")))
        )
        return _snapshot(index, at, rows, held.headers.get(isoformat_z(at), {}))


def _level(path: Path) -> tuple[int, str]:
    """Order files by how far they are folded: parts first, whole days last."""
    return (2 if path.stem == "day" else 1 if _SEGMENT.fullmatch(path.stem) else 0), str(path)


def _read(path: Path, columns: tuple[str, ...]) -> pa.Table:
    try:
        with pq.ParquetFile(path) as file:
            there = file.schema_arrow.names
            if missing := [name for name in NEEDED if name not in there]:
                raise BadInput(
                    path, None, f"has no column {', '.join(missing)}; it is no stored chain"
                )
            return file.read([name for name in columns if name in there])
    except (pa.ArrowInvalid, OSError) as error:
        raise BadInput(
            path, None, f"is not a whole Parquet file: {str(error).splitlines()[0]}"
        ) from error


def _slice(path: Path, quarter: datetime) -> _Slice:
    table = _read(path, RAW)
    metadata = table.schema.metadata or {}
    at = table.column("timestamp")
    first, end = (
        pa.scalar(each, pa.timestamp("us", "UTC")) for each in (quarter, quarter + QUARTER)
    )
    mine = table.filter(pc.and_(pc.greater_equal(at, first), pc.less(at, end)))
    return _Slice(path, quarter, mine, dict(_headers(metadata, mine)))


def _headers(metadata: Mapping[bytes, bytes], table: pa.Table) -> Iterator[tuple[str, Any]]:
    """A part has the header of its one unit, a folded file all of them, packed."""
    if packed := metadata.get(b"g6.headers"):
        yield from json.loads(zlib.decompress(base64.b64decode(packed))).items()
    elif (single := metadata.get(b"g6.header")) and table.num_rows:
        yield isoformat_z(table.column("timestamp")[0].as_py().astimezone(UTC)), json.loads(single)


def _snapshot(index: str, at: datetime, rows: pa.Table, header: Mapping[str, Any]) -> Snapshot:
    n = rows.num_rows
    values = {
        name: np.stack([_number(rows, side + name) for side in SIDES]) for name in QUOTE_FIELDS
    }
    token = np.nan_to_num(np.stack([_number(rows, side + "token") for side in SIDES])).astype(
        np.int64
    )
    source = np.stack([_text(rows, side + "source") for side in SIDES])
    tick = _number(rows, "tick_size")
    contracts = Contracts(
        index,
        rows.column("expiry").to_numpy().astype("datetime64[D]"),
        _number(rows, "strike"),
        _number(rows, "lot_size").astype(np.int64),
        np.where(np.isfinite(tick), tick, TICK),
        np.stack([_text(rows, side + "symbol") for side in SIDES]),
        token,
    )
    observed = header.get("observed_at", _first(rows, "observed_at", n))
    spot = Underlying(**header["spot"]) if "spot" in header else _underlying(rows, at, n)
    return Snapshot(contracts, values, spot, float(observed), source == "backfill")


def _underlying(rows: pa.Table, at: datetime, n: int) -> Underlying:
    """The underlying as the columns have it, for a file that lost its headers."""
    return Underlying(
        spot=_first(rows, "spot", n),
        spot_time=at.timestamp() - _first(rows, "spot_age_seconds", n),
        spot_source=str(_text(rows, "spot_source")[0]) if n else "live",
        future=_first(rows, "future", n),
        vix=_first(rows, "vix", n),
    )


def _first(rows: pa.Table, name: str, n: int) -> float:
    return float(_number(rows, name)[0]) if n else NAN


def _number(rows: pa.Table, name: str) -> NDArray[np.float64]:
    """A column as float64, instants as epoch seconds, missing values and columns of later versions NaN."""
    if name not in rows.column_names:
        return np.full(rows.num_rows, NAN)
    column = rows.column(name)
    if pa.types.is_timestamp(column.type):
        micros = column.cast(pa.timestamp("us", "UTC")).cast(pa.int64())
        return np.asarray(micros.to_numpy() / 1e6, dtype=np.float64)
    return np.asarray(column.to_numpy(), dtype=np.float64)


def _text(rows: pa.Table, name: str) -> NDArray[np.object_]:
    if name not in rows.column_names:
        return np.full(rows.num_rows, "", dtype=object)
    return np.array([value or "" for value in rows.column(name).to_pylist()], dtype=object)
