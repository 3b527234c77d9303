"""The work of `g6.load`: a question over days and indices becomes one table."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import reduce
from operator import and_
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from g6.adapters.parquet import days
from g6.adapters.parquet.arrays import array_of, repeated
from g6.adapters.parquet.columns import (
    CHAIN_SCHEMA,
    EVENT_SCHEMA,
    LISTING_SCHEMA,
    OVERVIEW_SCHEMA,
    TYPES,
    chain_table,
    overview_rows_table,
)
from g6.adapters.parquet.days import directory_of
from g6.adapters.parquet.queries.choices import one_of, zone_of
from g6.adapters.parquet.queries.market_time import directory_time
from g6.adapters.parquet.queries.patience import shown
from g6.adapters.parquet.queries.stored_choices import (
    ALL_EXPIRIES,
    ExpiryChoice,
    StoredChoices,
)
from g6.adapters.parquet.queries.stored_span import (
    DaySpan,
    check_directory,
    parse_indices,
    parse_span,
    roots,
    stored_days,
    stored_indices,
)
from g6.adapters.parquet.reading import day_table, read
from g6.domain.market.instants import instant_of_days
from g6.domain.market.instrument import SIDES
from g6.domain.schema import layout
from g6.domain.schema.frame import SIDE_PREFIXES, Frame
from g6.domain.schema.json_types import Document
from g6.domain.schema.layout import Kind
from g6.domain.schema.rows import CHAIN, CHAIN_PLAIN, CHAIN_SIDE
from g6.errors import BadInput, DamagedFile, NothingToDo

_ZERO = array_of([0.0], pa.float64())[0]
"""As a scalar: pyarrow imports pandas to make one of a number of Python."""
_SIDES = tuple(zip(SIDE_PREFIXES, SIDES, strict=True))
"""Prefix of a side's columns and its word in the long shape."""
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    Kind.CHAIN: tuple(column.name for column in CHAIN),
    Kind.OVERVIEW: tuple(OVERVIEW_SCHEMA.names),
    Kind.INSTRUMENTS: ("date", "exchange", *LISTING_SCHEMA.names),
    Kind.EVENTS: tuple(EVENT_SCHEMA.names),
}
_EXPIRY_COLUMNS: Mapping[str, str] = {
    Kind.CHAIN: "expiry",
    Kind.INSTRUMENTS: "expiry",
    Kind.OVERVIEW: "expiry_nearest",
}
_WHOLE: Mapping[str, pa.Schema] = {Kind.OVERVIEW: OVERVIEW_SCHEMA, Kind.EVENTS: EVENT_SCHEMA}
"""Kinds whose files hold all indices."""
TRADED_PRICES = frozenset(
    prefix + name
    for prefix in SIDE_PREFIXES
    for name in ("last", "open", "high", "low", "close", "average_price")
)
"""Columns of prices at which somebody traded. Zero is none: it says that nobody did."""
_LONG = (*(column.name for column in CHAIN_PLAIN), "side", *(column.name for column in CHAIN_SIDE))


@dataclass(frozen=True, slots=True)
class Query:
    """A question to the store.

    Attributes:
        directory: The data directory.
        indices: Names of underlyings.
        first: The first session day.
        last: The last session day.
        kind: `chain`, `overview`, `instruments` or `events`.
        columns: Names of columns, in the order of the answer.
        expiries: The expiries of the rows, those of all when empty.
        strikes: The lowest and the highest strike, both included.
        as_of: The latest instant that a row may have been observed at.
        tz: The time zone of instants in the answer.
        long: Whether each side has a row of its own.
    """

    directory: Path
    indices: tuple[str, ...]
    first: date
    last: date
    kind: str
    columns: tuple[str, ...]
    expiries: ExpiryChoice = ALL_EXPIRIES
    strikes: tuple[float, float] | None = None
    as_of: datetime | None = None
    tz: str = "UTC"
    long: bool = False

    @classmethod
    def of(
        cls,
        directory: Path,
        index: str | Sequence[str],
        day: DaySpan,
        kind: str,
        *,
        columns: Sequence[str] | None = None,
        expiry: str | date | Sequence[str | date] | None = None,
        strike: float | tuple[float, float] | None = None,
        as_of: str | datetime | None = None,
        tz: str = "Asia/Kolkata",
        shape: str = "wide",
    ) -> Query:
        """Parse the arguments of `g6.load`.

        Raises:
            UserError: One of them cannot be.
            NothingToDo: The directory has no rows, or none of the day.
        """
        one_of("kind", kind, _COLUMNS)
        one_of("shape", shape, ("wide", "long"))
        long = shape == "long" and kind == Kind.CHAIN
        names = _LONG if long else _COLUMNS[kind]
        for name in columns or ():
            one_of("column", name, names)
        check_directory(directory)
        indices = parse_indices(directory, index)
        stored = stored_days(directory, kind, indices)
        at = directory_time(directory)
        first, last = parse_span(day, stored, _absent(directory, kind, indices, stored), at.now)
        return cls(
            directory=directory,
            indices=indices,
            first=first,
            last=last,
            kind=kind,
            columns=tuple(columns or names),
            expiries=ExpiryChoice.of(expiry, kind),
            strikes=strike if isinstance(strike, tuple) or strike is None else (strike, strike),
            as_of=None if as_of is None else instant_of_days(as_of, at, first, last),
            tz=zone_of(tz),
            long=long,
        )

    @property
    def expiry_column(self) -> str:
        """The column that expiries are chosen by, empty where rows have none."""
        return _EXPIRY_COLUMNS.get(self.kind, "")

    @property
    def span(self) -> str:
        """The days as a sentence has them."""
        if self.first == self.last:
            return f"for {self.first}"
        return f"for {self.first} to {self.last}"

    def beginning_with(self, keys: Sequence[str]) -> Query:
        """Return the same question with some columns before all others."""
        others = (name for name in self.columns if name not in keys)
        return replace(self, columns=(*keys, *others))


def load_table(query: Query) -> pa.Table:
    """Return the rows that `query` asks for.

    A damaged file costs its own rows and is named by a DamagedFile warning.

    Raises:
        NothingToDo: There is no such day, expiry or strike. It names what there is.
        BadInput: No file in question can be read.
    """
    damaged: list[BadInput] = []
    tables = []
    stored = StoredChoices(query.expiries, query.strikes, query.expiry_column)
    for day_directory in shown(_directories(query), f"loading {query.kind}"):
        table = _whole_day(query, day_directory, damaged)
        if table is not None:
            stored.add(table)
            condition = _row_condition(query)
            tables.append(table if condition is None else table.filter(condition))
    # A damaged file costs its own rows and no other day's.
    if damaged and not tables:
        raise damaged[0]
    for error in damaged:
        warnings.warn(f"left out: {error.sentence}", DamagedFile, stacklevel=3)
    if not tables:
        raise _nothing(query)
    stored.check(f"{query.kind} of {', '.join(query.indices)} {query.span}")
    table = pa.concat_tables(tables)
    table = _to_long(table) if query.long else table
    return _in_zone(table, query.tz).select(query.columns)


def unit_chain(frame: Frame | None, index: str, tz: str) -> pa.Table:
    """Return one unit's chain as `g6.load` gives it, without a row where there is none."""
    table = CHAIN_SCHEMA.empty_table() if frame is None else chain_table(frame)
    plain = never_traded(table.replace_schema_metadata(None))
    return _in_zone(_with_underlying(plain, index), tz).select(_COLUMNS[Kind.CHAIN])


def unit_overview(row: Document, tz: str) -> pa.Table:
    """Return one unit's overview row as `g6.load` gives it."""
    return _in_zone(overview_rows_table([row]), tz)


def _in_zone(table: pa.Table, tz: str) -> pa.Table:
    for place, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type):
            instants = table.column(field.name).cast(pa.timestamp("us", tz))
            table = table.set_column(place, field.name, instants)
    return table


def _directories(query: Query) -> list[Path]:
    directories: list[Path] = []
    for root in roots(query.directory, query.kind, query.indices):
        stored = [day for day in days.days(root) if query.first <= day <= query.last]
        directories += [directory_of(root, day) for day in stored]
    return directories


def _whole_day(query: Query, directory: Path, damaged: list[BadInput]) -> pa.Table | None:
    """Return `_day`. A day of which no file can be read is added to `damaged`."""
    try:
        return _day(query, directory)
    except BadInput as error:
        damaged.append(error)
        return None


def _day(query: Query, directory: Path) -> pa.Table | None:
    """Return the rows of one day, None when the day has nothing of these indices."""
    if query.kind == Kind.INSTRUMENTS:
        table = _instruments(directory)
    elif query.kind in _WHOLE:
        table = day_table(directory, _WHOLE[query.kind])
    else:
        stored = never_traded(day_table(directory, CHAIN_SCHEMA, _needed(query)))
        table = _with_underlying(stored, layout.parse_index_name(directory.parent.name) or "")
    table = table.filter(_of_indices(query, table)) if query.kind != Kind.CHAIN else table
    return table if table.num_rows else None


def never_traded(table: pa.Table) -> pa.Table:
    """Return the table with missing prices where a source writes zero for what never traded."""
    # Kite's answer has 0 for open, high, low and average of an option without a trade today, and
    # for the last price and the close of one that never had any. The store keeps what it said.
    for place, field in enumerate(table.schema):
        if field.name in TRADED_PRICES:
            prices = table.column(place)
            is_zero = pc.equal(prices, _ZERO)
            if pc.any(is_zero).as_py():
                traded = pc.if_else(is_zero, pa.nulls(1, prices.type)[0], prices)
                table = table.set_column(place, field, traded)
    return table


def _of_indices(query: Query, table: pa.Table) -> pa.ChunkedArray:
    """Tell which rows are of these indices. Events of the whole system match all."""
    # An expression would import pyarrow.dataset, and with it pandas.
    column = table.column("underlying").cast(pa.string())
    is_of_index = pc.is_in(column, array_of(query.indices, pa.string()))
    if query.kind == Kind.EVENTS:
        return pc.or_(is_of_index, pc.is_null(column))
    return is_of_index


def _needed(query: Query) -> list[str]:
    """Return the columns to read: those of the answer and those that rows are chosen by."""
    names = set(query.columns)
    if query.long:
        names.add("symbol")
        for prefix in SIDE_PREFIXES:
            names |= {prefix + name for name in query.columns}
            names.add(f"{prefix}symbol")
    if query.expiries:
        names.add("expiry")
    if query.expiries.buckets:
        names.add("bucket_mask")
    if query.strikes:
        names.add("strike")
    if query.as_of:
        names |= {"timestamp", "observed_at"}
    return [name for name in CHAIN_SCHEMA.names if name in names]


def _row_condition(query: Query) -> pc.Expression | None:
    parts: list[pc.Expression] = []
    if query.expiries and query.expiry_column:
        parts.append(query.expiries.condition(query.expiry_column))
    if query.strikes and query.kind not in _WHOLE:
        lowest, highest = query.strikes
        strike = pc.field("strike")
        parts.append((strike >= float(lowest)) & (strike <= float(highest)))
    if query.as_of and query.kind == Kind.INSTRUMENTS:
        parts.append(pc.field("date") <= pa.scalar(days.session_date(query.as_of), pa.date32()))
    elif query.as_of:
        observed_at = pc.coalesce(pc.field("observed_at"), pc.field("timestamp"))
        parts.append(observed_at <= pa.scalar(query.as_of, TYPES["instant"]))
    return reduce(and_, parts) if parts else None


def _with_underlying(table: pa.Table, index: str) -> pa.Table:
    column = repeated(index, table.num_rows)
    return table.append_column("underlying", column)


def _instruments(directory: Path) -> pa.Table:
    tables = []
    for path in sorted(directory.glob(layout.ROWS_FILES)):
        try:
            table = read(path, LISTING_SCHEMA).replace_schema_metadata(None)
        except BadInput as error:
            warnings.warn(f"left out: {error.sentence}", DamagedFile, stacklevel=2)
            continue
        ordinal = array_of([days.named_day(directory)] * table.num_rows, pa.date32())
        exchange = repeated(path.stem, table.num_rows)
        tables.append(table.append_column("date", ordinal).append_column("exchange", exchange))
    empty = (
        LISTING_SCHEMA.append(pa.field("date", pa.date32()))
        .append(pa.field("exchange", TYPES["text"]))
        .empty_table()
    )
    return pa.concat_tables([empty, *tables])


def _to_long(table: pa.Table) -> pa.Table:
    """Return one row per listed option: side columns without their prefix, and `side`."""
    halves = []
    for prefix, side in _SIDES:
        shared = [name for name in table.column_names if not name.startswith(SIDE_PREFIXES)]
        own = [name for name in table.column_names if name.startswith(prefix)]
        plain = [*shared, *(name.removeprefix(prefix) for name in own)]
        half = table.select([*shared, *own]).rename_columns(plain)
        word = repeated(side, half.num_rows)
        halves.append(half.append_column("side", word).filter(pc.field("symbol") != ""))
    return pa.concat_tables(halves)


def _nothing(query: Query) -> NothingToDo:
    stored = stored_days(query.directory, query.kind, query.indices)
    absent = _absent(query.directory, query.kind, query.indices, stored)
    if not stored:
        return absent
    names = ", ".join(query.indices)
    closed = ""
    if query.first == query.last and query.first.weekday() >= 5:
        closed = f" (a {query.first:%A})"
    return NothingToDo(
        f"no {query.kind} of {names} {query.span}{closed} in {query.directory}; "
        f"{days.span_of(stored)}",
        f"{days.nearest_to(query.first, stored)} is the nearest there is",
    )


def _absent(
    directory: Path, kind: str, indices: Sequence[str], stored: Sequence[date]
) -> NothingToDo:
    """Return the error of indices of which nothing is stored, with those of which there is."""
    others = ", ".join(stored_indices(directory)) or "no index at all"
    names = ", ".join(indices)
    span = f"; {days.span_of(stored)}" if stored else ""
    return NothingToDo(
        f"no {kind} of {names} is stored in {directory}{span}", f"there are rows of {others}"
    )
