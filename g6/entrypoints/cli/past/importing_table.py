"""`g6 import table`: rows of somebody's table become rows of the store, by a layout that is shown first and kept beside them."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from g6.bootstrap.sources import table_recording
from g6.config import Settings
from g6.entrypoints.cli.shared import options, table_options, terminal
from g6.entrypoints.cli.shared.option_groups import spread
from g6.errors import UserError

if TYPE_CHECKING:
    from g6.adapters.replay.tables.table_files import TableFiles

Files = Annotated[
    list[Path],
    typer.Argument(metavar="FILE…", help="Tables: .csv, .csv.gz or .parquet; a directory of them."),
]
_SHOWN = 20


@spread
def import_table(
    context: typer.Context,
    files: Files,
    *,
    table: table_options.TableOptions,
    indices: options.Indices = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do not ask whether the rows are understood.")
    ] = False,
    json_: options.Json = False,
    data_dir: options.DataDir = None,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """Read tables of one row per option and instant into the Parquet store; analytics are computed anew.

    The layout that is used is shown with three rows as they were understood, and kept as TOML in DATA_DIR/layouts. Cycles that are
    stored already are left as they are. A row or file that cannot be read costs itself, is named, and makes the exit code 1.

    Example: g6 import table day.csv.gz --columns timestamp=datetime,ltp=close --format expiry=dmy --unit contracts
    """
    from g6.adapters.replay.tables.table_files import TableFiles
    from g6.adapters.replay.tables.table_layout import TableLayout
    from g6.entrypoints.cli.shared.table_rows import first_rows, print_layout

    layout = table.table_layout() or TableLayout()
    settings = options.settings(config, set_, data_dir=data_dir, indices=indices)
    paths = _tables(files)
    source = TableFiles(paths, replace(layout, aliases=True), lenient=True)
    resolved = source.resolved()
    console = terminal.console(settings, stderr=json_)
    rows = first_rows(source)
    print_layout(console, resolved, rows)
    _ask(yes, console)
    options.own_directory(context, settings, "g6 import", computes=True)
    recording = table_recording(paths[0], source, settings.quality.max_trade_age)
    days = _stored(settings, recording, set(settings.indices) & source.instants().keys(), console)
    report = {
        "layout": resolved.toml(),
        "layout_file": str(table_options.write_layout(resolved, settings.directory, paths[0])),
        "understood": rows,
        "days": days,
        "cycles": sum(day["cycles"] for day in days),
        **_told(source, settings),
    }
    if json_:
        typer.echo(json.dumps(report))
    else:
        _tell(console, report)
    if report["troubles"]:
        raise typer.Exit(1)


def _tables(files: Sequence[Path]) -> list[Path]:
    """The files that are named, and the tables in directories that are. Errors: UserError."""
    from g6.adapters.replay.tables.table_reading import SUFFIXES, is_table

    paths: list[Path] = []
    for file in files:
        if not file.exists():
            raise UserError(
                f"{file} is not there", f"name a file that is there; read are {', '.join(SUFFIXES)}"
            )
        inside = (
            sorted(path for path in file.rglob("*") if is_table(path)) if file.is_dir() else [file]
        )
        if not inside or not all(is_table(path) for path in inside):
            raise UserError(
                f"{file} is no table that is read here",
                f"read are {', '.join(SUFFIXES)}; convert it to one of these",
            )
        paths += inside
    return list(dict.fromkeys(paths))


def _ask(yes: bool, console: Console) -> None:
    """Ask whether the rows are right. Errors: UserError, where nobody can be asked."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise UserError(
            "nobody can be asked whether these rows are understood as they are meant",
            "look at them, then add --yes",
        )
    typer.confirm("Are these rows understood as they are meant?", abort=True, err=console.stderr)


def _stored(
    settings: Settings, recording: Any, wanted: set[str], console: Console
) -> list[dict[str, Any]]:
    from g6.bootstrap.sources import recorded_plan
    from g6.bootstrap.recording_import import store_recording

    if not wanted:
        have = ", ".join(recording.indices())
        raise UserError(
            f"the table holds {have}, and of these none is asked for", f"--indices {have}"
        )
    return store_recording(settings, recording, recorded_plan(settings, recording), wanted, console)


def _told(source: TableFiles, settings: Settings) -> dict[str, Any]:
    """What was left out and what was doubtful."""
    bad = [lost for lost in source.lost_rows if lost.bad]
    return {
        "troubles": [
            {
                "file": str(lost.path),
                "row": lost.row,
                "line": _line(lost.path, lost.row),
                "reason": lost.reason,
            }
            for lost in (*bad, *source.odd_rows)
        ],
        "doubles": len(source.lost_rows) - len(bad),
        "others": dict(source.others),
        "not_asked": sorted(source.instants().keys() - set(settings.indices)),
        "spots_disagree": sum(spots.disagreeing() for spots in source.spots.values()),
        "spots_disputed": sum(int(spots.disputed().sum()) for spots in source.spots.values()),
    }


def _line(path: Path, row: int | None) -> int | None:
    """The line of a row in a file of text, its header counted."""
    return None if row is None or path.suffix.lower() == ".parquet" else row + 1


def _tell(console: Console, report: Mapping[str, Any]) -> None:
    for day in report["days"]:
        already = f", {day['stored_already']} were there already" if day["stored_already"] else ""
        console.print(
            f"{day['day']}  {day['index']:<10}  {day['options']} option rows, {day['cycles']} cycles stored{already}"
        )
    for trouble in report["troubles"][:_SHOWN]:
        where = (
            f", line {trouble['line']}"
            if trouble["line"]
            else f", row {trouble['row']}"
            if trouble["row"]
            else ""
        )
        console.print(
            f"not read: {trouble['file']}{where}: {trouble['reason']}",
            soft_wrap=True,
            highlight=False,
        )
    if len(report["troubles"]) > _SHOWN:
        console.print(f"… and {len(report['troubles']) - _SHOWN} more; --json lists them all")
    if report["doubles"]:
        console.print(f"{report['doubles']} rows were there twice and count once")
    for name, count in report["others"].items():
        console.print(f"{count} rows of {name}, which is no index, were left out")
    if report["not_asked"]:
        console.print(f"left out, not asked for: {', '.join(report['not_asked'])}")
    if report["spots_disagree"]:
        console.print(
            f"at {report['spots_disagree']} instants the rows disagree on the index: the median was taken; at "
            f"{report['spots_disputed']} by more than 0.5 %, and spot_source says disputed",
            soft_wrap=True,
        )
    console.print(
        f"{report['cycles']} cycles stored, {len(report['troubles'])} troubles; layout kept in {report['layout_file']}"
    )
