"""The hub: it follows the bus, makes each event once, and hands it to every listener."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from g6.domain.documents.stream_events import StreamEvent, StreamEventType
from g6.domain.reports import Alert, CycleReport, Event, GapClosed, GapOpened
from g6.domain.schema.json_types import Document, JsonObject
from g6.entrypoints.web.stream.sequence import Batch, EventSequence, StreamMessage, without_id
from g6.errors import Retryable
from g6.ports import Bus
from g6.ports.panels import PanelStore

__all__ = ["Hub", "Listener", "StreamCounts"]

BLOCK_SECONDS = 0.5
"""How long one read of the bus waits for an event."""
AWAY_SECONDS = 0.25
"""Between two tries to reach a Redis that is away."""
BATCH = 500


class Listener(Protocol):
    """One connection that events are written to, in the thread of the event loop."""

    def send(self, batch: Batch) -> None:
        """Write events, or remember that they were missed."""
        ...

    def start_again(self) -> None:
        """Write a snapshot: the epoch has changed."""
        ...

    def beat(self, sse: bytes, message: str) -> None:
        """Write a heartbeat."""
        ...

    def close(self) -> None:
        """End the connection."""
        ...


@dataclass(slots=True)
class StreamCounts:
    """What was sent since the process started, for its metrics.

    Attributes:
        snapshots: Snapshots, by why: connected, lost (the id was too old), slow.
        events: Events by type, once for all listeners.
        deliveries: Batches of events times the listeners they were written to.
        slow: How often a listener did not read in time.
    """

    snapshots: dict[str, int] = field(default_factory=dict)
    events: dict[str, int] = field(default_factory=dict)
    deliveries: int = 0
    slow: int = 0

    def snapshot_sent(self, why: str) -> None:
        """Count a snapshot."""
        self.snapshots[why] = self.snapshots.get(why, 0) + 1


class Hub:
    """Makes the stream of one serving process.

    `run` belongs in a thread of its own. Everything else is called in the thread of the loop.
    """

    def __init__(
        self, bus: Bus, panels: PanelStore, *, length: int, heartbeat_seconds: float
    ) -> None:
        self.sequence = EventSequence(length)
        self.counts = StreamCounts()
        self._bus = bus
        self._panels = panels
        self._heartbeat_seconds = heartbeat_seconds
        self._listeners: set[Listener] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._was_sent = False
        self._is_closed = False

    @property
    def listener_count(self) -> int:
        """Return how many connections are open."""
        return len(self._listeners)

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Deliver events in a loop from now on."""
        self._loop = loop
        loop.call_later(self._heartbeat_seconds, self._beat)

    def join(self, listener: Listener) -> None:
        """Add a listener, which has been sent what was before. Once closed, none is taken."""
        if self._is_closed:
            listener.close()
        else:
            self._listeners.add(listener)

    def leave(self, listener: Listener) -> None:
        """Remove a listener."""
        self._listeners.discard(listener)

    def close(self) -> None:
        """End every connection, and take no further one."""
        self._is_closed = True
        for listener in tuple(self._listeners):
            listener.close()
        self._listeners.clear()

    def run(self, stop: threading.Event) -> None:
        """Follow the bus until `stop`. A Redis that is away is waited for."""
        last = ""
        while not stop.is_set():
            try:
                last = self._step(last)
            except Retryable:
                # What happened while Redis was away is unknown: it may come back empty.
                last = ""
                stop.wait(AWAY_SECONDS)

    def _step(self, last: str) -> str:
        """Make the events of what the bus says after an id, and return the newest id.

        Raises:
            RedisDown: Redis does not answer.
        """
        first, newest, _ = self._bus.bounds()
        if not last or _place(newest) < _place(last) or _place(first) > _place(last) > (0, 0):
            self._restart()
            return newest
        events = self._bus.read(last, count=BATCH, block_seconds=BLOCK_SECONDS)
        for event in events:
            self._deliver(self._encoded(event))
        return events[-1].id if events else last

    def _restart(self) -> None:
        """Take the panels as they are now, and begin a new epoch.

        Raises:
            RedisDown: Redis does not answer.
        """
        documents = self._panels.all()
        data = _data_of(documents)
        cycles = [str(document.get("updated_at", "")) for document in documents.values()]
        self.sequence.begin_epoch()
        self.sequence.start_from(data, max(cycles, default=""))
        self._hand(self._start_again)

    def _encoded(self, event: Event) -> list[StreamMessage]:
        """Return what an event of the bus is to listeners.

        Raises:
            RedisDown: Redis does not answer.
        """
        match event.payload:
            case CycleReport() as report:
                return self.sequence.add_cycle(_data_of(self._panels.all()), report)
            case GapOpened() | GapClosed() as gap:
                facts: JsonObject = {"change": str(gap.type), **gap.to_json()}
                return self._add(StreamEventType.GAP, "reports", gap.cycle, facts)
            case Alert() as alert:
                return self._add(StreamEventType.ALERT, "alerts", "", alert.to_json())
        return []

    def _add(
        self, kind: StreamEventType, topic: str, cycle: str, data: JsonObject
    ) -> list[StreamMessage]:
        return self.sequence.add(StreamEvent(kind, topic, cycle, data))

    def _deliver(self, events: Sequence[StreamMessage]) -> None:
        if events:
            self._hand(partial(self._send, Batch(events)))

    def _hand(self, call: Callable[[], None]) -> None:
        """Have the loop's thread make a call. A loop that has ended needs none."""
        if self._loop is None:
            return
        try:
            self._loop.call_soon_threadsafe(call)
        except RuntimeError:
            self._loop = None

    def _send(self, batch: Batch) -> None:
        self._was_sent = True
        for listener in tuple(self._listeners):
            listener.send(batch)
        self.counts.deliveries += len(self._listeners)

    def _start_again(self) -> None:
        self._was_sent = True
        for listener in tuple(self._listeners):
            listener.start_again()

    def _beat(self) -> None:
        """Send a heartbeat where nothing else was sent."""
        if self._is_closed or self._loop is None:
            return
        if not self._was_sent:
            sse, message = without_id(
                StreamEventType.HEARTBEAT, {"listeners": len(self._listeners)}
            )
            for listener in tuple(self._listeners):
                listener.beat(sse, message)
        self._was_sent = False
        self._loop.call_later(self._heartbeat_seconds, self._beat)


def _data_of(documents: Mapping[str, Document]) -> dict[str, object]:
    return {name: document.get("data") for name, document in documents.items()}


def _place(event_id: str) -> tuple[int, int]:
    """Return an id of the bus as numbers.

    >>> _place("1794910200000-3") > _place("1794910199999-7")
    True
    """
    milliseconds, _, number = event_id.partition("-")
    return int(milliseconds or 0), int(number or 0)
