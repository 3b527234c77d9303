"""`g6 page`: a day of one index as one file to send or to publish."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from g6.entrypoints.cli.shared.arguments import options
from g6.rendering.wording import counted

if TYPE_CHECKING:
    from g6.config import Settings
    from g6.entrypoints.web.page.day_page import DayPage

Day = Annotated[
    str, typer.Argument(metavar="DAY", help="The session day, such as 2026-11-18 or latest.")
]
IndexName = Annotated[
    str, typer.Option("--index", metavar="INDEX", help="The index, such as NIFTY.")
]
Out = Annotated[
    Path | None,
    typer.Option("--out", metavar="FILE", help="The file; else INDEX-DAY.html beside you."),
]
Instants = Annotated[
    int,
    typer.Option("--instants", metavar="N", min=1, max=1000, help="How many instants at most."),
]


def register(app: typer.Typer) -> None:
    """Add `g6 page`."""
    page = typer.Typer(
        no_args_is_help=True,
        rich_markup_mode=None,
        help="Write the page with a stored day in it.\n\n"
        "Example: g6 page export 2026-11-18 --index NIFTY",
    )
    page.callback()(lambda: None)
    page.command("export")(export)
    app.add_typer(page, name="page")


def export(
    day: Day,
    *,
    index: IndexName,
    out: Out = None,
    instants: Instants = 75,
    json_: options.Json = False,
    data_dir: options.DataDir = None,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """Write a stored day of an index as one HTML file.

    The file opens from the disk, without a server and without the internet.

    Example: g6 page export 2026-11-18 --index NIFTY
    """
    from g6 import files

    settings = options.settings(config, set_, data_dir=data_dir)
    page = _page_of(settings, day, index, instants)
    path = out or Path(f"{page.index}-{page.day}.html")
    content = page.text.encode()
    files.replace(path, content)
    if json_:
        facts = {
            "file": str(path),
            "bytes": len(content),
            "index": page.index,
            "day": page.day.isoformat(),
            "instants": page.instants,
        }
        typer.echo(json.dumps(facts))
        return
    typer.echo(
        f"{path}: {page.index} on {page.day}, {counted(page.instants, 'instant')}, "
        f"{len(content) / 1e6:.1f} MB"
    )


def _page_of(settings: Settings, day: str, index: str, instants: int) -> DayPage:
    """Return the day as one file, and show on the way how far it is."""
    from g6.entrypoints.cli.shared.screen import terminal
    from g6.entrypoints.cli.shared.screen.progress import bar
    from g6.entrypoints.machine.study_reading import time_of
    from g6.entrypoints.web.page.day_page import day_page
    from g6.studies.parameters import session_day

    console = terminal.console(settings, stderr=True)
    with bar(console) as progress:
        task = progress.add_task("asking", total=None)
        return day_page(
            settings,
            session_day(day, time_of(settings)),
            index,
            instants,
            lambda count, of: progress.update(task, completed=count, total=of),
        )
