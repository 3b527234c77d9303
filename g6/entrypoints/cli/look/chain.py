"""`g6 chain`: a stored chain, strike by strike. Nothing is collected."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from math import isfinite
from typing import Annotated, Any

import numpy as np
import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

from g6.config import Settings
from g6.domain.cycles.cycle import Unit, isoformat_z
from g6.domain.figures import exposures
from g6.domain.figures.book_spreads import illiquid
from g6.domain.figures.repricing import iv_error
from g6.domain.market.calendar import IST, day_of
from g6.domain.pricing.black76 import PHI, higher_greeks
from g6.domain.schema import rows
from g6.domain.schema.chain import Chain
from g6.domain.schema.frame import SIDES, Frame
from g6.entrypoints.cli.shared import options, stored, terminal
from g6.entrypoints.cli.shared.contract_size import contract_size, size_words
from g6.errors import UserError
from g6.rendering.screens import LAKH, number

Greeks = Annotated[bool, typer.Option("--greeks", help="Greeks instead of open interest.")]
Second = Annotated[
    bool, typer.Option("--second-order", help="Vanna, charm and vomma instead of open interest.")
]
Csv = Annotated[bool, typer.Option("--csv", help="Write every column as CSV, and iv_error.")]
Strikes = Annotated[
    int, typer.Option("--strikes", metavar="N", min=0, help="Strikes around ATM; 0: all.")
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("chain")(chain)


def chain(
    index: stored.Index,
    *,
    expiry: stored.Expiry = None,
    as_of: stored.AsOf = None,
    strikes: Strikes = 21,
    greeks: Greeks = False,
    second_order: Second = False,
    json_: options.Json = False,
    csv_: Csv = False,
    data_dir: options.DataDir = None,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """Show the newest stored chain of an index, ATM marked.

    Example: g6 chain NIFTY --greeks
    """
    if json_ and csv_:
        raise UserError("--json and --csv exclude each other", "leave one of them out")
    settings = options.settings(config, set_, data_dir=data_dir)
    unit, found = stored.latest(settings, index, stored.instant_of(as_of))
    frame = stored.of_expiry(found, expiry)
    if csv_:
        _write_csv(frame)
    elif json_:
        typer.echo(json.dumps(_chain_document(unit, frame, second_order)))
    else:
        console = terminal.console(settings)
        console.print(_heading(unit, frame))
        console.print(_sizes(settings, unit, frame))
        console.print(
            chain_table(
                frame, strikes, "second_order" if second_order else "greeks" if greeks else "oi"
            )
        )


def _heading(unit: Unit, frame: Frame) -> str:
    day, dte = frame.columns["expiry"][0], int(frame.columns["dte"][0])
    spot, forward = (number(float(frame.columns[name][0])) for name in ("spot", "forward"))
    return f"{unit.index} {day} ({dte}d)  {unit.instant.astimezone(IST):%a %d %b %Y %H:%M:%S} IST  spot {spot}  F {forward}"


def _sizes(settings: Settings, unit: Unit, frame: Frame) -> str:
    """Return what one contract of the expiry is: units, notional at the index (else the forward), freeze quantity."""
    price = next(
        (value for name in ("spot", "forward") if isfinite(value := float(frame.columns[name][0]))),
        None,
    )
    lots = np.unique(frame.columns["lot_size"]).tolist()
    sizes = [
        contract_size(settings.directory, unit.index, int(lot), price, day_of(unit.instant))
        for lot in lots
    ]
    return f"quantities in units; {'; '.join(map(size_words, sizes))}"


def chain_table(frame: Frame, strikes: int, what: str = "oi") -> Table:
    """Return one expiry around ATM (`strikes` 0: all), calls left: open interest in lakh, IV in % and premium; or Greeks."""
    names = list(CELLS[what])
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False, pad_edge=False)
    for name in (*names, "STRIKE", *names[::-1]):
        table.add_column(name, justify="center" if name == "STRIKE" else "right", no_wrap=True)
    columns = {side: _cells(frame, side, what) for side in SIDES}
    grey = illiquid(Chain.of_rows(frame))
    for row in _around(frame, strikes):
        at_the_money = frame.columns["offset"][row] == 0
        strike = f"{frame.columns['strike'][row]:g}"
        sides = [[cells[row] for cells in columns[side]] for side in SIDES]
        line = [*sides[0], f"▶ {strike} ◀" if at_the_money else strike, *sides[1][::-1]]
        table.add_row(*line, style="bold" if at_the_money else "dim" if grey[row] else "")
    return table


def _around(frame: Frame, strikes: int) -> range:
    offset = frame.columns["offset"].astype(np.float64)
    if not strikes or len(frame) <= strikes:
        return range(len(frame))
    centre = int(np.nanargmin(np.abs(offset))) if np.isfinite(offset).any() else len(frame) // 2
    first = max(0, min(centre - strikes // 2, len(frame) - strikes))
    return range(first, first + strikes)


CELLS: Mapping[str, Mapping[str, tuple[str, float, int]]] = {
    "oi": {"OI lakh": ("oi", 1 / LAKH, 2), "ΔOI": ("oi_change", 1 / LAKH, 2), "IV": ("iv", 100, 1), "price": ("price", 1, 2)},
    "greeks": {
        "delta": ("delta", 1, 2), "Γ·10⁴": ("gamma", 1e4, 2), "theta": ("theta", 1, 1), "vega": ("vega", 1, 1),
        "IV": ("iv", 100, 1),
    },
    "second_order": {"vanna": ("vanna", 1, 4), "charm": ("charm", 1, 4), "vomma": ("vomma", 1, 3), "IV": ("iv", 100, 1)},
}  # fmt: skip
"""What a side of the chain shows: column's head by figure, factor and places."""


def _cells(frame: Frame, side: str, what: str) -> list[list[str]]:
    """Columns of texts of one side."""
    figures = {name: frame.columns[side + name].astype(np.float64) for name in (*_SHOWN, "oi_prev")}
    figures["oi_change"] = figures["oi"] - figures["oi_prev"]
    if what == "second_order":
        figures |= {
            name: values[SIDES.index(side)] for name, values in _second_order(frame).items()
        }
    return [
        [
            number(each, places, sign=name == "oi_change")
            for each in (factor * figures[name]).tolist()
        ]
        for name, factor, places in CELLS[what].values()
    ]


_SHOWN = ("oi", "iv", "price", "delta", "gamma", "theta", "vega")


def _second_order(frame: Frame) -> dict[str, Any]:
    """Vanna, charm and vomma `(2, n)` at each option's own volatility."""
    held = exposures.positions(Chain.of_rows(frame))
    return asdict(higher_greeks(held.iv, held.forward, held.strike, held.years, held.rate, PHI))


def _write_csv(frame: Frame) -> None:
    writer, written = csv.writer(sys.stdout), _written(frame)
    writer.writerow(written)
    writer.writerows(zip(*written.values(), strict=True))


def _written(frame: Frame) -> dict[str, list[Any]]:
    """Return every column, "" where a value is missing, and of each option how far its volatility is from its price."""
    stored_columns = {
        column.name: _text(column, frame.columns[column.name].tolist()) for column in rows.CHAIN
    }
    errors = dict(zip(SIDES, iv_error(Chain.of_rows(frame)).tolist(), strict=True))
    return stored_columns | {
        f"{side}iv_error": [float(f"{x:.3g}") if isfinite(x) else "" for x in errors[side]]
        for side in SIDES
    }


def _text(column: rows.Column, values: Sequence[Any]) -> list[Any]:
    missing = [value is None or value != value for value in values]  # noqa: PLR0124 - NaN differs from itself
    if column.kind == "instant":
        return [
            "" if gone else isoformat_z(value) for value, gone in zip(values, missing, strict=True)
        ]
    if column.kind in {"integer", "flags"}:
        return ["" if gone else int(value) for value, gone in zip(values, missing, strict=True)]
    return ["" if gone else value for value, gone in zip(values, missing, strict=True)]


def _chain_document(unit: Unit, frame: Frame, second_order: bool) -> dict[str, Any]:
    kinds = {column.name: column.kind for column in rows.CHAIN}
    written = _written(frame)
    lines = [
        {
            name: None if values[i] == "" and kinds.get(name) != "text" else values[i]
            for name, values in written.items()
        }
        for i in range(len(frame))
    ]
    if second_order:
        for name, values in _second_order(frame).items():
            for line, call, put in zip(lines, *values.tolist(), strict=True):
                line |= {f"ce_{name}": call, f"pe_{name}": put}
    document: dict[str, Any] = stored.plain(
        {"index": unit.index, "cycle": unit.cycle, "rows": lines}
    )
    return document
