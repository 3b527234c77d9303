"""`g6.listen`: each cycle as data frames, of a running system or of stored days."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import (
    TYPE_CHECKING,
    Any,
    Generic,
    Literal,
    TypeAlias,
    TypedDict,
    TypeVar,
    Unpack,
    overload,
)

if TYPE_CHECKING:
    import duckdb
    import pandas as pd
    import polars as pl
    import pyarrow as pa

    from g6.adapters.parquet.queries.engines import EngineFrame
    from g6.adapters.parquet.queries.stored_span import DaySpan
    from g6.bootstrap.reading.cycle_feed import CycleTables

F = TypeVar("F")
IndexNames: TypeAlias = str | Sequence[str]


@dataclass(frozen=True, slots=True)
class Cycle(Generic[F]):
    """One index at one cycle, with its rows, whether they are on disk yet or not.

    Attributes:
        id: What `listen(after=…)` goes on from.
        index: The underlying's name.
        instant: The cycle's instant.
        status: OK, PARTIAL, MISSING or SKIPPED.
        reason: Why it is not OK.
        tables: The rows as Arrow has them.
    """

    id: str
    index: str
    instant: datetime
    status: str
    reason: str
    tables: CycleTables = field(repr=False)
    convert: Callable[[Any], F] = field(repr=False)

    @property
    def chain(self) -> F:
        """The chain, one row per expiry and strike, with the columns of `g6.load`."""
        return self.convert(self.tables.chain)

    @property
    def overview(self) -> F:
        """The overview row, with the columns of `g6.load(kind="overview")`."""
        return self.convert(self.tables.overview)


class ListenOptions(TypedDict, total=False):
    """The arguments of `g6.listen` behind index and day, whatever its engine is."""

    speed: float | Literal["max"]
    after: str | None
    tz: str
    data_dir: str | Path | None


@overload
def listen(
    index: IndexNames = ...,
    day: DaySpan | None = ...,
    *,
    engine: Literal["pandas"],
    **options: Unpack[ListenOptions],
) -> Iterator[Cycle[pd.DataFrame]]: ...
@overload
def listen(
    index: IndexNames = ...,
    day: DaySpan | None = ...,
    *,
    engine: Literal["polars"],
    **options: Unpack[ListenOptions],
) -> Iterator[Cycle[pl.DataFrame]]: ...
@overload
def listen(
    index: IndexNames = ...,
    day: DaySpan | None = ...,
    *,
    engine: Literal["arrow"],
    **options: Unpack[ListenOptions],
) -> Iterator[Cycle[pa.Table]]: ...
@overload
def listen(
    index: IndexNames = ...,
    day: DaySpan | None = ...,
    *,
    engine: Literal["duckdb"],
    **options: Unpack[ListenOptions],
) -> Iterator[Cycle[duckdb.DuckDBPyRelation]]: ...
@overload
def listen(
    index: IndexNames = ...,
    day: DaySpan | None = ...,
    *,
    engine: Literal["auto"] = ...,
    **options: Unpack[ListenOptions],
) -> Iterator[Cycle[EngineFrame]]: ...
def listen(
    index: IndexNames = "*",
    day: DaySpan | None = None,
    *,
    engine: Literal["auto", "pandas", "polars", "arrow", "duckdb"] = "auto",
    speed: float | Literal["max"] = 60.0,
    after: str | None = None,
    tz: str = "Asia/Kolkata",
    data_dir: str | Path | None = None,
) -> Iterator[Cycle[Any]]:
    """Yield each cycle of a running system as it closes, or those of stored days at a speed.

    The same program does for both. A running system's cycles come for ever, each a moment before
    `load` finds its rows. Leave the loop with `break` or Ctrl-C. A cycle of an index comes once.

    Args:
        index: One name or several. `"*"` is all.
        day: None for the running system. A day or a range of stored ones, as in `load`.
        engine: What chain and overview are, as in `load`.
        speed: Market seconds per wall second of stored days, `"max"` to wait for nothing.
        after: The id of the last cycle that was worked on. What closed since comes first, from
            the store, so that nothing is lost between two runs of a program.
        tz: The zone that instants are in.
        data_dir: Where the rows are, as in `load`, or where the system runs.

    Raises:
        Unavailable: No system runs there, or the engine is not installed.
        NothingToDo: Nothing of the days is stored.
        UserError: There is no such index or time zone, or `after` is no id.
        RedisDown: The running system is gone.
    """
    from g6.adapters.parquet.queries.choices import zone_of
    from g6.adapters.parquet.queries.engines import engine_in_force
    from g6.bootstrap.reading.cycle_feed import FeedStart, running_cycles, stored_cycles
    from g6.bootstrap.reading.reading_place import place_settings
    from g6.errors import UserError

    chosen = engine_in_force(engine)
    zone = zone_of(tz)
    start = FeedStart.of(after)
    settings = place_settings(data_dir)
    names = _names(index)
    if speed != "max" and speed <= 0:
        raise UserError(f"speed {speed} goes nowhere", 'give a number above 0, or speed="max"')
    if day is None:
        tables = running_cycles(settings, names, start, zone)
    else:
        factor = None if speed == "max" else float(speed)
        tables = stored_cycles(settings.directory, names, day, start, factor, zone)
    return (_cycle(one, chosen) for one in tables)


def _names(index: IndexNames) -> tuple[str, ...]:
    """Return the names of indices, none for all.

    Raises:
        UserError: There is no such index.
    """
    from g6.adapters.parquet.queries.choices import one_of
    from g6.adapters.parquet.queries.stored_span import EVERY
    from g6.domain.market.instrument import INDICES

    names = (index,) if isinstance(index, str) else tuple(index)
    if EVERY in names:
        return ()
    for name in names:
        one_of("index", name.upper(), INDICES)
    return tuple(name.upper() for name in names)


def _cycle(tables: CycleTables, engine: str) -> Cycle[Any]:
    from g6.adapters.parquet.queries.engines import to_engine

    (row,) = tables.overview.select(["timestamp", "status", "reason"]).to_pylist()
    unit = tables.unit
    return Cycle(
        id=f"{unit.cycle} {unit.index}",
        index=unit.index,
        instant=row["timestamp"],
        status=row["status"] or "",
        reason=row["reason"] or "",
        tables=tables,
        convert=lambda table: to_engine(table, engine),
    )
