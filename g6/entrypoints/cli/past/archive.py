"""`g6 data`: commands that list, measure, check, mend, fill and compact what is stored."""

from __future__ import annotations

import typer

from g6.entrypoints.cli.past.csv_mending import mend
from g6.entrypoints.cli.past.missing_cycles import repair
from g6.entrypoints.cli.past.sizes_and_folding import compact, size
from g6.entrypoints.cli.shared.arguments import study_command


def register(app: typer.Typer) -> None:
    """Add `g6 data`."""
    group = typer.Typer(
        no_args_is_help=True,
        rich_markup_mode=None,
        help="List, measure, check, mend and compact what is stored.\n\nExample: g6 data ls",
    )
    group.callback()(lambda: None)

    study_command.add(group, "data ls")
    study_command.add(group, "data catalogue")
    group.command("size")(size)
    study_command.add(group, "data check")
    group.command("mend")(mend)
    group.command("compact")(compact)
    study_command.add(group, "data coverage")
    study_command.add(group, "data gaps")
    group.command("repair")(repair)
    app.add_typer(group, name="data")
