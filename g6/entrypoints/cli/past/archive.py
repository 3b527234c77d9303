"""`g6 data`: one group of the commands that list, measure, check, mend, fill and compact what is stored."""

from __future__ import annotations

import typer

from g6.entrypoints.cli.past import missing_cycles as gaps
from g6.entrypoints.cli.past.csv_mending import mend
from g6.entrypoints.cli.past.damages import check
from g6.entrypoints.cli.past.stored_days import compact, ls, size


def register(app: typer.Typer) -> None:
    """Add `g6 data`."""
    group = typer.Typer(
        no_args_is_help=True,
        rich_markup_mode=None,
        help="What is stored: list, measure, check, mend, compact.",
    )
    group.callback()(lambda: None)

    for name, command in (
        ("ls", ls),
        ("size", size),
        ("check", check),
        ("mend", mend),
        ("compact", compact),
    ):
        group.command(name)(command)
    gaps.register(group)
    app.add_typer(group, name="data")
