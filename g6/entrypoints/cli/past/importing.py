"""`g6 import csv`: rows of older layouts become rows of the store."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from g6.adapters import older_csv
from g6.adapters.older_csv import UnreadRow
from g6.entrypoints.cli.past.importing_daily import import_dumps, import_participants
from g6.entrypoints.cli.past.importing_table import (
    already_there,
    contradicting,
    disagreement,
    import_table,
)
from g6.entrypoints.cli.shared.arguments import options
from g6.entrypoints.cli.shared.screen import terminal
from g6.entrypoints.cli.shared.screen.progress import followed
from g6.errors import NothingToDo
from g6.rendering.wording import counted

if TYPE_CHECKING:
    from g6.bootstrap.importing.older_csv_import import ImportedFiles

Directory = Annotated[
    Path, typer.Argument(metavar="DIR", help="The base directory of the older files.")
]
HELP = "Bring in rows of other file layouts.\n\nExample: g6 import table day.csv.gz"
SHOWN = 20
"""Rows that could not be read and are named on a terminal; --json has them all."""


def register(app: typer.Typer) -> None:
    """Add `g6 import`."""
    group = typer.Typer(
        no_args_is_help=True,
        rich_markup_mode=None,
        help=HELP,
    )
    group.callback()(lambda: None)
    group.command("csv")(import_csv)
    group.command("table")(import_table)
    group.command("dumps")(import_dumps)
    group.command("participants")(import_participants)
    app.add_typer(group, name="import")


def import_csv(
    context: typer.Context,
    directory: Directory,
    *,
    json_: options.Json = False,
    data_dir: options.DataDir = None,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """Read CSV files of two older layouts into Parquet.

    Cycles that are stored already are left as they are, so that a second run, or one after Ctrl-C,
    does only what is left. Of rows of one option and instant the first counts. One bad cell costs
    its row, which is named. Exit code 1 when a row or a file could not be read.

    Example: g6 import csv data/csv
    """
    from g6.bootstrap.importing.older_csv_import import import_older_day

    settings = options.settings(config, set_, data_dir=data_dir)
    console = terminal.console(settings, stderr=json_)
    older_days, troubles = older_csv.find(directory)
    if not older_days and not troubles:
        raise NothingToDo(f"{directory} holds no CSV file")
    options.own_directory(context, settings, "g6 import", computes=True)
    days: list[ImportedFiles] = []
    for older_day in followed(older_days, "importing", console):
        day, unread = import_older_day(settings, older_day)
        days.append(day)
        troubles += unread
    if json_:
        typer.echo(json.dumps(_document(days, troubles)))
    else:
        _show(terminal.console(settings), days, troubles)
    if troubles:
        raise typer.Exit(1)


def _document(days: Sequence[ImportedFiles], troubles: Sequence[UnreadRow]) -> dict[str, object]:
    return {
        "days": [asdict(day) for day in days],
        "cycles": sum(day.cycles for day in days),
        "options": sum(day.options for day in days),
        "contradictions": sum(day.contradictions for day in days),
        "troubles": [
            {
                "file": str(row.path),
                "row": row.row,
                "reason": row.reason,
                "is_read": row.is_read,
            }
            for row in troubles
        ],
    }


def _show(console: Console, days: Sequence[ImportedFiles], troubles: Sequence[UnreadRow]) -> None:
    from g6.adapters.replay import outcome_of

    for day in days:
        counts = f"{counted(day.files, 'file')}, {counted(day.options, 'option row')}"
        stored = f"{counts}, {counted(day.cycles, 'cycle')} stored"
        already = already_there(day.stored_already, day.stored_otherwise, day.example)
        console.print(f"{day.day}  {day.index:<10}  {stored}{already}", soft_wrap=True)
        if day.contradictions:
            sentence = contradicting(day.contradictions, day.contradiction)
            console.print(f"  {sentence}", soft_wrap=True, highlight=False)
        if day.spots_disagree:
            sentence = disagreement(day.spots_disagree, day.spots_disputed)
            console.print(f"  {sentence}", soft_wrap=True)
    for row in troubles[:SHOWN]:
        where = f", line {row.row}" if row.row else ""
        outcome = outcome_of(is_read=row.is_read)
        console.print(f"{outcome}: {row.path}{where}: {row.reason}", soft_wrap=True)
    if len(troubles) > SHOWN:
        console.print(f"… and {len(troubles) - SHOWN} more; --json lists them all")
    cycles = sum(day.cycles for day in days)
    option_rows = sum(day.options for day in days)
    sums = (
        counted(cycles, "cycle"),
        counted(option_rows, "option row"),
        counted(len(troubles), "trouble"),
    )
    console.print(", ".join(sums))
