"""Follows the bus and keeps the totals: every event is counted once, whatever dies in between."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import isnan
from threading import Event as Flag
from typing import Any

from g6.domain.cycles.cycle import parse_z
from g6.errors import G6Error
from g6.observability.recorder import LATEST, record
from g6.observability.totals import Sample, Totals, TotalsStore
from g6.ports import Bus, Event

BATCH = 500
PAUSE_SECONDS = 0.25
"""Between two reads: a cycle's reports come in a bunch, and one batch costs three commands."""
BLOCK_SECONDS = 0.5
ACCOUNTED = "@accounted"
"""Key of the number of events read or known to be dropped."""
BUS = "events"


class BusFollower:
    """Turns events into totals, batch by batch; a batch shows only after it is stored with the id of its last event.

    When storing fails, or another follower was quicker, the stored state is read again and the batch is counted from there.
    With `keeps=False` nothing is stored: a look at the present.
    """

    def __init__(
        self, bus: Bus, store: TotalsStore, indices: Iterable[str], *, keeps: bool = True
    ) -> None:
        self._bus, self._store, self._indices, self._keeps = bus, store, tuple(indices), keeps
        self._last = "0"
        self.totals: Totals | None = None
        self.latest: Mapping[str, Mapping[str, Any]] = {}
        self.trouble = "nothing read yet"

    def load(self) -> None:
        """Take up what is stored. Errors: RedisDown."""
        numbers, texts, self._last = self._store.load()
        self.latest = {name: json.loads(text) for name, text in texts.items()}
        self.totals = Totals(self._indices, numbers)

    def step(self, block_seconds: float = 0.0) -> int:
        """Count the next batch of events, waiting up to `block_seconds` for one; return how many. Errors: RedisDown."""
        if self.totals is None:
            self.load()
        totals = self.totals or Totals()
        events = self._bus.read(self._last, count=BATCH, block_seconds=block_seconds)
        last = events[-1].id if events else self._last
        accounted, flow = self._flow(totals, len(events), last)
        changed = totals.advance([*_samples(events), *flow])
        if not events and accounted == totals.state.get(ACCOUNTED, 0.0):
            return 0
        changed[ACCOUNTED] = accounted
        latest = {**self.latest, **_newest(events, self.latest)}
        texts = {
            name: json.dumps(latest[name])
            for name in latest
            if latest[name] is not self.latest.get(name)
        }
        if self._keeps and not self._store.save(changed, texts, last, self._last):
            self.load()
            return 0
        totals.commit(changed)
        self.latest, self._last = latest, last
        return len(events)

    def catch_up(self) -> None:
        """Count everything there is now. Errors: RedisDown."""
        self.load()
        while self.step() == BATCH:
            pass
        self.trouble = ""

    def run(self, stop: Flag, told: Callable[[], None] = lambda: None) -> None:
        """Follow until `stop` is set; `told` is called after every batch. A server that is away is waited for."""
        while not stop.is_set():
            try:
                read = self.step(BLOCK_SECONDS)
                self.trouble = ""
                if read:
                    told()
            except G6Error as error:
                self.trouble, read = str(error), 1
            if 0 < read < BATCH:
                stop.wait(PAUSE_SECONDS)

    def _flow(self, totals: Totals, read: int, last: str) -> tuple[float, list[Sample]]:
        """Return how many events are accounted for, and the samples of the stream itself.

        Once the newest event is read, whatever was published and neither read nor counted as dropped was trimmed unread.
        """
        _, newest, published = self._bus.bounds()
        accounted = totals.state.get(ACCOUNTED, 0.0) + read
        dropped = 0.0
        if last == newest:
            dropped, accounted = max(0.0, published - accounted), float(published)
        held = totals.value("g6_bus_events_published_total", BUS)
        more = published - held if not isnan(held) and published >= held else float(published)
        return accounted, [
            Sample("g6_bus_events_published_total", (BUS,), more),
            Sample("g6_bus_events_dropped_total", (BUS, "trimmed"), dropped),
            Sample(
                "g6_bus_subscriber_lag_events", (BUS, "recorder"), max(0.0, published - accounted)
            ),
        ]


def _samples(events: Sequence[Event]) -> Iterator[Sample]:
    """Yield the samples of all events; one whose payload is not what its type says is counted, and the rest goes on."""
    for event in events:
        try:
            yield from record(event)
        except (AttributeError, KeyError, TypeError, ValueError):
            yield Sample("g6_bus_events_dropped_total", (BUS, "unreadable"))


def _newest(
    events: Sequence[Event], held: Mapping[str, Mapping[str, Any]]
) -> dict[str, Mapping[str, Any]]:
    """Return the newest payload of each type in LATEST, with the event's `ts`; a cycle report yields only to a newer cycle."""
    found: dict[str, Mapping[str, Any]] = {}
    for event in events:
        if event.type in LATEST:
            before = found.get(event.type, held.get(event.type))
            if (
                event.type != "cycle.report"
                or before is None
                or parse_z(event.payload["cycle"]) >= parse_z(before["cycle"])
            ):
                found[event.type] = {**event.payload, "ts": event.ts}
    return found
