"""Events kept for good: what the bus told since the last time goes into the store, before the bus forgets it."""

from __future__ import annotations

from g6.pipeline.runtime import Runtime
from g6.ports import Event
from g6.ports.history import BusPosition

PASSING = frozenset(("unit.report", "panel.full", "panel.diff"))
"""Types that are not kept: rows and overviews say the same."""
DROPPED = "events.dropped"
AT_ONCE = 500


def keep_events(runtime: Runtime) -> int:
    """Keep the events since the last time, return how many; those that the bus trimmed before are kept as a count."""
    if runtime.history is None:
        return 0
    before = runtime.history.events_position()
    _, newest, published = runtime.bus.bounds()
    found = _since(runtime, before.id, newest)
    if not found:
        return 0
    # A bus that has published less than before is another one: all of it is new.
    trimmed = published - (before.published if published >= before.published else 0) - len(found)
    kept = [event for event in found if event.type not in PASSING]
    if trimmed > 0 and before.id != BusPosition().id:
        kept.append(Event(f"{found[0].id}-dropped", found[0].ts, DROPPED, "", {"count": trimmed}))
    runtime.history.keep_events(kept, BusPosition(found[-1].id, published))
    return len(kept)


def _since(runtime: Runtime, after: str, newest: str) -> list[Event]:
    """Events after an id up to the newest there was when it began: what comes meanwhile waits for the next time."""
    found: list[Event] = []
    while page := runtime.bus.read(after, count=AT_ONCE):
        upto = [event for event in page if _order(event.id) <= _order(newest)]
        found += upto
        after = page[-1].id
        if len(upto) < len(page):
            break
    return found


def _order(name: str) -> tuple[int, int]:
    first, _, second = name.partition("-")
    return int(first), int(second or 0)
