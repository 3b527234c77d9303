"""Events as they are written to listeners: encoded once, and joined once for all of them."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from g6.domain.documents.panels import canonical
from g6.domain.documents.stream_events import StreamEvent, StreamEventType
from g6.domain.schema.json_types import JsonObject
from g6.errors.machine_places import hide_places

__all__ = [
    "Batch",
    "PackedMessage",
    "StreamMessage",
    "StreamTrace",
    "encoded",
    "in_topics",
    "without_id",
]

TOO_LARGE = 1_000_000
"""Bytes of one event at most. A larger one is sent without its data and says so."""
UNFLUSHED = b'"flush_ts":null'
"""Stands in a traced event until it is handed to listeners."""
DATA = b"\ndata: "
"""Begins the data of an event on an event stream, behind its other lines."""
END = b"\n\n"
_SENTENCES = frozenset({StreamEventType.ALERT, StreamEventType.GAP})
"""Events with sentences of the machine. Those of panels are hidden where the hub reads panels."""
FASTEST = 1
"""The level of zlib's compression."""


@dataclass(frozen=True, slots=True)
class StreamTrace:
    """Where an event was when.

    Attributes:
        id: The trace of its cycle, as every message and event of that cycle carries it.
        published: When the bus took the event that it is made from, epoch seconds.
        serialized: When it was encoded.
    """

    id: str
    published: float
    serialized: float

    def to_json(self) -> JsonObject:
        """Return `_trace` of an event, whose last instant is filled in when it is handed out."""
        return {
            "id": self.id,
            "publish_ts": round(self.published, 6),
            "serialize_ts": round(self.serialized, 6),
            "flush_ts": None,
        }


@dataclass(frozen=True, slots=True)
class StreamMessage:
    """An event as it is written to every listener.

    Attributes:
        id: `EPOCH-NUMBER`.
        number: Its place in the sequence.
        type: What it says.
        topic: What a listener chooses by.
        sse: Its bytes on an event stream.
        message: Its text on a WebSocket.
        published: When the event that it is made from was published, epoch seconds. 0 where it
            carries no trace.
        is_truncated: Whether it was too large and lacks its data.
    """

    id: str
    number: int
    type: StreamEventType
    topic: str
    sse: bytes
    message: str
    published: float = 0.0
    is_truncated: bool = False

    def flushed(self, now: float) -> StreamMessage:
        """Return a traced event with the instant at which it is handed to listeners."""
        stamp = b'"flush_ts":%.6f' % now
        sse = self.sse.replace(UNFLUSHED, stamp, 1)
        text = self.message.replace(UNFLUSHED.decode(), stamp.decode(), 1)
        return replace(self, sse=sse, message=text)


@dataclass(frozen=True, slots=True)
class PackedMessage:
    """An event that waits for listeners who come back: its data once, and compressed.

    Attributes:
        id: `EPOCH-NUMBER`.
        number: Its place in the sequence.
        type: What it says.
        topic: What a listener chooses by.
        content: Its data, compressed.
        published: When the event that it is made from was published, 0 without a trace.
        is_truncated: Whether it was too large and lacks its data.
    """

    id: str
    number: int
    type: StreamEventType
    topic: str
    content: bytes
    published: float
    is_truncated: bool

    @classmethod
    def of(cls, message: StreamMessage) -> PackedMessage:
        """Return an event packed."""
        _, _, data = message.sse.removesuffix(END).partition(DATA)
        return cls(
            message.id,
            message.number,
            message.type,
            message.topic,
            zlib.compress(data, FASTEST),
            message.published,
            message.is_truncated,
        )

    def unpacked(self) -> StreamMessage:
        """Return the event as it was."""
        message = _written(
            self.id, self.number, self.type, self.topic, zlib.decompress(self.content)
        )
        return replace(message, published=self.published, is_truncated=self.is_truncated)


def in_topics(topic: str, chosen: Collection[str]) -> bool:
    """Tell whether an event of a topic is for a listener that chose some, all by default.

    What has no topic is for everybody.

    >>> in_topics("chain:NIFTY", ["chain"]), in_topics("chain:NIFTY", ["chain:SENSEX"])
    (True, False)
    """
    return not chosen or not topic or topic in chosen or topic.partition(":")[0] in chosen


def encoded(
    event: StreamEvent, event_id: str, number: int, *, most: int | None = TOO_LARGE
) -> StreamMessage:
    """Return an event as it is written to every listener.

    Args:
        event: The event.
        event_id: Its id, empty for one that is no place to go on from.
        number: The number of its id.
        most: Bytes of data at most, None without a bound.
    """
    told = hide_places(event.data) if event.type in _SENTENCES else event.data
    data = _markup_escaped(canonical({"cycle": event.cycle, "topic": event.topic} | told))
    is_truncated = most is not None and len(data) > most
    if is_truncated:
        data = canonical({"cycle": event.cycle, "topic": event.topic, "truncated": len(data)})
    message = _written(event_id, number, event.type, event.topic, data)
    return replace(message, is_truncated=is_truncated)


def _written(
    event_id: str, number: int, event_type: StreamEventType, topic: str, data: bytes
) -> StreamMessage:
    """Return an event with its bytes on an event stream and its text on a WebSocket."""
    kind = str(event_type)
    first = b"id: %b\n" % event_id.encode() if event_id else b""
    sse = first + b"event: %b" % kind.encode() + DATA + data + END
    named = f'"id":"{event_id}",' if event_id else ""
    message = f'{{{named}"type":"{kind}","data":{data.decode()}}}'
    return StreamMessage(event_id, number, event_type, topic, sse, message)


def _markup_escaped(text: bytes) -> bytes:
    """Return JSON without a character that begins markup, should a page write it as it stands."""
    return text.replace(b"<", b"\\u003c").replace(b">", b"\\u003e").replace(b"&", b"\\u0026")


def without_id(kind: StreamEventType, data: JsonObject) -> StreamMessage:
    """Return an event that is no part of the sequence and of no cycle."""
    return _written("", 0, kind, "", canonical(data))


class Batch:
    """Events that are handed out together, joined once for all listeners of the same topics."""

    def __init__(self, events: Sequence[StreamMessage]) -> None:
        self._events = events
        self._joined: dict[tuple[str, ...], bytes] = {}
        self._readers: Counter[tuple[str, ...]] = Counter()
        self.first = events[0].number
        self.last = events[-1].number

    def __len__(self) -> int:
        """Return how many events it holds."""
        return len(self._events)

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
        self._readers[topics] += 1
        return self._joined[topics]

    def texts(self, topics: tuple[str, ...], last: int) -> list[str]:
        """Return the messages of those events that a listener chose and has not yet."""
        if last < self.first:
            self._readers[topics] += 1
        return [event.message for event in self.of(topics, last)]

    def of(self, topics: tuple[str, ...], last: int) -> list[StreamMessage]:
        """Return those events that a listener chose and has not yet."""
        return [
            event
            for event in self._events
            if event.number > last and in_topics(event.topic, topics)
        ]

    def written(self) -> Counter[str]:
        """Return how many events of each type were joined for listeners, one for each of them."""
        written: Counter[str] = Counter()
        for topics, readers in self._readers.items():
            for event in self.of(topics, 0):
                written[str(event.type)] += readers
        return written
