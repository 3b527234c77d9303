"""What `g6 run` and `g6 demo` have in common: a run that ends after a number of cycles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from g6 import log, pipeline
from g6.config import Settings
from g6.domain.cycles.cycle import isoformat_z
from g6.domain.reports import Alert
from g6.entrypoints.cli.shared.following import (
    PATIENCE,
    ClosedCycle,
    RunFollower,
    prepare_start,
)
from g6.entrypoints.cli.shared.screen.progress import bar
from g6.entrypoints.machine.fork_server import ForkServer
from g6.entrypoints.machine.market_start import Window, window
from g6.entrypoints.machine.supervisor import Stack, running
from g6.errors import NothingToDo
from g6.pipeline import Runtime
from g6.ports import Ledger
from g6.rendering.wording import in_india

STORED_SECONDS = 30.0
BEAT_SECONDS = 1.0
"""Wall seconds that a beat may take from its start to its first message."""


def _quietly(_: Stack) -> Callable[[Alert], None]:
    return log.alert


@contextmanager
def started(
    settings: Settings,
    cycles: int | None,
    console: Console,
    forks: ForkServer,
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
        forks: What the processes are forked from.
        mix: Whether the directory may hold rows of another kind of market.
        who: What a person calls this process.
        present: Is called before the workers are started, and returns who is given alerts.

    Yields:
        The processes, their follower, the number of cycles, and the wall time to give up at.
    """
    settings = prepare_start(settings, console)
    with running(
        settings, who=who, fresh=settings.simulated, mix=mix, bounded=True, forks=forks
    ) as stack:
        bounds = window(settings, stack.runtime, cycles)
        refuse_closed(stack.runtime.ledger, settings, bounds, stack.driver.other)
        log.configure(settings, file=stack.log_dir / log.FILE)
        follower = RunFollower(stack, stack.runtime.bus.bounds()[1], present(stack))
        with _bar(console) as progress:
            task = progress.add_task("starting workers", total=None)
            stack.start_workers()
            stack.wait_ready(lambda ready, of: progress.update(task, completed=ready, total=of))
        stack.start_ticker()
        stack.start_outlets()
        bounds = moved_on(settings, stack.runtime, bounds)
        # The window of a bounded run bound every later beat of a live system, until the driver took
        # it along at its end.
        stack.driver.open_window(bounds.first, bounds.last)
        stack.start_beat()
        yield stack, follower, bounds.cycles, _end_of(stack, bounds)
        pipeline.keep_events(stack.runtime)


def _end_of(stack: Stack, bounds: Window) -> float:
    """Return the wall time at which a run that has just begun is given up."""
    timing = stack.runtime.timing
    ahead = max(
        (bounds.cycles - 1) * timing.step,
        (bounds.last - bounds.first).total_seconds() / stack.pace,
    )
    return stack.runtime.clock.wall() + ahead + timing.grace + PATIENCE


def moved_on(settings: Settings, runtime: Runtime, bounds: Window) -> Window:
    """Return the window of a run whose first cycle may have passed while its workers started.

    A live run begins with the next cycle where beat would not send the first one any more.

    Raises:
        NothingToDo: That instant is closed.
    """
    if not settings.source.is_live:
        return bounds
    # A start of 4 s that crossed an instant of a grid of 5 s began with a cycle that was SKIPPED
    # for want of a beat, though nobody was to collect yet.
    late = runtime.clock.wall() - runtime.clock.wall_of(bounds.first)
    if late <= runtime.timing.expires - BEAT_SECONDS:
        return bounds
    later = window(settings, runtime, bounds.cycles)
    refuse_closed(runtime.ledger, settings, later, None)
    return later


def refuse_closed(
    ledger: Ledger, settings: Settings, bounds: Window, other: Mapping[str, object] | None
) -> None:
    """Refuse a run with an instant that is closed already.

    A live market is collected once. A simulated run or a replay begins on a clean slate, unless the
    same one (`other`) runs now.

    Raises:
        NothingToDo: The instant is closed.
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
                f"the cycle of {in_india(record.cycle)} was closed by the same run, "
                f"which has not ended yet (process {other['pid']})\n"
                "  fix: run it again when that one has ended"
            )
        raise NothingToDo(
            f"the cycle of {in_india(record.cycle)} is collected and closed already; "
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
    return bar(console, *columns)


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
