"""`g6 lots`: the table of lots with its sources, and end-of-day files held against it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from g6.domain.market.lots import HISTORY, lot_of
from g6.entrypoints.cli.shared import options
from g6.errors import UnknownLot

Files = Annotated[
    list[Path] | None,
    typer.Argument(metavar="[FILE]…", help="End-of-day files of NSE or BSE, CSV, .gz or .zip."),
]
SHOWN = 5


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("lots")(lots)


def lots(files: Files = None, *, json_: options.Json = False) -> None:
    """Show how many units contracts are and who says so; with FILEs, hold the lots in them against that and exit 1 on a difference.

    Example: g6 lots BhavCopy_NSE_FO_0_0_0_20241226_F_0000.csv.zip
    """
    rows = [row for path in files for row in _verdicts(path)] if files else _table()
    if json_:
        typer.echo(json.dumps(rows, indent=2))
    else:
        typer.echo("\n".join(_line(row) for row in rows))
    if any(row.get("verdict") == "differs" for row in rows):
        raise typer.Exit(1)


def _table() -> list[dict[str, Any]]:
    return [
        {
            "root": root, "units": lot.units, "quoted_from": lot.quoted.isoformat(), "first_weekly": lot.weekly.isoformat(),
            "first_monthly": lot.monthly.isoformat(), "long_dated_from": lot.long_dated.isoformat(), "source": lot.source,
        }
        for root, history in HISTORY.items()
        for lot in history
    ]  # fmt: skip


def _verdicts(path: Path) -> list[dict[str, Any]]:
    """Return one row for each root and expiry of a file, and one for the rows that could not be read."""
    from g6.adapters.exchange_files import read_end_of_day

    read = read_end_of_day(path)
    rows: list[dict[str, Any]] = []
    for (day, root, expiry), seen in sorted(read.contracts.items()):
        row: dict[str, Any] = {
            "file": path.name,
            "day": day.isoformat(),
            "root": root,
            "expiry": expiry.isoformat(),
        }
        row |= {"contracts": seen.rows, "file_lots": sorted(seen.lots), "divisor": seen.divisor}
        try:
            units = lot_of(root, expiry, day)
        except UnknownLot as error:
            rows.append(row | {"units": None, "verdict": "not in the table", "why": error.sentence})
            continue
        agrees = seen.lots == {units} if seen.lots else seen.divisor % units == 0
        rows.append(row | {"units": units, "verdict": "agrees" if agrees else "differs", "why": ""})
    if read.left_out:
        shown = "; ".join(f"line {line}: {reason}" for line, reason in read.left_out[:SHOWN])
        count = {"file": path.name, "verdict": "left out", "rows": len(read.left_out), "why": shown}
        rows.append(count)
    if not rows:
        rows.append(
            {
                "file": path.name,
                "verdict": "left out",
                "rows": 0,
                "why": "no contract of a known index stands in it",
            }
        )
    return rows


def _line(row: dict[str, Any]) -> str:
    if "source" in row:
        since = f"weekly from {row['first_weekly']}, monthly from {row['first_monthly']}, long-dated on {row['long_dated_from']}"
        return f"{row['root']:<11}{row['units']:>4}  {since}  {row['source']}"
    if row["verdict"] == "left out":
        return f"{row['file']}: {row['rows']} rows left out: {row['why']}"
    told = "/".join(map(str, row["file_lots"])) or f"open interest in multiples of {row['divisor']}"
    head = f"{row['day']}  {row['root']:<11}{row['expiry']}  {row['contracts']:>4} contracts  file {told}"
    return f"{head}  table {row['units'] or '-'}  {row['verdict']}" + (
        f": {row['why']}" if row["why"] else ""
    )
