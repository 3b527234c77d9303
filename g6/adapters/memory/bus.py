"""The bus in one process's memory."""

from __future__ import annotations

import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from itertools import islice

from g6.adapters.memory.payload import plain
from g6.domain.cycles.cycle import isoformat_z, parse_z
from g6.domain.reports import Event, EventMeta, Report, SubscriberPosition, parse_report
from g6.domain.reports.bus_flow import MOST_EVENTS


class MemoryBus:
    """Bus port. It keeps the newest `length` events, and threads may share it.

    `wall` returns epoch seconds, of which an event carries the instant it was published at.
    """

    def __init__(
        self,
        namespace: str = "g6",
        *,
        length: int = MOST_EVENTS,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.length = length
        self._namespace = namespace
        self._wall = wall
        self._events: deque[Event] = deque(maxlen=length)
        self._published = 0
        self._positions: dict[str, SubscriberPosition] = {}
        self._changed = threading.Condition()
        self._server_id = secrets.token_hex(4)

    def publish(
        self,
        report: Report,
        *,
        key: str = "",
        meta: EventMeta | None = None,
        left: int | None = None,
    ) -> str:
        """Append an event and return its id."""
        stamp = isoformat_z(self._wall())
        meta = (meta or EventMeta()).about(report, self._namespace)
        # A reader gets what JSON keeps of a report, as it does from Redis.
        payload = parse_report(report.type, plain(report.to_json()))
        with self._changed:
            self._published += 1
            # Redis' form of an id, so that a reader's `after` serves both.
            event_id = f"{self._published}-0"
            event = Event(event_id, stamp, payload, key, meta)
            self._events.append(event)
            while left is not None and len(self._events) > left:
                self._events.popleft()
            self._changed.notify_all()
        return event.id

    def read(self, after: str, *, count: int = 500, block_seconds: float = 0.0) -> Sequence[Event]:
        """Return up to `count` events after id `after` ("0": all, "$": only those to come).

        It waits up to `block_seconds` for the first.
        """
        with self._changed:
            last = self._published if after == "$" else int(after.partition("-")[0])
            self._changed.wait_for(lambda: self._published > last, block_seconds)
            newer = (event for event in self._events if _number(event) > last)
            return list(islice(newer, count))

    def bounds(self) -> tuple[str, str, int]:
        """Return the oldest id, the newest id and the number of events ever published."""
        with self._changed:
            oldest = self._events[0].id if self._events else "0-0"
            return oldest, f"{self._published}-0", self._published

    def server_id(self) -> str:
        """Return a word of this object's own."""
        return self._server_id

    def id_before(self, wall: float) -> str:
        """Return an id after which the events come that were published at `wall` or later."""
        with self._changed:
            for event in self._events:
                if parse_z(event.ts).timestamp() >= wall:
                    return f"{_number(event) - 1}-0"
            return f"{self._published}-0"

    def positions(self) -> Mapping[str, SubscriberPosition]:
        """Return how far each subscriber has come, by its name."""
        with self._changed:
            return dict(self._positions)

    def remember(self, subscriber: str, position: SubscriberPosition) -> None:
        """Remember how far a subscriber has come."""
        with self._changed:
            self._positions[subscriber] = position

    def forget(self, subscriber: str) -> None:
        """Forget a subscriber that does not come back."""
        with self._changed:
            self._positions.pop(subscriber, None)


def _number(event: Event) -> int:
    return int(event.id.partition("-")[0])
