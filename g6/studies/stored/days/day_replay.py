"""A stored day as the events that a listener would have been sent, cycle by cycle."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import nan

from g6.domain.cycles.cycle import Unit, cycle_status, parse_z
from g6.domain.documents import panels as panel_documents
from g6.domain.documents.panels import canonical
from g6.domain.documents.stream_events import (
    PanelData,
    StreamEvent,
    StreamEventType,
    end_of_cycle,
    note_event,
    panel_events,
    panel_hash,
)
from g6.domain.market.instrument import INDICES
from g6.domain.reports import CycleReport, GapClosed, GapOpened, ProviderFacts, place_on_bus
from g6.domain.schema.frame import Frame
from g6.domain.schema.json_types import JsonObject
from g6.domain.schema.no_word import stored_reason
from g6.domain.schema.overview_row import OverviewRow
from g6.domain.schema.words import Status
from g6.errors import BadInput, Retryable
from g6.ports import Bus, Clock, Store

__all__ = ["DayReplay"]

LATE = timedelta(minutes=10)
"""How much later than a newer cycle one may be stored and is still looked for."""
SESSION = timedelta(hours=8)
"""How far back the panel of an index is looked for that has no chain when a replay begins."""
BATCH = 500
NOT_OF_ROWS = frozenset({"summary", "health", "cycle", "provider", "storage", "alerts"})
"""Panels of the present alone: what they hold is not stored with the rows of a cycle."""
EVER = timedelta(days=36_500)


@dataclass(slots=True)
class DayReplay:
    """The stored cycles from an instant on, oldest first, as differences of their panels.

    Panels are built of stored rows as the aggregate builds them. What the bus still has of the day
    (times of cycles, gaps, alerts) stands in its place; gaps it has not are seen by the rows.

    Attributes:
        store: The stored rows.
        bus: What is left of the day's events.
        clock: Says when an instant of the market was.
        start: The instant from which the replay tells what happened.
        build: Builds the panels of a cycle.
        cycle: That cycle, empty before the first one.
        count: How many cycles were replayed.
    """

    store: Store
    bus: Bus
    clock: Clock
    start: datetime
    build: Callable[..., Mapping[str, JsonObject]] = panel_documents.build
    _panels: dict[str, object] = field(default_factory=dict)
    cycle: str = ""
    count: int = 0
    _hashes: dict[str, str] = field(default_factory=dict)
    _replayed: set[str] = field(default_factory=set)
    _pending: deque[str] = field(default_factory=deque)
    _reports: dict[str, tuple[tuple[int, int], CycleReport]] = field(default_factory=dict)
    _notes: deque[tuple[tuple[int, int], StreamEvent]] = field(default_factory=deque)
    _bus_id: str = ""

    def begin(self, *, is_patient: bool = True) -> StreamEvent | None:
        """Return the snapshot of the newest cycle that is not later than the start.

        Args:
            is_patient: Whether a cycle that has ended is waited for until it is stored.

        Returns:
            None while it is not stored yet.
        """
        self._follow()
        earlier = [*self.store.overview_cycles(self.start - SESSION, self.start)]
        newest = earlier[-1] if earlier else ""
        ended = {name for name in self._reports if parse_z(name) <= self.start}
        if is_patient and ended - {*earlier}:
            return None
        if earlier:
            rows = self.store.read_overview(newest)
            chains = self._chains(newest, rows)
            if is_patient and len(chains) < _with_chain(rows):
                return None
            self._take_older(earlier[:-1], {str(row["underlying"]) for row in rows} - {*chains})
            self.cycle = newest
            self._take(self._built(newest, rows, chains))
            self._replayed.update(earlier)
        data: JsonObject = {
            "recovered": True,
            "replay": True,
            "panels": dict(self._panels),
            "hashes": dict(self._hashes),
        }
        return StreamEvent(StreamEventType.SNAPSHOT, "", self.cycle, data)

    def _take_older(self, earlier: Sequence[str], lacking: set[str]) -> None:
        """Take the newest panels of indices that have no chain in the cycle to begin with."""
        older: dict[str, object] = {}
        for cycle in reversed(earlier):
            if not lacking:
                break
            rows = self.store.read_overview(cycle)
            chains = self._chains(cycle, [row for row in rows if row["underlying"] in lacking])
            if chains:
                built = self._built(cycle, rows, chains)
                older |= {name: built[name] for name in map("index_{}".format, chains)}
                lacking -= {*chains}
        self._take(older)

    def step(self, *, is_patient: bool = True) -> list[StreamEvent] | None:
        """Return the events of the next stored cycle, None where none is stored yet.

        Args:
            is_patient: Whether the newest cycle is left until all of its chains are stored too.
        """
        if not self._pending:
            self._look()
        if not self._pending:
            return None
        cycle = self._pending[0]
        if is_patient and self._is_awaited_before(cycle):
            self._pending.clear()
            return None
        rows = self.store.read_overview(cycle)
        chains = self._chains(cycle, rows)
        if is_patient and len(self._pending) == 1 and len(chains) < _with_chain(rows):
            self._pending.clear()
            return None
        self._pending.popleft()
        return [*self._events(cycle, rows, chains)]

    def missing(self, ended: Collection[str], bus_id: str) -> list[str]:
        """Return the cycles that the present has behind it and that were not replayed.

        Args:
            ended: Cycles that are known to have ended.
            bus_id: The event of the bus up to which the present goes.
        """
        self._follow()
        place = place_on_bus(bus_id)
        reported = {cycle for cycle, (at, _) in self._reports.items() if at <= place}
        return sorted(
            cycle
            for cycle in {*ended, *reported} - self._replayed
            if cycle and parse_z(cycle) > self.start
        )

    def rest(self, panels: PanelData, hashes: Mapping[str, str], bus_id: str) -> list[StreamEvent]:
        """Return what is between the newest replayed cycle and the present.

        Args:
            panels: The panels of the present.
            hashes: Their hashes.
            bus_id: The event of the bus up to which the present goes.
        """
        notes = [*self._notes_until(place_on_bus(bus_id))]
        differences = panel_events(self._panels, panels, hashes, self.cycle)
        return [
            *notes,
            *(event for event in differences if event.type is StreamEventType.PANEL_DIFF),
        ]

    def _is_awaited_before(self, cycle: str) -> bool:
        """Tell whether an earlier cycle has ended that is not stored yet."""
        return any(
            name < cycle and parse_z(name) > self.start
            for name in self._reports.keys() - self._replayed
        )

    def _look(self) -> None:
        """Look which cycles are stored and were not replayed."""
        self._follow()
        first = self.start
        if self.cycle:
            first = max(first, parse_z(self.cycle) - LATE)
        for cycle in self.store.overview_cycles(first, self.start + EVER):
            if cycle not in self._replayed:
                self._pending.append(cycle)

    def _events(
        self, cycle: str, rows: Sequence[OverviewRow], chains: Mapping[str, Frame]
    ) -> Iterator[StreamEvent]:
        self._replayed.add(cycle)
        self.count += 1
        place, report = self._reports.get(cycle, (None, None))
        if place is not None:
            yield from self._notes_until(place)
        before = _statuses(self._panels)
        if cycle > self.cycle:
            after = self._built(cycle, rows, chains)
            hashes = {name: panel_hash(data) for name, data in after.items()}
            yield from panel_events(self._panels, after, hashes, cycle)
            self.cycle = cycle
            self._panels = after
            self._hashes = hashes
        # Before the end, so that who comes back after it has lost none of them.
        yield from self._gaps_of(cycle) if report else _gaps(cycle, rows, before)
        yield end_of_cycle(report or _report(cycle, rows), self._hashes)

    def _take(self, data: PanelData) -> None:
        self._panels = dict(data)
        self._hashes = {name: panel_hash(value) for name, value in data.items()}

    def _built(
        self, cycle: str, rows: Sequence[OverviewRow], chains: Mapping[str, Frame]
    ) -> dict[str, object]:
        """Return the panels of a cycle's rows, and of an index without a chain as they were."""
        _, reported = self._reports.get(cycle, (None, None))
        report = reported or _report(cycle, rows)
        built = self.build(
            report,
            _as_shown(rows, [*(reported.units if reported else INDICES)]),
            chains,
            provider=ProviderFacts(),
            generated_at=cycle,
        )
        # As Redis gives them back: a difference tells numpy's numbers from Python's.
        data = {
            name: json.loads(canonical(value["data"]))
            for name, value in built.items()
            if name not in NOT_OF_ROWS
        }
        kept = {name: value for name, value in self._panels.items() if name not in data}
        return kept | data

    def _chains(self, cycle: str, rows: Sequence[OverviewRow]) -> dict[str, Frame]:
        """Return the stored chains of a cycle by index. One that is damaged is left out."""
        frames: dict[str, Frame] = {}
        for row in rows:
            index = str(row["underlying"])
            if not Status(row["status"]).has_chain:
                continue
            with suppress(BadInput):
                frame = self.store.read_chain(Unit(cycle, index))
                if frame is not None:
                    frames[index] = frame
        return frames

    def _follow(self) -> None:
        """Take up what the bus has of the day and was not read yet. Redis may be away."""
        since = datetime.fromtimestamp(self.clock.wall_of(self.start), UTC)
        with suppress(Retryable):
            if not self._bus_id:
                self._bus_id = self.bus.id_before(self.clock.wall_of(self.start - LATE))
            while events := self.bus.read(self._bus_id, count=BATCH):
                for event in events:
                    place = place_on_bus(event.id)
                    if isinstance(event.payload, CycleReport):
                        self._reports.setdefault(event.payload.cycle, (place, event.payload))
                        continue
                    note = note_event(event.payload)
                    if note is not None and parse_z(event.ts) >= since:
                        self._notes.append((place, note))
                self._bus_id = events[-1].id

    def _gaps_of(self, cycle: str) -> list[StreamEvent]:
        """Return the gaps that the bus has of a cycle, each once."""
        own = [entry for entry in self._notes if entry[1].cycle == cycle]
        for entry in own:
            self._notes.remove(entry)
        return [note for _, note in own]

    def _notes_until(self, place: tuple[int, int]) -> Iterator[StreamEvent]:
        """Yield the gaps and alerts up to an event of the bus, each once."""
        while self._notes and self._notes[0][0] <= place:
            yield self._notes.popleft()[1]


def _with_chain(rows: Sequence[OverviewRow]) -> int:
    return sum(Status(row["status"]).has_chain for row in rows)


def _report(cycle: str, rows: Sequence[OverviewRow]) -> CycleReport:
    """Return the report of a cycle as its rows say it. Its times are not known."""
    units = {str(row["underlying"]): Status(row["status"]) for row in rows}
    reasons = {
        str(row["underlying"]): reason for row in rows if (reason := stored_reason(row["reason"]))
    }
    options = {str(row["underlying"]): int(row["options"] or 0) for row in rows}
    return CycleReport(cycle, cycle_status(units), units, reasons, options, nan, nan)


def _as_shown(rows: Sequence[OverviewRow], order: Sequence[str]) -> list[OverviewRow]:
    """Return rows as the present shows them: in the order of its indices, no reason as no word."""
    places = {index: place for place, index in enumerate(order)}

    def place_of(row: OverviewRow) -> tuple[int, str]:
        index = str(row["underlying"])
        return places.get(index, len(places)), index

    return [{**row, "reason": row["reason"] or ""} for row in sorted(rows, key=place_of)]


def _statuses(data: PanelData) -> dict[str, str]:
    overview = data.get("overview")
    rows = overview.get("rows") if isinstance(overview, Mapping) else None
    return {str(row["underlying"]): str(row["status"]) for row in rows or ()}


def _gaps(
    cycle: str, rows: Sequence[OverviewRow], before: Mapping[str, str]
) -> Iterator[StreamEvent]:
    """Yield where a gap opens or closes by the rows of a cycle."""
    for row in rows:
        index = str(row["underlying"])
        status = Status(row["status"])
        is_ok = status is Status.OK
        if is_ok != (before.get(index, Status.OK) == Status.OK):
            change = GapClosed if is_ok else GapOpened
            note = note_event(change(index, cycle, status, stored_reason(row["reason"])))
            if note is not None:
                yield note
