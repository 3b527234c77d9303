"""The demo: a bounded run of the simulated market with a table for each cycle, and checks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from g6 import log, pipeline
from g6.bootstrap.sources import simulated_market
from g6.bootstrap.stores import store as configured_store
from g6.config import Settings, calendar
from g6.domain.cycles.cycle import Unit, isoformat_z, parse_z
from g6.domain.market.calendar import day_of
from g6.domain.market.instrument import INDICES
from g6.domain.pricing.black76 import implied_vol
from g6.domain.reports import Alert
from g6.entrypoints.cli.shared import terminal
from g6.entrypoints.cli.shared.following import (
    PATIENCE,
    ClosedCycle,
    RunFollower,
    prepare_start,
    stoppable,
)
from g6.entrypoints.machine.supervisor import Stack, Window, running, window
from g6.errors import NothingToDo, UserError
from g6.ports import Ledger, Store
from g6.rendering import cycle_screen
from g6.simulation.self_test import self_test
from g6.studies.checks.self_checks import self_checks

STORED_SECONDS = 30.0
MOST_TABLES = 24
"""Cycles that are shown with a table each; a longer run shows its progress."""
FILES = (
    ("chain", "every strike, Parquet"),
    ("csv", "the window around ATM, for people"),
    ("panels", "JSON documents"),
    ("logs", "of every process"),
)


def whole_session(settings: Settings) -> tuple[Settings, int]:
    """Return settings that start at the open of the start's session, and the cycles to its close.

    Errors: UserError (the exchanges are closed on that day).
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


def demonstrate(settings: Settings, cycles: int) -> None:
    """Run cycles of the simulated market with a table each, or with progress where they are many.

    It ends with one chain, three checks and what to try next.
    """
    console = terminal.console(settings)
    with (
        stoppable(),
        started(settings, cycles, console, who="g6 demo") as (stack, follower, _, limit),
    ):
        has_tables = cycles <= MOST_TABLES
        closing = follower.until(cycles, limit)
        if not has_tables:
            closing = with_progress(closing, cycles, console)
        last: ClosedCycle | None = None
        for last in closing:
            if has_tables or len(follower.closed) == cycles:
                _show_cycle(console, stack, last)
        if last is None or not follower.until_stored(stack.runtime.clock.wall() + STORED_SECONDS):
            raise typer.Exit(1)
        _show_end(console, stack, last)


def _quietly(_: Stack) -> Callable[[Alert], None]:
    return log.alert


@contextmanager
def started(
    settings: Settings,
    cycles: int | None,
    console: Console,
    *,
    mix: bool = False,
    who: str = "g6 run",
    present: Callable[[Stack], Callable[[Alert], None]] = _quietly,
) -> Iterator[tuple[Stack, RunFollower, int, float]]:
    """Start a bounded run for the block.

    Args:
        settings: The configuration.
        cycles: How many are asked for, None for all of a recording.
        console: Where progress is shown.
        mix: Whether the directory may hold rows of another kind of market.
        who: What a person calls this process.
        present: Is called before the workers are started, and returns who is given alerts.

    Yields:
        The processes, their follower, the number of cycles, and the wall time to give up at.
    """
    settings = prepare_start(settings, console)
    with running(settings, who=who, fresh=settings.simulated, mix=mix, bounded=True) as stack:
        bounds = window(settings, stack.runtime, cycles)
        refuse_closed(stack.runtime.ledger, settings, bounds, stack.driver.other)
        # The window of a bounded run bound every later beat of a live system, until the driver took
        # it along at its end.
        stack.driver.open_window(bounds.first, bounds.last)
        follower = RunFollower(stack, stack.runtime.bus.bounds()[1], present(stack))
        with _bar(console) as progress:
            task = progress.add_task("starting workers", total=None)
            stack.start_workers()
            stack.wait_ready(lambda ready, of: progress.update(task, completed=ready, total=of))
        stack.start_ticker()
        stack.start_beat()
        timing = stack.runtime.timing
        ahead = max(
            (bounds.cycles - 1) * timing.step,
            (bounds.last - bounds.first).total_seconds() / stack.pace,
        )
        limit = stack.runtime.clock.wall() + ahead + timing.grace + PATIENCE
        yield stack, follower, bounds.cycles, limit
        pipeline.keep_events(stack.runtime)


def refuse_closed(
    ledger: Ledger, settings: Settings, bounds: Window, other: Mapping[str, Any] | None
) -> None:
    """Refuse a run with an instant that is closed already. Errors: NothingToDo.

    A live market is collected once. A simulated run or a replay begins on a clean slate, unless the
    same one (`other`) runs now.
    """
    # Not refused, a replay whose cycles were closed already waited for hours for them to close.
    if settings.simulated and other is None:
        return
    step = timedelta(seconds=settings.interval)
    for at in (bounds.first + n * step for n in range(bounds.cycles)):
        record = ledger.record(isoformat_z(at))
        if record is None or not record.closed:
            continue
        if settings.simulated and other is not None:
            raise NothingToDo(
                f"the cycle {record.cycle} was closed by the same run, "
                f"which has not ended yet (process {other['pid']})\n"
                "  fix: run it again when that one has ended"
            )
        raise NothingToDo(
            f"the cycle {record.cycle} is collected and closed already; "
            "a live instant is collected once\n"
            f"  fix: g6 rerun --cycle {record.cycle} computes it again from its stored quotes"
        )


def _bar(console: Console) -> Progress:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    return Progress(*columns, console=console, transient=True)


def with_progress(
    closed: Iterator[ClosedCycle], cycles: int, console: Console
) -> Iterator[ClosedCycle]:
    """Yield closed cycles and show how far the run has come."""
    counts: Counter[str] = Counter()
    with _bar(console) as progress:
        task = progress.add_task("collecting", total=cycles)
        for followed in closed:
            counts[followed.report.status] += 1
            statuses = " ".join(f"{status} {count}" for status, count in counts.items())
            progress.update(task, advance=1, description=f"collecting · {statuses}")
            yield followed


def _show_cycle(console: Console, stack: Stack, followed: ClosedCycle) -> None:
    runtime = stack.runtime
    report = followed.report.to_json()
    phase = runtime.calendar.phase("NSE", parse_z(followed.report.cycle))
    console.print()
    console.print(
        cycle_screen.header(report, phase, runtime.provider.name, stack.settings.market.seed)
    )
    fixes: dict[str, datetime] = {}
    for row in followed.report.rows:
        fix = _settlement_fix(stack, row)
        if fix is not None:
            fixes[row["underlying"]] = fix
    console.print(cycle_screen.cycle_table(report, fixes, followed.milliseconds))


def _settlement_fix(stack: Stack, row: Mapping[str, Any]) -> datetime | None:
    if not row["expiry_nearest"]:
        return None
    exchange = stack.runtime.plan.indices[row["underlying"]].index.exchange
    return stack.runtime.calendar.settlement_fix(
        exchange, date.fromisoformat(row["expiry_nearest"])
    )


def _show_end(console: Console, stack: Stack, last: ClosedCycle) -> None:
    store = configured_store(stack.settings)
    directory = stack.settings.directory
    _show_chain(console, store, last)
    console.print("\nself-checks", style="bold")
    for check in self_checks(store, last.report.to_json()):
        mark, colour = ("✓", "green") if check.holds else ("✗", "red")
        console.print(f"  {mark} {check.name}: {check.evidence}", style=colour)
    console.print("\nfiles", style="bold")
    for name, contents in FILES:
        console.print(f"  {directory / name}  {contents}")
    day = parse_z(last.report.cycle).date()
    call = f'g6.load("NIFTY", "{day}", engine="arrow", data_dir="{directory}")'
    console.print("\nnext", style="bold")
    console.print(f"  python -c 'import g6; print({call})'", soft_wrap=True)
    console.print(
        "  g6 run --cycles 60 --interval 1 --config config/wide.json · g6 up · g6 --help",
        soft_wrap=True,
    )


def _show_chain(console: Console, store: Store, last: ClosedCycle) -> None:
    """Print the stored chain of the first index that has a forward."""
    row = next((row for row in last.report.rows if row["forward"] is not None), None)
    if row is None:
        return
    frame = store.read_chain(Unit(last.report.cycle, row["underlying"]))
    if frame is None:
        return
    title = f"\n{row['underlying']}, expiry {row['expiry_nearest']}, open interest in lakh"
    console.print(title, style="bold")
    console.print(cycle_screen.chain_table(frame, row["expiry_nearest"]))
