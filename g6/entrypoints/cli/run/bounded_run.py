"""`g6 run`: a bounded run with a board or a line for each cycle, and a summary."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial

import typer
from rich.console import Console

from g6 import log
from g6.adapters.replay import LeftOut
from g6.bootstrap.quote_sources.sources import check_start
from g6.bootstrap.wiring import live_clock
from g6.config import Settings, calendar
from g6.domain.documents.json_plain import json_plain
from g6.domain.market.calendar import day_of
from g6.domain.market.instrument import INDICES, exchanges_of
from g6.domain.market.trading_hours import trading_hours
from g6.domain.reports import Alert, CycleReport
from g6.domain.reports.closed_cycles import closed_cycles
from g6.entrypoints.cli.run import start_screen
from g6.entrypoints.cli.run.bounded import STORED_SECONDS, started, with_progress
from g6.entrypoints.cli.run.run_watch import RunWatch, login_before_start
from g6.entrypoints.cli.run.voices import BoardVoice, LogVoice, Voice
from g6.entrypoints.cli.shared.following import (
    ClosedCycle,
    RunFollower,
    continued,
    stoppable,
    warn_about_status_file,
)
from g6.entrypoints.cli.shared.screen import left_out, terminal
from g6.entrypoints.machine.fork_server import ForkServer
from g6.entrypoints.machine.supervisor import Stack
from g6.errors import UncoveredYear
from g6.ports.sources import abilities_of
from g6.rendering import run_screen
from g6.studies.market.day_estimate import DayEstimate


def closed_today(settings: Settings) -> str:
    """Return why a live market has no cycle left today and when it opens, empty where it has."""
    if not settings.source.is_live:
        return ""
    now = live_clock(settings).market().replace(microsecond=0)
    days = calendar()
    exchanges = exchanges_of(INDICES[name] for name in settings.indices)
    with suppress(UncoveredYear):
        cycles = [days.next_cycle(exchange, now, settings.interval) for exchange in exchanges]
        if day_of(min(cycles)) != day_of(now):
            hours = trading_hours(days, exchanges, now)
            # The last instant of a session may be a cycle that is due already.
            closed = (
                hours
                if not hours.is_open
                else trading_hours(days, exchanges, now + timedelta(seconds=settings.interval))
            )
            return f"nothing to collect: {run_screen.market_notice(closed, now).sentence}"
    return ""


def run_bounded(
    settings: Settings,
    requested: int | None,
    forks: ForkServer,
    *,
    json_lines: bool,
    mix: bool = False,
    anyway: bool = False,
) -> None:
    """Run the requested cycles, or a whole recording, and print how they went.

    The exit code is 1 when not all of them closed and were stored, or no option was collected.
    On a day without a session, and after its close, a live run ends at once with a sentence.
    """
    console = terminal.console(settings, stderr=json_lines)
    log.configure(settings)
    if sentence := closed_today(settings):
        # Settings that no start takes are refused on a closed day too.
        check_start(settings)
        console.print(sentence, soft_wrap=True, highlight=False)
        if login := login_before_start(settings):
            for line in run_screen.notice_lines(login, live_clock(settings).market()):
                console.print(line, soft_wrap=True)
        return
    settings = continued(settings, console)
    warn_about_status_file(settings, console, serves=False)
    estimate = start_screen.estimate_of(settings, requested)
    if not anyway:
        start_screen.refuse_full_disk(settings, estimate)
    run = _BoundedRun(console, estimate, json_lines)
    with stoppable():
        with started(settings, requested, console, forks, mix=mix, present=run.present) as facts:
            run.follow(*facts)
        return
    end = run_screen.end_line(run.statuses, str(settings.directory), run.unstored)
    console.print(end, soft_wrap=True)


class _BoundedRun:
    """A run that is watched until its last cycle is stored."""

    def __init__(self, console: Console, estimate: DayEstimate | None, json_lines: bool) -> None:
        self._console = console
        self._estimate = estimate
        self._json_lines = json_lines
        self._watch: RunWatch | None = None
        self._voice: Voice = LogVoice()

    @property
    def statuses(self) -> Mapping[str, int]:
        """The cycles that closed, by status."""
        return {} if self._watch is None else self._watch.statuses

    @property
    def unstored(self) -> int:
        """How many cycles the store refused."""
        return 0 if self._watch is None else self._watch.unstored

    def present(self, stack: Stack) -> Callable[[Alert], None]:
        """Print the screen of the start, and return who is given alerts."""
        console = self._console
        has_board = console.is_terminal and not self._json_lines
        self._voice = (
            BoardVoice(console, stack.runtime.clock, stack.runtime.data_option)
            if has_board
            else LogVoice()
        )
        write = partial(console.print, soft_wrap=True)
        self._watch = RunWatch(stack.settings, stack, self._voice, write)
        notices = self._watch.begin()
        start_screen.print_start(
            console, stack, notices, self._estimate, serves=False, is_bounded=True
        )
        return self._voice.alert

    def follow(self, stack: Stack, follower: RunFollower, cycles: int, limit: float) -> None:
        """Tell of each cycle and of how the run went.

        Raises:
            Exit: With 1, where a cycle is missing, nothing was collected, or the recording is
                damaged.
        """
        for followed in with_progress(
            self._closing(follower, cycles, limit), cycles, self._console
        ):
            self._tell(followed.report)
        is_whole = (
            follower.until_stored(stack.runtime.clock.wall() + STORED_SECONDS)
            and len(follower.closed) >= cycles
        )
        _summarise(self._console, stack, follower.closed, cycles)
        unread = _left_out(stack)
        left_out.print_left_out(self._console, unread)
        reports = follower.closed.values()
        sentence = run_screen.nothing_collected(reports)
        if sentence:
            self._console.print(sentence, soft_wrap=True, highlight=False)
        if not is_whole or sentence or left_out.has_damage(unread):
            raise typer.Exit(1)

    def _closing(self, follower: RunFollower, cycles: int, limit: float) -> Iterator[ClosedCycle]:
        """Yield closed cycles, and look at market and login between them."""
        clock = follower.stack.runtime.clock
        while len(follower.closed) < cycles and clock.wall() < limit:
            yield from follower.poll()
            if self._watch is not None:
                self._watch.look(follower)

    def _tell(self, report: CycleReport) -> None:
        if self._watch is not None:
            self._watch.count(report)
        if self._json_lines:
            typer.echo(json.dumps(json_plain(report.to_json()), separators=(",", ":")))
        elif self._console.is_terminal:
            watch = self._watch
            beside, refusal = (
                ("", "") if watch is None else (watch.beside(report), watch.refusal(report.cycle))
            )
            self._voice.cycle(report, beside, refusal)


def _left_out(stack: Stack) -> Sequence[LeftOut]:
    """Return what a recording was read without, nothing for another source."""
    recorded = abilities_of(stack.runtime.provider).recorded
    return () if recorded is None else recorded.left_out


def _summarise(
    console: Console, stack: Stack, closed: Mapping[str, CycleReport], cycles: int
) -> None:
    for line in run_screen.summary_lines(closed_cycles(closed.values()), cycles):
        console.print(line)
    console.print(f"files in {stack.settings.directory}")
