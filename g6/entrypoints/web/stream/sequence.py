"""The sequence of events: their ids, the newest of them, and the panels they add up to."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from threading import Lock
from time import perf_counter

from g6.domain.documents.stream_events import (
    PanelData,
    StreamEvent,
    StreamEventType,
    cycle_events,
    panel_hash,
    topic_of,
)
from g6.domain.reports import CycleReport
from g6.domain.schema.json_types import JsonObject
from g6.entrypoints.web.stream.resumable_events import ResumableEvents
from g6.entrypoints.web.stream.stream_messages import (
    StreamMessage,
    StreamTrace,
    encoded,
    in_topics,
)

__all__ = ["EventSequence", "SequencePlace"]

ENDED_CYCLES = 1024
"""Cycles whose end is remembered, for who runs from the stored day into the present."""
MEASURED = 2_000
"""Times that are kept until somebody takes them."""
SNAPSHOTS = 32
"""Encoded snapshots that are kept until the next event, one for each choice of topics."""


@dataclass(frozen=True, slots=True)
class SequencePlace:
    """Where the sequence is.

    Attributes:
        id: The id of its newest event.
        panels: The data of each panel after that event.
        hashes: Their hashes.
        ended: The cycles that ended in this epoch, and the one that it began with.
        bus_id: The event of the bus that the newest event was made from.
    """

    id: str
    panels: PanelData
    hashes: Mapping[str, str]
    ended: tuple[str, ...]
    bus_id: str


class EventSequence:
    """The newest events, and the panels that they add up to.

    The epoch is a random word. It changes with every start and whenever events may have been lost,
    so that an id of another epoch is known to be old. A Redis that stood still changes nothing.
    Written by one thread and read by others.

    Attributes:
        epoch: The epoch.
        evicted: Events that gave way to newer ones.
        truncated: Events that were too large and sent without their data.
        seconds: What finding and encoding the differences of each cycle took, until somebody
            takes them.
    """

    def __init__(self, length: int) -> None:
        self._events = ResumableEvents(length)
        self._lock = Lock()
        self._panels: dict[str, object] = {}
        self._hashes: dict[str, str] = {}
        self._cycle = ""
        self._number = 0
        self._bus_id = ""
        self._ended: deque[str] = deque(maxlen=ENDED_CYCLES)
        self._snapshots: dict[tuple[tuple[str, ...], bool], StreamMessage] = {}
        self.epoch = secrets.token_hex(4)
        self.evicted = 0
        self.truncated = 0
        self.seconds: dict[str, list[float]] = {"diff": [], "serialize": []}

    @property
    def held(self) -> int:
        """Return how many events a listener that comes back can be sent."""
        return len(self._events)

    def begin_epoch(self) -> None:
        """Begin a new epoch: every listener is sent a snapshot."""
        with self._lock:
            self.epoch = secrets.token_hex(4)
            self._events.clear()
            self._ended.clear()
            self._snapshots.clear()

    def add_cycle(
        self,
        panels: PanelData,
        report: CycleReport,
        trace: StreamTrace | None = None,
        *,
        bus_id: str = "",
    ) -> list[StreamMessage]:
        """Take in the panels after a cycle, and return the events that say what changed.

        Args:
            panels: The data of each panel after the cycle.
            report: The cycle's.
            trace: Stands in the event that ends the cycle. None where nobody wants it.
            bus_id: The event of the bus that said so.
        """
        began = perf_counter()
        hashes = {name: panel_hash(data) for name, data in panels.items()}
        events = list(cycle_events(self._panels, panels, hashes, report))
        self._measured("diff", perf_counter() - began)
        if trace is not None:
            last = events[-1]
            events[-1] = replace(last, data=last.data | {"_trace": trace.to_json()})
        began = perf_counter()
        with self._lock:
            messages = [self._append(event) for event in events]
            if trace is not None:
                messages[-1] = replace(messages[-1], published=trace.published)
                self._events.replace(messages[-1])
            self._panels = dict(panels)
            self._hashes = hashes
            self._cycle = max(self._cycle, report.cycle)
            self._ended.append(report.cycle)
            self._bus_id = bus_id
        self._measured("serialize", perf_counter() - began)
        return messages

    def _measured(self, stage: str, seconds: float) -> None:
        if len(self.seconds[stage]) < MEASURED:
            self.seconds[stage].append(seconds)

    def flush(self, message: StreamMessage, now: float) -> StreamMessage:
        """Return a traced event as it is handed out, which who comes back is sent as well."""
        stamped = message.flushed(now)
        with self._lock:
            self._events.replace(stamped)
        return stamped

    def place(self) -> SequencePlace:
        """Return where the sequence is now."""
        with self._lock:
            name = f"{self.epoch}-{self._number}"
            return SequencePlace(name, self._panels, self._hashes, tuple(self._ended), self._bus_id)

    def add(self, event: StreamEvent, *, bus_id: str = "") -> list[StreamMessage]:
        """Take in an event that changes no panel, and return it as it is written."""
        with self._lock:
            self._bus_id = bus_id or self._bus_id
            return [self._append(event)]

    def start_from(self, panels: PanelData, cycle: str, *, bus_id: str = "") -> None:
        """Take panels as the state before the first event."""
        with self._lock:
            self._bus_id = bus_id
            self._panels = dict(panels)
            self._hashes = {name: panel_hash(data) for name, data in panels.items()}
            self._cycle = cycle
            self._ended.append(cycle)
            self._snapshots.clear()

    def after(self, event_id: str) -> Sequence[StreamMessage] | None:
        """Return the events after an id, None where some of them may be lost."""
        epoch, _, text = event_id.partition("-")
        with self._lock:
            if epoch != self.epoch or not text.isdecimal():
                return None
            number = int(text)
            first = self._number - len(self._events)
            if not first <= number <= self._number:
                return None
            older, newest = self._events.after(number)
        # Outside the lock: a cycle's events wait for it.
        return [event.unpacked() for event in older] + newest

    def snapshot(self, *, is_recovered: bool, topics: Collection[str] = ()) -> StreamMessage:
        """Return an event with every panel as it is now.

        Args:
            is_recovered: False tells a listener that events between may be lost.
            topics: What the listener chose.
        """
        with self._lock:
            # A thousand listeners that come back at once are sent the same bytes.
            key = (tuple(topics), is_recovered)
            if key not in self._snapshots:
                if len(self._snapshots) >= SNAPSHOTS:
                    self._snapshots.clear()
                self._snapshots[key] = self._snapshot(is_recovered, topics)
            return self._snapshots[key]

    def _snapshot(self, is_recovered: bool, topics: Collection[str]) -> StreamMessage:
        chosen = {
            name: data for name, data in self._panels.items() if in_topics(topic_of(name), topics)
        }
        data: JsonObject = {
            "recovered": is_recovered,
            "panels": chosen,
            "hashes": {name: self._hashes[name] for name in chosen},
        }
        event = StreamEvent(StreamEventType.SNAPSHOT, "", self._cycle, data)
        return encoded(event, f"{self.epoch}-{self._number}", self._number, most=None)

    def _append(self, event: StreamEvent) -> StreamMessage:
        self._number += 1
        self._snapshots.clear()
        one = encoded(event, f"{self.epoch}-{self._number}", self._number)
        self.truncated += one.is_truncated
        self.evicted += self._events.append(one)
        return one
