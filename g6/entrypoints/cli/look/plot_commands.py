"""`g6 plot`: pictures of stored chains as PNG, SVG or a page, or the numbers behind them."""

from __future__ import annotations

import typer

from g6.entrypoints.cli.look import picture_command
from g6.rendering.pictures.kinds import KINDS


def register(app: typer.Typer) -> None:
    """Add `g6 plot`: one command per kind of picture."""
    plot = typer.Typer(
        no_args_is_help=True,
        rich_markup_mode=None,
        help="Draw stored chains as pictures or pages.\n\n"
        "Example: g6 plot smile NIFTY --out smile.png",
    )
    for kind in KINDS:
        picture_command.add(plot, kind)
    app.add_typer(plot, name="plot")
