"""`g6 import csv`: rows of older layouts become rows of the store; what was computed then is computed again."""

from __future__ import annotations

import csv
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from g6.adapters import older_csv
from g6.adapters.older_csv import OlderDay, UnreadRow
from g6.bootstrap.sources import table_recording
from g6.config import Settings, calendar, plan
from g6.domain.market.rule_expiries import expiry_of
from g6.entrypoints.cli.past.importing_table import import_table
from g6.entrypoints.cli.shared import options, terminal
from g6.entrypoints.cli.shared.progress import followed
from g6.errors import BadInput, NothingToDo

Directory = Annotated[
    Path, typer.Argument(metavar="DIR", help="The base directory of the older files.")
]
_SHOWN = 20


def register(app: typer.Typer) -> None:
    """Add `g6 import`."""
    group = typer.Typer(
        no_args_is_help=True, rich_markup_mode=None, help="Bring in rows of other layouts."
    )
    group.callback()(lambda: None)
    group.command("csv")(import_csv)
    group.command("table")(import_table)
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
    """Read CSV files of the two older layouts into the Parquet store, and report what could not be read.

    Cycles that are stored already are left as they are, so that a second run, or one after Ctrl-C, does only what is left.
    One bad cell costs its row, which is named. Exit code 1 when a row or a file could not be read.

    Example: g6 import csv data/csv
    """
    settings = options.settings(config, set_, data_dir=data_dir)
    console = terminal.console(settings, stderr=json_)
    days, troubles = older_csv.find(directory)
    if not days and not troubles:
        raise NothingToDo(f"{directory} holds no CSV file")
    options.own_directory(context, settings, "g6 import", computes=True)
    done = [_day(settings, day, troubles) for day in followed(days, "importing", console)]
    report = {
        "days": done,
        "cycles": sum(each["cycles"] for each in done),
        "options": sum(each["options"] for each in done),
        "troubles": [
            {"file": str(each.path), "row": each.row, "reason": each.reason} for each in troubles
        ],
    }
    if json_:
        typer.echo(json.dumps(report))
    else:
        _tell(settings, report)
    if report["troubles"]:
        raise typer.Exit(1)


def _day(settings: Settings, day: OlderDay, troubles: list[UnreadRow]) -> dict[str, Any]:
    """Bring one day of one index in."""
    sessions = calendar()
    older_csv.read(day, lambda bucket, index, on: expiry_of(bucket, index, on, sessions))
    told = {
        "index": day.index,
        "day": day.day.isoformat(),
        "files": len(day.files),
        "cycles": 0,
        "stored_already": 0,
        "options": 0,
    }
    if day.options:
        try:
            told |= _stored(settings, day)
        except BadInput as error:
            folder = Path(os.path.commonpath([path.parent for path in day.files]))
            day.troubles.append(
                UnreadRow(folder, None, f"the rows of {day.index} on {day.day}: {error.reason}")
            )
    troubles += day.troubles
    day.options.clear()
    day.origins.clear()
    return told


def _stored(settings: Settings, day: OlderDay) -> Mapping[str, int]:
    """Replay the rows through the pipeline into the store: analysis is made anew, not carried over."""
    from g6.adapters.replay.tables.table_files import TableFiles
    from g6.adapters.replay.tables.table_layout import QUANTITIES, TableLayout
    from g6.bootstrap.recording_import import store_recording

    with tempfile.TemporaryDirectory(prefix="g6-import-") as temporary:
        table = Path(temporary) / "rows.csv"
        with table.open("w", encoding="utf-8", newline="") as file:
            out = csv.writer(file)
            out.writerow(older_csv.COLUMNS)
            out.writerows(day.options.values())
        # The older systems stored what Kite told, and Kite counts units.
        source = TableFiles(
            [table],
            TableLayout(units=dict.fromkeys(QUANTITIES, "units")),
            lenient=True,
            source="replay",
        )
        origins = list(day.origins.values())
        day.troubles += [
            UnreadRow(*origins[lost.row - 1], lost.reason)
            for lost in (*source.lost_rows, *source.odd_rows)
            if lost.bad and lost.row is not None
        ]
        days = store_recording(
            settings, table_recording(table, source), plan(settings), {day.index}
        )
    counts = {name: sum(told[name] for told in days) for name in ("cycles", "stored_already")}
    return {**counts, "options": len(day.options)}


def _tell(settings: Settings, report: Mapping[str, Any]) -> None:
    console = terminal.console(settings)
    for each in report["days"]:
        already = f", {each['stored_already']} were there already" if each["stored_already"] else ""
        counts = f"{each['files']} files, {each['options']} option rows, {each['cycles']} cycles stored{already}"
        console.print(f"{each['day']}  {each['index']:<10}  {counts}", soft_wrap=True)
    for each in report["troubles"][:_SHOWN]:
        where = f", line {each['row']}" if each["row"] else ""
        console.print(f"not read: {each['file']}{where}: {each['reason']}", soft_wrap=True)
    if len(report["troubles"]) > _SHOWN:
        console.print(f"… and {len(report['troubles']) - _SHOWN} more; --json lists them all")
    console.print(
        f"{report['cycles']} cycles, {report['options']} option rows, {len(report['troubles'])} troubles"
    )
