"""`g6 scan`: options of an index that behave unlike themselves today."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray
from rich.box import SIMPLE_HEAD
from rich.table import Table

from g6.domain.cycles.cycle import Unit, isoformat_z
from g6.domain.figures import build_up as open_interest
from g6.domain.market.calendar import IST
from g6.domain.market.instrument import SIDES
from g6.domain.schema.frame import Frame
from g6.entrypoints.cli.shared import options, stored, terminal
from g6.errors import NothingToDo
from g6.rendering.screens import number

Least = Annotated[
    float,
    typer.Option(
        "--least", metavar="Z", min=0.1, help="Deviations from its own median that count."
    ),
]
Top = Annotated[
    int, typer.Option("--top", metavar="N", min=1, help="How many findings of each kind.")
]

KINDS = ("oi", "volume", "iv")
POINTS = 0.5
"""Least deviation of a volatility, in points."""
OF_LARGEST = 0.0005
"""Least deviation of a quantity, over the largest of the expiry: what moves less is of no size."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("scan")(scan)


def scan(
    index: stored.Index, *, cycles: stored.Cycles = 125, least: Least = 4.0, top: Top = 10, expiry: stored.Expiry = None,
    as_of: stored.AsOf = None, json_: options.Json = False, data_dir: options.DataDir = None, config: options.Config = None,
) -> None:  # fmt: skip
    """Rank options whose open interest, volume or volatility moved unlike before, and name strikes that are new.

    Steps are between cycles at least 3 minutes apart, each held against the steps before it today.

    Example: g6 scan NIFTY --cycles 60
    """
    settings = options.settings(config, data_dir=data_dir)
    units = stored.units(settings, index, stored.instant_of(as_of), cycles)
    today = units[-1].instant.astimezone(IST).date()
    frames = stored.frames(
        settings, [unit for unit in units if unit.instant.astimezone(IST).date() == today]
    )
    found = findings(
        units[-1], frames, stored.of_expiry(frames[-1], expiry).columns["expiry"][0], least, top
    )
    if json_:
        typer.echo(json.dumps(stored.plain(found)))
        return
    console = terminal.console(settings)
    console.print(
        f"{found['index']} {found['expiry']}  {found['steps']} steps since {found['since']}"
    )
    console.print(_table(found["findings"]))
    console.print(
        f"new strikes: {', '.join(f'{strike:g}' for strike in found['new_strikes']) or 'none'}",
        soft_wrap=True,
    )


def findings(
    unit: Unit, frames: Sequence[Frame], expiry: np.datetime64, least: float, top: int
) -> dict[str, Any]:
    """Return the unusual options of one expiry, by kind and size, JSON-able. Errors: NothingToDo with too few cycles."""
    spaced = _spaced([frame.take(frame.columns["expiry"] == expiry) for frame in frames])
    if len(spaced) < open_interest.LEAST_CYCLES + 2:
        raise NothingToDo(
            f"{unit.index}: {len(spaced)} cycles 3 minutes apart are too few to know what is usual"
        )
    strikes = spaced[-1].columns["strike"]
    ranked = []
    for kind in KINDS:
        values = np.stack([_at(strikes, frame, kind) for frame in spaced])
        steps = np.diff(values, axis=0)
        ranked += open_interest.unusual(
            kind, steps[:-1], steps[-1], _floor(kind, values[-1]), least
        )[:top]
    return {
        "index": unit.index,
        "cycle": unit.cycle,
        "expiry": str(expiry),
        "since": isoformat_z(float(spaced[0].columns["timestamp"][0])),
        "steps": len(spaced) - 1,
        "findings": [
            {
                "kind": each.kind,
                "strike": strikes[each.row],
                "side": SIDES[each.side],
                "z": each.score,
                "step": each.value,
            }
            for each in ranked
        ],
        "new_strikes": np.setdiff1d(strikes, spaced[0].columns["strike"]),
    }


def _spaced(frames: Sequence[Frame]) -> list[Frame]:
    """Chains at least as far apart as open interest is published, counted back from the last."""
    kept: list[Frame] = []
    for frame in reversed([frame for frame in frames if len(frame)]):
        at = float(frame.columns["timestamp"][0])
        if (
            not kept
            or at <= float(kept[-1].columns["timestamp"][0]) - open_interest.PUBLISHED_SECONDS
        ):
            kept.append(frame)
    return kept[::-1]


def _at(strikes: NDArray[np.float64], frame: Frame, kind: str) -> NDArray[np.float64]:
    """Units, or volatility points of the out-of-the-money sides, at these strikes, `(2, k)`; NaN where the chain had none."""
    values = np.full((2, len(strikes)), np.nan)
    _, mine, theirs = np.intersect1d(
        strikes, frame.columns["strike"], assume_unique=True, return_indices=True
    )
    values[:, mine] = frame.both_sides(kind).astype(np.float64)[:, theirs]
    if kind != "iv":
        return values
    inside = np.stack(
        [strikes < frame.columns["forward"][0], strikes > frame.columns["forward"][0]]
    )
    return np.where(inside, np.nan, 100 * values)


def _floor(kind: str, now: NDArray[np.float64]) -> NDArray[np.float64] | float:
    if kind == "iv":
        return POINTS
    return np.fmax(
        open_interest.NEUTRAL_SHARE * now, OF_LARGEST * np.max(np.nan_to_num(now), initial=1.0)
    )


def _table(found: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False, pad_edge=False)
    for name in ("kind", "option"):
        table.add_column(name, no_wrap=True)
    for name in ("z", "step"):
        table.add_column(name, justify="right", no_wrap=True)
    for each in found:
        places = 2 if each["kind"] == "iv" else 0
        option = f"{each['strike']:g} {each['side']}"
        table.add_row(
            each["kind"],
            option,
            number(each["z"], 1, sign=True),
            number(each["step"], places, sign=True),
        )
    return table
