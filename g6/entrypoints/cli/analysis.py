"""`g6 chain`, `g6 analyze`: a stored chain, and what it says. Nothing is collected."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Annotated, Any

import numpy as np
import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from g6.domain import breadth, exposures, rows, surface
from g6.domain.calendar import IST
from g6.domain.cycle import Unit, isoformat_z
from g6.domain.expiry_figures import figures
from g6.domain.frame import Frame
from g6.entrypoints.cli import options, stored, terminal
from g6.entrypoints.cli.screens import LAKH, number, percent
from g6.errors import UserError

CRORE = 1e7

Greeks = Annotated[bool, typer.Option("--greeks", help="Greeks instead of open interest.")]
Csv = Annotated[bool, typer.Option("--csv", help="Write every column as CSV.")]
Strikes = Annotated[int, typer.Option("--strikes", metavar="N", min=0, help="Strikes around ATM; 0: all.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("chain")(chain)
    app.command("analyze")(analyze)


def chain(
    index: stored.Index,
    *,
    expiry: stored.Expiry = None,
    as_of: stored.AsOf = None,
    strikes: Strikes = 21,
    greeks: Greeks = False,
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
        typer.echo(json.dumps(_chain_document(unit, frame)))
    else:
        console = terminal.console(settings)
        console.print(_heading(unit, frame))
        console.print(chain_table(frame, strikes, greeks=greeks))


def _heading(unit: Unit, frame: Frame) -> str:
    day, dte = frame.columns["expiry"][0], int(frame.columns["dte"][0])
    spot, forward = (number(float(frame.columns[name][0])) for name in ("spot", "forward"))
    return f"{unit.index} {day} ({dte}d)  {unit.instant.astimezone(IST):%a %d %b %Y %H:%M:%S} IST  spot {spot}  F {forward}"


def chain_table(frame: Frame, strikes: int, *, greeks: bool) -> Table:
    """Return one expiry around ATM (`strikes` 0: all), calls left: open interest in lakh, volatility in %, premium; or Greeks."""
    side_columns = ("delta", "Γ·10⁴", "theta", "vega", "IV") if greeks else ("OI lakh", "ΔOI", "IV", "price")
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False, pad_edge=False)
    for name in (*side_columns, "STRIKE", *side_columns[::-1]):
        table.add_column(name, justify="center" if name == "STRIKE" else "right", no_wrap=True)
    for row in _around(frame, strikes):
        at_the_money = frame.columns["offset"][row] == 0
        strike = f"{frame.columns['strike'][row]:g}"
        sides = [_greek_cells(frame, side, row) if greeks else _oi_cells(frame, side, row) for side in ("ce_", "pe_")]
        cells = [*sides[0], f"▶ {strike} ◀" if at_the_money else strike, *sides[1][::-1]]
        table.add_row(*cells, style="bold" if at_the_money else "")
    return table


def _around(frame: Frame, strikes: int) -> range:
    offset = frame.columns["offset"].astype(np.float64)
    if not strikes or len(frame) <= strikes:
        return range(len(frame))
    centre = int(np.nanargmin(np.abs(offset))) if np.isfinite(offset).any() else len(frame) // 2
    first = max(0, min(centre - strikes // 2, len(frame) - strikes))
    return range(first, first + strikes)


def _oi_cells(frame: Frame, side: str, row: int) -> list[str]:
    oi, before, iv, price = (float(frame.columns[side + name][row]) for name in ("oi", "oi_prev", "iv", "price"))
    return [number(oi / LAKH), number((oi - before) / LAKH, sign=True), percent(iv), number(price)]


def _greek_cells(frame: Frame, side: str, row: int) -> list[str]:
    delta, gamma, theta, vega, iv = (float(frame.columns[side + name][row]) for name in ("delta", "gamma", "theta", "vega", "iv"))
    return [number(delta), number(1e4 * gamma), number(theta, 1), number(vega, 1), percent(iv)]


def _write_csv(frame: Frame) -> None:
    writer = csv.writer(sys.stdout)
    writer.writerow([column.name for column in rows.CHAIN])
    columns = [_text(column, frame.columns[column.name].tolist()) for column in rows.CHAIN]
    writer.writerows(zip(*columns, strict=True))


def _text(column: rows.Column, values: Sequence[Any]) -> list[Any]:
    missing = [value is None or value != value for value in values]  # noqa: PLR0124 - NaN differs from itself
    if column.kind == "instant":
        return ["" if gone else isoformat_z(value) for value, gone in zip(values, missing, strict=True)]
    if column.kind in {"integer", "flags"}:
        return ["" if gone else int(value) for value, gone in zip(values, missing, strict=True)]
    return ["" if gone else value for value, gone in zip(values, missing, strict=True)]


def _chain_document(unit: Unit, frame: Frame) -> dict[str, Any]:
    kinds = {column.name: column.kind for column in rows.CHAIN}
    written = {column.name: _text(column, frame.columns[column.name].tolist()) for column in rows.CHAIN}
    lines = [
        {name: None if values[i] == "" and kinds[name] != "text" else values[i] for name, values in written.items()}
        for i in range(len(frame))
    ]
    document: dict[str, Any] = stored.plain({"index": unit.index, "cycle": unit.cycle, "rows": lines})
    return document


def analyze(
    index: Annotated[str | None, typer.Argument(metavar="INDEX", help="Such as NIFTY; else every stored one.")] = None,
    *,
    as_of: stored.AsOf = None,
    json_: options.Json = False,
    data_dir: options.DataDir = None,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """Say what the newest stored chain says: ratios, max pain, levels, expected move, smile, exposures, risk.

    Example: g6 analyze NIFTY
    """
    settings = options.settings(config, set_, data_dir=data_dir)
    at = stored.instant_of(as_of)
    chains = [stored.latest(settings, name, at) for name in ([index] if index else stored.indices_at(settings, at))]
    found = [analysis(*each) for each in chains]
    market = asdict(breadth.market([frame for _, frame in chains]))
    if json_:
        typer.echo(json.dumps(stored.plain({"indices": found, "market_breadth": market})))
        return
    console = terminal.console(settings)
    for each in found:
        _show(console, each)
    console.print(f"market breadth: {_breadth(market)}", soft_wrap=True)


def _breadth(shares: Mapping[str, Mapping[str, int]]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {share['count']} of {share['known']}" for name, share in shares.items())


def analysis(unit: Unit, frame: Frame) -> dict[str, Any]:
    """Return everything that one stored chain says, JSON-able but for NaN and dates."""
    held = exposures.positions(frame)
    weighed, spot = exposures.exposures(held), float(frame.columns["spot"][0])
    fitted = surface.fit(surface.smiles(frame))
    net = {name: weighed.net(name) for name in exposures.EXPOSURES}
    return {
        "index": unit.index,
        "cycle": unit.cycle,
        "spot": spot,
        "expiries": [asdict(each) for each in figures(frame)],
        "exposures": {
            "convention": weighed.convention,
            "options": weighed.options,
            **net,
            **{f"wall_{side}": strike for side, strike in asdict(exposures.walls(weighed)).items()},
            "flip": exposures.flip(held, spot),
            "regime": exposures.regime(net["gex"]),
        },
        "risk": [asdict(each) for each in exposures.risk(held)],
        "breadth": asdict(breadth.since_close(frame)),
        "surface": {
            "quality": {day.isoformat(): quality for day, quality in fitted.quality.items()},
            "warnings": {each.expiry.isoformat(): list(each.warnings) for each in fitted.fitted if each.warnings},
        },
    }


def _show(console: Console, found: Mapping[str, Any]) -> None:
    at = Unit(found["cycle"], found["index"]).instant.astimezone(IST)
    console.print(f"[bold]{found['index']}[/bold]  {at:%a %d %b %Y %H:%M:%S} IST  spot {number(found['spot'])}")
    console.print(figures_table(found["expiries"]))
    told = found["exposures"]
    crore = {name: number(told[name] / CRORE, 1, sign=True) for name in exposures.EXPOSURES}
    console.print(
        f"exposures, ₹ crore ({told['convention']}, {told['options']} options)\n"
        f"  GEX {crore['gex']} per 1 %   DEX {crore['dex']}   VEX {crore['vex']} per vol point\n"
        f"  vanna {crore['vanna']} per vol point   charm {crore['charm']} per day\n"
        f"  call wall {number(told['wall_call'], 0)}   put wall {number(told['wall_put'], 0)}   "
        f"flip {number(told['flip'], 0)}   {told['regime'].replace('_', ' ')}",
        soft_wrap=True,
    )
    console.print(f"rising since the previous close: {_breadth(found['breadth'])}", soft_wrap=True)
    console.print("risk (OI × Greek): delta, gamma in lakh units; theta, vega in ₹ crore")
    console.print(risk_table(found["risk"]))


LINES: Sequence[tuple[str, str, int]] = (
    ("forward", "forward", 2), ("ATM", "atm", 0), ("PCR", "pcr", 3), ("PCR volume", "pcr_volume", 3), ("max pain", "max_pain", 0),
    ("straddle", "straddle", 2), ("EM 68 % (σ)", "em_sd", 1), ("EM 50 % (straddle)", "em_straddle", 1),
    ("EM one session", "em_session", 1),
)  # fmt: skip
"""Lines of the table of figures that are one number: label, field, places."""


def figures_table(expiries: Sequence[Mapping[str, Any]]) -> Table:
    """Return one column per expiry, one line per figure."""
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False, pad_edge=False)
    table.add_column("")
    for each in expiries:
        table.add_column(f"{each['expiry']:%d %b}\n{each['bucket']}", justify="right", no_wrap=True)
    for label, name, places in LINES:
        table.add_row(label, *(number(each[name], places) for each in expiries))
    for label, name in (("ATM IV %", "atm_iv"), ("RR 25Δ %", "rr25"), ("BF 25Δ %", "bf25")):
        table.add_row(label, *(number(100 * each[name], 2) for each in expiries))
    for name in ("support", "resistance"):
        table.add_row(f"{name}\n  OI lakh, σ away", *(_level(each[name]) for each in expiries))
    return table


def _level(level: Mapping[str, float]) -> str:
    return f"{number(level['strike'], 0)}\n{number(level['oi'] / LAKH, 1)}, {number(level['deviations'], 1, sign=True)}"


def risk_table(found: Sequence[Mapping[str, Any]]) -> Table:
    """Return one line per expiry bucket and moneyness class."""
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False, pad_edge=False)
    for name in ("bucket", "moneyness"):
        table.add_column(name)
    for name in ("options", "delta", "gamma", "theta", "vega"):
        table.add_column(name, justify="right")
    for each in found:
        scaled = {"delta": LAKH, "gamma": LAKH, "theta": CRORE, "vega": CRORE}
        cells = [number(each[name] / unit, 3 if name == "gamma" else 1) for name, unit in scaled.items()]
        table.add_row(each["bucket"], each["moneyness"].replace("_", " "), str(each["options"]), *cells)
    return table
