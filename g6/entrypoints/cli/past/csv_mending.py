"""`g6 data mend`: CSV files are made to say again what the Parquet store says."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from g6.entrypoints.cli.shared.arguments import options
from g6.entrypoints.cli.shared.arguments.day_options import Date, day_given
from g6.entrypoints.cli.shared.screen import terminal
from g6.entrypoints.cli.shared.screen.progress import followed
from g6.errors import NothingToDo
from g6.files import shown
from g6.rendering.wording import counted

if TYPE_CHECKING:
    from g6.bootstrap.stored_files.csv_lines import MendedDay


def mend(
    context: typer.Context,
    *,
    date_: Date = None,
    index: options.OnlyIndex = None,
    json_: options.Json = False,
    data_dir: options.DataDir = None,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """Mend CSV files from the Parquet files.

    Lines that are missing or say something else are written anew. What stood there is set aside
    beside the file. Lines that Parquet knows nothing of stay. Of a day that g6 recompute computed
    again the lines keep their live figures: only damaged ones are set aside. Readers and writers
    may go on meanwhile.

    Example: g6 data mend --date 2026-11-18 --index NIFTY
    """
    from g6.bootstrap.stored_files.csv_lines import csv_days, mend_day

    settings = options.settings(config, set_, data_dir=data_dir)
    console = terminal.console(settings, stderr=json_)
    day = day_given(date_, settings)
    options.own_rows(context, settings, "g6 data mend")
    name = index.upper() if index else None
    lots = [lot for lot in csv_days(settings, day) if name in (None, lot[1])]
    if not lots:
        raise NothingToDo(
            f"no CSV file of {day or 'any day'} in {shown(settings.csv_dir)} "
            f"has rows in {shown(settings.directory)}"
        )
    mended = [mend_day(settings, *lot) for lot in followed(lots, "mending", console)]
    if json_:
        typer.echo(json.dumps([asdict(lot) | {"day": lot.day.isoformat()} for lot in mended]))
    else:
        for lot in mended:
            _show(console, lot)
    if not all(lot.is_whole for lot in mended):
        raise typer.Exit(1)


def _show(console: Console, mended: MendedDay) -> None:
    console.print(
        f"{mended.day}  {mended.index:<10}  {_sentence(mended)}", soft_wrap=True, highlight=False
    )
    for reason in (*mended.unread, *mended.refused):
        console.print(f"  {reason}", soft_wrap=True, highlight=False)
    if mended.missing:
        lines = counted(mended.missing, "line")
        console.print(
            f"  {lines} of cycles that Parquet has are missing, whose live figures it has no more: "
            f"g6 restore BACKUP --date {mended.day} brings files back that are gone; g6 rerun "
            f"--cycle CYCLE --index {mended.index} writes a cycle anew in both",
            soft_wrap=True,
            highlight=False,
        )


def _sentence(mended: MendedDay) -> str:
    from g6.adapters.csv.lines import ASIDE

    live = mended.is_recomputed
    if not mended.files and live:
        there = " that are there" if mended.missing else ""
        return f"computed again, the live lines{there} are whole"
    if not mended.files:
        return "as Parquet has it"
    files = counted(mended.files, "file")
    sentence = f"{files} mended, {counted(mended.lines, 'line')} written again"
    if live:
        sentence = f"computed again: {files} mended, live lines stay"
    if not mended.aside:
        return sentence
    beside = f"{len(mended.aside_in)} files *{ASIDE} beside them"
    place = mended.aside_in[0] if len(mended.aside_in) == 1 else beside
    return f"{sentence}, {mended.aside} set aside in {place}"
