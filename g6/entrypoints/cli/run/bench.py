"""`g6 bench iv`: how fast this machine solves volatilities and Greeks."""

from __future__ import annotations

import json
import resource
import time
from dataclasses import asdict, dataclass
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table
from rich.text import Text

from g6.config import load
from g6.domain.pricing.black76 import SolverStatus, price, solve
from g6.entrypoints.cli.shared import options, terminal
from g6.errors import UserError

Sizes = Annotated[
    str,
    typer.Option("--sizes", metavar="N,…", help="Options in one call, each size timed by itself."),
]
Total = Annotated[
    int, typer.Option("--options", metavar="N", min=1, help="Options of the long recomputation.")
]
Seconds = Annotated[
    float, typer.Option("--seconds", metavar="S", min=0.01, help="How long each size is timed.")
]

Terms = tuple[NDArray[np.float64], ...]

AT_ONCE = 10_000
_RATE, _FORWARD, _STEP = 0.055, 24_000.0, 50.0
_DAYS = (0.02, 1, 3, 7, 14, 30, 60)


def register(app: typer.Typer) -> None:
    """Add `g6 bench`."""
    bench = typer.Typer(
        no_args_is_help=True,
        rich_markup_mode=None,
        help="Time G6's arithmetic.\n\nExample: g6 bench iv",
    )
    bench.command("iv")(iv)
    bench.callback()(lambda: None)
    app.add_typer(bench, name="bench")


@dataclass(frozen=True, slots=True)
class Reading:
    """The best of many calls of one size: nanoseconds for volatility and five Greeks of one option."""

    options: int
    nanoseconds: float

    @property
    def per_second(self) -> float:
        """Options per second."""
        return 1e9 / self.nanoseconds


def iv(
    *,
    sizes: Sizes = "200,400,2000,10000",
    total: Total = 1_000_000,
    seconds: Seconds = 0.5,
    json_: options.Json = False,
) -> None:
    """Solve volatilities and five Greeks on one core: options per second by size of a call, then in a long recomputation.

    Example: g6 bench iv --sizes 400 --options 200000
    """
    console = terminal.console(load(None, {}), stderr=json_)
    readings = [timed(size, seconds) for size in _sizes(sizes)]
    before = _peak_mib()
    took, solved = _recomputed(total, console)
    grown = _peak_mib() - before
    if json_:
        told = [asdict(each) | {"per_second": each.per_second} for each in readings]
        long = {
            "options": total,
            "seconds": took,
            "per_second": total / took,
            "solved": solved,
            "memory_grown_mib": grown,
        }
        typer.echo(json.dumps({"calls": told, "recomputation": long}))
        return
    console.print(_table(readings))
    console.print(
        f"{total:,} options in {took:.2f} s: {total / took:,.0f} a second; {solved:,} solved; memory grew {grown:.0f} MiB",
        soft_wrap=True,
    )


def _sizes(text: str) -> list[int]:
    try:
        found = [int(each) for each in text.split(",")]
    except ValueError as error:
        raise UserError(
            f"--sizes {text} is no list of numbers", "write it as --sizes 200,400"
        ) from error
    if not all(0 < each <= 1_000_000 for each in found):
        raise UserError(
            f"--sizes {text}: a call has one option to a million", "write it as --sizes 200,400"
        )
    return found


def chains(count: int, seed: int = 7) -> Terms:
    """Return price, forward, strike, years, rate and side (+1, −1) of `count` options as exchanges list them, `(count,)` each."""
    die = np.random.default_rng(seed)
    years = die.choice(np.array(_DAYS), count) / 365
    reach = np.clip(3.5 * 0.15 * np.sqrt(years), 2 * _STEP / _FORWARD, 0.2)
    strike = _STEP * np.rint(_FORWARD * np.exp(die.uniform(-1, 1, count) * reach) / _STEP)
    away = np.log(strike / _FORWARD) / np.sqrt(years)
    sigma = np.clip(0.12 - 0.05 * away + 0.1 * away**2, 0.08, 0.6)
    forward, rate, phi = (
        np.full(count, _FORWARD + 7.3),
        np.full(count, _RATE),
        die.choice([1.0, -1.0], count),
    )
    return price(sigma, forward, strike, years, rate, phi), forward, strike, years, rate, phi


def timed(size: int, seconds: float) -> Reading:
    """Return the best of all calls that fit into `seconds`, two at least."""
    terms, best, end, calls = chains(size), float("inf"), time.perf_counter() + seconds, 0
    while calls < 2 or time.perf_counter() < end:
        began = time.perf_counter()
        solve(*terms)
        best, calls = min(best, time.perf_counter() - began), calls + 1
    return Reading(size, 1e9 * best / size)


class _Speed(ProgressColumn):
    """Options per second so far."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.0f} options/s" if task.speed else "")


def _recomputed(total: int, console: Console) -> tuple[float, int]:
    """Seconds that `total` options took, and how many were solved; the chains are made beforehand, once."""
    terms, took, solved, done = chains(min(total, AT_ONCE)), 0.0, 0, 0
    columns = (
        TextColumn("solving"),
        BarColumn(),
        MofNCompleteColumn(),
        _Speed(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("solving", total=total)
        while done < total:
            part = tuple(column[: total - done] for column in terms)
            began = time.perf_counter()
            solution, _ = solve(*part)
            took += time.perf_counter() - began
            solved += int(np.count_nonzero(solution.status == SolverStatus.ok))
            done += len(part[0])
            progress.update(task, completed=done)
    return took, solved


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _table(readings: list[Reading]) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False, pad_edge=False)
    for name in ("options in a call", "ns an option", "options a second", "calls a second"):
        table.add_column(name, justify="right", no_wrap=True)
    for each in readings:
        table.add_row(
            f"{each.options:,}",
            f"{each.nanoseconds:,.0f}",
            f"{each.per_second:,.0f}",
            f"{each.per_second / each.options:,.0f}",
        )
    return table
