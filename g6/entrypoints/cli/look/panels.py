"""`g6 panels`: holds panel files against the hashes in their manifest."""

from __future__ import annotations

import typer

from g6.entrypoints.cli.shared.arguments import study_command


def register(app: typer.Typer) -> None:
    """Add `g6 panels`."""
    panels = typer.Typer(
        no_args_is_help=True,
        rich_markup_mode=None,
        help="Check panel files against their manifest.\n\nExample: g6 panels verify",
    )
    panels.callback()(lambda: None)
    study_command.add(panels, "panels verify")
    app.add_typer(panels, name="panels")
