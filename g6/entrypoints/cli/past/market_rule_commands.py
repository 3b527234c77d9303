"""`g6 rules`: the dated rules of the market, and the day's listing held against them."""

from __future__ import annotations

import typer

from g6.entrypoints.cli.shared.arguments import study_command


def register(app: typer.Typer) -> None:
    """Add `g6 rules`."""
    group = typer.Typer(
        no_args_is_help=True,
        rich_markup_mode=None,
        help="Show the dated rules of the market, or check them.\n\nExample: g6 rules check",
    )
    group.callback()(lambda: None)
    study_command.add(group, "rules show")
    study_command.add(group, "rules check")
    app.add_typer(group, name="rules")
