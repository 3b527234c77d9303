"""`g6 moves`: how far an index is expected to move, and how often it stayed within what was expected before."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime, time, timedelta
from math import nan
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

from g6.config import calendar
from g6.domain.figures import expected_moves
from g6.domain.market.calendar import IST
from g6.domain.market.expiry import years_to
from g6.domain.market.instrument import INDICES
from g6.entrypoints.cli.shared import options, stored, terminal
from g6.errors import NothingToDo
from g6.rendering.screens import number, percent

Days = Annotated[
    int, typer.Option("--days", metavar="N", min=1, help="How many calendar days back.")
]

REFERENCE = time(15, 15)
"""Bands are drawn at a session's last cycle before this time in India: from then on the index may stand still."""
LATE = timedelta(minutes=30)
"""How long before the fix the last stored index value still stands for it."""
COLUMNS = ("spot", "forward", "expiry_nearest", "em_sd", "em_straddle")
TOLD = {
    "session_sd": "one session, σ",
    "expiry_sd": "to expiry, σ",
    "expiry_straddle": "to expiry, straddle",
}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("moves")(moves)


def moves(
    index: stored.Index, *, days: Days = 400, as_of: stored.AsOf = None, json_: options.Json = False,
    data_dir: options.DataDir = None, config: options.Config = None, set_: options.Set = None,
) -> None:  # fmt: skip
    """Show expected moves as bands of the index, and the share of stored days on which the index stayed within them.

    Example: g6 moves NIFTY --days 120
    """
    settings = options.settings(config, set_, data_dir=data_dir)
    unit = stored.units(settings, index, stored.instant_of(as_of), 1)[0]
    rows = stored.overview(
        settings, unit, unit.instant.astimezone(IST).date() - timedelta(days=days - 1), COLUMNS
    )
    known = [row for row in rows if row["expiry_nearest"] is not None]
    if not known:
        raise NothingToDo(f"{unit.index}: no stored row has an expected move")
    now = expected_moves.bands(_drawn(unit.index, known[-1]))
    held = expected_moves.coverage(
        [_drawn(unit.index, row) for row in references(known)], settled(unit.index, rows)
    )
    if json_:
        bands = [
            {
                "name": each.name,
                "centre": each.centre,
                "move": each.move,
                "low": each.low,
                "high": each.high,
            }
            for each in now
        ]
        told = [asdict(each) | {"share": each.share} for each in held]
        typer.echo(
            json.dumps(
                stored.plain(
                    {"index": unit.index, "cycle": unit.cycle, "bands": bands, "coverage": told}
                )
            )
        )
        return
    console = terminal.console(settings)
    expiry = f"{known[-1]['expiry_nearest']:%d %b}"
    console.print(
        f"{unit.index}  {unit.instant.astimezone(IST):%a %d %b %Y %H:%M:%S} IST  nearest expiry {expiry}"
    )
    console.print(_table(now, held))


def references(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return each session's last row before 15:15 in India, oldest first; `rows` ascending."""
    last = {}
    for row in rows:
        at = row["timestamp"].astimezone(IST)
        if at.time() < REFERENCE:
            last[at.date()] = row
    return [last[day] for day in sorted(last)]


def settled(index: str, rows: Sequence[Mapping[str, Any]]) -> dict[date, float]:
    """Return the index at the fix of each expiry that `rows` name: its last value of the half hour before, points."""
    found = {}
    fixes = {
        day: _fix(index, day)
        for day in {row["expiry_nearest"] for row in rows if row["expiry_nearest"] is not None}
    }
    for row in rows:
        day = row["timestamp"].astimezone(IST).date()
        if (
            row["spot"] is not None
            and day in fixes
            and fixes[day] - LATE <= row["timestamp"] <= fixes[day]
        ):
            found[day] = float(row["spot"])
    return found


def _fix(index: str, expiry: date) -> datetime:
    return calendar().settlement_fix(INDICES[index].exchange, expiry)


def _drawn(index: str, row: Mapping[str, Any]) -> expected_moves.DrawnBands:
    """What was known at one row."""
    figures = {
        name: nan if row[name] is None else float(row[name])
        for name in ("spot", "forward", "em_sd", "em_straddle")
    }
    at, expiry = row["timestamp"], row["expiry_nearest"]
    return expected_moves.DrawnBands(
        at.timestamp(), expiry, years=years_to(_fix(index, expiry), at), **figures
    )


def _table(now: Sequence[expected_moves.Band], held: Sequence[expected_moves.Coverage]) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False, pad_edge=False)
    table.add_column("band")
    for name in ("± points", "from", "to", "should hold %", "held %", "of days"):
        table.add_column(name, justify="right", no_wrap=True)
    for band, kept in zip(now, held, strict=True):
        edges = [number(each, 1) for each in (band.move, band.low, band.high)]
        table.add_row(
            TOLD[band.name], *edges, percent(kept.expected), percent(kept.share), str(kept.known)
        )
    return table
