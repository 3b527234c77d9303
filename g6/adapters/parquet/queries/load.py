"""The work of `g6.load`: a question over days and indices becomes one table."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches
from functools import reduce
from operator import and_
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from g6.adapters.parquet import days
from g6.adapters.parquet.columns import (
    CHAIN_SCHEMA,
    EVENT_SCHEMA,
    LISTING_SCHEMA,
    OVERVIEW_SCHEMA,
    TYPES,
)
from g6.adapters.parquet.days import directory_of
from g6.adapters.parquet.queries.patience import shown
from g6.adapters.parquet.reading import day_table, read
from g6.domain.market.instrument import SIDES
from g6.domain.schema import layout
from g6.domain.schema.frame import SIDES as PREFIXES
from g6.domain.schema.layout import Kind
from g6.domain.schema.rows import CHAIN, CHAIN_PLAIN, CHAIN_SIDE
from g6.errors import BadInput, DamagedFile, NothingToDo, Unavailable, UserError

_SIDES = tuple(zip(PREFIXES, SIDES, strict=True))
"""Prefix of a side's columns and its word in the long shape."""
_COLUMNS = {
    "chain": tuple(column.name for column in CHAIN),
    "overview": tuple(OVERVIEW_SCHEMA.names),
    "instruments": ("date", "exchange", *LISTING_SCHEMA.names),
    "events": tuple(EVENT_SCHEMA.names),
}
_WHOLE = {"overview": OVERVIEW_SCHEMA, "events": EVENT_SCHEMA}
"""Kinds whose files hold all indices."""
_LONG = (*(column.name for column in CHAIN_PLAIN), "side", *(column.name for column in CHAIN_SIDE))


@dataclass(frozen=True, slots=True)
class Query:
    """A question to the store.

    Attributes:
        indices: Names of underlyings.
        first: The first session day.
        last: The last session day.
        kind: `chain`, `overview`, `instruments` or `events`.
        columns: Names of columns, in the order of the answer.
        expiries: The expiries of the rows, all when empty.
        strikes: The lowest and the highest strike, both included.
        as_of: The latest instant that a row may have been observed at.
        tz: The time zone of instants in the answer.
        long: Whether each side has a row of its own.
    """

    indices: tuple[str, ...]
    first: date
    last: date
    kind: str
    columns: tuple[str, ...]
    expiries: tuple[date, ...] = ()
    strikes: tuple[float, float] | None = None
    as_of: datetime | None = None
    tz: str = "UTC"
    long: bool = False

    @classmethod
    def of(
        cls,
        index: str | Sequence[str],
        day: Any,
        kind: str,
        *,
        columns: Sequence[str] | None,
        expiry: Any,
        strike: float | tuple[float, float] | None,
        as_of: datetime | None,
        tz: str,
        shape: str,
    ) -> Query:
        """Parse the arguments of `g6.load`.

        Raises:
            UserError: One of them cannot be.
        """
        _one_of("kind", kind, _COLUMNS)
        _one_of("shape", shape, ("wide", "long"))
        first, last = map(_date, day if isinstance(day, tuple) else (day, day))
        long = shape == "long" and kind == "chain"
        names = _LONG if long else _COLUMNS[kind]
        for name in columns or ():
            _one_of("column", name, names)
        return cls(
            indices=(index,) if isinstance(index, str) else tuple(index),
            first=first,
            last=last,
            kind=kind,
            columns=tuple(columns or names),
            expiries=() if expiry is None else tuple(map(_date, _several(expiry))),
            strikes=strike if isinstance(strike, tuple) or strike is None else (strike, strike),
            as_of=as_of,
            tz=tz,
            long=long,
        )


def _one_of(what: str, value: str, allowed: Any) -> None:
    if value not in allowed:
        near = get_close_matches(value, list(allowed), n=1)
        hint = f"write {near[0]!r}" if near else f"choose one of {', '.join(allowed)}"
        raise UserError(f"there is no {what} {value!r}", hint)


def _several(value: Any) -> Sequence[Any]:
    return (value,) if isinstance(value, str | date) else tuple(value)


def _date(value: str | date) -> date:
    if isinstance(value, datetime):
        return value.date()
    try:
        return value if isinstance(value, date) else date.fromisoformat(value)
    except ValueError as error:
        raise UserError(f"{value!r} is no day", "write it as 2026-11-20") from error


def load_table(query: Query, directory: Path) -> pa.Table:
    """Return the rows that `query` asks for.

    A damaged file costs its own rows and is named by a DamagedFile warning.

    Raises:
        NothingToDo: There is no such day. It names the first and the last there is.
        BadInput: No file in question can be read.
    """
    damaged: list[BadInput] = []
    tables = []
    for day_directory in shown(_directories(query, directory), f"loading {query.kind}"):
        table = _whole_day(query, day_directory, damaged)
        if table is not None:
            tables.append(table)
    # A damaged file costs its own rows and no other day's.
    if damaged and not tables:
        raise damaged[0]
    for error in damaged:
        warnings.warn(f"left out: {error.sentence}", DamagedFile, stacklevel=3)
    if not tables:
        raise _nothing(query, directory)
    table = pa.concat_tables(tables)
    table = _to_long(table) if query.long else table
    for place, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type):
            instants = table.column(field.name).cast(pa.timestamp("us", query.tz))
            table = table.set_column(place, field.name, instants)
    return table.select(query.columns)


def _directories(query: Query, directory: Path) -> list[Path]:
    """Return the directories of the days in question, of each index one after the other."""
    directories = []
    for root in _roots(query, directory):
        stored = [day for day in days.days(root) if query.first <= day <= query.last]
        directories += [directory_of(root, day) for day in stored]
    return directories


def _roots(query: Query, directory: Path) -> list[Path]:
    if query.kind == "chain":
        return [directory / layout.folder(Kind.CHAIN, index) for index in query.indices]
    return [directory / query.kind]


def _whole_day(query: Query, directory: Path, damaged: list[BadInput]) -> pa.Table | None:
    """Return `_day`. A day of which no file can be read is added to `damaged`."""
    try:
        return _day(query, directory)
    except BadInput as error:
        damaged.append(error)
        return None


def _day(query: Query, directory: Path) -> pa.Table | None:
    """Return the matching rows of one day, None when the day has nothing of these indices."""
    if query.kind == "instruments":
        table = _instruments(directory)
    elif query.kind in _WHOLE:
        table = day_table(directory, _WHOLE[query.kind])
    else:
        table = _with_underlying(
            day_table(directory, CHAIN_SCHEMA, _needed(query)),
            layout.parse_index_name(directory.parent.name) or "",
        )
    table = table.filter(_of_indices(query)) if query.kind != "chain" else table
    if not table.num_rows:
        return None
    condition = _row_condition(query)
    return table if condition is None else table.filter(condition)


def _of_indices(query: Query) -> pc.Expression:
    """Return the condition for rows of these indices. Events of the whole system match all."""
    is_of_index = pc.field("underlying").isin(list(query.indices))
    if query.kind == "events":
        return is_of_index | pc.field("underlying").is_null()
    return is_of_index


def _needed(query: Query) -> list[str]:
    """Return the columns to read: those of the answer and those that rows are chosen by."""
    names = set(query.columns)
    if query.long:
        names.add("symbol")
        for prefix in PREFIXES:
            names |= {prefix + name for name in query.columns}
            names.add(f"{prefix}symbol")
    if query.expiries:
        names.add("expiry")
    if query.strikes:
        names.add("strike")
    if query.as_of:
        names |= {"timestamp", "observed_at"}
    return [name for name in CHAIN_SCHEMA.names if name in names]


def _row_condition(query: Query) -> pc.Expression | None:
    parts: list[pc.Expression] = []
    name = "expiry_nearest" if query.kind == "overview" else "expiry"
    if query.expiries and query.kind != "events":
        parts.append(pc.field(name).isin(pa.array(query.expiries, pa.date32())))
    if query.strikes and query.kind not in _WHOLE:
        lowest, highest = query.strikes
        strike = pc.field("strike")
        parts.append((strike >= float(lowest)) & (strike <= float(highest)))
    if query.as_of and query.kind == "instruments":
        parts.append(pc.field("date") <= pa.scalar(days.session_date(query.as_of), pa.date32()))
    elif query.as_of:
        observed_at = pc.coalesce(pc.field("observed_at"), pc.field("timestamp"))
        parts.append(observed_at <= pa.scalar(query.as_of, TYPES["instant"]))
    return reduce(and_, parts) if parts else None


def _with_underlying(table: pa.Table, index: str) -> pa.Table:
    column = pa.DictionaryArray.from_arrays(
        pa.repeat(pa.scalar(0, pa.int32()), table.num_rows), pa.array([index], pa.string())
    )
    return table.append_column("underlying", column)


def _instruments(directory: Path) -> pa.Table:
    tables = []
    for path in sorted(directory.glob("[!.]*.parquet")):
        try:
            table = read(path, LISTING_SCHEMA).replace_schema_metadata(None)
        except BadInput as error:
            warnings.warn(f"left out: {error.sentence}", DamagedFile, stacklevel=2)
            continue
        ordinal = pa.array([days.day_of(directory)] * table.num_rows, pa.date32())
        exchange = pa.array([path.stem] * table.num_rows, pa.string()).dictionary_encode()
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
        shared = [name for name in table.column_names if not name.startswith(PREFIXES)]
        own = [name for name in table.column_names if name.startswith(prefix)]
        plain = [*shared, *(name.removeprefix(prefix) for name in own)]
        half = table.select([*shared, *own]).rename_columns(plain)
        word = pa.array([side] * half.num_rows, pa.string()).dictionary_encode()
        halves.append(half.append_column("side", word).filter(pc.field("symbol") != ""))
    return pa.concat_tables(halves)


def _nothing(query: Query, directory: Path) -> NothingToDo:
    stored = sorted({day for root in _roots(query, directory) for day in days.days(root)})
    span = f"{query.first}" if query.first == query.last else f"{query.first} to {query.last}"
    return NothingToDo(
        f"no {query.kind} of {', '.join(query.indices)} for {span} in {directory}; "
        f"{days.span_of(stored)}"
    )


def to_engine(table: pa.Table, engine: str) -> Any:
    """Return the table as pandas, polars, DuckDB or Arrow has it.

    Raises:
        UserError: There is no such engine.
        Unavailable: The library is not installed.
    """
    _one_of("engine", engine, ("pandas", "polars", "arrow", "duckdb"))
    if engine == "arrow":
        return table
    try:
        if engine == "polars":
            import polars as pl

            return pl.from_arrow(table)
        if engine == "duckdb":
            import duckdb

            return duckdb.from_arrow(table)
        import pandas as pd  # noqa: F401 - Arrow needs it and says so less plainly

        return table.unify_dictionaries().to_pandas(date_as_object=False)
    except ImportError as error:
        raise Unavailable(
            f"{engine} is not installed",
            f"pip install 'g6[{engine}]', or load(..., engine='arrow')",
        ) from error
