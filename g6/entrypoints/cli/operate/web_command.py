"""`g6 web`: the page of the running system, or of a data directory alone."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from g6.entrypoints.cli.shared.arguments import options

Port = Annotated[
    int | None,
    typer.Option(
        "--port",
        metavar="PORT",
        min=0,
        max=65_535,
        help="Port of the page where no system runs; else serve.web_port where it is named.",
    ),
]
NoOpen = Annotated[bool, typer.Option("--no-open", help="Print the address, and open no browser.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("web")(web)


def web(
    *,
    port: Port = None,
    no_open: NoOpen = False,
    data_dir: options.DataDir = None,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """Open the web page of the running system, or of stored rows.

    Where g6 serve runs (g6 up has it), its page is opened, which is live. Otherwise the stored
    rows are served on the loopback until Ctrl-C, on a free port unless one is named.

    Example: g6 web --data-dir data/demo
    """
    from g6.entrypoints.machine.study_reading import reader
    from g6.entrypoints.web.opening import open_page, running_page, serve_directory

    settings = options.settings(config, set_, data_dir=data_dir)
    address = running_page(settings)
    if address:
        typer.echo(f"page on {address}, of the running system")
        if not no_open:
            open_page(address)
        return
    reader_of = partial(reader, settings=settings)
    serve_directory(settings, port, reader_of, announce=typer.echo, opens=not no_open)
