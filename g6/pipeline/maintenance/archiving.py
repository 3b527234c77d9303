"""Events kept for good: what came since the last time is stored before the bus forgets it."""

from __future__ import annotations

from g6.domain.reports import Event, EventsDropped
from g6.domain.schema.words import EventType
from g6.pipeline.runtime import Runtime
from g6.ports.history import BusPosition

PAGE = 500
PASSING = frozenset(type for type in EventType if type.is_passing)


def keep_events(runtime: Runtime) -> int:
    """Keep the events since the last time, and those that the bus trimmed before as a count.

    Returns:
        How many were kept.
    """
    if runtime.history is None:
        return 0
    before = runtime.history.events_position()
    _, newest, published = runtime.bus.bounds()
    events = _events_between(runtime, before.id, newest)
    if not events:
        return 0
    # A bus that has published less than before is another one: all of it is new.
    counted = before.published if published >= before.published else 0
    trimmed = published - counted - len(events)
    lasting = [event for event in events if event.type not in PASSING]
    if trimmed > 0 and before.id != BusPosition().id:
        first = events[0]
        lasting.append(Event(f"{first.id}-dropped", first.ts, EventsDropped(trimmed)))
    runtime.history.keep_events(lasting, BusPosition(events[-1].id, published))
    return len(lasting)


def _events_between(runtime: Runtime, after: str, newest: str) -> list[Event]:
    """Return the events after one id up to another: later ones wait for the next time."""
    events: list[Event] = []
    while page := runtime.bus.read(after, count=PAGE):
        due = [event for event in page if _order(event.id) <= _order(newest)]
        events += due
        after = page[-1].id
        if len(due) < len(page):
            break
    return events


def _order(name: str) -> tuple[int, int]:
    first, _, second = name.partition("-")
    return int(first), int(second or 0)
