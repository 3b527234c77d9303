"""`g6 verify`: stored cycles against a second implementation."""

from __future__ import annotations

import json
import random
from typing import Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.progress import track
from rich.table import Table

from g6.adapters.parquet.plain_units import read_unit, stored_units
from g6.bootstrap.stores import store as configured_store
from g6.domain.cycles.cycle import Unit, isoformat_z
from g6.domain.figures import exposures
from g6.domain.schema.chain import Chain
from g6.entrypoints.cli.shared import options, stored, terminal
from g6.errors import NothingToDo
from g6.studies.checks import second_exposures
from g6.studies.checks import second_opinion as second

Tolerance = Annotated[
    float,
    typer.Option(
        "--tolerance", metavar="FRACTION", help="Largest relative difference that passes."
    ),
]
Sample = Annotated[
    int,
    typer.Option(
        "--cycles",
        metavar="N",
        min=1,
        help="Units to verify, drawn at random; all where there are fewer.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("verify")(verify)


def verify(
    *,
    cycles: Sample = 100,
    tolerance: Tolerance = 1e-5,
    json_: options.Json = False,
    data_dir: options.DataDir = None,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """Compute stored figures again by a second implementation and show the largest differences. Exit code 1 above tolerance.

    Example: g6 verify --cycles 20
    """
    settings = options.settings(config, set_, data_dir=data_dir)
    there = stored_units(settings.directory)
    if not there:
        raise NothingToDo(f"no chain is stored in {settings.directory}")
    chosen = sorted(
        random.Random(len(there)).sample(there, min(cycles, len(there))), key=lambda each: each[2]
    )
    console, found, store = (
        terminal.console(settings, stderr=json_),
        second.Differences(),
        configured_store(settings),
    )
    for place in track(chosen, "verifying", console=console, transient=True):
        index, _, instant = place
        cycle = read_unit(settings.directory, place)
        second.check(cycle, found)
        frame = store.read_chain(Unit(isoformat_z(instant), index))
        if frame is not None and len(frame) and frame.columns["model"][0] == "black76":
            weighed = exposures.exposures(exposures.positions(Chain.of_rows(frame)))
            for name, again in second_exposures.exposures(cycle).items():
                # Where calls and puts nearly cancel, the net is a small difference of large sums: it is held at their scale.
                found.add(
                    name,
                    weighed.net(name),
                    again.net,
                    f"{index} {isoformat_z(instant)}",
                    again.gross,
                )
    above = {name: gap for name, gap in found.largest.items() if not gap <= tolerance}
    if json_:
        document = {"units": len(chosen), "tolerance": tolerance, "largest": found.largest}
        document |= {"at": found.place, "above": sorted(above)}
        typer.echo(json.dumps(stored.plain(document)))
    else:
        console.print(_table(found, tolerance))
        console.print(
            f"{len(chosen)} of {len(there)} stored units; {'all' if not above else 'not all'} within {tolerance:g}"
        )
    raise typer.Exit(1 if above else 0)


def _table(found: second.Differences, tolerance: float) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False, pad_edge=False)
    table.add_column("figure")
    for name in ("compared", "largest difference"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("where")
    for name, gap in found.largest.items():
        where = found.place[name] if gap > tolerance else ""
        table.add_row(name, f"{found.compared[name]:,}", f"{gap:.2e}", where)
    return table
