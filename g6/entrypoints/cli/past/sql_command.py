"""`g6 sql`: a query of DuckDB over the stored rows."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from g6.entrypoints.cli.shared.arguments import options
from g6.entrypoints.cli.shared.arguments.option_groups import spread
from g6.entrypoints.cli.shared.screen import terminal
from g6.errors import NothingToDo, UserError
from g6.rendering.wording import counted

if TYPE_CHECKING:
    import pyarrow as pa


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("sql")(sql)


@spread
def sql(
    query: Annotated[
        str, typer.Argument(metavar="QUERY", help="SQL; - reads it from standard input.")
    ],
    *,
    rows: Annotated[
        int, typer.Option("--rows", metavar="N", min=0, help="Most rows shown; 0 shows all.")
    ] = 40,
    csv_: Annotated[bool, typer.Option("--csv", help="Write CSV, instants in UTC.")] = False,
    json_: options.Json = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Write a file, as g6 export does."),
    ] = None,
    configured: options.SettingsOptions,
) -> None:
    """Ask the stored rows in SQL, through DuckDB.

    Tables are chain, overview, instruments and events, with the columns of g6.load and date, the
    session's; `describe chain` lists them. Column underlying names the index. Each row is there
    once however its day is folded. A table shows India's time, CSV and JSON have UTC. The exit code
    is 3 when no row answers.

    Example: g6 sql "select underlying, count(*) from chain group by all"
    """
    from g6.adapters.parquet.queries.sql import answer_table
    from g6.bootstrap.reading.reading_place import reading_settings

    if (csv_, json_, out is not None).count(True) > 1:
        raise UserError("--csv, --json and --out exclude each other", "leave the others out")
    settings = reading_settings(configured.settings())
    text = sys.stdin.read() if query == "-" else query
    table = answer_table(text, settings.directory, "Asia/Kolkata")
    if out is not None:
        from g6.rendering.table_files import write_table

        size = write_table(table, out, {"query": text, "directory": str(settings.directory)})
        typer.echo(f"{counted(table.num_rows, 'row')}, {size:,} bytes in {out}", err=True)
    elif csv_ or json_:
        _write(table, as_csv=csv_)
    elif table.num_rows:
        _show(table, rows, terminal.console(settings))
    if not table.num_rows:
        raise NothingToDo(
            f"no row answers in {settings.directory}",
            "g6 data ls lists the days that are stored there",
        )


def _write(table: pa.Table, *, as_csv: bool) -> None:
    """Write an answer to standard output, as CSV or as JSON."""
    from g6.rendering import table_files

    if as_csv:
        typer.echo(table_files.as_csv(table), nl=False)
    else:
        typer.echo(json.dumps(list(table_files.json_rows(table))))


def _show(table: pa.Table, rows: int, console: Console) -> None:
    """Show the first rows of an answer, as wide as the terminal."""
    from g6.rendering.parts import print_parts
    from g6.rendering.tables.arrow_table import table_parts

    width = console.width if console.is_terminal else None
    print_parts(console, table_parts(table, rows, width))
