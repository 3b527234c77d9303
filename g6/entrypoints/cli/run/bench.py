"""`g6 bench iv`: how fast this machine solves volatilities and Greeks."""

from __future__ import annotations

import json
import resource
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table
from rich.text import Text

from g6.config import load
from g6.entrypoints.cli.run.bench_stream import stream
from g6.entrypoints.cli.shared.arguments import options
from g6.entrypoints.cli.shared.screen import terminal
from g6.entrypoints.cli.shared.screen.progress import bar
from g6.errors import UserError
from g6.studies.checks.solver_speed import CallSpeed, best_call, recomputation

Sizes = Annotated[
    str,
    typer.Option(
        "--sizes", metavar="N,…", help="How many options are in one call; each size is timed."
    ),
]
Total = Annotated[
    int,
    typer.Option(
        "--options", metavar="N", min=1, help="How many options the long recomputation has."
    ),
]
Seconds = Annotated[
    float,
    typer.Option("--seconds", metavar="S", min=0.01, help="Seconds for which each size is timed."),
]

LARGEST_CALL = 1_000_000
COLUMNS = ("options in a call", "ns an option", "options a second", "calls a second")


@dataclass(frozen=True, slots=True)
class Recomputation:
    """The figures of the long recomputation, named as in the JSON."""

    options: int
    seconds: float
    per_second: float
    solved: int
    memory_grown_mib: float


def register(app: typer.Typer) -> None:
    """Add `g6 bench`."""
    bench = typer.Typer(
        no_args_is_help=True,
        rich_markup_mode=None,
        help="Time G6's arithmetic and its stream on this machine.\n\nExample: g6 bench iv",
    )
    bench.command("iv")(iv)
    bench.command("stream")(stream)
    app.add_typer(bench, name="bench")


def iv(
    *,
    sizes: Sizes = "200,400,2000,10000",
    total: Total = 1_000_000,
    seconds: Seconds = 0.5,
    json_: options.Json = False,
) -> None:
    """Time implied volatilities and Greeks on one core.

    Calls of each size are timed by themselves, then a long recomputation.

    Example: g6 bench iv --sizes 400 --options 200000
    """
    console = terminal.console(load(None, {}), stderr=json_)
    calls = [best_call(size, seconds) for size in _sizes(sizes)]
    long = _recompute(total, console)
    if json_:
        by_size = [asdict(call) | {"per_second": call.per_second} for call in calls]
        typer.echo(json.dumps({"calls": by_size, "recomputation": asdict(long)}))
        return
    console.print(_table(calls))
    console.print(
        f"{long.options:,} options in {long.seconds:.2f} s: {long.per_second:,.0f} a second; "
        f"{long.solved:,} solved; memory grew {long.memory_grown_mib:.0f} MiB",
        soft_wrap=True,
    )


def _sizes(text: str) -> list[int]:
    """Return the sizes of `--sizes`.

    Raises:
        UserError: It is no list of numbers, or a call cannot be of such a size.
    """
    fix = "write it as --sizes 200,400"
    try:
        sizes = [int(number) for number in text.split(",")]
    except ValueError as error:
        raise UserError(f"--sizes {text} is no list of numbers", fix) from error
    if not all(0 < size <= LARGEST_CALL for size in sizes):
        raise UserError(f"--sizes {text}: a call has one option to a million", fix)
    return sizes


class _Speed(ProgressColumn):
    """Options per second so far."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.0f} options/s" if task.speed else "")


def _recompute(total: int, console: Console) -> Recomputation:
    """Solve `total` options with a progress bar."""
    columns = (
        TextColumn("solving"),
        BarColumn(),
        MofNCompleteColumn(),
        _Speed(),
        TimeElapsedColumn(),
    )
    seconds = 0.0
    solved = 0
    memory_before = _peak_mib()
    with bar(console, *columns) as progress:
        task = progress.add_task("solving", total=total)
        for part in recomputation(total):
            seconds += part.seconds
            solved += part.solved
            progress.advance(task, part.options)
    grown = _peak_mib() - memory_before
    return Recomputation(total, seconds, total / seconds, solved, grown)


def _peak_mib() -> float:
    # Linux gives the peak in KiB, and never less than before: growth is what the solving added.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _table(calls: Sequence[CallSpeed]) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False, pad_edge=False)
    for name in COLUMNS:
        table.add_column(name, justify="right", no_wrap=True)
    for call in calls:
        table.add_row(
            f"{call.options:,}",
            f"{call.nanoseconds:,.0f}",
            f"{call.per_second:,.0f}",
            f"{call.per_second / call.options:,.0f}",
        )
    return table
