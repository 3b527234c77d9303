"""Frames and rows as Arrow tables and Parquet bytes, and back.

Every type comes from `domain/schema/rows`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import cast

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from g6.adapters.parquet.arrays import EPOCH, number_arrays, numbers_of, texts_of, word_array
from g6.domain.cycles.cycle import isoformat_z
from g6.domain.quotes.quotes import QUOTE_FIELDS
from g6.domain.schema.frame import SIDE_PREFIXES, ColumnValues, Frame, Header, Words
from g6.domain.schema.json_types import Document
from g6.domain.schema.overview_row import OverviewRow
from g6.domain.schema.rows import CHAIN, OVERVIEW, SCHEMA_VERSION, Column

TYPES = {
    "instant": pa.timestamp("us", "UTC"),
    "date": pa.date32(),
    "text": pa.dictionary(pa.int32(), pa.string()),
    "float": pa.float64(),
    "iv": pa.float32(),
    "integer": pa.int64(),
    "flags": pa.int32(),
}
_ENCODINGS = {
    "instant": "DELTA_BINARY_PACKED",
    "integer": "DELTA_BINARY_PACKED",
    "flags": "DELTA_BINARY_PACKED",
    "float": "BYTE_STREAM_SPLIT",
    "iv": "BYTE_STREAM_SPLIT",
}
_LEVEL = 1
_FILTERED = ("timestamp", "observed_at", "expiry", "strike")
"""Columns by which rows are chosen. No other has statistics, which nobody would read."""
_REPEATED = frozenset(
    [
        "strike",
        "tick_size",
        "lot_size",
        "rate",
        "atm",
        "spot",
        "spot_age_seconds",
        "future",
        "vix",
        "dte",
        "bucket_mask",
        "token",
        "bid_quantity",
        "ask_quantity",
        "buy_quantity",
        "sell_quantity",
        "open",
        "close",
        "oi_prev",
        "average_price",
        "age_seconds",
        "quality",
        "liquidity",
        "bid_depth",
        "ask_depth",
    ]
)
"""Columns (without their side) of few values. A dictionary is smaller and faster than packing."""
_DENSE = frozenset(
    [
        "last",
        "bid",
        "ask",
        "price",
        "time_value",
        "bid_quantity",
        "ask_quantity",
        "buy_quantity",
        "sell_quantity",
        "high",
        "low",
        "average_price",
        "bid_depth",
        "ask_depth",
        "volume",
        "oi",
        "oi_day_high",
        "oi_day_low",
        "last_trade_time",
        "payload",
        "event_id",
    ]
)
"""Columns (without their side) on which zstd gains a fifth.

On the others setting it up costs more than LZ4 takes for all.
"""
_GROUP_ROWS = 16_384
"""Rows of a row group in a file that stays.

One cycle of a day of 135,000 rows is then read out of an eighth of it. The file grows by 2 %; with
groups of 2,000 rows it grew by 20 %.
"""
_NULLABLE = frozenset(side + name for side in SIDE_PREFIXES for name in QUOTE_FIELDS)

LISTING = (
    Column("underlying", "text", "", "name of the index"),
    Column("instrument_type", "text", "", "CE, PE or FUT"),
    Column("expiry", "date", "IST", "last trading day"),
    Column("strike", "float", "points", "strike price, none for a future"),
    Column("symbol", "text", "", "trading symbol"),
    Column("token", "integer", "", "the provider's instrument number"),
    Column("lot_size", "integer", "units", "contract size"),
    Column("tick_size", "float", "points", "smallest price step"),
)
"""The columns of a stored instrument dump."""

EVENT = (
    Column("timestamp", "instant", "UTC", "the cycle the event is of, else when it was published"),
    Column("observed_at", "instant", "UTC", "when it was published, wall time"),
    Column("event_id", "text", "", "the bus's id"),
    Column(
        "type",
        "text",
        "",
        "cycle.report, gap.opened, gap.closed, provider.state, alert, job.report, events.dropped "
        "and so on",
    ),
    Column("key", "text", "", "what it is about"),
    Column("underlying", "text", "", "name of the index, none for an event of the whole system"),
    Column("payload", "text", "", "the rest, as JSON"),
)
"""The columns of a stored event."""


def schema(columns: Iterable[Column]) -> pa.Schema:
    """Return the Arrow schema of `columns`."""
    return pa.schema([(column.name, TYPES[column.kind]) for column in columns])


CHAIN_SCHEMA = schema(column for column in CHAIN if column.name != "underlying")
"""A chain file's columns. `underlying` stands in its path."""
_CHAIN_FIELDS = tuple(CHAIN_SCHEMA)  # a schema makes its hundred fields anew when it is gone over
OVERVIEW_SCHEMA = schema(OVERVIEW)
LISTING_SCHEMA = schema(LISTING)
EVENT_SCHEMA = schema(EVENT)
CHAIN_COLUMNS: Mapping[str, Column] = {column.name: column for column in CHAIN}
"""The columns of a chain's frame by name."""
_KINDS = {column.name: column.kind for column in (*EVENT, *LISTING, *OVERVIEW, *CHAIN)}
_NUMBER_FIELDS = [field for field in _CHAIN_FIELDS if _KINDS[field.name] not in {"text", "date"}]


def chain_table(frame: Frame) -> pa.Table:
    """Return a chain frame as a table whose metadata carries the header."""
    numbers = number_arrays(frame.columns, _NUMBER_FIELDS)
    arrays = []
    for field in _CHAIN_FIELDS:
        array = numbers.get(field.name)
        if array is None:
            array = column_array(frame.columns[field.name], field)
        arrays.append(array)
    return pa.table(arrays, schema=CHAIN_SCHEMA).replace_schema_metadata(chain_metadata(frame))


def column_array(values: ColumnValues | Words, field: pa.Field) -> pa.Array:
    """Return one column's values as Arrow has them. NaN becomes missing."""
    if isinstance(values, Words):
        return word_array(values)
    kind = _KINDS[field.name]
    if kind == "text":
        # By way of an array of strings it took half as long again.
        return pa.array(values, field.type)
    if kind == "date":
        return pa.array(values.astype("datetime64[D]"), pa.date32())
    if kind in {"float", "iv"}:
        width = np.float32 if kind == "iv" else np.float64
        return pa.array(values.astype(width, copy=False), from_pandas=True)
    # A cast afterwards, to a type that an array mostly has already, took a third of the time.
    if values.dtype.kind != "f":
        return pa.array(values, field.type)
    missing = np.isnan(values)
    scale = 1e6 if kind == "instant" else 1.0
    if not missing.any():
        return pa.array(np.rint(values * scale).astype(np.int64), field.type)
    whole = np.rint(np.where(missing, 0.0, values) * scale).astype(np.int64)
    return pa.array(whole, field.type, mask=missing)


def chain_metadata(frame: Frame) -> dict[str, str]:
    """Return what the metadata of a unit's part says."""

    def first(name: str) -> str:
        """Return the first row's value, which is every row's in these columns."""
        return "" if len(frame) == 0 else str(frame.columns[name][0])

    return {
        "g6.version": str(SCHEMA_VERSION),
        "g6.model": first("model"),
        "g6.rate": first("rate"),
        "g6.config_id": first("config_id"),
        "g6.header": json.dumps(frame.header, sort_keys=True, separators=(",", ":")),
    }


def chain_frame(table: pa.Table, index: str, header: Header) -> Frame:
    """Return the frame of a `chain_table`.

    A file of an earlier version lacks the newest columns, which are missing throughout.
    """
    return Frame(header, {column.name: _chain_column(table, column, index) for column in CHAIN})


def lazy_chain_frame(table: pa.Table, index: str, header: Header) -> Frame:
    """Return the same frame, each column of which is made of the table when it is read."""
    return Frame(header, _TableColumns(table, index))


def narrow_chain_frame(table: pa.Table, index: str, header: Header, names: Sequence[str]) -> Frame:
    """Return the frame with some of its columns alone, beside the name of the index."""
    columns = {name: _chain_column(table, CHAIN_COLUMNS[name], index) for name in names}
    return Frame(header, columns | {"underlying": np.full(table.num_rows, index, dtype=object)})


class _TableColumns(Mapping[str, ColumnValues]):
    """The columns of a table of one chain. Few studies read more than thirty of the 104."""

    def __init__(self, table: pa.Table, index: str) -> None:
        self._table = table
        self._index = index
        # Words of a damaged file may be no text. That is found out here, where its name is known.
        self._made = {
            column.name: _chain_column(table, column, index)
            for column in CHAIN
            if column.kind == "text"
        }

    def __getitem__(self, name: str) -> ColumnValues:
        if name not in self._made:
            self._made[name] = _chain_column(self._table, CHAIN_COLUMNS[name], self._index)
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(CHAIN_COLUMNS)

    def __len__(self) -> int:
        return len(CHAIN_COLUMNS)


def _chain_column(table: pa.Table, column: Column, index: str) -> ColumnValues:
    if column.name == "underlying":
        return np.full(table.num_rows, index, dtype=object)
    return column_values(table, column)


def column_values(table: pa.Table, column: Column) -> ColumnValues:
    """Return one column's values.

    Instants (epoch seconds) and quantities of quotes are float64. What is never missing is an
    integer.
    """
    # The names of a table are made anew whenever it is asked for them: 60 us.
    place = table.schema.get_field_index(column.name)
    if place < 0:
        return _absent(column, table.num_rows)
    values = table.column(place)
    if column.kind == "text":
        return texts_of(values)
    if column.kind == "instant":
        micros = numbers_of(values.cast(pa.int64()))
        return np.asarray(micros, dtype=np.float64) / 1e6
    array: ColumnValues = numbers_of(values)
    if column.kind == "date":
        return array.astype("datetime64[D]")
    return array.astype(np.float64) if column.name in _NULLABLE else array


def _absent(column: Column, n: int) -> ColumnValues:
    if column.kind == "text":
        return np.full(n, "", dtype=object)
    if column.kind == "date":
        return np.full(n, np.datetime64("NaT"), "datetime64[D]")
    return np.full(n, np.nan)


def overview_table(rows: Sequence[Document]) -> pa.Table:
    """Return overview rows of one cycle as a table sorted by underlying.

    So the order of arrival leaves no trace.
    """
    ordered = sorted(rows, key=lambda row: str(row["underlying"]))
    names = json.dumps([row["underlying"] for row in ordered])
    metadata = {"g6.version": str(SCHEMA_VERSION), "g6.indices": names}
    return overview_rows_table(ordered).replace_schema_metadata(metadata)


def overview_rows_table(rows: Sequence[Document]) -> pa.Table:
    """Return overview rows as a table, in their order."""
    arrays = []
    for field in OVERVIEW_SCHEMA:
        kind = _KINDS[field.name]
        values = [_parsed(row.get(field.name), kind) for row in rows]
        arrays.append(pa.array(values, field.type))
    return pa.table(arrays, schema=OVERVIEW_SCHEMA)


def _parsed(value: object, kind: str) -> object:
    # NaN is the only value that differs from itself.
    if value is None or value != value:  # noqa: PLR0124
        return None
    if kind == "instant" and isinstance(value, str):
        return datetime.fromisoformat(value)
    if kind == "date" and isinstance(value, str):
        return date.fromisoformat(value)
    if kind in {"integer", "flags"} and isinstance(value, int | float):
        return int(value)
    return value


def overview_rows(table: pa.Table) -> list[OverviewRow]:
    """Return the rows of an `overview_table`: ISO text for instants and dates, None for missing."""
    columns = {column.name: _texts(table, column.name) for column in OVERVIEW}
    lines = zip(*columns.values(), strict=True)
    return cast("list[OverviewRow]", [dict(zip(columns, line, strict=True)) for line in lines])


def _texts(table: pa.Table, name: str) -> list[object]:
    """Return a column's values as JSON has them."""
    place = table.schema.get_field_index(name)
    if place < 0:
        return [None] * table.num_rows
    column = table.column(place)
    if pa.types.is_timestamp(column.type):
        # As instants of Python they would import pandas.
        micros = column.cast(TYPES["instant"]).cast(pa.int64()).to_pylist()
        return [
            at if at is None else isoformat_z(EPOCH + timedelta(microseconds=at)) for at in micros
        ]
    if pa.types.is_date(column.type):
        return [day if day is None else day.isoformat() for day in column.to_pylist()]
    return list(column.to_pylist())


def encode(table: pa.Table, *, small: bool = False) -> bytes:
    """Return the table as one Parquet file. The same table gives the same bytes.

    A file that lives for a moment is packed with LZ4: with few rows a column, setting zstd up
    would take more time than reading. `small` spends zstd, and the encodings that many rows repay,
    on a file that stays.
    """
    if table.schema.metadata:
        table = table.replace_schema_metadata(dict(sorted(table.schema.metadata.items())))
    sink = pa.BufferOutputStream()
    pq.write_table(
        table,
        sink,
        row_group_size=_GROUP_ROWS if small else max(table.num_rows, 1),
        write_page_checksum=True,
        **packing(tuple(table.column_names), small),
    )
    return bytes(sink.getvalue())


@lru_cache(64)  # of a hundred columns it took a tenth of the time of writing a part
def packing(names: tuple[str, ...], small: bool) -> Mapping[str, object]:
    """Return how columns of these names are written, in pyarrow's words."""
    codecs: dict[str, str] = {}
    encodings: dict[str, str] = {}
    dictionaries: list[str] = []
    for name in names:
        # A newer version's columns are of no known kind.
        kind = _KINDS.get(name, "")
        base = _without_side(name)
        codecs[name] = "zstd" if small and base in _DENSE else "lz4"
        if kind not in _ENCODINGS or (small and base in _REPEATED):
            dictionaries.append(name)
        else:
            encodings[name] = _ENCODINGS[kind]
    levels = {name: _LEVEL for name, codec in codecs.items() if codec == "zstd"}
    return {
        # LZ4 until a day is compacted, and its files read side by side: together a running day is
        # read three times as fast. Told column by column it takes a tenth of the time of writing.
        "compression": codecs if levels else "lz4",
        "compression_level": levels or None,
        "use_dictionary": dictionaries,
        "column_encoding": encodings,
        "write_statistics": [name for name in _FILTERED if name in codecs],
    }


def _without_side(name: str) -> str:
    return name[3:] if name.startswith(SIDE_PREFIXES) else name
