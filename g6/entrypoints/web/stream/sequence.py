"""The sequence of events: their ids, the newest of them, and the panels they add up to."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from threading import Lock

from g6.domain.documents.panels import canonical
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

__all__ = ["Batch", "EventSequence", "StreamMessage", "in_topics", "without_id"]

TOO_LARGE = 1_000_000
"""Bytes of one event at most. A larger one is sent without its data and says so."""


@dataclass(frozen=True, slots=True)
class StreamMessage:
    """An event as it is written to every listener.

    Attributes:
        id: `EPOCH-NUMBER`.
        number: Its place in the sequence.
        topic: What a listener chooses by.
        sse: Its bytes on an event stream.
        message: Its text on a WebSocket.
    """

    id: str
    number: int
    topic: str
    sse: bytes
    message: str


def in_topics(topic: str, chosen: Collection[str]) -> bool:
    """Tell whether an event of a topic is for a listener that chose some, all by default.

    What has no topic is for everybody.

    >>> in_topics("chain:NIFTY", ["chain"]), in_topics("chain:NIFTY", ["chain:SENSEX"])
    (True, False)
    """
    return not chosen or not topic or topic in chosen or topic.partition(":")[0] in chosen


class EventSequence:
    """The newest events, and the panels that they add up to.

    The epoch is a random word. It changes with every start and whenever events may have been lost,
    so that an id of another epoch is known to be old. Written by one thread and read by others.
    """

    def __init__(self, length: int) -> None:
        self._events: deque[StreamMessage] = deque(maxlen=length)
        self._lock = Lock()
        self._panels: dict[str, object] = {}
        self._hashes: dict[str, str] = {}
        self._cycle = ""
        self._number = 0
        self.epoch = secrets.token_hex(4)

    def begin_epoch(self) -> None:
        """Begin a new epoch: every listener is sent a snapshot."""
        with self._lock:
            self.epoch = secrets.token_hex(4)
            self._events.clear()

    def add_cycle(self, panels: PanelData, report: CycleReport) -> list[StreamMessage]:
        """Take in the panels after a cycle, and return the events that say what changed."""
        hashes = {name: panel_hash(data) for name, data in panels.items()}
        events = list(cycle_events(self._panels, panels, hashes, report))
        with self._lock:
            encoded = [self._append(event) for event in events]
            self._panels = dict(panels)
            self._hashes = hashes
            self._cycle = report.cycle
        return encoded

    def add(self, event: StreamEvent) -> list[StreamMessage]:
        """Take in an event that changes no panel, and return it as it is written."""
        with self._lock:
            return [self._append(event)]

    def start_from(self, panels: PanelData, cycle: str) -> None:
        """Take panels as the state before the first event."""
        with self._lock:
            self._panels = dict(panels)
            self._hashes = {name: panel_hash(data) for name, data in panels.items()}
            self._cycle = cycle

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
            return [event for event in self._events if event.number > number]

    def snapshot(self, *, is_recovered: bool, topics: Collection[str] = ()) -> StreamMessage:
        """Return an event with every panel as it is now.

        Args:
            is_recovered: False tells a listener that events between may be lost.
            topics: What the listener chose.
        """
        with self._lock:
            chosen = {
                name: data
                for name, data in self._panels.items()
                if in_topics(topic_of(name), topics)
            }
            data: JsonObject = {
                "recovered": is_recovered,
                "panels": chosen,
                "hashes": {name: self._hashes[name] for name in chosen},
            }
            event = StreamEvent(StreamEventType.SNAPSHOT, "", self._cycle, data)
            return encoded(event, self.epoch, self._number, most=None)

    def _append(self, event: StreamEvent) -> StreamMessage:
        self._number += 1
        one = encoded(event, self.epoch, self._number, most=TOO_LARGE)
        self._events.append(one)
        return one


def encoded(event: StreamEvent, epoch: str, number: int, *, most: int | None) -> StreamMessage:
    """Return an event with its id as it is written to every listener.

    Args:
        event: The event.
        epoch: The epoch of its id.
        number: The number of its id.
        most: Bytes of data at most, None without a bound.
    """
    event_id = f"{epoch}-{number}"
    data = _markup_escaped(canonical({"cycle": event.cycle, "topic": event.topic} | event.data))
    if most is not None and len(data) > most:
        data = canonical({"cycle": event.cycle, "topic": event.topic, "truncated": len(data)})
    kind = str(event.type).encode()
    sse = b"id: %b\nevent: %b\ndata: %b\n\n" % (event_id.encode(), kind, data)
    message = f'{{"id":"{event_id}","type":"{event.type}","data":{data.decode()}}}'
    return StreamMessage(event_id, number, event.topic, sse, message)


def _markup_escaped(text: bytes) -> bytes:
    """Return JSON without a character that begins markup, should a page write it as it stands."""
    return text.replace(b"<", b"\\u003c").replace(b">", b"\\u003e").replace(b"&", b"\\u0026")


def without_id(kind: StreamEventType, data: JsonObject) -> tuple[bytes, str]:
    """Return an event that is no part of the sequence, for an event stream and a WebSocket."""
    text = canonical(data)
    name = str(kind).encode()
    message = f'{{"type":"{kind}","data":{text.decode()}}}'
    return b"event: %b\ndata: %b\n\n" % (name, text), message


class Batch:
    """Events that are handed out together, joined once for all listeners of the same topics."""

    def __init__(self, events: Sequence[StreamMessage]) -> None:
        self._events = events
        self._joined: dict[tuple[str, ...], bytes] = {}
        self.first = events[0].number
        self.last = events[-1].number

    def sse(self, topics: tuple[str, ...], last: int) -> bytes:
        """Return the bytes of those events that a listener chose and has not yet.

        Args:
            topics: What it chose, nothing for all.
            last: The number of the last event that it has.
        """
        if last >= self.first:
            return b"".join(event.sse for event in self.of(topics, last))
        if topics not in self._joined:
            self._joined[topics] = b"".join(event.sse for event in self.of(topics, 0))
        return self._joined[topics]

    def of(self, topics: tuple[str, ...], last: int) -> list[StreamMessage]:
        """Return those events that a listener chose and has not yet."""
        return [
            event
            for event in self._events
            if event.number > last and in_topics(event.topic, topics)
        ]
