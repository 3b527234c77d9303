"""The work of `g6.sql`: the stored days as tables of DuckDB, each row once."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Container, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pyarrow as pa

from g6.adapters.parquet import days
from g6.adapters.parquet.cold_notes import is_cold
from g6.adapters.parquet.columns import CHAIN_SCHEMA, EVENT_SCHEMA, LISTING_SCHEMA, OVERVIEW_SCHEMA
from g6.adapters.parquet.days import DayFile, FoldLevel
from g6.adapters.parquet.maintenance.parquet_history import ParquetHistory
from g6.adapters.parquet.queries.engines import engine_in_force, to_engine
from g6.adapters.parquet.queries.load import TRADED_PRICES
from g6.adapters.parquet.queries.stored_span import check_directory
from g6.adapters.parquet.reading import day_table, read
from g6.domain.schema import layout
from g6.domain.schema.layout import Kind
from g6.errors import BadInput, DamagedFile, UserError
from g6.errors.extras import optional
from g6.ports.history import OVERVIEW

if TYPE_CHECKING:
    from g6.adapters.parquet.queries.engines import EngineAnswer

T = TypeVar("T")
_ASKS_FOR_INDEX = re.compile(r'column "index" not found', re.IGNORECASE)
"""DuckDB's words for the column that other programs call so."""


def connect(directory: Path, tz: str, left_out: Container[Path] = ()) -> Any:
    """Return a DuckDB connection with views `chain`, `overview`, `events` and `instruments`.

    Args:
        directory: The data directory.
        tz: The time zone of instants.
        left_out: Files that are not read.

    Raises:
        Unavailable: DuckDB is not installed.
    """
    with optional():
        import duckdb
    connection = duckdb.connect()
    connection.execute(f"set TimeZone = '{tz.replace(chr(39), '')}'")
    for name, roots, schema, keys in _tables(directory):
        _view(connection, name, roots, schema, keys, left_out)
    _listing_view(connection, directory / layout.folder(Kind.INSTRUMENTS), left_out)
    return connection


def answer(query: str, directory: Path, tz: str, engine: str) -> EngineAnswer:
    """Return the answer of `query` as `engine` has it.

    A damaged file costs its own rows and is named by a DamagedFile warning.

    Raises:
        UserError: DuckDB refuses the query, with its own words.
        Unavailable: A library is not installed.
        NothingToDo: There is no such directory.
    """
    if engine_in_force(engine) == "duckdb":
        return _patiently(query, directory, tz, lambda relation: relation)
    return to_engine(answer_table(query, directory, tz), engine)


def answer_table(query: str, directory: Path, tz: str) -> pa.Table:
    """Return the answer of `query` as an Arrow table.

    Raises:
        UserError: DuckDB refuses the query, with its own words.
        Unavailable: A library is not installed.
        NothingToDo: There is no such directory.
    """
    return _patiently(query, directory, tz, lambda relation: relation.to_arrow_table())


def _patiently(query: str, directory: Path, tz: str, take: Callable[[Any], T]) -> T:
    """Return what `take` makes of the answer, without the damaged files where there are some."""
    if not directory.is_dir():
        check_directory(directory)
    with optional():
        import duckdb
    try:
        return take(_relation(query, directory, tz))
    except duckdb.Error as error:
        damaged = {} if _of_the_query(error) else _damaged(directory)
        if not damaged:
            raise _refused(error) from error
    # One damaged file once ended every query with DuckDB's own words.
    for trouble in damaged.values():
        warnings.warn(f"left out: {trouble.sentence}", DamagedFile, stacklevel=4)
    try:
        return take(_relation(query, directory, tz, damaged))
    except duckdb.Error as error:
        raise _refused(error) from error


def _relation(query: str, directory: Path, tz: str, left_out: Container[Path] = ()) -> Any:
    relation = connect(directory, tz, left_out).sql(query)
    if relation is None:
        raise UserError(f"{query!r} asks for nothing", "begin it with select")
    return relation


def _of_the_query(error: Exception) -> bool:
    """Tell whether DuckDB refuses the query's own words, so that no file need be read."""
    import duckdb

    kinds = (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException)
    return isinstance(error, kinds)


def _refused(error: Exception) -> UserError:
    fix = "the tables are chain, overview, events and instruments; `describe chain` lists columns"
    if _ASKS_FOR_INDEX.search(str(error)):
        fix = "the index stands in column underlying: where underlying = 'NIFTY'"
    return UserError(str(error), fix)


def _tables(directory: Path) -> Iterator[tuple[str, Sequence[Path], pa.Schema, str]]:
    """Yield name, directories, columns and keys of each table that is stored by the day."""
    history = ParquetHistory(directory)
    indices = [name for name in history.names() if name != OVERVIEW]
    yield (
        Kind.CHAIN,
        [history.root(name) for name in indices],
        CHAIN_SCHEMA,
        "underlying varchar, date date",
    )
    yield Kind.OVERVIEW, [directory / layout.folder(Kind.OVERVIEW)], OVERVIEW_SCHEMA, "date date"
    yield Kind.EVENTS, [directory / layout.folder(Kind.EVENTS)], EVENT_SCHEMA, "date date"


def _damaged(directory: Path) -> dict[Path, BadInput]:
    """Return the files that cannot be read whole, checksums included, and why."""
    damaged: dict[Path, BadInput] = {}
    for path, schema in _stored_files(directory):
        try:
            read(path, schema)
        except BadInput as error:
            damaged[path] = error
        except FileNotFoundError:
            continue  # it was folded meanwhile
    return damaged


def _stored_files(directory: Path) -> Iterator[tuple[Path, pa.Schema]]:
    """Yield every file of the tables, with the columns of this version."""
    for _, roots, schema, _ in _tables(directory):
        for day_directory in _day_directories(roots):
            for file in days.files(day_directory):
                yield file.path, schema
    for path in _listings(directory / layout.folder(Kind.INSTRUMENTS)):
        yield path, LISTING_SCHEMA


def _day_directories(roots: Sequence[Path]) -> Iterator[Path]:
    for root in roots:
        for day in days.days(root):
            yield days.directory_of(root, day)


def _view(
    connection: Any,
    name: str,
    roots: Sequence[Path],
    schema: pa.Schema,
    keys: str,
    left_out: Container[Path],
) -> None:
    """Create the view of one kind.

    DuckDB itself reads the days whose files share no cycle. Of the others the rows that count are
    handed over.
    """
    whole: list[str] = []
    mixed: list[pa.Table] = []
    for directory in _day_directories(roots):
        files = [file for file in days.files(directory) if file.path not in left_out]
        if _apart(files):
            whole += [str(file.path) for file in files]
        elif rows := _mixed_rows(directory, schema):
            mixed.append(_keyed(rows, directory))
    empty = schema.empty_table()
    connection.register(f"_{name}_columns", empty)
    nulls = ", ".join(f"null::{kind} as {key}" for key, kind in _pairs(keys))
    parts = [f"select *, {nulls} from _{name}_columns"]  # noqa: S608
    if whole:
        source = f"read_parquet({whole!r}, hive_partitioning = true, union_by_name = true)"
        parts.append(f"select * from {source}")  # noqa: S608
    if mixed:
        connection.register(f"_{name}_mixed", pa.concat_tables(mixed))
        parts.append(f"select * from _{name}_mixed")  # noqa: S608
    rows = " union all by name ".join(parts)
    view = f"create view {name} as select {_columns(schema)} from ({rows})"  # noqa: S608
    connection.execute(view)


def _columns(schema: pa.Schema) -> str:
    """Return the columns of a view: prices that nobody traded at are missing, as in `g6.load`."""
    prices = [name for name in schema.names if name in TRADED_PRICES]
    if not prices:
        return "*"
    replaced = ", ".join(f"nullif({name}, 0) as {name}" for name in prices)
    return f"* replace ({replaced})"


def _mixed_rows(directory: Path, schema: pa.Schema) -> pa.Table | None:
    """Return the rows of a day in files of several levels, None where none can be read."""
    try:
        return day_table(directory, schema)
    except BadInput as error:
        warnings.warn(f"left out: {error.sentence}", DamagedFile, stacklevel=2)
        return None


def _pairs(keys: str) -> Iterator[tuple[str, str]]:
    for pair in keys.split(", "):
        key, _, kind = pair.partition(" ")
        yield key, kind


def _apart(files: Sequence[DayFile]) -> bool:
    """Tell whether DuckDB can read a day's files itself, and no cycle stands in two of them."""
    if any(is_cold(file.path) for file in files):
        # DuckDB's own client of S3 is an extension, which it downloads.
        return False
    levels = {file.level for file in files}
    if FoldLevel.DAY in levels:
        return len(files) == 1
    segments = days.of_level(files, FoldLevel.SEGMENT)
    for part in days.of_level(files, FoldLevel.PART):
        if any(segment.may_hold(part.first) for segment in segments):
            return False
    return True


def _keyed(table: pa.Table, directory: Path) -> pa.Table:
    """Add the columns that stand in the path: the date, and the index of a chain."""
    day = pa.repeat(pa.scalar(days.named_day(directory), pa.date32()), table.num_rows)
    keyed = table.append_column("date", day)
    index = layout.parse_index_name(directory.parent.name)
    if index is None:
        return keyed
    word = pa.repeat(pa.scalar(index, pa.string()), table.num_rows)
    return keyed.append_column("underlying", word)


def _listings(root: Path) -> list[Path]:
    return sorted(root.glob(f"{layout.ANY_DAY}/{layout.ROWS_FILES}"))


def _listing_view(connection: Any, root: Path, left_out: Container[Path]) -> None:
    connection.register("_instruments_columns", LISTING_SCHEMA.empty_table())
    parts = ["select *, null::date as date, null::varchar as exchange from _instruments_columns"]
    if files := [str(path) for path in _listings(root) if path not in left_out]:
        options = "hive_partitioning = true, union_by_name = true, filename = true"
        source = f"read_parquet({files!r}, {options})"
        columns = "* exclude (filename), parse_filename(filename, true) as exchange"
        parts.append(f"select {columns} from {source}")  # noqa: S608
    connection.execute(f"create view instruments as {' union all by name '.join(parts)}")
