"""`g6 plot`: pictures of stored chains as PNG, SVG or a page, or the numbers behind them."""

from __future__ import annotations

import typer

from g6.entrypoints.cli.look import picture_command
from g6.studies.table import STUDIES, by_name

# A session of 6 h 15 min has 375 cycles of a minute.
_CYCLES_OF_A_SESSION = 375


def register(app: typer.Typer) -> None:
    """Add `g6 plot`: one command per study that is a picture first, and open interest by cycle."""
    plot = typer.Typer(
        no_args_is_help=True,
        rich_markup_mode=None,
        help="Draw stored chains.\n\nExample: g6 plot smile NIFTY --out smile.png",
    )
    for study in STUDIES:
        if study.words.startswith("plot "):
            picture_command.add(plot, study)
    picture_command.add(
        plot,
        by_name("interest"),
        sentence=(
            "Put/call ratios, max pain and open interest over cycles, of all strikes or chosen "
            "ones; else the nearest expiry of each."
        ),
        example="g6 plot interest NIFTY --strikes 24000,24100 --out interest.png",
        defaults={"cycles": _CYCLES_OF_A_SESSION},
    )
    app.add_typer(plot, name="plot")
