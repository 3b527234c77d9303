"""`g6 import dumps` and `g6 import participants`: files of past days."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from g6.adapters.clocks import wall_time
from g6.entrypoints.cli.shared.arguments import options
from g6.entrypoints.cli.shared.screen import terminal
from g6.entrypoints.cli.shared.screen.progress import followed
from g6.errors import BadInput, UserError
from g6.studies.parameters import session_day

Dumps = Annotated[
    list[Path], typer.Argument(metavar="FILE…", help="Kite's instrument dumps, .csv or .csv.gz.")
]
Participants = Annotated[
    list[Path] | None,
    typer.Argument(metavar="FILE…", help="The exchange's fao_participant_oi_DDMMYYYY.csv."),
]
Fetched = Annotated[
    str | None,
    typer.Option("--day", metavar="DAY", help="Fetch the file of a day, 2026-11-20 or today."),
]
Address = Annotated[
    str | None,
    typer.Option(
        "--url", metavar="URL", help="Where the exchange has its files, DDMMYYYY for the day."
    ),
]
Day = Annotated[
    datetime | None,
    typer.Option(
        "--day", metavar="DAY", formats=["%Y-%m-%d"], help="Its day, where no name says it."
    ),
]


def import_dumps(
    context: typer.Context,
    files: Dumps,
    *,
    day: Day = None,
    json_: options.Json = False,
    data_dir: options.DataDir = None,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """Keep instrument dumps of past days, of one exchange or both.

    What was listed on those days answers --as-of then. The day stands in the name of the file or
    of its folder. Listings that are stored already stay. A dump that cannot be read costs itself,
    is named, and makes the exit code 1.

    Example: g6 import dumps instruments_2024-11-25.csv
    """
    from g6.bootstrap.importing.daily_files_import import ImportedDump, import_dump

    settings = options.settings(config, set_, data_dir=data_dir)
    options.own_directory(context, settings, "g6 import", computes=True)
    console = terminal.console(settings, stderr=json_)
    dumps: list[ImportedDump] = []
    troubles: list[str] = []
    for path in followed(files, "importing", console):
        try:
            dumps.append(import_dump(settings, path, None if day is None else day.date()))
        except BadInput as error:
            troubles.append(error.sentence)
    if json_:
        typer.echo(json.dumps({"dumps": [asdict(dump) for dump in dumps], "troubles": troubles}))
    for dump in () if json_ else dumps:
        counts = ", ".join(f"{name} {count}" for name, count in dump.contracts.items())
        already = f"; there already: {', '.join(dump.stored_already)}"
        console.print(
            f"{dump.day}  {counts or 'nothing new'}{already if dump.stored_already else ''}",
            soft_wrap=True,
        )
        if dump.left_out:
            console.print(f"  {dump.left_out}", soft_wrap=True, highlight=False)
    for sentence in () if json_ else troubles:
        console.print(f"not read: {sentence}", soft_wrap=True, highlight=False)
    if troubles:
        raise typer.Exit(1)


def import_participants(
    context: typer.Context,
    files: Participants = None,
    *,
    day: Fetched = None,
    url: Address = None,
    json_: options.Json = False,
    data_dir: options.DataDir = None,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """Keep open interest by participant, one file a day.

    A file whose longs, shorts or totals contradict one another is refused. A day that is imported
    again is replaced. `g6 participants` shows what is kept. --day fetches the file of a day from
    the exchange, which has it in the evening.

    Example: g6 import participants fao_participant_oi_25112024.csv
    """
    from g6.bootstrap.importing import daily_files_import as importing

    settings = options.settings(config, set_, data_dir=data_dir)
    fetched = None if day is None else session_day(day, wall_time())
    if fetched is None and not files:
        raise UserError(
            "there is no file to read", "name one, or fetch one: g6 import participants --day today"
        )
    options.own_directory(context, settings, "g6 import", computes=True)
    days = importing.import_participants(settings, files or ())
    if fetched is not None:
        days.append(importing.download_participants(settings, fetched, url or ""))
    if json_:
        documents = [one.day.document() | {"replaced": one.replaced} for one in days]
        typer.echo(json.dumps(documents, indent=1))
        return
    console = terminal.console(settings)
    for one in days:
        read = one.day
        funds = read.of("FII")
        share = f"{100 * funds.index_future_long_share:.1f} % of their index futures long"
        replaced = "; other figures of the day were replaced" if one.replaced else ""
        line = f"{read.day}  {len(read.participants)} participants; FII: {share}{replaced}"
        console.print(line, soft_wrap=True)
