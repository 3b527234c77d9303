"""The follower of the bus: every event is counted once, whatever dies in between."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from math import isnan
from threading import Event as Flag

from g6.domain.reports import Event, SubscriberPosition, Unreadable
from g6.domain.schema.words import DropReason
from g6.errors import G6Error
from g6.observability.latest import LatestReports
from g6.observability.recorder import record
from g6.observability.sample_totals import Sample, Totals, TotalsStore
from g6.pipeline.watching import RECORDER
from g6.ports import Bus

BATCH = 500
PAUSE_SECONDS = 0.25
"""Between two reads: a cycle's reports come in a bunch, and one batch costs four commands."""
BLOCK_SECONDS = 0.5
ACCOUNTED = "@accounted"
"""Key of the number of events read or known to be dropped."""
BUS = "events"


class BusFollower:
    """Turns events into totals, batch by batch.

    A batch shows only after it is stored with the id of its last event. When storing fails, or
    another follower was quicker, the stored state is read again and the batch is counted from
    there. With `keeps=False` nothing is stored: a look at the present.
    """

    def __init__(
        self, bus: Bus, store: TotalsStore, indices: Iterable[str], *, keeps: bool = True
    ) -> None:
        self._bus = bus
        self._store = store
        self._indices = tuple(indices)
        self._keeps = keeps
        self._last = "0"
        self.totals: Totals | None = None
        self.latest = LatestReports()
        self.trouble = "nothing read yet"

    def load(self) -> None:
        """Take up what is stored.

        Raises:
            RedisDown: Redis does not answer.
        """
        numbers, texts, self._last = self._store.load()
        self.latest = LatestReports.from_texts(texts)
        self.totals = Totals(self._indices, numbers)

    def step(self, block_seconds: float = 0.0) -> int:
        """Count the next batch of events.

        Args:
            block_seconds: How long to wait for the first event.

        Returns:
            How many events were counted.

        Raises:
            RedisDown: The bus or the store is away.
        """
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
        latest = self.latest.after(events)
        texts = latest.changed_texts(self.latest)
        if self._keeps and not self._store.save(changed, texts, last, self._last):
            self.load()
            return 0
        totals.commit(changed)
        self.latest = latest
        self._last = last
        if self._keeps:
            # For publishers, which wait for who reads, and for XINFO GROUPS. The recorder itself
            # goes on from what is stored with its totals.
            self._bus.remember(RECORDER, SubscriberPosition(last, int(accounted)))
        return len(events)

    def catch_up(self) -> None:
        """Count everything there is now.

        Raises:
            RedisDown: Redis does not answer.
        """
        self.load()
        while self.step() == BATCH:
            pass
        self.trouble = ""

    def run(self, stop: Flag, after_batch: Callable[[], None] = lambda: None) -> None:
        """Follow until `stop` is set. A server that is away is waited for.

        Args:
            after_batch: Called after every batch that held an event.
        """
        while not stop.is_set():
            try:
                count = self.step(BLOCK_SECONDS)
                self.trouble = ""
                if count:
                    after_batch()
            except G6Error as error:
                self.trouble = str(error)
                count = 1
            if 0 < count < BATCH:
                stop.wait(PAUSE_SECONDS)

    def _flow(self, totals: Totals, count: int, last: str) -> tuple[float, list[Sample]]:
        """Return how many events are accounted for, and the samples of the stream itself.

        Once the newest event is read, whatever was published and neither read nor counted as
        dropped was trimmed unread.
        """
        _, newest, published = self._bus.bounds()
        accounted = totals.state.get(ACCOUNTED, 0.0) + count
        dropped = 0.0
        if last == newest:
            dropped = max(0.0, published - accounted)
            accounted = float(published)
        counted = totals.value("g6_bus_events_published_total", BUS)
        # A bus that has published less than was counted is another one: all of it is new.
        is_same_bus = not isnan(counted) and published >= counted
        more = published - counted if is_same_bus else float(published)
        lag = max(0.0, published - accounted)
        return accounted, [
            Sample("g6_bus_events_published_total", (BUS,), more),
            Sample("g6_bus_events_dropped_total", (BUS, DropReason.TRIMMED), dropped),
            Sample("g6_bus_subscriber_lag_events", (BUS, RECORDER), lag),
        ]


def _samples(events: Sequence[Event]) -> Iterator[Sample]:
    """Yield the samples of all events. One that cannot be read is counted as dropped."""
    for event in events:
        report = event.payload
        if isinstance(report, Unreadable) and report.is_known_type:
            yield Sample("g6_bus_events_dropped_total", (BUS, DropReason.UNREADABLE))
            continue
        try:
            yield from record(event)
        except (AttributeError, KeyError, TypeError, ValueError):
            yield Sample("g6_bus_events_dropped_total", (BUS, DropReason.UNREADABLE))
