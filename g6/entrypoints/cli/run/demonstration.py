"""`g6 demo`: cycles of the simulated market on a terminal, with what to try next."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from shlex import quote

import typer
from rich.console import Console
from rich.table import Table

from g6.bootstrap.quote_sources.simulated_source import simulated_market
from g6.bootstrap.stores import store as configured_store
from g6.config import Settings, calendar
from g6.domain.cycles.cycle import Unit, parse_z
from g6.domain.market.calendar import day_of
from g6.domain.market.instrument import INDICES
from g6.domain.pricing.black76 import implied_vol
from g6.domain.schema.chain import Chain
from g6.domain.schema.layout import Folder, Kind
from g6.domain.schema.overview_row import OverviewRow
from g6.entrypoints.cli.run import start_screen
from g6.entrypoints.cli.run.bounded import STORED_SECONDS, started, with_progress
from g6.entrypoints.cli.shared.following import ClosedCycle, RunFollower, stoppable
from g6.entrypoints.cli.shared.screen import terminal
from g6.entrypoints.cli.shared.shell import invocation
from g6.entrypoints.machine.fork_server import ForkServer
from g6.entrypoints.machine.supervisor import Stack
from g6.errors import UserError
from g6.ports import Store
from g6.rendering.screens import cycle_screen, run_board
from g6.rendering.tables.market import day_estimate_table
from g6.simulation.self_test import self_test
from g6.studies.checks.self_checks import self_checks

MOST_TABLES = 24
"""Cycles that are shown with a table each; a longer run shows its progress."""
FILES = (
    (Kind.CHAIN, "every strike, Parquet"),
    (Kind.CSV, "the window around ATM, for people"),
    (Folder.PANELS, "JSON documents"),
    (Folder.LOGS, "of every process"),
)
ASK = 'import g6; print(g6.ask.interest("{index}", cycles=6, data_dir="{directory}"))'
NEXT = (
    ("trader", "g6", "chain {index} --data-dir {quoted}"),
    ("researcher", "python", "-c {ask}"),
    ("operator", "g6", "up --data-dir {quoted}"),
    ("everyone", "g6", "--help"),
)
"""What to try next: who, the program and its arguments."""


def whole_session(settings: Settings) -> tuple[Settings, int]:
    """Return settings that start at the open of the start's session, and the cycles to its close.

    Raises:
        UserError: The exchanges are closed on that day.
    """
    day = day_of(settings.market.start)
    sessions = [calendar().session(INDICES[name].exchange, day) for name in settings.indices]
    open_sessions = [session for session in sessions if session is not None]
    if not open_sessions:
        raise UserError(
            f"the exchanges are closed on {day}",
            "give --start an instant of a trading day, see g6 calendar",
        )
    instants: set[datetime] = set()
    for session in open_sessions:
        instants.update(session.cycles(settings.interval))
    market = settings.market.model_copy(update={"start": min(instants)})
    return settings.model_copy(update={"market": market}), len(instants)


def show_self_test(settings: Settings) -> int:
    """Print the simulated market's figures beside the real sample's, and return the exit code.

    It is 1 when a figure is out of bounds.
    """
    console = terminal.console(settings)
    table = Table("figure", "simulated", "real", "must be", "", box=None, padding=(0, 2, 0, 0))
    figures = self_test(simulated_market(settings), implied_vol)
    for figure in figures:
        table.add_row(
            figure.name, figure.simulated, figure.real, figure.bound, "✓" if figure.ok else "✗"
        )
    console.print(table)
    return 0 if all(figure.ok for figure in figures) else 1


def demonstrate(settings: Settings, cycles: int, forks: ForkServer, *, mix: bool = False) -> None:
    """Run cycles of the simulated market with a table each, or with progress where they are many.

    The first shows a chain too. It ends with three checks and what to try next.
    """
    console = terminal.console(settings)
    ended: list[str] = []
    closed = 0
    with stoppable() as stop:
        run = started(settings, cycles, console, forks, mix=mix, who="g6 demo")
        with run as (stack, follower, _, limit):
            show = Demonstration(console, stack, follower, cycles)
            ended = stack.names
            try:
                show.until(limit)
            finally:
                closed = len(follower.closed)
    if stop.came:
        what = f"; {', '.join(ended)} ended" if ended else ""
        console.print(
            f"stopped after {closed} of {cycles} cycles{what}; files in {settings.directory}",
            soft_wrap=True,
        )


@dataclass(slots=True)
class Demonstration:
    """What a demo shows of a run, cycle by cycle and at its end."""

    console: Console
    stack: Stack
    follower: RunFollower
    cycles: int
    _store: Store = field(init=False)

    def __post_init__(self) -> None:
        self._store = configured_store(self.stack.settings)

    def until(self, limit: float) -> None:
        """Show the cycles as they close, until wall time `limit`, then the end."""
        has_tables = self.cycles <= MOST_TABLES
        closing = self.follower.until(self.cycles, limit)
        if not has_tables:
            closing = with_progress(closing, self.cycles, self.console)
        last: ClosedCycle | None = None
        for last in closing:
            is_first = len(self.follower.closed) == 1
            if has_tables or is_first or len(self.follower.closed) == self.cycles:
                self._show_cycle(last)
            if is_first:
                self._show_chain(last)
        wall = self.stack.runtime.clock.wall
        if last is None or not self.follower.until_stored(wall() + STORED_SECONDS):
            raise typer.Exit(1)
        self._show_end(last)

    def _show_cycle(self, followed: ClosedCycle) -> None:
        runtime = self.stack.runtime
        report = followed.report
        phase = runtime.calendar.phase("NSE", parse_z(report.cycle))
        seed = self.stack.settings.market.seed
        self.console.print()
        self.console.print(cycle_screen.header(report, phase, runtime.provider.name, seed))
        fixes: dict[str, datetime] = {}
        for row in report.rows:
            fix = self._settlement_fix(row)
            if fix is not None:
                fixes[row["underlying"]] = fix
        self.console.print(cycle_screen.cycle_table(report, fixes, followed.milliseconds))
        if line := run_board.whole_chain_line(report):
            self.console.print(line)

    def _settlement_fix(self, row: OverviewRow) -> datetime | None:
        expiry = row["expiry_nearest"]
        if not expiry:
            return None
        runtime = self.stack.runtime
        exchange = runtime.plan.indices[row["underlying"]].index.exchange
        return runtime.calendar.settlement_fix(exchange, date.fromisoformat(expiry))

    def _show_chain(self, first: ClosedCycle) -> None:
        """Print the chain of the first index that has a forward, as soon as it is stored."""
        row = next((row for row in first.report.rows if row["forward"] is not None), None)
        if row is None or row["expiry_nearest"] is None:
            return
        clock = self.stack.runtime.clock
        limit = clock.wall() + STORED_SECONDS
        unit = Unit(first.report.cycle, row["underlying"])
        while (frame := self._store.read_chain(unit)) is None and clock.wall() < limit:
            clock.sleep(0.02)
        if frame is None:
            return
        seconds = invocation.seconds_since_start()
        chain = f"{row['underlying']}, expiry {row['expiry_nearest']}, open interest in lakh"
        self.console.print(f"\nfirst chain after {seconds:.1f} s: {chain}", style="bold")
        nearest = Chain.of_rows(frame).expiry(date.fromisoformat(row["expiry_nearest"]))
        self.console.print(cycle_screen.chain_table(nearest))

    def _show_end(self, last: ClosedCycle) -> None:
        settings = self.stack.settings
        self.console.print("\nself-checks", style="bold")
        for check in self_checks(self._store, last.report):
            mark, colour = ("✓", "green") if check.holds else ("✗", "red")
            self.console.print(f"  {mark} {check.name}: {check.evidence}", style=colour)
        self.console.print("\nfiles", style="bold")
        for name, contents in FILES:
            self.console.print(f"  {settings.directory / name}  {contents}")
        if estimate := start_screen.estimate_of(settings):
            self.console.print(
                f"  {day_estimate_table.sentence(estimate)}", soft_wrap=True, highlight=False
            )
        self.console.print("\nnext", style="bold")
        for line in next_steps(settings.indices[0], settings.directory):
            self.console.print(f"  {line}", soft_wrap=True, markup=False)


def next_steps(index: str, directory: Path) -> list[str]:
    """Return what to try next, a line for each kind of person, as it is typed in this shell.

    Args:
        index: The one to look at.
        directory: Where the rows are.
    """
    ask = quote(ASK.format(index=index, directory=directory))
    steps: list[str] = []
    for person, program, arguments in NEXT:
        words = arguments.format(index=index, quoted=quote(str(directory)), ask=ask)
        steps.append(f"{person:<11} {invocation.as_typed(program)} {words}")
    return steps
