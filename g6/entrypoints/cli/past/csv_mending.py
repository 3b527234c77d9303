"""`g6 data mend`: CSV files are made to say again what the Parquet store says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from g6.adapters.csv import CsvStore
from g6.adapters.csv.checking import Stored, held
from g6.adapters.csv.lines import ASIDE, put_lines
from g6.config import Settings
from g6.domain.schema.frame import SIDES, Frame
from g6.entrypoints.cli.shared import options, terminal
from g6.entrypoints.cli.shared.days import Date, day_given
from g6.entrypoints.cli.shared.progress import followed
from g6.errors import G6Error, NothingToDo
from g6.files import quoted, shown

IMPORTED = frozenset(("import", ""))
OnlyIndex = Annotated[str | None, typer.Option("--index", metavar="INDEX", help="Only this index.")]


def mend(
    context: typer.Context,
    *,
    date_: Date = None,
    index: OnlyIndex = None,
    json_: options.Json = False,
    data_dir: options.DataDir = None,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """Write into CSV files what Parquet has and they do not, or say otherwise; what stood there is set aside beside the file.

    Lines that Parquet knows nothing of stay. Readers and writers may go on meanwhile.

    Example: g6 data mend --date 2026-11-18 --index NIFTY
    """
    settings = options.settings(config, set_, data_dir=data_dir)
    console, day = terminal.console(settings, stderr=json_), day_given(date_)
    if settings.directory.exists():
        options.owns(context, settings, "g6 data mend")
    lots = [
        (each, name)
        for each, name in days_of(settings, day)
        if index is None or name == index.upper()
    ]
    if not lots:
        raise NothingToDo(
            f"no CSV file of {day or 'any day'} in {shown(settings.csv_dir)} has rows in {shown(settings.directory)}"
        )
    done = [_mended(settings, each, name) for each, name in followed(lots, "mending", console)]
    if json_:
        typer.echo(json.dumps(done))
    else:
        for each in done:
            beside = (
                each["aside_in"][0]
                if len(each["aside_in"]) == 1
                else f"{len(each['aside_in'])} files *{ASIDE} beside them"
            )
            aside = f", {each['aside']} set aside in {beside}" if each["aside"] else ""
            told = (
                f"{each['files']} files mended, {each['lines']} lines written again{aside}"
                if each["files"]
                else "as Parquet has it"
            )
            console.print(
                f"{each['day']}  {each['index']:<10}  {told}", soft_wrap=True, highlight=False
            )
            for reason in (*each["unread"], *each["refused"]):
                console.print(f"  {reason}", soft_wrap=True, highlight=False)
    if any(each["unread"] or each["refused"] for each in done):
        raise typer.Exit(1)


def _mended(settings: Settings, day: date, index: str) -> dict[str, Any]:
    stored, unread = stored_lines(settings, index, day)
    told: dict[str, Any] = {
        "day": day.isoformat(),
        "index": index,
        "files": 0,
        "lines": 0,
        "aside": 0,
        "aside_in": [],
    }
    refused: list[str] = []
    for path, lines in stored.lines.items():
        by_header: dict[str, dict[str, str]] = {}
        for cycle, (header, line) in lines.items():
            by_header.setdefault(header, {})[cycle] = line
        puts = []
        for header, wanted in by_header.items():
            try:
                puts.append(put_lines(path, header, wanted))
            except G6Error as error:
                refused.append(str(error))
        told["files"] += any(put.bytes for put in puts)
        told["lines"] += sum(put.rows for put in puts)
        if aside := sum(put.aside for put in puts):
            told["aside"] += aside
            told["aside_in"].append(shown(f"{path}{ASIDE}"))
    return {**told, "unread": unread, "refused": refused}


def days_of(settings: Settings, day: date | None) -> list[tuple[date, str]]:
    """Return the days and indices whose CSV files can be held against Parquet: a day of which there is a CSV file at all."""
    from g6.adapters.parquet import ParquetHistory, days

    history, with_files = ParquetHistory(settings.directory), held(settings.csv_dir)
    return sorted(
        (each, name)
        for name in history.names()
        if name != "overview"
        for each in days.days(history.root(name))
        if (each in with_files and day is None) or each == day
    )


def stored_lines(settings: Settings, index: str, day: date) -> tuple[Stored, list[str]]:
    """Return the lines that Parquet's rows of an index on a day make, and the files that could not be read, with the reason."""
    from g6.adapters.parquet.units import day_overviews, day_units

    store, lines = CsvStore(settings.csv_dir), dict[Path, dict[str, tuple[str, str]]]()
    frames, damaged = day_units(settings.directory, index, day)
    rows, unread = day_overviews(settings.directory, day)
    for unit, frame in frames.items():
        if len(frame) and frame.header.get("stamp") and not _imported(frame):
            _add(lines, unit.cycle, store.chain_lines(unit, frame))
    imported = {unit.cycle for unit, frame in frames.items() if _imported(frame)}
    for row in rows:
        if row["underlying"] == index and row["timestamp"] not in imported:
            _add(lines, str(row["timestamp"]), store.overview_lines(str(row["timestamp"]), [row]))
    reasons = [error.sentence for error in (*damaged, *unread)]
    cycles = {unit.cycle for unit in frames} | {
        str(row["timestamp"]) for row in rows if row["underlying"] == index
    }
    return Stored(lines, frozenset(cycles), files_unread=bool(reasons)), reasons


def _imported(frame: Frame) -> bool:
    """Tell whether rows came from older files: these are kept in Parquet alone."""
    sources = {str(word) for side in SIDES for word in frame.columns[f"{side}source"]}
    return "import" in sources and sources <= IMPORTED


def _add(
    lines: dict[Path, dict[str, tuple[str, str]]],
    cycle: str,
    placed: Mapping[Path, tuple[str, str]],
) -> None:
    for path, each in placed.items():
        lines.setdefault(path, {})[cycle] = each


def command(index: str, day: date, data_dir: Path | None) -> str:
    """Return the command that mends the CSV files of an index and day."""
    where = f" --data-dir {quoted(data_dir)}" if data_dir else ""
    return f"g6 data mend --date {day} --index {index}{where}"
