"""`g6 import table`: rows of a table become rows of the store, by a layout that is shown first."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn

from g6.entrypoints.cli.shared.arguments import options, table_options
from g6.entrypoints.cli.shared.arguments.option_groups import spread
from g6.entrypoints.cli.shared.screen import terminal
from g6.entrypoints.cli.shared.screen.progress import bar, progress_console
from g6.errors import UserError
from g6.rendering.wording import counted

if TYPE_CHECKING:
    from g6.bootstrap.importing.recording_import import ImportedDay
    from g6.bootstrap.importing.table_import import TableRemainder, UnreadTableRow
    from g6.bootstrap.inprocess import ReplayedUnit

Files = Annotated[
    list[Path],
    typer.Argument(
        metavar="FILE…",
        help="Tables: .csv, .gz, .zip, .parquet, .feather, .jsonl, .xlsx; directories of them.",
    ),
]
Understood = Annotated[
    bool, typer.Option("--yes", help="Do not ask whether the rows are understood.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show the rows and write nothing.")]
SHOWN = 20
"""Rows that could not be read and are named on a terminal; --json has them all."""


@spread
def import_table(
    context: typer.Context,
    files: Files,
    *,
    table: table_options.TableOptions,
    indices: options.Indices = None,
    yes: Understood = False,
    dry_run: DryRun = False,
    json_: options.Json = False,
    configured: options.SettingsOptions,
) -> None:
    """Read tables of options: chains, candles, end-of-day files.

    A row per option, calls and puts side by side, a file per contract, symbols alone and the
    exchanges' end-of-day files are told apart by their columns and names. Analytics are computed
    anew. The layout that is used is shown with three rows as they were understood, and kept as
    TOML in DATA_DIR/layouts. Cycles that are stored already are left as they are, and counted
    where the table says otherwise. Of rows of one option and instant the first counts. A row or
    file that cannot be read costs itself, is named, and makes the exit code 1.

    Example: g6 import table day.csv.gz --columns ltp=close --format expiry=dmy --unit contracts
    """
    from g6.bootstrap.importing.table_import import opened_tables, store_table, table_remainder
    from g6.entrypoints.cli.shared.arguments.table_rows import first_rows, print_layout

    settings = configured.settings(indices=indices)
    paths = _tables(files)
    source = opened_tables(paths, table.table_layout())
    resolved = source.resolved()
    console = terminal.console(settings, stderr=json_)
    rows = first_rows(source)
    print_layout(console, resolved, rows, source.unplaced())
    understanding = {"layout": resolved.toml(), "understood": rows, "unplaced": source.unplaced()}
    if dry_run:
        _end_dry(console, table_remainder(source, settings.indices), json_ and understanding)
        return
    _confirm(console, paths[0], is_confirmed=yes)
    options.own_directory(context, settings, "g6 import", computes=True)
    days = store_table(
        settings, paths[0], source, lambda units, count: _with_bar(units, count, console)
    )
    layout_file = str(table_options.write_layout(resolved, settings.directory, paths[0]))
    remainder = table_remainder(source, settings.indices)
    if json_:
        typer.echo(json.dumps(_document(understanding, days, remainder, layout_file)))
    else:
        _show(console, days, remainder, layout_file)
    if remainder.troubles:
        raise typer.Exit(1)


def _document(
    understanding: Mapping[str, object],
    days: Sequence[ImportedDay],
    remainder: TableRemainder,
    layout_file: str,
) -> dict[str, object]:
    return {
        **understanding,
        "layout_file": layout_file,
        "days": [asdict(day) for day in days],
        "cycles": sum(day.cycles for day in days),
        **asdict(remainder),
    }


def _end_dry(
    console: Console,
    remainder: TableRemainder,
    understanding: Mapping[str, object] | Literal[False],
) -> None:
    """Show what would be left out, as JSON where there is an understanding to show with it."""
    if understanding is False:
        _show_remainder(console, remainder)
        console.print("nothing was written: --dry-run")
    else:
        typer.echo(json.dumps({**understanding, **asdict(remainder)}))
    if remainder.troubles:
        raise typer.Exit(1)


def _tables(files: Sequence[Path]) -> list[Path]:
    """Return the files that are named, and the tables in directories that are.

    Raises:
        UserError: A file is not there, or is no table.
    """
    from g6.adapters.replay.tables.table_reading import SUFFIXES, is_table

    paths: list[Path] = []
    for file in files:
        if not file.exists():
            raise UserError(
                f"{file} is not there", f"name a file that is there; read are {', '.join(SUFFIXES)}"
            )
        inside = [file]
        if file.is_dir():
            inside = sorted(path for path in file.rglob("*") if is_table(path))
        if not inside or not all(map(is_table, inside)):
            raise UserError(
                f"{file} is no table that is read here",
                f"read are {', '.join(SUFFIXES)}; convert it to one of these",
            )
        paths += inside
    # A file that is named beside its directory is read once.
    return list(dict.fromkeys(paths))


def _confirm(console: Console, path: Path, *, is_confirmed: bool) -> None:
    """Ask whether the rows are right.

    Raises:
        UserError: Nobody can be asked.
    """
    # Epoch milliseconds read as the year 1789 and strikes in paise were once stored as OK: a person
    # sees three rows before anything is written.
    if is_confirmed:
        return
    if not sys.stdin.isatty():
        raise UserError(
            "nobody can be asked whether these rows are understood as they are meant",
            f"look at them, then repeat the command with --yes: g6 import table {path} … --yes",
        )
    typer.confirm("Are these rows understood as they are meant?", abort=True, err=console.stderr)


def _with_bar(
    units: Iterable[ReplayedUnit], count: int, console: Console
) -> Iterable[ReplayedUnit]:
    """Yield the units, with a bar on a terminal."""
    # `progress.followed` wants a sequence, and units are computed one by one.
    if not progress_console(console).is_terminal:
        yield from units
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with bar(console, *columns) as progress:
        yield from progress.track(units, total=count, description="importing")


def _show(
    console: Console, days: Sequence[ImportedDay], remainder: TableRemainder, layout_file: str
) -> None:
    for day in days:
        counts = f"{counted(day.options, 'option row')}, {counted(day.cycles, 'cycle')} stored"
        already = already_there(day.stored_already, day.stored_otherwise, day.example)
        console.print(f"{day.day}  {day.index:<10}  {counts}{already}", soft_wrap=True)
    _show_remainder(console, remainder)
    cycles = sum(day.cycles for day in days)
    console.print(
        f"{counted(cycles, 'cycle')} stored, {counted(len(remainder.troubles), 'trouble')}; "
        f"layout kept in {layout_file}",
        soft_wrap=True,
    )


def already_there(count: int, otherwise: int, example: str) -> str:
    """Return how many cycles were stored before, and what they say otherwise.

    >>> already_there(2, 0, "")
    ', 2 were there already'
    >>> already_there(1, 1, "ltp")
    ', 1 was there already and stays, with other options or figures; such as ltp'
    """
    if not count:
        return ""
    words = f", {count:,} {'was' if count == 1 else 'were'} there already"
    if otherwise:
        stay = "stays" if count == 1 else "stay"
        of_them = "" if count == 1 else f" {otherwise:,} of them"
        words += f" and {stay},{of_them} with other options or figures; such as {example}"
    return words


def contradicting(count: int, example: str) -> str:
    """Return how many rows say other figures than an earlier one, and the first of them.

    >>> contradicting(1, "old.csv, line 14")
    '1 row contradicts an earlier one, which counts; such as old.csv, line 14'
    """
    rows = "1 row contradicts" if count == 1 else f"{count:,} rows contradict"
    return f"{rows} an earlier one, which counts; such as {example}"


def twice(count: int) -> str:
    """Return how many rows stand there twice with the same figures.

    >>> twice(1)
    '1 row was there twice and counts once'
    """
    if count == 1:
        return "1 row was there twice and counts once"
    return f"{count:,} rows were there twice and count once"


def disagreement(disagree: int, disputed: int) -> str:
    """Return at how many instants rows disagree on the index, and what was made of it."""
    return (
        f"at {counted(disagree, 'instant')} the rows disagree on the index: the median was taken; "
        f"at {disputed:,} by more than 0.5 %, and spot_source says disputed"
    )


def _show_remainder(console: Console, remainder: TableRemainder) -> None:
    """Print what a table is read without, and what in it is doubtful."""
    from g6.adapters.replay import outcome_of

    for row in remainder.troubles[:SHOWN]:
        sentence = f"{outcome_of(is_read=row.is_read)}: {row.file}{_place(row)}: {row.reason}"
        console.print(sentence, soft_wrap=True, highlight=False)
    if len(remainder.troubles) > SHOWN:
        console.print(f"… and {len(remainder.troubles) - SHOWN} more; --json lists them all")
    if remainder.doubles:
        console.print(twice(remainder.doubles))
    if remainder.contradiction is not None:
        example = remainder.contradiction
        where = f"{example.file}{_place(example)}: {example.reason}"
        sentence = contradicting(remainder.contradictions, where)
        console.print(sentence, soft_wrap=True, highlight=False)
    for name, count in remainder.others.items():
        are = "was" if count == 1 else "were"
        console.print(f"{counted(count, 'row')} of {name}, which is no index, {are} left out")
    if remainder.not_asked:
        console.print(f"left out, not asked for: {', '.join(remainder.not_asked)}")
    if remainder.spots_disagree:
        sentence = disagreement(remainder.spots_disagree, remainder.spots_disputed)
        console.print(sentence, soft_wrap=True)


def _place(row: UnreadTableRow) -> str:
    """Return where in its file a row stands."""
    if row.line:
        return f", line {row.line}"
    return f", row {row.row}" if row.row else ""
