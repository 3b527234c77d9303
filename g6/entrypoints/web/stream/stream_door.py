"""The door of the stream: what a listener asks for, and how it is let in over whatever pipe."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite

from g6.domain.documents.stream_events import OF_INDEX, TOPICS
from g6.domain.market.instrument import INDICES
from g6.domain.schema.nearest import no_such
from g6.entrypoints.web.stream.hub import Hub
from g6.entrypoints.web.stream.stream_listener import Listener, Pipe
from g6.entrypoints.web.stream.stream_replays import Replays, StreamStart
from g6.errors import UserError

__all__ = ["StreamDoor", "StreamRequest", "topics_of"]

LONGEST_WAIT = 3_600.0
"""Seconds of back-off that a client may say it waited."""
MOST_TOPICS = 64
SHOWN = 40
"""Characters of a word in its error."""
WORDS = ("topics", "last_event_id", "from", "waited")
"""What the address of a stream may say."""


@dataclass(frozen=True, slots=True)
class StreamRequest:
    """What a listener asks for.

    Attributes:
        topics: What it chose, nothing for all.
        start: Where it begins.
        waited: Seconds that it waited before it came back, None of a first connection.
    """

    topics: tuple[str, ...] = ()
    start: StreamStart = field(default_factory=StreamStart)
    waited: float | None = None


def topics_of(text: str) -> tuple[str, ...]:
    """Return the topics of a list with commas, each once and in one order.

    Raises:
        UserError: There is no such topic, or no such index.

    >>> topics_of("oi:nifty,alerts,alerts")
    ('alerts', 'oi:NIFTY')
    """
    words = sorted(set(filter(None, map(str.strip, text.split(",")))))
    if len(words) > MOST_TOPICS:
        raise UserError(f"{len(words)} topics are too many", "leave topics out to listen to all")
    return tuple(sorted({_topic(word) for word in words}))


def _topic(text: str) -> str:
    """Return a topic as events carry it.

    Raises:
        UserError: Nothing is ever sent under it: a listener would wait for ever.
    """
    word, colon, index = text.partition(":")
    if word not in TOPICS:
        raise no_such("topic", word[:SHOWN], TOPICS)
    if not colon:
        return word
    if word not in OF_INDEX:
        raise UserError(f"topic {word} is of no index: {text[:SHOWN]!r}", f"write {word}")
    if index.upper() not in INDICES:
        raise no_such("index", index[:SHOWN], tuple(INDICES))
    return f"{word}:{index.upper()}"


class StreamDoor:
    """Lets listeners in.

    Args:
        hub: What hands events out.
        replays: Runs stored days into the present, None where nothing is stored.
    """

    def __init__(self, hub: Hub, replays: Replays | None = None) -> None:
        self.hub = hub
        self._replays = replays
        self._running: set[asyncio.Task[None]] = set()

    def request(self, words: Mapping[str, str]) -> StreamRequest:
        """Return what the words of an address ask for.

        Args:
            words: topics, last_event_id, from and waited, each may be missing.

        Raises:
            UserError: One of them cannot be read, or there is another word.
        """
        for word in words:
            # `topic=alerts` was let in, and listened to everything.
            if word not in WORDS:
                raise no_such("word of a stream", word[:SHOWN], WORDS)
        last_id = words.get("last_event_id", "")
        start = StreamStart(last_id)
        if self._replays is not None:
            start = self._replays.start_of(last_id, words.get("from", ""))
        return StreamRequest(topics_of(words.get("topics", "")), start, _waited(words))

    def admit(self, pipe: Pipe, request: StreamRequest) -> Listener:
        """Begin to write to a listener: what it has not, then what comes."""
        hub = self.hub
        listener = Listener(hub, pipe, request.topics)
        if request.waited is not None:
            hub.counts.came_back(request.start.last_id, request.waited, hub.sequence.epoch)
        if request.start.since is None or self._replays is None:
            listener.begin(request.start.last_id)
            return listener
        running = self._replays.run(hub, listener, pipe, request.start.since)
        task = asyncio.get_running_loop().create_task(running)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return listener

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self.hub.counts.backpressured("replay_failed")


def _waited(words: Mapping[str, str]) -> float | None:
    text = words.get("waited", "")
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError as error:
        raise UserError(f"{text[:40]!r} is no time in seconds", "leave waited out") from error
    if not isfinite(seconds):
        raise UserError(f"{text[:40]!r} is no time in seconds", "leave waited out")
    return min(max(0.0, seconds), LONGEST_WAIT)
