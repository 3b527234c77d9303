"""What `g6.sql` does: the stored days as tables of DuckDB, each row once, wherever it is folded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from g6.adapters.parquet_store import days
from g6.adapters.parquet_store.columns import CHAIN_SCHEMA, EVENT_SCHEMA, LISTING_SCHEMA, OVERVIEW_SCHEMA
from g6.adapters.parquet_store.days import DayFile, Level
from g6.adapters.parquet_store.history import ParquetHistory
from g6.adapters.parquet_store.load import to_engine
from g6.adapters.parquet_store.reading import day_table
from g6.errors import Unavailable, UserError
from g6.ports.history import OVERVIEW


def connect(directory: Path, tz: str) -> Any:
    """Return a DuckDB connection with views `chain`, `overview`, `events` and `instruments`. Errors: Unavailable."""
    try:
        import duckdb
    except ImportError as error:
        raise Unavailable("duckdb is not installed", "pip install 'g6[duckdb]'") from error
    connection = duckdb.connect()
    connection.execute(f"set TimeZone = '{tz.replace(chr(39), '')}'")
    history = ParquetHistory(directory)
    indices = [name for name in history.names() if name != OVERVIEW]
    _view(connection, "chain", [history.root(name) for name in indices], CHAIN_SCHEMA, "underlying varchar, date date")
    _view(connection, "overview", [directory / OVERVIEW], OVERVIEW_SCHEMA, "date date")
    _view(connection, "events", [directory / "events"], EVENT_SCHEMA, "date date")
    _listing_view(connection, directory / "instruments")
    return connection


def answer(query: str, directory: Path, tz: str, engine: str) -> Any:
    """Return the answer of `query` as `engine` has it. Errors: UserError (what DuckDB says of the query), Unavailable."""
    connection = connect(directory, tz)
    import duckdb

    try:
        found = connection.sql(query)
        if found is None:
            raise UserError(f"{query!r} asks for nothing", "begin it with select")
        return found if engine == "duckdb" else to_engine(found.arrow().read_all(), engine)
    except duckdb.Error as error:
        raise UserError(
            str(error), "the tables are chain, overview, events and instruments; `describe chain` lists columns"
        ) from error


def _view(connection: Any, name: str, roots: Sequence[Path], schema: pa.Schema, keys: str) -> None:
    """Days whose files share no cycle are read by DuckDB itself; of the others the rows that count are handed over."""
    whole: list[str] = []
    mixed: list[pa.Table] = []
    for directory in (days.directory_of(root, day) for root in roots for day in days.days(root)):
        files = days.files(directory)
        if _apart(files):
            whole += [str(file.path) for file in files]
        else:
            mixed.append(_keyed(day_table(directory, schema), directory))
    empty = schema.empty_table()
    connection.register(f"_{name}_columns", empty)
    parts = [f"select *, {', '.join(f'null::{kind} as {key}' for key, kind in _pairs(keys))} from _{name}_columns"]  # noqa: S608
    if whole:
        parts.append(f"select * from read_parquet({whole!r}, hive_partitioning = true, union_by_name = true)")  # noqa: S608
    if mixed:
        connection.register(f"_{name}_mixed", pa.concat_tables(mixed))
        parts.append(f"select * from _{name}_mixed")  # noqa: S608
    connection.execute(f"create view {name} as {' union all by name '.join(parts)}")


def _pairs(keys: str) -> Iterator[tuple[str, str]]:
    for pair in keys.split(", "):
        key, _, kind = pair.partition(" ")
        yield key, kind


def _apart(files: Sequence[DayFile]) -> bool:
    """Tell whether no cycle can stand in two of a day's files."""
    levels = {file.level for file in files}
    if Level.DAY in levels:
        return len(files) == 1
    segments = [file for file in files if file.level is Level.SEGMENT]
    return not any(segment.may_hold(part.first) for part in files if part.level is Level.PART for segment in segments)


def _keyed(table: pa.Table, directory: Path) -> pa.Table:
    """Add what stands in the path: the date, and the index of a chain."""
    day = pa.array([days.day_of(directory)] * table.num_rows, pa.date32())
    index = directory.parent.name.removeprefix("underlying=")
    keyed = table.append_column("date", day)
    return keyed if index == directory.parent.name else keyed.append_column("underlying", pa.array([index] * table.num_rows))


def _listing_view(connection: Any, root: Path) -> None:
    connection.register("_instruments_columns", LISTING_SCHEMA.empty_table())
    parts = ["select *, null::date as date, null::varchar as exchange from _instruments_columns"]
    if files := sorted(str(path) for path in root.glob("date=*/[!.]*.parquet")):
        source = f"read_parquet({files!r}, hive_partitioning = true, union_by_name = true, filename = true)"
        parts.append(f"select * exclude (filename), parse_filename(filename, true) as exchange from {source}")  # noqa: S608
    connection.execute(f"create view instruments as {' union all by name '.join(parts)}")
