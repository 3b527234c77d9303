"""`g6 spreads`: what the books of a stored index cost to cross."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import numpy as np
import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

from g6.domain.figures import book_spreads as books
from g6.domain.market.calendar import IST
from g6.domain.schema.chain import Chain
from g6.entrypoints.cli.look import pictures
from g6.entrypoints.cli.shared import options, stored, terminal
from g6.rendering.screens import number

Cycles = Annotated[int, typer.Option("--cycles", metavar="N", min=1, help="How many cycles back.")]
Strikes = Annotated[
    int, typer.Option("--strikes", metavar="N", min=1, help="Strikes around the money to show.")
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("spreads")(spreads)


def spreads(
    index: stored.Index, *, expiry: stored.Expiry = None, cycles: Cycles = 60, strikes: Strikes = 15, as_of: stored.AsOf = None,
    json_: options.Json = False, data_dir: options.DataDir = None, config: options.Config = None, set_: options.Set = None,
) -> None:  # fmt: skip
    """Show bid-ask spreads: of each expiry now, and per strike of one expiry over the last cycles.

    Example: g6 spreads NIFTY --expiry this_week --cycles 30
    """
    settings = options.settings(config, set_, data_dir=data_dir)
    units = stored.units(settings, index, stored.instant_of(as_of), cycles)
    frames = stored.frames(settings, units)
    mine = pictures.of_one_expiry(frames, expiry)
    now, found = (
        books.summaries(Chain.of_rows(frames[-1])),
        books.over_cycles([*map(Chain.of_rows, mine)]),
    )
    day = str(mine[-1].columns["expiry"][0])
    if json_:
        document = {
            "index": units[-1].index,
            "cycle": units[-1].cycle,
            "now": [asdict(each) for each in now],
        }
        typer.echo(json.dumps(stored.plain(document | {"expiry": day, "by_strike": asdict(found)})))
        return
    console = terminal.console(settings)
    console.print(
        f"{units[-1].index}  {units[-1].instant.astimezone(IST):%a %d %b %Y %H:%M:%S} IST  books now"
    )
    console.print(_summary_table(now))
    console.print(f"{day}: spread in points over {found.cycles} cycles")
    console.print(_strikes_table(found, float(mine[-1].columns["forward"][0]), strikes))


def _summary_table(now: Sequence[books.Summary]) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False, pad_edge=False)
    for name in ("expiry", "strikes"):
        table.add_column(name, no_wrap=True)
    for name in ("two-sided", "of", "median", "worst", "ticks", "% of mid", "± IV pts"):
        table.add_column(name, justify="right", no_wrap=True)
    for each in now:
        figures = (
            each.median_points,
            each.worst_points,
            each.median_ticks,
            each.median_pct,
            100 * each.median_iv,
        )
        strikes = f"±{books.NEAR_STRIKES}" if each.near else "all"
        table.add_row(
            f"{each.expiry:%d %b}",
            strikes,
            str(each.two_sided),
            str(each.options),
            *map(number, figures),
        )
    return table


def _strikes_table(found: books.Spreads, forward: float, strikes: int) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False, pad_edge=False)
    sides = ("cycles", "worst", "p90", "median")
    for name in (*sides, "STRIKE", *sides[::-1]):
        table.add_column(name, justify="center" if name == "STRIKE" else "right", no_wrap=True)
    centre = (
        int(np.argmin(np.abs(found.strike - forward)))
        if np.isfinite(forward)
        else len(found.strike) // 2
    )
    for row in range(
        max(0, centre - strikes // 2), min(len(found.strike), centre + strikes // 2 + 1)
    ):
        calls, puts = (
            [
                str(found.two_sided[side, row]),
                *(number(each[side, row]) for each in (found.worst, found.p90, found.median)),
            ]
            for side in (0, 1)
        )
        strike = f"{found.strike[row]:g}"
        table.add_row(*calls, f"▶ {strike} ◀" if row == centre else strike, *puts[::-1])
    return table
