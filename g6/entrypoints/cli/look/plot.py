"""`g6 plot`: pictures of stored chains as PNG, SVG, a page of its own, or the numbers behind them as JSON."""

from __future__ import annotations

import html
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from g6.bootstrap.reading import stored_reader
from g6.domain.figures import series
from g6.entrypoints.cli.look import pictures
from g6.entrypoints.cli.shared import options, stored
from g6.errors import Unavailable, UserError
from g6.studies import parameters
from g6.studies.stored import interest_by_cycle

Out = Annotated[
    Path,
    typer.Option(
        "--out", metavar="FILE", help="Where to write: .png, .svg, .html, or .json for the numbers."
    ),
]
Strikes = Annotated[
    str | None,
    typer.Option(
        "--strikes", metavar="A,B,…", help="Only these strikes, for instance 24000,24100."
    ),
]
Of = Annotated[str, typer.Option("--of", metavar="oi|iv", help="What the heatmap shows.")]
By = Annotated[str, typer.Option("--by", metavar="time|expiry", help="Its columns.")]
Figure = Annotated[
    str, typer.Option("--figure", metavar="COLUMN", help="A column of the overview.")
]
Legs = Annotated[
    str | None,
    typer.Option(
        "--legs",
        metavar="DATE:STRIKE:CE|PE[:QUANTITY],…",
        help="Up to six fixed legs in the straddle's place.",
    ),
]
Days = Annotated[
    int, typer.Option("--days", metavar="N", min=1, help="How many calendar days back.")
]

FORMATS = (".png", ".svg", ".html", ".json")


def register(app: typer.Typer) -> None:
    """Add `g6 plot`."""
    plot = typer.Typer(
        no_args_is_help=True,
        rich_markup_mode=None,
        help="Draw stored chains.\n\nExample: g6 plot smile NIFTY --out smile.png",
    )
    for command in (smile, surface, oi, interest, straddle, overlays, heatmap):
        plot.command(command.__name__)(command)
    app.add_typer(plot, name="plot")


def smile(
    index: stored.Index, *, out: Out, expiry: stored.Expiry = None, as_of: stored.AsOf = None,
    data_dir: options.DataDir = None, config: options.Config = None,
) -> None:  # fmt: skip
    """Implied volatility by strike, with the fitted surface; every expiry unless one is named.

    Example: g6 plot smile NIFTY --out smile.png
    """
    unit, frame = stored.latest(
        options.settings(config, data_dir=data_dir), index, stored.instant_of(as_of)
    )
    _write("smile", pictures.smile(unit, stored.of_expiry(frame, expiry) if expiry else frame), out)


def surface(
    index: stored.Index,
    *,
    out: Out,
    as_of: stored.AsOf = None,
    data_dir: options.DataDir = None,
    config: options.Config = None,
) -> None:
    """The volatility surface over moneyness and time.

    Example: g6 plot surface NIFTY --out surface.html
    """
    found = stored.latest(
        options.settings(config, data_dir=data_dir), index, stored.instant_of(as_of)
    )
    _write("surface", pictures.volatility_surface(*found), out)


def oi(
    index: stored.Index, *, out: Out, expiry: stored.Expiry = None, as_of: stored.AsOf = None,
    data_dir: options.DataDir = None, config: options.Config = None,
) -> None:  # fmt: skip
    """Open interest by strike and its change, with forward, max pain and walls.

    Example: g6 plot oi NIFTY --expiry this_week --out oi.png
    """
    unit, frame = stored.latest(
        options.settings(config, data_dir=data_dir), index, stored.instant_of(as_of)
    )
    _write("oi", pictures.oi(unit, stored.of_expiry(frame, expiry)), out)


def interest(
    index: stored.Index, *, out: Out, strikes: Strikes = None, expiry: stored.Expiry = None, cycles: stored.Cycles = 375,
    as_of: stored.AsOf = None, data_dir: options.DataDir = None, config: options.Config = None,
) -> None:  # fmt: skip
    """Put/call ratios, max pain and open interest over cycles, of all strikes or chosen ones; else the nearest expiry of each.

    Example: g6 plot interest NIFTY --strikes 24000,24100 --out interest.png
    """
    settings = options.settings(config, data_dir=data_dir)
    values = {
        "index": index,
        "strikes": strikes,
        "expiry": expiry,
        "cycles": cycles,
        "at": as_of,
    }
    requested = parameters.made(interest_by_cycle.InterestParameters, values)
    document = interest_by_cycle.answer(stored_reader(settings), requested)
    _write("interest", pictures.interest(document), out)


def straddle(
    index: stored.Index, *, out: Out, legs: Legs = None, cycles: stored.Cycles = 375, as_of: stored.AsOf = None,
    data_dir: options.DataDir = None, config: options.Config = None,
) -> None:  # fmt: skip
    """The straddle at the money over cycles, with its rolls, its VWAP and the index.

    Example: g6 plot straddle NIFTY --cycles 100 --out straddle.png
    """
    settings = options.settings(config, data_dir=data_dir)
    units = stored.units(settings, index, stored.instant_of(as_of), cycles)
    frames = stored.frames(settings, units)
    _write(
        "straddle",
        pictures.position(units, frames, _legs(legs)) if legs else pictures.straddle(units, frames),
        out,
    )


def _legs(text: str) -> list[series.PositionLeg]:
    try:
        legs = [series.parse_leg(each) for each in text.split(",")]
    except ValueError as error:
        raise UserError(
            f"--legs {text} are no legs", "write them as 2026-11-24:24000:CE,2026-11-24:24000:PE:-1"
        ) from error
    if len(legs) > series.MAX_LEGS:
        raise UserError(
            f"{len(legs)} legs are too many to follow together", f"name at most {series.MAX_LEGS}"
        )
    return legs


def overlays(
    index: stored.Index, *, out: Out, figure: Figure = "straddle_nearest", days: Days = 60, as_of: stored.AsOf = None,
    data_dir: options.DataDir = None, config: options.Config = None,
) -> None:  # fmt: skip
    """Sessions laid over each other by weekday.

    Example: g6 plot overlays NIFTY --figure atm_iv_this_week --out overlays.png
    """
    settings = options.settings(config, data_dir=data_dir)
    unit = stored.units(settings, index, stored.instant_of(as_of), 1)[0]
    _write("overlays", pictures.overlays(settings, unit, figure, days), out)


def heatmap(
    index: stored.Index, *, out: Out, of: Of = "oi", by: By = "time", expiry: stored.Expiry = None, cycles: stored.Cycles = 375,
    as_of: stored.AsOf = None, data_dir: options.DataDir = None, config: options.Config = None,
) -> None:  # fmt: skip
    """Open interest or volatility over strikes and cycles, or over strikes and expiries.

    Example: g6 plot heatmap NIFTY --of iv --out heatmap.png
    """
    if of not in {"oi", "iv"} or by not in {"time", "expiry"}:
        raise UserError(
            f"there is no heatmap of {of} by {by}",
            "say --of oi or --of iv, --by time or --by expiry",
        )
    settings = options.settings(config, data_dir=data_dir)
    units = stored.units(settings, index, stored.instant_of(as_of), cycles if by == "time" else 1)
    frames = stored.frames(settings, units)
    chosen = pictures.of_one_expiry(frames, expiry) if by == "time" else frames
    _write("heatmap", pictures.heatmap(units[-1], chosen, of, by), out)


def _write(kind: str, document: Mapping[str, Any], out: Path) -> None:
    if out.suffix not in FORMATS:
        raise UserError(
            f"{out} is no picture G6 can write", f"name a file that ends in {', '.join(FORMATS)}"
        )
    content = (
        json.dumps(stored.plain(dict(document))).encode()
        if out.suffix == ".json"
        else _drawn(kind, document, out.suffix)
    )
    try:
        out.write_bytes(content)
    except OSError as error:
        raise Unavailable(
            f"{out} cannot be written: {error.strerror}", "choose another with --out FILE"
        ) from error
    typer.echo(f"{out}: {document['title']}")


def _drawn(kind: str, document: Mapping[str, Any], suffix: str) -> bytes:
    try:
        from g6.rendering.drawing import draw
    except ImportError as error:
        raise Unavailable(
            "pictures need matplotlib, which is not installed",
            "pip install 'g6[plot]', or --out FILE.json",
        ) from error
    buffer = io.BytesIO()
    draw(kind, document).savefig(buffer, format="png" if suffix == ".png" else "svg", dpi=120)
    if suffix != ".html":
        return buffer.getvalue()
    picture = buffer.getvalue().decode()
    title = html.escape(str(document["title"]))
    head = f'<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>{title}</title>\n'
    return f"{head}{picture[picture.index('<svg') :]}</html>\n".encode()
