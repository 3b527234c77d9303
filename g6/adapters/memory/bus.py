"""The bus in one process's memory."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence
from itertools import islice

from g6.adapters.memory.payload import plain
from g6.domain.cycles.cycle import isoformat_z
from g6.domain.reports import Event, EventMeta, Report, parse_report


class MemoryBus:
    """Bus port. It keeps the newest `length` events, and threads may share it."""

    def __init__(self, *, length: int = 20_000) -> None:
        self._events: deque[Event] = deque(maxlen=length)
        self._published = 0
        self._changed = threading.Condition()

    def publish(self, report: Report, *, key: str = "", meta: EventMeta | None = None) -> str:
        """Append an event and return its id."""
        stamp = isoformat_z(time.time())
        # A reader gets what JSON keeps of a report, as it does from Redis.
        payload = parse_report(report.type, plain(report.to_json()))
        with self._changed:
            self._published += 1
            # Redis' form of an id, so that a reader's `after` serves both.
            event_id = f"{self._published}-0"
            event = Event(event_id, stamp, payload, key, meta or EventMeta())
            self._events.append(event)
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


def _number(event: Event) -> int:
    return int(event.id.partition("-")[0])
