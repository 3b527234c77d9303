"""A listener: how it begins, what it is sent, and what happens when it does not read."""

from __future__ import annotations

from typing import Protocol

from g6.domain.documents.listener_backlog import (
    BacklogLimits,
    BacklogState,
    BacklogTransition,
    ListenerBacklog,
)
from g6.domain.documents.stream_events import StreamEventType
from g6.entrypoints.web.stream.sequence import EventSequence
from g6.entrypoints.web.stream.stream_counts import StreamCounts
from g6.entrypoints.web.stream.stream_messages import Batch, StreamMessage, without_id

__all__ = ["Listener", "Pipe"]

BURST_SECONDS = 1.0
"""What was written in the last second does not count as unread: it is still on its way."""
BURST_LIMITS = 4
"""So many times the limit count as a burst at most."""


class Pipe(Protocol):
    """What carries events to one listener, as bytes of an event stream or as messages."""

    @property
    def is_closed(self) -> bool:
        """Whether the listener is gone."""
        ...

    def waiting(self) -> int:
        """Return the bytes that the listener has not taken yet."""
        ...

    def write(self, message: StreamMessage) -> int:
        """Write one event and return its length in bytes."""
        ...

    def write_batch(self, batch: Batch, topics: tuple[str, ...], last: int) -> int:
        """Write those events that a listener chose and has not yet; return their length.

        Args:
            batch: The events.
            topics: What the listener chose, nothing for all.
            last: The number of the last event that it has.
        """
        ...

    def close(self) -> None:
        """End the connection after what was written."""
        ...


class ListenerHome(Protocol):
    """Where listeners live: the hub, as they know it."""

    @property
    def sequence(self) -> EventSequence:
        """Return the events."""
        ...

    @property
    def counts(self) -> StreamCounts:
        """Return what is counted."""
        ...

    @property
    def limits(self) -> BacklogLimits:
        """Return how much may wait for one listener."""
        ...

    def now(self) -> float:
        """Return the seconds of a clock that does not jump."""
        ...

    def join(self, listener: Listener) -> None:
        """Take a listener in, to be sent what comes."""
        ...

    def watch(self, listener: Listener) -> None:
        """Look again soon at a listener that does not read."""
        ...


class Listener:
    """One connection, over whatever pipe. Everything is called in the thread of the loop."""

    __slots__ = (
        "_backlog",
        "_fresh",
        "_fresh_since",
        "_home",
        "_is_slow",
        "_last",
        "_pipe",
        "_room",
        "topics",
    )

    def __init__(self, home: ListenerHome, pipe: Pipe, topics: tuple[str, ...]) -> None:
        self.topics = topics
        self._home = home
        self._pipe = pipe
        self._backlog = ListenerBacklog(home.limits)
        self._last = 0
        self._fresh = 0
        self._fresh_since = 0.0
        self._room = 0
        self._is_slow = False

    @property
    def is_degraded(self) -> bool:
        """Whether it is sent nothing until it reads."""
        return self._backlog.state is not BacklogState.NORMAL

    def ratio(self) -> float:
        """Return what waits for it as a share of what may."""
        return self._backlog.ratio(self._pipe.waiting())

    def begin(self, last_id: str) -> None:
        """Write what the listener has not, events or a snapshot, and go on with what comes.

        Args:
            last_id: The id of the last event that it has, empty for none.
        """
        sequence = self._home.sequence
        events = sequence.after(last_id) if last_id else None
        if events is None:
            self._snapshot("lost" if last_id else "connected", is_recovered=not last_id)
        elif events:
            self._home.counts.resumed += 1
            self._note(self._pipe.write_batch(Batch(events), self.topics, 0))
            self._last = events[-1].number
        else:
            self._home.counts.resumed += 1
        if not self._pipe.is_closed:
            self._home.join(self)

    def send(self, batch: Batch, now: float) -> bool:
        """Write events, or leave them out where the listener does not read.

        Returns:
            Whether they were written.
        """
        waiting = self._pipe.waiting()
        if (waiting or self.is_degraded) and not self._takes(waiting, now):
            self._last = max(self._last, batch.last)
            return False
        size = self._pipe.write_batch(batch, self.topics, self._last)
        self._last = max(self._last, batch.last)
        if now - self._fresh_since > BURST_SECONDS:
            self._fresh_since = now
            self._fresh = 0
        self._fresh += size
        return True

    def _takes(self, waiting: int, now: float) -> bool:
        """Tell whether a listener for which something waits is sent more."""
        limits = self._home.limits
        fresh = self._fresh if now - self._fresh_since <= BURST_SECONDS else 0
        unread = max(0, waiting - min(fresh, BURST_LIMITS * limits.bytes) - self._room)
        if waiting <= limits.bytes:
            self._room = 0
        is_slow = self._backlog.ratio(unread) >= limits.warn
        if is_slow and not self._is_slow:
            self._home.counts.backpressured("warn")
        self._is_slow = is_slow
        if self.is_degraded:
            self._home.counts.backpressured("drop")
            return False
        if self._backlog.observe(unread, now) is BacklogTransition.ENTER:
            self._home.counts.moved(BacklogTransition.ENTER)
            self._home.counts.backpressured("degrade")
            self._home.watch(self)
            self._pipe.write(without_id(StreamEventType.SLOW_READER, {}))
            return False
        return True

    def look(self, now: float) -> bool:
        """Look whether a degraded listener reads again; return whether it is degraded still."""
        transition = self._backlog.observe(self._pipe.waiting(), now)
        if transition is not None:
            self._home.counts.moved(transition)
        if transition is BacklogTransition.EXIT:
            # Alerts and changes of open interest stand in no panel: they are lost.
            self._snapshot("slow", is_recovered=False)
        return self.is_degraded

    def start_again(self) -> None:
        """Write a snapshot: the epoch has changed."""
        self._last = 0
        if not self.is_degraded:
            self._snapshot("lost", is_recovered=False)

    def beat(self, message: StreamMessage) -> None:
        """Write a heartbeat, unless something waits already."""
        if not self._pipe.waiting():
            self._pipe.write(message)

    def close(self) -> None:
        """End the connection."""
        self._pipe.close()

    def _snapshot(self, why: str, *, is_recovered: bool) -> None:
        event = self._home.sequence.snapshot(is_recovered=is_recovered, topics=self.topics)
        self._last = event.number
        self._home.counts.snapshot_sent(why)
        self._note(self._pipe.write(event))

    def _note(self, size: int) -> None:
        """Give what a listener begins with the room that it needs: it is read in its own time."""
        self._room = size
