"""The hub: it follows the bus, makes each event once, and hands it to every listener."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from g6.domain.cycles.cycle import parse_z
from g6.domain.documents.listener_backlog import BacklogLimits
from g6.domain.documents.stream_events import StreamEventType, note_event
from g6.domain.reports import CycleReport, Event, FanoutReport, place_on_bus
from g6.domain.schema.json_types import Document
from g6.entrypoints.web.stream.sequence import EventSequence
from g6.entrypoints.web.stream.served_panels import ServedPanels
from g6.entrypoints.web.stream.stream_counts import StreamCounts, TallyBook
from g6.entrypoints.web.stream.stream_listener import Listener
from g6.entrypoints.web.stream.stream_messages import (
    Batch,
    StreamMessage,
    StreamTrace,
    without_id,
)
from g6.errors import Retryable
from g6.ports import Bus
from g6.ports.panels import PanelStore

__all__ = ["Hub"]

BLOCK_SECONDS = 0.5
"""How long one read of the bus waits for an event."""
AWAY_SECONDS = 0.25
"""Between two tries to reach a Redis that is away."""
BATCH = 500
TRACED_EVENTS = 256
"""Traced events of which listeners may still say that they have applied them."""
REPORT_SECONDS = 5.0
"""Between two reports of what was done for listeners."""
LOOK_SECONDS = 0.1
"""Between two looks at the listeners that do not read."""


class Hub:
    """Makes the stream of one serving process.

    `run` belongs in a thread of its own. Everything else is called in the thread of the loop.

    Args:
        bus: Where events come from.
        panels: The newest panels.
        length: Events that a listener who comes back can still be sent.
        heartbeat_seconds: After how long without an event listeners are sent a heartbeat.
        limits: What may wait for one listener.
        trace_every: One cycle of so many carries a trace, 0 for none.
        wall: Returns the wall time in epoch seconds.
    """

    def __init__(
        self,
        bus: Bus,
        panels: PanelStore,
        *,
        length: int,
        heartbeat_seconds: float,
        limits: BacklogLimits | None = None,
        trace_every: int = 1,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.sequence = EventSequence(length)
        self.counts = StreamCounts(seconds=self.sequence.seconds)
        self.limits = limits or BacklogLimits()
        self._bus = bus
        self._panels = ServedPanels(panels)
        self._heartbeat_seconds = heartbeat_seconds
        self._trace_every = trace_every
        self._wall = wall
        self._cycles = 0
        self._listeners: set[Listener] = set()
        self._degraded: set[Listener] = set()
        self._traced: deque[tuple[str, float]] = deque(maxlen=TRACED_EVENTS)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._was_sent = False
        self._is_closed = False
        self._away_since = 0.0
        self._server_id = ""
        self._book = TallyBook(self.counts)
        self._unsent: FanoutReport | None = None
        self._report_due = 0.0

    @property
    def listener_count(self) -> int:
        """Return how many connections are open."""
        return len(self._listeners)

    @property
    def degraded_count(self) -> int:
        """Return how many listeners are sent nothing because they do not read."""
        return len(self._degraded)

    def now(self) -> float:
        """Return the seconds of a clock that does not jump."""
        return time.monotonic()

    def away_seconds(self) -> float:
        """Return for how long Redis has not answered, 0 while it does."""
        return round(self.now() - self._away_since, 1) if self._away_since else 0.0

    def watch(self, listener: Listener) -> None:
        """Look again soon at a listener that does not read."""
        self._degraded.add(listener)
        if len(self._degraded) == 1 and self._loop is not None:
            self._loop.call_later(LOOK_SECONDS, self._look)

    def applied(self, event_id: str) -> bool:
        """Note that a listener has applied a traced event; return whether it is known."""
        for traced_id, published in self._traced:
            if traced_id == event_id:
                self.counts.observed("applied", max(0.0, self._wall() - published))
                self.counts.stages["applied"] += 1
                return True
        return False

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
        self._degraded.discard(listener)

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
                if self._away_since:
                    last = self.after_absence(last)
                last = self.step(last, BLOCK_SECONDS)
                self._report()
                self._away_since = 0.0
            except Retryable:
                self._away_since = self._away_since or self.now()
                last = self._newest_made(last)
                stop.wait(AWAY_SECONDS)

    def _report(self) -> None:
        """Tell the bus every few seconds what was done for listeners.

        Raises:
            RedisDown: Redis does not answer.
        """
        report = self._unsent
        if report is None and self.now() >= self._report_due:
            self._report_due = self.now() + REPORT_SECONDS
            sequence = self.sequence
            tallies = {"evicted": sequence.evicted, "truncated": sequence.truncated}
            report = self._book.report(
                tallies,
                len(self._listeners),
                len(self._degraded),
                self.backlog_ratio(),
                sequence.held,
            )
        # A report that Redis does not take is sent once it does.
        self._unsent = report
        if report is not None:
            self._bus.publish(report)
            self._unsent = None

    def _newest_made(self, last: str) -> str:
        """Return the newest event of the bus that was made one of the stream.

        Redis may go away in the middle of a batch: what was handed out is not handed out again.
        """
        made_from = self.sequence.place().bus_id
        return max(last, made_from, key=place_on_bus) if last else ""

    def after_absence(self, last: str) -> str:
        """Return the id to go on from once Redis answers again, empty where events may be lost.

        A Redis that only stood still has what it had. One that was started anew may lack the events
        of its last two seconds that nobody had read yet, and no number of the stream says so:
        `entries-added` goes back with them. Counters of publishers would tell it with the next
        event of the same process, and never of one that has ended.

        Raises:
            RedisDown: Redis does not answer.
        """
        return last if self._bus.server_id() == self._server_id else ""

    def step(self, last: str, block_seconds: float = 0.0) -> str:
        """Make the events of what the bus says after an id, and return the newest id.

        Args:
            last: The id, empty to begin anew.
            block_seconds: How long to wait for the first event.

        Raises:
            RedisDown: Redis does not answer.
        """
        first, newest, _ = self._bus.bounds()
        if (
            not last
            or place_on_bus(newest) < place_on_bus(last)
            or place_on_bus(first) > place_on_bus(last) > (0, 0)
        ):
            self._restart(newest)
            return newest
        events = self._bus.read(last, count=BATCH, block_seconds=block_seconds)
        for event in events:
            published = parse_z(event.ts).timestamp()
            self._deliver(self._encoded(event, published), published)
        return events[-1].id if events else last

    def _restart(self, newest: str) -> None:
        """Take the panels as they are now, and begin a new epoch.

        Raises:
            RedisDown: Redis does not answer.
        """
        self._server_id = self._bus.server_id()
        documents = self._panels.all()
        data = _data_of(documents)
        cycles = [str(document.get("updated_at", "")) for document in documents.values()]
        self.sequence.begin_epoch()
        self.sequence.start_from(data, max(cycles, default=""), bus_id=newest)
        self._hand(self._start_again)

    def _encoded(self, event: Event, published: float) -> list[StreamMessage]:
        """Return what an event of the bus is to listeners.

        Raises:
            RedisDown: Redis does not answer.
        """
        if isinstance(event.payload, CycleReport):
            data = _data_of(self._panels.all())
            trace = self._trace(event, published)
            messages = self.sequence.add_cycle(data, event.payload, trace, bus_id=event.id)
            self.counts.stages["serialize"] += trace is not None
            return messages
        note = note_event(event.payload)
        return [] if note is None else self.sequence.add(note, bus_id=event.id)

    def _trace(self, event: Event, published: float) -> StreamTrace | None:
        """Return the trace of a cycle, of those that are sampled."""
        if not self._trace_every:
            return None
        self._cycles += 1
        if self._cycles % self._trace_every:
            return None
        self.counts.stages["publish"] += 1
        return StreamTrace(event.meta.trace, published, self._wall())

    def _deliver(self, events: Sequence[StreamMessage], published: float) -> None:
        if events:
            self.counts.encoded += len(events)
            self.counts.observed("emit", max(0.0, self._wall() - published))
            self._hand(partial(self._send, events, published, self.now()))

    def _hand(self, call: Callable[[], None]) -> None:
        """Have the loop's thread make a call. A loop that has ended needs none."""
        if self._loop is None:
            return
        try:
            self._loop.call_soon_threadsafe(call)
        except RuntimeError:
            self._loop = None

    def _send(self, events: Sequence[StreamMessage], published: float, handed: float) -> None:
        """Write events to every listener that reads."""
        self._was_sent = True
        batch = Batch([self._flushed(event) for event in events])
        now = self.now()
        written = 0
        for listener in tuple(self._listeners):
            written += listener.send(batch, now)
        counts = self.counts
        counts.deliveries += written
        counts.events.update(batch.written())
        counts.reused += max(0, written - 1) * len(batch)
        if written:
            counts.observed("queue", self.now() - handed)
            counts.observed("flush", max(0.0, self._wall() - published))

    def _flushed(self, event: StreamMessage) -> StreamMessage:
        """Return an event as it is handed out: a traced one with the instant of it."""
        if not event.published:
            return event
        self.counts.stages["flush"] += 1
        self._traced.append((event.id, event.published))
        return self.sequence.flush(event, self._wall())

    def _look(self) -> None:
        """Look which of the listeners that did not read do so again."""
        now = self.now()
        for listener in tuple(self._degraded):
            if not listener.look(now):
                self._degraded.discard(listener)
        if self._degraded and self._loop is not None and not self._is_closed:
            self._loop.call_later(LOOK_SECONDS, self._look)

    def backlog_ratio(self) -> float:
        """Return what waits for the slowest listener as a share of what may."""
        return max((listener.ratio() for listener in tuple(self._listeners)), default=0.0)

    def _start_again(self) -> None:
        self._was_sent = True
        for listener in tuple(self._listeners):
            listener.start_again()

    def _beat(self) -> None:
        """Send a heartbeat where nothing else was sent."""
        if self._is_closed or self._loop is None:
            return
        if not self._was_sent:
            data: dict[str, object] = {"listeners": len(self._listeners)}
            if away := self.away_seconds():
                # No event comes while Redis is away, and none says so.
                data["redis_away_seconds"] = away
            beat = without_id(StreamEventType.HEARTBEAT, data)
            for listener in tuple(self._listeners):
                listener.beat(beat)
        self._was_sent = False
        self._loop.call_later(self._heartbeat_seconds, self._beat)


def _data_of(documents: Mapping[str, Document]) -> dict[str, object]:
    return {name: document.get("data") for name, document in documents.items()}
