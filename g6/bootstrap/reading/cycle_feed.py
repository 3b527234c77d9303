"""Cycles one after the other: of a running system as they close, or of stored days at a speed."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from g6.adapters.clocks import ScaledClock
from g6.adapters.parquet.arrays import integers_of
from g6.adapters.parquet.queries.load import Query, load_table, unit_chain, unit_overview
from g6.adapters.parquet.queries.stored_span import DaySpan
from g6.config import Settings
from g6.domain.cycles.cycle import Unit, isoformat_z, parse_z
from g6.domain.market.calendar import day_of
from g6.domain.reports import CycleReport
from g6.domain.schema.frame import Frame, FrameName
from g6.domain.schema.json_types import Document
from g6.domain.schema.layout import Kind
from g6.domain.schema.words import Status
from g6.errors import FrameMissing, NothingToDo, Unavailable, UserError
from g6.ports import Bus, Frames, Store

BLOCK_SECONDS = 1.0
"""Wall seconds of one wait for events. Ctrl-C is heard between two of them."""
MICROS = 1e6


@dataclass(frozen=True, slots=True)
class CycleTables:
    """One index at one cycle, as `g6.load` would give it.

    Attributes:
        unit: The cycle and the index.
        overview: Its overview row.
        chain: Its chain, without a row where none came.
    """

    unit: Unit
    overview: pa.Table
    chain: pa.Table


@dataclass(frozen=True, slots=True)
class FeedStart:
    """After which cycle, and which index of that cycle, a feed goes on. Empty: from the first.

    The indices of a cycle come in the order of their names, from a system as from the store.
    """

    cycle: str = ""
    index: str = ""

    @classmethod
    def of(cls, after: str | None) -> FeedStart:
        """Read the id of a cycle: its instant, and behind a blank the index.

        Raises:
            UserError: It is none.
        """
        cycle, _, index = (after or "").partition(" ")
        try:
            return cls(isoformat_z(parse_z(cycle)) if cycle else "", index)
        except ValueError as error:
            raise UserError(
                f"{after!r} is no id of a cycle", "give the id of a cycle that came, cycle.id"
            ) from error

    def following(self, cycle: str, indices: Sequence[str]) -> Sequence[str]:
        """Return the indices of a cycle that come after this place, in their order."""
        if not self.cycle or parse_z(cycle) > parse_z(self.cycle):
            return indices
        if cycle != self.cycle or not self.index:
            return ()
        # The place may be of an index that is not listened to now: those after it have not come.
        return [index for index in indices if index > self.index]


@dataclass(frozen=True, slots=True)
class RunningPorts:
    """The ports of a running system that a feed reads."""

    bus: Bus
    frames: Frames
    store: Store


def running_cycles(
    settings: Settings, indices: Sequence[str], start: FeedStart, tz: str
) -> Iterator[CycleTables]:
    """Return the cycles of the running system, each when it closes, for ever.

    Raises:
        Unavailable: No system runs in the data directory or on the configured Redis.
        RedisDown: Its Redis does not answer any more.
    """
    # Imported here: a feed of stored days needs no client of Redis.
    from g6.bootstrap.processes.process_runtime import build_runtime
    from g6.bootstrap.reading.running_system import settings_as_started
    from g6.bootstrap.wiring import wire

    try:
        settings = settings_as_started(settings)
        runtime = build_runtime(wire(settings))
    except Unavailable as error:
        raise Unavailable(
            error.sentence, 'g6 up starts one; day="latest" plays a stored day instead'
        ) from error
    ports = RunningPorts(runtime.bus, runtime.frames, runtime.store)
    return closing_cycles(ports, settings.directory, indices, start, tz)


def closing_cycles(
    ports: RunningPorts, directory: Path, indices: Sequence[str], start: FeedStart, tz: str
) -> Iterator[CycleTables]:
    """Return each cycle as it closes. After a place, what closed since comes first.

    Args:
        ports: Of the running system.
        directory: Its data directory.
        indices: Which indices, all when empty.
        start: The place. An empty one begins with the next cycle to close.
        tz: The zone of instants.

    Raises:
        RedisDown: Redis does not answer.
    """
    # All events that are left are read after the store: what closes meanwhile is in one of both.
    after = "0" if start.cycle else ports.bus.bounds()[1]
    return _closing(ports, directory, indices, start, after, tz)


def _closing(
    ports: RunningPorts,
    directory: Path,
    indices: Sequence[str],
    start: FeedStart,
    after: str,
    tz: str,
) -> Iterator[CycleTables]:
    emitted: set[Unit] = set()
    if start.cycle:
        days = (day_of(parse_z(start.cycle)), None)
        with suppress(NothingToDo):
            for tables in stored_cycles(directory, indices, days, start, None, tz):
                emitted.add(tables.unit)
                yield _with_chain(ports, tables, tz)
    is_behind = False
    for report in _reports(ports.bus, after):
        rows = {str(row["underlying"]): row for row in report.rows}
        # A cycle may close after a newer one: behind the event of the place it is new too.
        is_late = is_behind and report.attempt == 1
        indices_left = sorted(rows) if is_late else start.following(report.cycle, sorted(rows))
        is_behind = is_behind or report.cycle == start.cycle
        for index in indices_left:
            unit = Unit(report.cycle, index)
            # A rerun closes its cycle once more: a feed gives each once.
            if (not indices or index in indices) and unit not in emitted:
                emitted.add(unit)
                yield _tables(ports, unit, rows[index], tz)


def _reports(bus: Bus, after: str) -> Iterator[CycleReport]:
    while True:
        for event in bus.read(after, block_seconds=BLOCK_SECONDS):
            after = event.id
            if isinstance(event.payload, CycleReport):
                yield event.payload


def _with_chain(ports: RunningPorts, tables: CycleTables, tz: str) -> CycleTables:
    """Return a stored cycle with its chain, where that one is not stored yet."""
    (status,) = tables.overview.column("status").to_pylist()
    if tables.chain.num_rows or not Status(str(status)).has_chain:
        return tables
    frame = _chain(ports, tables.unit)
    return replace(tables, chain=unit_chain(frame, tables.unit.index, tz))


def _tables(ports: RunningPorts, unit: Unit, row: Document, tz: str) -> CycleTables:
    frame = _chain(ports, unit) if Status(str(row["status"])).has_chain else None
    return CycleTables(unit, unit_overview(row, tz), unit_chain(frame, unit.index, tz))


def _chain(ports: RunningPorts, unit: Unit) -> Frame | None:
    """Return a unit's chain from Redis, where it lives for minutes, else from the store."""
    with suppress(FrameMissing):
        return ports.frames.get(unit, FrameName.CHAIN)
    return ports.store.read_chain(unit)


def stored_cycles(
    directory: Path,
    indices: Sequence[str],
    days: DaySpan,
    start: FeedStart,
    speed: float | None,
    tz: str,
) -> Iterator[CycleTables]:
    """Yield the stored cycles of days as they followed one another.

    Args:
        directory: The data directory.
        indices: Which indices, all that are stored when empty.
        days: A day or a range, as `g6.load` takes it.
        start: After which cycle to begin.
        speed: Market seconds per wall second within a day, None to wait for nothing.
        tz: The zone of instants.

    Raises:
        NothingToDo: Nothing of that is stored.
    """
    query = Query.of(directory, indices or "*", days, Kind.OVERVIEW, tz=tz)
    ordered = _by_instant(load_table(query))
    bounds = [*starts_of(ordered), ordered.num_rows]
    day: date | None = None
    clock: ScaledClock | None = None
    chains: dict[str, _DayChains] = {}
    for place, micros in enumerate(np.unique(_micros(ordered)).tolist()):
        at = parse_z(isoformat_z(micros / MICROS))
        rows = ordered.slice(bounds[place], bounds[place + 1] - bounds[place])
        names = [str(name) for name in rows.column("underlying").to_pylist()]
        cycle = isoformat_z(at)
        following = start.following(cycle, sorted(names))
        if not following:
            continue
        if day_of(at) != day:
            day = day_of(at)
            chains = {name: _DayChains.of(directory, name, day, tz) for name in query.indices}
            clock = None if speed is None else ScaledClock(time.time(), at, speed)
        if clock is not None:
            clock.sleep(max(0.0, clock.wall_of(at) - clock.wall()))
        for name in following:
            row = rows.slice(names.index(name), 1)
            yield CycleTables(Unit(cycle, name), row, chains[name].at(micros))


@dataclass(frozen=True, slots=True)
class _DayChains:
    """The chains of one index's day, by instant."""

    table: pa.Table
    instants: tuple[int, ...]
    bounds: tuple[int, ...]

    @classmethod
    def of(cls, directory: Path, index: str, day: date, tz: str) -> _DayChains:
        """Load a day. One without chains has none at any instant."""
        try:
            table = _by_instant(load_table(Query.of(directory, index, day, Kind.CHAIN, tz=tz)))
        except NothingToDo:
            table = unit_chain(None, index, tz)
        instants = np.unique(_micros(table)).tolist()
        return cls(table, tuple(instants), (*starts_of(table), table.num_rows))

    def at(self, micros: int) -> pa.Table:
        """Return the chain of an instant, without a row where there is none."""
        if micros not in self.instants:
            return self.table.slice(0, 0)
        place = self.instants.index(micros)
        return self.table.slice(self.bounds[place], self.bounds[place + 1] - self.bounds[place])


def _micros(table: pa.Table) -> NDArray[np.int64]:
    return integers_of(table.column("timestamp"))


def starts_of(table: pa.Table) -> list[int]:
    """Return where each instant's rows begin in a table that is ordered by instant."""
    micros = _micros(table)
    return [0, *(np.flatnonzero(np.diff(micros)) + 1).tolist()] if len(micros) else []


def _by_instant(table: pa.Table) -> pa.Table:
    """Return the rows ordered by instant, those of one instant as they stood."""
    order = np.argsort(_micros(table), kind="stable")
    return table.take(pa.array(order)).combine_chunks()
