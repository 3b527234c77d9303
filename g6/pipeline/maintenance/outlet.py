"""The outlet: what was stored goes on to a server of time series, in its own time.

It follows the events that workers publish anyway, notes what was stored, and reads the rows from
the store when it sends them. Without it nothing runs in the workers, and with it nothing more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Event as Flag

from g6.domain.cycles.cycle import Unit, parse_z
from g6.domain.documents.point_lines import cycle_lines, option_lines, overview_lines
from g6.domain.reports import (
    CycleReport,
    Event,
    EventSelection,
    MissedSpan,
    OutboxEntry,
    SinkReport,
    StageReport,
    SubscriberPosition,
    WriteReport,
    place_on_bus,
)
from g6.domain.reports.alerts import SINK_AWAY, sink_alert
from g6.domain.schema.overview_row import OverviewRow
from g6.domain.schema.words import ANALYSED, EventType, SinkName, Stage, Status
from g6.errors import BadInput, Retryable, SinkAway, SinkRefused, Unavailable
from g6.pipeline.raised_alerts import settle
from g6.pipeline.subscription import Subscription
from g6.ports import Bus, Clock, Controls, Outbox, Sink, Store

BLOCK_SECONDS = 1.0
BATCH_UNITS = 14
"""Units that one request may carry: two cycles of six indices, some 500 kB."""
PAUSES = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Wall seconds before the next try, after the first, second, … request without an answer."""
FIRST_SECONDS = 60.0
"""Wall seconds before its first start whose units an outlet sends too."""
REPORT_SECONDS = 10.0
LAST_SECONDS = 4.0
"""Wall seconds that a sender which was told to stop may go on sending what waits."""
_KEPT_CYCLES = 64
_FOLLOWED = EventSelection.of((EventType.UNIT_REPORT, EventType.CYCLE_REPORT))


@dataclass(slots=True)
class _Tally:
    """What was done since the last report."""

    sent: int = 0
    requests: int = 0
    refused: int = 0


@dataclass(slots=True)
class Outlet:
    """Sends the rows of a store to a sink, unit by unit, each at least once and in order.

    What cannot be noted one by one is remembered as a span of cycles and filled from the store
    when nothing else waits: a full outbox, events that the bus dropped, a bus that was emptied.

    Attributes:
        store: Where the rows are.
        sink: Where they go.
        outbox: What is not sent yet.
        bus: Tells what was stored, and is told how it goes.
        clock: Wall time.
        controls: Where an alert is remembered while it lasts, None where nobody is told.
        error: Why the sink took nothing the last time, empty where it did.
    """

    store: Store
    sink: Sink
    outbox: Outbox
    bus: Bus
    clock: Clock
    controls: Controls | None = None
    error: str = ""
    _refusal: str = ""
    _next_try: float = 0.0
    _failures: int = 0
    _next_report: float = 0.0
    _tally: _Tally = field(default_factory=_Tally)
    _elapsed: dict[str, float] = field(default_factory=dict)
    _subscription: Subscription | None = None
    _broken_at: str | None = None

    def take(self, block_seconds: float = 0.0) -> int:
        """Note what was stored since the last time, and return how many units.

        Raises:
            RedisDown: Redis does not answer.
            StoreBusy: The disk refuses the outbox.
        """
        followed = self._followed()
        before = followed.position
        page = followed.read(block_seconds=block_seconds)
        entries = [*self._entries(page.events)]
        self._note_break(before, entries)
        if page.position != before and (entries or self._broken_at is None):
            self.outbox.note(entries, page.position)
        # Its name is empty: the bus remembers no place of it, and lets no publisher wait for it.
        followed.acknowledge(page)
        return len(entries)

    def send(self) -> int:
        """Send the oldest units that wait, or fill a span where none waits, and return how many.

        A sink that is away is left alone for a while, and so is a cold place of archived days.

        Raises:
            StoreBusy: The disk refuses the outbox.
        """
        if self.clock.wall() < self._next_try:
            return 0
        waiting = self.outbox.waiting(BATCH_UNITS)
        try:
            sent = self._send(waiting) if waiting else self._fill()
        except (SinkAway, Unavailable) as error:
            pause = PAUSES[min(self._failures, len(PAUSES) - 1)]
            self._failures += 1
            self._next_try = self.clock.wall() + pause
            self._tell_change(str(error).partition("\n")[0])
            return 0
        if sent:
            self._failures = 0
            self._tell_change("")
        return sent

    def step(self, block_seconds: float = 0.0) -> int:
        """Note, send and report once, and return how many units were sent or noted."""
        noted = self.take(block_seconds)
        sent = self.send()
        if self.clock.wall() >= self._next_report:
            self.report()
        return noted + sent

    def run(self, stop: Flag, sign: Callable[[], None] = lambda: None) -> None:
        """Send until `stop` is set, then what still waits, as long as a person would wait.

        Args:
            stop: Ends it.
            sign: Is called every second or so, as a sign of life.
        """
        while not stop.is_set():
            try:
                sign()
                self.step(0.0 if self._has_work() else BLOCK_SECONDS)
            except Retryable:
                stop.wait(PAUSES[0])
                # While Redis is away nothing is stored, and what waits can go.
                with suppress(Retryable):
                    self.send()
        limit = self.clock.wall() + LAST_SECONDS
        with suppress(Retryable):
            while self.take() or self._has_work():
                if not self.send() or self.clock.wall() > limit:
                    break
            self.report()

    def _has_work(self) -> bool:
        """Tell whether something can be sent now."""
        if self.clock.wall() < self._next_try:
            return False
        state = self.outbox.state()
        return state.units > 0 or state.spans > 0

    def report(self) -> None:
        """Publish what was done since the last report, and what waits.

        Raises:
            RedisDown: It is not published.
        """
        state = self.outbox.state()
        now = self.clock.wall()
        waiting = 0.0 if state.oldest_at is None else max(0.0, now - state.oldest_at)
        report = SinkReport(
            self.sink.name,
            not self.error,
            state.units,
            state.points,
            round(waiting, 3),
            state.spans,
            self._tally.sent,
            self._tally.requests,
            self._tally.refused,
            self.error or self._refusal,
        )
        self.bus.publish(report, key=self.sink.name)
        self._tally = _Tally()
        self._refusal = ""
        if self.controls is not None:
            raised = self.controls.read().alerts
            alert = sink_alert(report)
            settle(self.bus, self.controls, raised, now, SINK_AWAY, alert, self.sink.name)
        self._next_report = now + REPORT_SECONDS

    def _tell_change(self, error: str) -> None:
        """Report at once when the sink goes away, and when it is back."""
        has_changed = bool(error) != bool(self.error)
        self.error = error
        if has_changed:
            self._next_report = 0.0

    def _followed(self) -> Subscription:
        if self._subscription is None:
            self._subscription = Subscription(
                self.bus,
                self.clock,
                "",
                _FOLLOWED,
                # Its first process may begin a moment after the first cycle was stored.
                since=self.clock.wall() - FIRST_SECONDS,
                position=self.outbox.position(),
            )
        return self._subscription

    def _entries(self, events: Iterable[Event]) -> Iterator[OutboxEntry]:
        """Yield the units that events say are stored."""
        for event in events:
            match event.payload:
                case CycleReport(attempt=1) as cycle:
                    self._elapsed[cycle.cycle] = cycle.elapsed_seconds
                    while len(self._elapsed) > _KEPT_CYCLES:
                        self._elapsed.pop(next(iter(self._elapsed)))
                case StageReport(counts=WriteReport() as counts) as stage:
                    if SinkName.PARQUET in counts.rows:
                        yield self._entry(stage, counts)

    def _entry(self, stage: StageReport, counts: WriteReport) -> OutboxEntry:
        now = self.clock.wall()
        if stage.stage == Stage.PUBLISH:
            rows = counts.rows[SinkName.PARQUET]
            elapsed = self._elapsed.pop(stage.cycle, None)
            return OutboxEntry(stage.cycle, "", rows + 1, now, elapsed)
        # A line of a CSV file is a strike of the window, of which each side is a point.
        sink = SinkName.CSV if SinkName.CSV in counts.rows else SinkName.PARQUET
        strikes = counts.rows[sink] + counts.unchanged.get(sink, 0)
        return OutboxEntry(stage.cycle, stage.index, 2 * strikes, now)

    def _note_break(self, before: SubscriberPosition, entries: Sequence[OutboxEntry]) -> None:
        """Remember a span where events went by unread: from the last noted cycle to the next."""
        # Asked after the page was read: whatever was trimmed before it was read shows here.
        oldest, _, published = self.bus.bounds()
        accounted = before.accounted or 0
        was_trimmed = accounted > 0 and place_on_bus(before.id) < place_on_bus(oldest)
        if (was_trimmed or published < accounted) and self._broken_at is None:
            self._broken_at = self.outbox.newest()
        if self._broken_at is None or not entries:
            return
        last = entries[0].cycle
        first = min(self._broken_at or last, last)
        self.outbox.miss(MissedSpan(first, last, 0, "bus"))
        self._broken_at = None

    def _send(self, entries: Sequence[OutboxEntry]) -> int:
        """Send units in one request, one by one where the sink refuses them together."""
        try:
            self._write([line for entry in entries for line in self.lines(entry)])
        except SinkRefused as error:
            if len(entries) > 1:
                return sum(self._send([entry]) for entry in entries)
            self._refuse(error)
        self.outbox.remove(entries)
        return len(entries)

    def _fill(self) -> int:
        """Send one cycle of the oldest span that has any, and return how many units."""
        for span in self.outbox.missed():
            cycles = [*self.store.overview_cycles(parse_z(span.first), parse_z(span.last))]
            sent = 0
            if cycles:
                try:
                    sent = self.send_cycle(cycles[0])
                except SinkRefused as error:
                    self._refuse(error)
            self.outbox.fill(span, cycles[1] if len(cycles) > 1 else "")
            if sent:
                return sent
        return 0

    def _refuse(self, error: SinkRefused) -> None:
        """Count a unit that the sink will never take. Its rows stay in the store."""
        self._tally.refused += 1
        self._refusal = str(error)

    @property
    def sent_points(self) -> int:
        """Points that were taken since the last report."""
        return self._tally.sent

    def send_cycle(self, cycle: str) -> int:
        """Send all that is stored of one cycle in one request, and return how many units.

        Raises:
            SinkAway: The sink takes nothing now.
            SinkRefused: It will never take these lines.
        """
        units = self.stored_units(cycle)
        self._write([line for entry in units for line in self.lines(entry)])
        return len(units)

    def stored_units(self, cycle: str) -> list[OutboxEntry]:
        """Return the units of a cycle that the store has rows of, the overview last."""
        rows = self._overview(cycle)
        entries = [
            OutboxEntry(cycle, str(row["underlying"]), 0, 0.0)
            for row in rows
            if Status(row["status"]) in ANALYSED
        ]
        return [*entries, OutboxEntry(cycle, "", len(rows) + 1, 0.0)] if rows else []

    def lines(self, entry: OutboxEntry) -> list[str]:
        """Return the points of one unit as they are stored now, none where nothing is."""
        if not entry.index:
            rows = self._overview(entry.cycle)
            cycle = cycle_lines(entry.cycle, rows, entry.elapsed_seconds)
            return [*overview_lines(entry.cycle, rows), *cycle]
        unit = Unit(entry.cycle, entry.index)
        try:
            frame = self.store.read_chain(unit)
        except BadInput:
            # A damaged file is what g6 data check tells of. It must not hold up the units behind.
            frame = None
        return [] if frame is None else option_lines(unit, frame)

    def _overview(self, cycle: str) -> Sequence[OverviewRow]:
        """Return the rows of a cycle, none where their file is damaged."""
        with suppress(BadInput):
            return self.store.read_overview(cycle)
        return ()

    def _write(self, lines: Sequence[str]) -> None:
        if not lines:
            return
        self.sink.write(lines)
        self._tally.sent += len(lines)
        self._tally.requests += 1
