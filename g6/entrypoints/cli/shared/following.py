"""Following a run from outside: what the bus says, cycle by cycle, until the run ends."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta

from rich.console import Console

from g6 import log
from g6.adapters.parquet.queries.market_time import kind_of_rows
from g6.bootstrap.reading.study_readers import stored_reader
from g6.config import Settings
from g6.domain.cycles.cycle import parse_z
from g6.domain.reports import Alert, CycleReport, Heartbeat, StageReport, StoreRefused
from g6.domain.schema.words import Stage
from g6.entrypoints.machine.market_start import aligned
from g6.entrypoints.machine.supervisor import Stack
from g6.errors import Retryable
from g6.rendering.wording import moment

PATIENCE = 30.0
"""Seconds beyond the last cycle's deadline after which a bounded run is given up."""


def continued(settings: Settings, console: Console) -> Settings:
    """Return the settings of a simulated market that goes on after what its directory has.

    A start that somebody chose stays. The console says when it was moved.
    """
    # Begun anew at the default start, a run wrote older instants than the directory had, and what
    # commands took for the newest was not what ran.
    if not settings.source.is_simulated or settings.origin("market.start") != "default":
        return settings
    if kind_of_rows(settings.directory) != settings.kind:
        return settings
    newest = stored_reader(settings).last_cycle()
    if newest is None or newest < settings.market.start:
        return settings
    start = newest + timedelta(seconds=settings.interval)
    console.print(
        f"{settings.directory} has cycles until {moment(newest)}: the market goes on after them "
        "(--start chooses another instant, --data-dir another directory)",
        soft_wrap=not console.is_terminal,
        highlight=False,
    )
    market = settings.market.model_copy(update={"start": start})
    return settings.model_copy(update={"market": market})


def prepare_start(settings: Settings, console: Console) -> Settings:
    """Return the settings with the simulated market's start inside a session.

    The console says when it was moved.
    """
    configured = settings.market.start
    settings = aligned(settings)
    start = settings.market.start
    if (start - configured).total_seconds() >= settings.interval:
        console.print(
            f"{moment(configured)} lies in no session: the market starts at {moment(start)}",
            soft_wrap=True,
        )
    return settings


def warn_about_status_file(settings: Settings, console: Console, *, serves: bool) -> None:
    """Print that nothing writes `status_file`, where one is set and this start serves nothing."""
    if settings.status_file is None or serves:
        return
    reason = "and features.serve is off"
    fix = "set features.serve=true"
    if settings.features.serve:
        reason = "and a bounded run starts none"
        fix = "run g6 up"
    console.print(
        f"status_file {settings.status_file} is not written by this start: "
        f"g6 serve writes it, {reason}",
        soft_wrap=True,
        markup=False,
    )
    console.print(
        f"  fix: {fix}, run g6 serve beside it, or g6 status --json > FILE",
        soft_wrap=True,
        markup=False,
    )


@dataclass(slots=True)
class ClosedCycle:
    """One closed cycle.

    Attributes:
        report: Its report.
        milliseconds: From the cycle's instant to each index's analysis.
    """

    report: CycleReport
    milliseconds: Mapping[str, float]


@dataclass(slots=True)
class RunFollower:
    """Reads the bus after `last_id` and remembers which cycles were closed and published, no rows.

    `tell` is given alerts. `heard` is the newest heartbeat, `heard_at` the wall time it came.
    """

    stack: Stack
    last_id: str
    tell: Callable[[Alert], None] = log.alert
    heard: Heartbeat | None = None
    heard_at: float = 0.0
    closed: dict[str, CycleReport] = field(default_factory=dict)
    published: set[str] = field(default_factory=set)
    analysed: dict[str, dict[str, float]] = field(default_factory=dict)

    _refused: set[tuple[str, str, Stage]] = field(default_factory=set)

    @property
    def unstored(self) -> set[str]:
        """The cycles of which the store refused something and has not taken it since."""
        return {cycle for cycle, _, _ in self._refused}

    def poll(self, seconds: float = 0.25) -> Iterator[ClosedCycle]:
        """Yield the cycles that closed since the last call, and keep the processes alive.

        Args:
            seconds: How long to wait for news.
        """
        self.stack.watch()
        try:
            events = self.stack.runtime.bus.read(self.last_id, block_seconds=seconds)
        except Retryable:
            self.stack.runtime.clock.sleep(seconds)
            return
        for event in events:
            self.last_id = event.id
            log.record(event)
            match event.payload:
                case StageReport() as report:
                    self._note_stage(report, parse_z(event.ts).timestamp())
                case StoreRefused() as refusal:
                    self._refused.add((refusal.cycle, refusal.index, refusal.stage))
                case Heartbeat() as heartbeat:
                    self.heard = heartbeat
                    self.heard_at = self.stack.runtime.clock.wall()
                case Alert() as alert:
                    self.tell(alert)
                case CycleReport() as report if report.cycle not in self.closed:
                    # With their rows 450 cycles of six indices made a run grow by 16 MB.
                    self.closed[report.cycle] = replace(report, rows=())
                    yield ClosedCycle(report, self.analysed.pop(report.cycle, {}))

    def _note_stage(self, report: StageReport, at: float) -> None:
        self._refused.discard((report.cycle, report.index, report.stage))
        if report.stage == Stage.PUBLISH:
            self.published.add(report.cycle)
        elif report.stage == Stage.ANALYSE:
            due = self.stack.runtime.clock.wall_of(parse_z(report.cycle))
            self.analysed.setdefault(report.cycle, {})[report.index] = 1e3 * (at - due)

    def until(self, cycles: int, limit: float) -> Iterator[ClosedCycle]:
        """Yield closed cycles until there are `cycles` of them, or until wall time `limit`."""
        while len(self.closed) < cycles and self.stack.runtime.clock.wall() < limit:
            yield from self.poll()

    def until_stored(self, limit: float) -> bool:
        """Wait until every closed cycle is persisted and published.

        Returns:
            False when wall time `limit` came first.
        """
        while self.stack.runtime.clock.wall() < limit:
            if self.published >= set(self.closed) and not self.stack.runtime.ledger.open_cycles():
                return True
            for _ in self.poll():
                pass
        return False


@dataclass(slots=True)
class Stop:
    """Whether a run was stopped by Ctrl-C or SIGTERM."""

    came: bool = False


@contextmanager
def stoppable() -> Iterator[Stop]:
    """Let SIGTERM end the block as Ctrl-C does: in order, with exit code 0.

    Once the end has begun neither is heard again.

    Yields:
        What tells afterwards whether somebody stopped it.
    """
    stop = Stop()

    def interrupt(_number: int, _frame: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        stop.came = True
        raise KeyboardInterrupt

    before = {
        number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield stop
    except KeyboardInterrupt:
        pass
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
