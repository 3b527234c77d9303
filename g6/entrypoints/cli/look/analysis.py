"""`g6 analyze`: what a stored chain says. Nothing is collected."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from math import isfinite
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from g6.domain.cycles.cycle import Unit
from g6.domain.figures import breadth, exposures, surface
from g6.domain.figures.by_expiry import expiry_figures
from g6.domain.market.calendar import IST
from g6.domain.schema.chain import Chain
from g6.domain.schema.frame import Frame
from g6.entrypoints.cli.shared import options, stored, terminal
from g6.rendering.screens import LAKH, number

CRORE = 1e7


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("analyze")(analyze)


def analyze(
    index: Annotated[
        str | None, typer.Argument(metavar="INDEX", help="Such as NIFTY; else every stored one.")
    ] = None,
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
    chains = [
        stored.latest(settings, name, at)
        for name in ([index] if index else stored.indices_at(settings, at))
    ]
    found = [analysis(*each) for each in chains]
    market = asdict(breadth.market([Chain.of_rows(frame) for _, frame in chains]))
    if json_:
        typer.echo(json.dumps(stored.plain({"indices": found, "market_breadth": market})))
        return
    console = terminal.console(settings)
    for each in found:
        _show(console, each)
    console.print(f"market breadth: {_breadth(market)}", soft_wrap=True)


def _breadth(shares: Mapping[str, Mapping[str, int]]) -> str:
    return ", ".join(
        f"{name.replace('_', ' ')} {share['count']} of {share['known']}"
        for name, share in shares.items()
    )


def analysis(unit: Unit, frame: Frame) -> dict[str, Any]:
    """Return everything that one stored chain says, JSON-able but for NaN and dates."""
    chain = Chain.of_rows(frame)
    held = exposures.positions(chain)
    weighed, spot = exposures.exposures(held), float(frame.columns["spot"][0])
    fitted = surface.fit(surface.smiles(chain))
    net = {name: weighed.net(name) for name in exposures.EXPOSURES}
    return {
        "index": unit.index,
        "cycle": unit.cycle,
        "spot": spot,
        "expiries": [asdict(each) for each in expiry_figures(chain)],
        "exposures": {
            "convention": weighed.convention,
            "options": weighed.options,
            **net,
            **{f"wall_{side}": strike for side, strike in asdict(exposures.walls(weighed)).items()},
            **{
                f"interest_{side}": strike
                for side, strike in asdict(exposures.interest_walls(held)).items()
            },
            "flip": exposures.flip(held, spot),
            "regime": exposures.regime(net["gex"]),
        },
        "risk": [asdict(each) for each in exposures.risk(held)],
        "breadth": asdict(breadth.since_close(chain)),
        "surface": {
            "quality": {day.isoformat(): quality for day, quality in fitted.quality.items()},
            "warnings": {
                each.expiry.isoformat(): list(each.warnings)
                for each in fitted.fitted
                if each.warnings
            },
        },
    }


def _show(console: Console, found: Mapping[str, Any]) -> None:
    at = Unit(found["cycle"], found["index"]).instant.astimezone(IST)
    console.print(
        f"[bold]{found['index']}[/bold]  {at:%a %d %b %Y %H:%M:%S} IST  spot {number(found['spot'])}"
    )
    console.print(figures_table(found["expiries"]))
    told = found["exposures"]
    crore = {name: number(told[name] / CRORE, 1, sign=True) for name in exposures.EXPOSURES}
    console.print(
        f"exposures, ₹ crore ({told['convention']}, {told['options']} options)\n"
        f"  GEX {crore['gex']} per 1 %   DEX {crore['dex']}   VEX {crore['vex']} per vol point\n"
        f"  vanna {crore['vanna']} per vol point   charm {crore['charm']} per day   vomma {crore['vomma']} per vol point\n"
        f"  call wall {number(told['wall_call'], 0)}   put wall {number(told['wall_put'], 0)}   "
        f"flip {number(told['flip'], 0)}   {told['regime'].replace('_', ' ')}\n"
        f"  {_band(told)}",
        soft_wrap=True,
    )
    console.print(f"rising since the previous close: {_breadth(found['breadth'])}", soft_wrap=True)
    console.print("risk (OI × Greek): delta, gamma in lakh units; theta, vega in ₹ crore")
    console.print(risk_table(found["risk"]))


def _band(told: Mapping[str, Any]) -> str:
    """The flip held against the walls of open interest: far outside them it says more of the convention than of the market."""
    low, high = sorted((told["interest_put"], told["interest_call"]))
    outside = max(low - told["flip"], told["flip"] - high)
    where = (
        f"flip {number(outside, 0)} points outside"
        if outside > 0
        else "flip inside"
        if isfinite(outside)
        else "no flip"
    )
    return f"most put OI {number(told['interest_put'], 0)}, most call OI {number(told['interest_call'], 0)}: {where}"


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
    for label, name in (
        ("ATM IV %", "atm_iv"),
        ("RR 25Δ %", "rr25"),
        ("BF 25Δ %", "bf25"),
        ("slope %/σ", "slope"),
        ("curvature %/σ²", "curvature"),
    ):
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
        cells = [
            number(each[name] / unit, 3 if name == "gamma" else 1) for name, unit in scaled.items()
        ]
        table.add_row(
            each["bucket"], each["moneyness"].replace("_", " "), str(each["options"]), *cells
        )
    return table
