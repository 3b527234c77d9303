"""`g6 sample`: whole simulated trading days, made at once over all cores."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from g6.entrypoints.cli.shared.arguments import options
from g6.entrypoints.cli.shared.arguments.day_options import day_given
from g6.entrypoints.cli.shared.arguments.option_groups import spread
from g6.entrypoints.cli.shared.screen import terminal
from g6.entrypoints.cli.shared.screen.progress import bar, progress_console
from g6.entrypoints.cli.shared.shell.invocation import as_typed
from g6.files import quoted
from g6.rendering.wording import counted

if TYPE_CHECKING:
    from g6.bootstrap.sample import DayLot, SamplePlan, SampleProgress
    from g6.config import Settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("sample")(sample)


@dataclass(frozen=True, slots=True)
class SampleOptions:
    """The options that say which days are made."""

    days: Annotated[
        int, typer.Option("--days", metavar="N", min=1, max=750, help="How many trading days.")
    ] = 20
    indices: options.Indices = None
    interval: options.Interval = None
    to: Annotated[
        str | None,
        typer.Option(
            "--to", metavar="DAY", help="The last day; by default that before the demo's."
        ),
    ] = None
    seed: options.Seed = None

    def settings(self, configured: options.SettingsOptions) -> Settings:
        """Return the settings of the simulated market of these days.

        Raises:
            BadConfig: A value is wrong, or a name is none of a setting.
        """
        from g6.bootstrap.sample import SIMULATED

        return configured.settings(
            provider=SIMULATED, interval=self.interval, indices=self.indices, seed=self.seed
        )


@spread
def sample(
    *,
    sampled: SampleOptions,
    processes: Annotated[
        int | None,
        typer.Option("--processes", metavar="N", min=1, help="How many at once; all cores."),
    ] = None,
    json_: options.Json = False,
    configured: options.SettingsOptions,
) -> None:
    """Write whole simulated trading days, over all cores.

    No workers are needed. The rows are those that g6 run stores and g6 data compact folds, to the
    byte, for the same seed and settings. Weekends and holidays are left out. Days that are there
    are skipped, so that the same command goes on after Ctrl-C. There are no panels and events: a
    running system has them. They lie before the days of g6 demo, in its directory unless --data-dir
    names another, so that every command finds them.

    Example: g6 sample --days 20 --indices NIFTY,BANKNIFTY
    """
    from g6.bootstrap.sample import last_sessions, sample_plan, write_sample

    settings = sampled.settings(configured)
    console = terminal.console(settings, stderr=json_)
    last = day_given(sampled.to, settings)
    plan = sample_plan(settings, last_sessions(settings, sampled.days, last))
    _show_place(console, settings, plan)
    _show_skipped(console, plan)
    outcome = _outcome(write_sample(settings, plan, processes=processes), plan, console)
    if json_:
        typer.echo(json.dumps(_document(settings, plan, outcome)))
    else:
        _show(console, settings, plan, outcome)
    if plan.obstructed:
        raise typer.Exit(1)


@dataclass(slots=True)
class SampleOutcome:
    """What was written, and how long it took."""

    days: list[tuple[str, str]] = field(default_factory=list)
    cycles: int = 0
    rows: int = 0
    seconds: float = 0.0

    def add(self, step: SampleProgress) -> None:
        """Count a day, or a part of it."""
        self.cycles += step.cycles
        if step.statuses:
            self.days.append((step.day.isoformat(), step.index))
            self.rows += step.rows


def _outcome(steps: Iterator[SampleProgress], plan: SamplePlan, console: Console) -> SampleOutcome:
    """Take the steps of the days that wait, with a bar, and return what was written."""
    outcome = SampleOutcome()
    began = time.monotonic()
    if plan.waiting:
        for step in _with_bar(steps, plan, console):
            outcome.add(step)
    outcome.seconds = time.monotonic() - began
    return outcome


def _show_place(console: Console, settings: Settings, plan: SamplePlan) -> None:
    """Say before the first row where the rows go."""
    if not plan.waiting:
        return
    place = str(settings.directory)
    if settings.origin("demo_dir") == "default":
        place += ", the directory of g6 demo (--data-dir DIR names another)"
    console.print(f"{_days(len(plan.waiting))} of indices, to {place}", soft_wrap=True)


def _show_skipped(console: Console, plan: SamplePlan) -> None:
    for index, lots in _by_index(plan.there):
        span = f"{lots[0].day} to {lots[-1].day}" if len(lots) > 1 else str(lots[0].day)
        console.print(f"{index}: {_days(len(lots))} there already ({span}), skipped")
    for lot in plan.obstructed:
        console.print(
            f"{lot.day} {lot.index}: {lot.obstacle}; left as it is", soft_wrap=True, style="yellow"
        )


def _by_index(lots: Sequence[DayLot]) -> Iterator[tuple[str, list[DayLot]]]:
    for index in dict.fromkeys(lot.index for lot in lots):
        yield index, [lot for lot in lots if lot.index == index]


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"


def _with_bar(
    steps: Iterator[SampleProgress], plan: SamplePlan, console: Console
) -> Iterator[SampleProgress]:
    """Yield what is made: a bar of cycles on a terminal, a line a day elsewhere."""
    console = progress_console(console)
    if not console.is_terminal:
        for step in steps:
            if step.statuses:
                statuses = ", ".join(f"{n} {status}" for status, n in step.statuses.items())
                console.print(f"{step.day} {step.index}: {statuses}, {step.rows} rows")
            yield step
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    total = len(plan.waiting)
    finished = 0
    with bar(console, *columns) as progress:
        task = progress.add_task(f"0 of {_days(total)}", total=plan.cycles)
        for step in steps:
            finished += bool(step.statuses)
            description = f"{finished} of {_days(total)}"
            progress.update(task, advance=step.cycles, description=description)
            yield step


def _document(settings: Settings, plan: SamplePlan, outcome: SampleOutcome) -> dict[str, object]:
    return {
        "directory": str(settings.directory),
        "days": [{"day": day, "index": index} for day, index in sorted(outcome.days)],
        "there_already": [_place(lot) for lot in plan.there],
        "obstructed": [_place(lot) | {"reason": lot.obstacle} for lot in plan.obstructed],
        "cycles": outcome.cycles,
        "rows": outcome.rows,
        "seconds": round(outcome.seconds, 1),
    }


def _place(lot: DayLot) -> dict[str, str]:
    return {"day": lot.day.isoformat(), "index": lot.index}


def _show(console: Console, settings: Settings, plan: SamplePlan, outcome: SampleOutcome) -> None:
    directory = settings.directory
    console.print(
        f"{_days(len(outcome.days))} of indices, {counted(outcome.cycles, 'cycle')}, "
        f"{counted(outcome.rows, 'row')} written to {directory} in {outcome.seconds:.1f} s",
        soft_wrap=True,
    )
    if not plan.lots or not (outcome.days or plan.there):
        return
    day = plan.lots[-1].day
    lot = next(one for one in plan.lots if one.day == day)
    place = f"--data-dir {quoted(directory)}"
    call = f'g6.load("{lot.index}", "{lot.day}", data_dir="{directory}")'
    console.print("next", style="bold")
    console.print(f"  {as_typed('g6')} chain {lot.index} {place}", soft_wrap=True)
    console.print(f"  {as_typed('python')} -c 'import g6; print({call})'", soft_wrap=True)
