"""Stored rows as data frames: `g6.load` and `g6.sql`, and what there is to load."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias, TypedDict, Unpack, overload

if TYPE_CHECKING:
    import duckdb
    import pandas as pd
    import polars as pl
    import pyarrow as pa

    from g6.adapters.parquet.queries.engines import Engine, EngineAnswer, EngineFrame
    from g6.adapters.parquet.queries.stored_span import DaySpan
    from g6.bootstrap.reading.stored_tables import RowChoice
    from g6.domain.schema.layout import LoadedKind

IndexNames: TypeAlias = str | Sequence[str]
Date: TypeAlias = str | date


class LoadOptions(TypedDict, total=False):
    """The arguments of `g6.load` behind kind and engine, whatever its engine is."""

    columns: Sequence[str] | None
    expiry: Date | Sequence[Date] | None
    strike: float | tuple[float, float] | None
    as_of: str | datetime | None
    tz: str
    shape: Literal["wide", "long"]
    min_coverage: float | None
    data_dir: str | Path | None


class SqlOptions(TypedDict, total=False):
    """The arguments of `g6.sql` behind the query, whatever its engine is."""

    tz: str
    data_dir: str | Path | None


@overload
def load(
    index: IndexNames,
    day: DaySpan = ...,
    kind: LoadedKind = ...,
    *,
    engine: Literal["pandas"],
    **options: Unpack[LoadOptions],
) -> pd.DataFrame: ...
@overload
def load(
    index: IndexNames,
    day: DaySpan = ...,
    kind: LoadedKind = ...,
    *,
    engine: Literal["polars"],
    **options: Unpack[LoadOptions],
) -> pl.DataFrame: ...
@overload
def load(
    index: IndexNames,
    day: DaySpan = ...,
    kind: LoadedKind = ...,
    *,
    engine: Literal["arrow"],
    **options: Unpack[LoadOptions],
) -> pa.Table: ...
@overload
def load(
    index: IndexNames,
    day: DaySpan = ...,
    kind: LoadedKind = ...,
    *,
    engine: Literal["duckdb"],
    **options: Unpack[LoadOptions],
) -> duckdb.DuckDBPyRelation: ...
@overload
def load(
    index: IndexNames,
    day: DaySpan = ...,
    kind: LoadedKind = ...,
    engine: Literal["auto"] = ...,
    **options: Unpack[LoadOptions],
) -> EngineFrame: ...
def load(
    index: IndexNames,
    day: DaySpan = "latest",
    kind: LoadedKind = "chain",
    engine: Literal["auto", "pandas", "polars", "arrow", "duckdb"] = "auto",
    *,
    columns: Sequence[str] | None = None,
    expiry: Date | Sequence[Date] | None = None,
    strike: float | tuple[float, float] | None = None,
    as_of: str | datetime | None = None,
    tz: str = "Asia/Kolkata",
    shape: Literal["wide", "long"] = "wide",
    min_coverage: float | None = None,
    data_dir: str | Path | None = None,
) -> EngineAnswer:
    """Return stored rows of one or several indices over a session day (IST) or a range.

    A price at which nobody traded is missing (NaN), where the source wrote zero. A frame of pandas
    says in `attrs["certificates"]` which certificates its days have, and how far they are covered.

    Args:
        index: One name or several. `"*"` is all that are stored.
        day: `"2026-11-20"`, a date, `"latest"`, `"today"`, -1, -2, … back from the newest, or a
            range: `(first, last)`, a slice, `"2026-11-16..2026-11-20"`, either end may be open.
        kind: Which rows. Events that are of no index come with those of any.
        engine: `"auto"` is pandas, else polars, else Arrow: the first that is installed.
        columns: Which columns, in their order.
        expiry: Only these expiries: days, or what an expiry is at each cycle: `"this_week"`,
            `"next_week"`, `"this_month"`, `"next_month"`.
        strike: Only this strike, or an inclusive range.
        as_of: Rows that were observed later are left out. Without a zone it is India's time, and
            without a day that of the one day asked for.
        tz: The zone that instants are in.
        shape: `long` gives a row per option: columns without `ce_` and `pe_`, and `side`.
        min_coverage: The least share of due cycles that the certificate of each day says are OK.
        data_dir: Where the rows are. By default the directory that the command line reads.

    Raises:
        NothingToDo: Nothing of that is stored. The sentence names what there is.
        UserError: There is no such index, column or engine, or a day is covered less.
        BadInput: A file is damaged.
        Unavailable: The engine is not installed. The sentence has the line that installs it.
    """
    from g6.bootstrap.reading.stored_tables import RowChoice

    choice = RowChoice(columns, expiry, strike, as_of, tz, shape)
    return _frame(data_dir, index, day, kind, choice, min_coverage, engine)


def _frame(
    data_dir: str | Path | None,
    index: IndexNames,
    day: DaySpan,
    kind: LoadedKind,
    choice: RowChoice,
    min_coverage: float | None,
    engine: Engine,
) -> EngineAnswer:
    """Return stored rows as what an engine makes of them."""
    from g6.adapters.parquet.queries.engines import engine_in_force, to_engine
    from g6.bootstrap.reading.stored_tables import stored_table
    from g6.entrypoints.python.accessor import with_pictures

    # Before the rows are read: a misspelt engine needs no directory.
    engine_in_force(engine)
    table = stored_table(directory_of(data_dir), index, day, kind, choice, min_coverage)
    return with_pictures(to_engine(table, engine))


@overload
def sql(query: str, engine: Literal["pandas"], **options: Unpack[SqlOptions]) -> pd.DataFrame: ...
@overload
def sql(query: str, engine: Literal["polars"], **options: Unpack[SqlOptions]) -> pl.DataFrame: ...
@overload
def sql(query: str, engine: Literal["arrow"], **options: Unpack[SqlOptions]) -> pa.Table: ...
@overload
def sql(
    query: str, engine: Literal["duckdb"], **options: Unpack[SqlOptions]
) -> duckdb.DuckDBPyRelation: ...
@overload
def sql(
    query: str, engine: Literal["auto"] = ..., **options: Unpack[SqlOptions]
) -> EngineFrame: ...
def sql(
    query: str,
    engine: Literal["auto", "pandas", "polars", "arrow", "duckdb"] = "auto",
    *,
    tz: str = "Asia/Kolkata",
    data_dir: str | Path | None = None,
) -> EngineAnswer:
    """Return the answer of DuckDB to a query over the stored rows.

    Tables are `chain`, `overview`, `instruments` and `events`. Columns are those of `load`, and
    `date`, the session's. Each row is there once however its day is folded.

    Args:
        query: SQL.
        engine: What the answer is, as in `load`.
        tz: The zone that instants are shown in.
        data_dir: Where the rows are, as in `load`.

    Raises:
        UserError: The query is wrong. The sentence is DuckDB's.
        Unavailable: DuckDB is not installed. The sentence has the line that installs it.
        NothingToDo: There is no such directory.
    """
    from g6.adapters.parquet.queries.engines import engine_in_force
    from g6.adapters.parquet.queries.sql import answer
    from g6.entrypoints.python.accessor import with_pictures

    return with_pictures(answer(query, directory_of(data_dir), tz, engine_in_force(engine)))


def indices(*, data_dir: str | Path | None = None) -> list[str]:
    """Return the indices that have stored chains.

    Raises:
        NothingToDo: The directory has no rows.
    """
    from g6.adapters.parquet.queries.stored_span import check_directory, stored_indices

    directory = directory_of(data_dir)
    check_directory(directory)
    return list(stored_indices(directory))


def days(
    index: IndexNames = "*", kind: LoadedKind = "chain", *, data_dir: str | Path | None = None
) -> list[date]:
    """Return the session days that have rows of any of the indices, oldest first.

    Raises:
        NothingToDo: The directory has no rows.
        UserError: There is no such index.
    """
    from g6.adapters.parquet.queries.stored_span import (
        check_directory,
        parse_indices,
        stored_days,
    )

    directory = directory_of(data_dir)
    check_directory(directory)
    return stored_days(directory, kind, parse_indices(directory, index))


def expiries(
    index: IndexNames, day: DaySpan = "latest", *, data_dir: str | Path | None = None
) -> list[date]:
    """Return the expiries whose chains are stored on a day or over a range, nearest first.

    Raises:
        NothingToDo: Nothing of that is stored.
        UserError: There is no such index.
    """
    table = load(index, day, engine="arrow", columns=["expiry"], data_dir=data_dir)
    return sorted(set(table.column("expiry").unique().to_pylist()))


def directory_of(data_dir: str | Path | None) -> Path:
    """Return the directory to read. One that is named costs no reading of the configuration."""
    if data_dir is not None:
        return Path(data_dir).expanduser()
    from g6.bootstrap.reading.reading_place import data_directory

    return data_directory()
