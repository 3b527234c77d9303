"""`g6 export`: stored rows in a file for another program."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from g6.entrypoints.cli.shared.arguments import options
from g6.entrypoints.cli.shared.arguments.option_groups import spread
from g6.entrypoints.cli.shared.screen import terminal
from g6.errors import UserError
from g6.rendering.wording import counted

if TYPE_CHECKING:
    from g6.bootstrap.reading.export_rows import ExportQuery
    from g6.config import Settings

Names = Annotated[
    str, typer.Argument(metavar="INDEX", help="One index, several with commas, or * for all.")
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("export")(export)


@dataclass(frozen=True, slots=True)
class RowOptions:
    """The options that say which rows are exported, and how they are arranged."""

    day: Annotated[
        str,
        typer.Option(
            "--day", metavar="DAY|A..B", help="2026-11-18, latest, today, -1, or a range A..B."
        ),
    ] = "latest"
    kind: Annotated[
        str, typer.Option("--kind", metavar="KIND", help="chain, overview, instruments or events.")
    ] = "chain"
    columns: Annotated[
        str | None,
        typer.Option("--columns", metavar="A,B", help="Only these, behind those that rows have."),
    ] = None
    expiry: Annotated[
        str | None, typer.Option("--expiry", metavar="A,B", help="Only these: days, this_week, …")
    ] = None
    strike: Annotated[
        str | None, typer.Option("--strike", metavar="K|A..B", help="One strike, or a range.")
    ] = None
    long: Annotated[
        bool, typer.Option("--long", help="A row for each option, not for each strike.")
    ] = False
    as_of: Annotated[
        str | None,
        typer.Option(
            "--as-of",
            metavar="INSTANT",
            help="Leave out what was observed later. A time alone is of --day.",
        ),
    ] = None

    def query(self, index: str) -> ExportQuery:
        """Return the question for these rows of some indices.

        Raises:
            UserError: The strike is none.
        """
        from g6.bootstrap.reading.export_rows import ExportQuery

        return ExportQuery(
            index=_listed(index),
            day=self.day,
            kind=self.kind,
            columns=_listed(self.columns),
            expiry=_listed(self.expiry) or None,
            strike=_strikes(self.strike),
            as_of=self.as_of,
            shape="long" if self.long else "wide",
        )


@spread
def export(
    index: Names = "",
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="The file; its name says the format."),
    ] = None,
    *,
    rows: RowOptions,
    cold: Annotated[
        str | None,
        typer.Option(
            "--cold",
            metavar="PLACE",
            help="Instead everything that is stored, into a folder or an address such as s3://….",
        ),
    ] = None,
    form: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="csv, parquet, xlsx, ndjson or arrow, where the name does not say it.",
        ),
    ] = None,
    json_: options.Json = False,
    configured: options.SettingsOptions,
) -> None:
    """Write stored rows as CSV, Parquet, XLSX, JSON lines or Arrow.

    A row is a strike with its call and its put side by side, and always has timestamp, underlying,
    expiry, strike, spot, future, forward and vix, and ends in certificate, the version and root of
    what g6 certificate says of its day. Names are those of g6.load. Instants are UTC, and
    India's in XLSX, whose sheets know no zones. An expiry or a strike that is not stored exits 3
    and names those that are. --cold PLACE copies all that is stored instead, of days in cold
    places too, with a list of SHA-256; g6 archive restore PLACE brings it back.

    Example: g6 export NIFTY --out nifty.csv --day 2026-11-18
    """
    settings = configured.settings()
    if cold is not None:
        from g6.entrypoints.cli.past.keeping.cold_export_command import export_cold

        export_cold(settings, cold, as_json=json_)
    elif index and out is not None:
        _export_rows(settings, rows.query(index), out, form, as_json=json_)
    else:
        raise UserError("an export needs an index and --out FILE", "g6 export NIFTY --out a.csv")


def _export_rows(
    configured: Settings, query: ExportQuery, out: Path, form: str | None, *, as_json: bool
) -> None:
    """Write the rows of a question into a file, and print how many there are."""
    from g6.bootstrap.reading.export_rows import about, export_table
    from g6.bootstrap.reading.reading_place import reading_settings
    from g6.rendering.table_files import form_of, write_table

    written_as = form_of(form, out)
    settings = reading_settings(configured)
    table = export_table(settings.directory, query)
    size = write_table(table, out, about(settings.directory, query, table), written_as)
    if as_json:
        facts = {"rows": table.num_rows, "columns": table.column_names, "bytes": size}
        typer.echo(json.dumps({"file": str(out), **facts}))
        return
    console = terminal.console(settings)
    console.print(
        f"{counted(table.num_rows, 'row')} of {len(table.column_names)} columns, "
        f"{size:,} bytes in {out}",
        soft_wrap=True,
    )


def _listed(text: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in (text or "").split(",") if name.strip())


def _strikes(text: str | None) -> float | tuple[float, float] | None:
    """Read a strike or a range of strikes.

    Raises:
        UserError: It is none.
    """
    if text is None:
        return None
    first, sign, last = text.replace(",", "").partition("..")
    try:
        return (float(first), float(last)) if sign else float(first)
    except ValueError as error:
        raise UserError(f"--strike {text} is no strike", "24000, or 23500..24500") from error
