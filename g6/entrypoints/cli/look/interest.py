"""`g6 interest`: put/call ratios, max pain and open interest over cycles, of all strikes or of chosen ones."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

from g6.domain.cycles.cycle import isoformat_z
from g6.domain.figures import series
from g6.domain.market.calendar import IST
from g6.domain.schema.frame import Frame
from g6.entrypoints.cli.shared import options, stored, terminal
from g6.errors import NothingToDo, UserError
from g6.rendering.screens import LAKH, number

Strikes = Annotated[
    str | None,
    typer.Option(
        "--strikes", metavar="A,B,…", help="Only these strikes, for instance 24000,24100."
    ),
]
Every = Annotated[
    int,
    typer.Option(
        "--every", metavar="N", min=1, help="Show every Nth cycle, counted back from the last."
    ),
]
Csv = Annotated[bool, typer.Option("--csv", help="Write CSV.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("interest")(interest)


def interest(
    index: stored.Index, *, strikes: Strikes = None, expiry: stored.Expiry = None, cycles: stored.Cycles = 60, every: Every = 1,
    as_of: stored.AsOf = None, json_: options.Json = False, csv_: Csv = False, data_dir: options.DataDir = None,
    config: options.Config = None, set_: options.Set = None,
) -> None:  # fmt: skip
    """Show PCR, max pain and open interest by cycle, over all strikes or chosen ones; without --expiry each cycle's nearest.

    Example: g6 interest NIFTY --strikes 24000,24100,24200 --cycles 20
    """
    if json_ and csv_:
        raise UserError("--json and --csv exclude each other", "leave one of them out")
    settings = options.settings(config, set_, data_dir=data_dir)
    units = stored.units(settings, index, stored.instant_of(as_of), cycles)
    found = over_cycles(stored.frames(settings, units), strikes, expiry)[::-1][::every][::-1]
    lines = [
        asdict(each) | {"instant": isoformat_z(each.instant), "expiry": each.expiry.isoformat()}
        for each in found
    ]
    if json_:
        typer.echo(
            json.dumps(
                stored.plain(
                    {"index": units[-1].index, "strikes": chosen(strikes), "cycles": lines}
                )
            )
        )
    elif csv_:
        _write_csv(lines)
    else:
        console = terminal.console(settings)
        console.print(
            f"{units[-1].index}  {f'strikes {strikes}' if strikes else 'all strikes'}; open interest in lakh units"
        )
        console.print(_table(found))


def over_cycles(
    frames: Sequence[Frame], strikes: str | None, expiry: str | None
) -> list[series.Interest]:
    """Return the series of these chains. Errors: UserError for strikes that are none, NothingToDo where no chain has them."""
    day: date | None = None
    if expiry is not None:
        day = (
            stored.of_expiry(frames[-1], expiry).columns["expiry"][0].astype("datetime64[D]").item()
        )
    found = series.interest(frames, chosen(strikes), day)
    if not found:
        raise NothingToDo(
            f"no stored chain has {'strikes ' + strikes if strikes else 'an expiry whose fix lies ahead'}"
        )
    return found


def chosen(strikes: str | None) -> list[float] | None:
    """Read a list of strikes, None for all. Errors: UserError."""
    try:
        return None if strikes is None else [float(each) for each in strikes.split(",")]
    except ValueError as error:
        raise UserError(
            f"--strikes {strikes} is no list of strikes", "write it as --strikes 24000,24100"
        ) from error


def _write_csv(lines: Sequence[dict[str, Any]]) -> None:
    writer = csv.DictWriter(sys.stdout, list(lines[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(
        {
            name: "" if value != value else value  # noqa: PLR0124 - NaN differs from itself
            for name, value in line.items()
        }
        for line in lines
    )


def _table(found: Sequence[series.Interest]) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False, pad_edge=False)
    for name in ("time", "expiry"):
        table.add_column(name, no_wrap=True)
    for name in ("strikes", "PCR", "PCR volume", "max pain", "OI calls", "OI puts"):
        table.add_column(name, justify="right", no_wrap=True)
    several = len({_day(each.instant) for each in found}) > 1
    for each in found:
        at = datetime.fromtimestamp(each.instant, UTC).astimezone(IST)
        figures = [number(each.pcr, 3), number(each.pcr_volume, 3), number(each.max_pain, 0)]
        sums = [number(each.oi_calls / LAKH, 1), number(each.oi_puts / LAKH, 1)]
        table.add_row(
            f"{at:%d %b %H:%M:%S}" if several else f"{at:%H:%M:%S}",
            f"{each.expiry:%d %b}",
            str(each.strikes),
            *figures,
            *sums,
        )
    return table


def _day(instant: float) -> date:
    return datetime.fromtimestamp(instant, UTC).astimezone(IST).date()
