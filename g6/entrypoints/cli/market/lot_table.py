"""`g6 lots`: the table of lots with its sources, and end-of-day files held against it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

from g6.entrypoints.cli.shared import options
from g6.studies.market.lot_units import (
    DIFFERS,
    FileLots,
    LotVerdict,
    StatedLot,
    stated_lots,
    verdict,
)

Files = Annotated[
    list[Path] | None,
    typer.Argument(metavar="[FILE]…", help="End-of-day files of NSE or BSE, CSV, .gz or .zip."),
]
MOST_REASONS = 5
"""Rows that were left out and are named with their reason."""


@dataclass(frozen=True, slots=True)
class UnreadRows:
    """The rows of a file that could not be read."""

    file: str
    rows: int
    why: str

    def document(self) -> Mapping[str, object]:
        """Return them under the names that are published."""
        return {"file": self.file, "verdict": "left out", "rows": self.rows, "why": self.why}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("lots")(lots)


def lots(files: Files = None, *, json_: options.Json = False) -> None:
    """Show how many units contracts are and who says so, or hold the lots in files against that.

    The exit code is 1 when a lot in a file differs.

    Example: g6 lots BhavCopy_NSE_FO_0_0_0_20241226_F_0000.csv.zip
    """
    if not files:
        _show_table(list(stated_lots()), as_json=json_)
        return
    verdicts = [line for path in files for line in _verdicts(path)]
    if json_:
        typer.echo(json.dumps([line.document() for line in verdicts], indent=2))
    else:
        typer.echo("\n".join(map(_line, verdicts)))
    if any(isinstance(line, LotVerdict) and line.verdict == DIFFERS for line in verdicts):
        raise typer.Exit(1)


def _show_table(table: Sequence[StatedLot], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps([asdict(lot) for lot in table], indent=2))
        return
    for lot in table:
        since = (
            f"weekly from {lot.first_weekly}, monthly from {lot.first_monthly}, "
            f"long-dated on {lot.long_dated_from}"
        )
        typer.echo(f"{lot.root:<11}{lot.units:>4}  {since}  {lot.source}")


def _verdicts(path: Path) -> Iterator[LotVerdict | UnreadRows]:
    """Yield a verdict for each root and expiry of a file, and the rows that could not be read."""
    from g6.adapters.exchange_files import read_end_of_day

    end_of_day = read_end_of_day(path)
    for (day, root, expiry), of_expiry in sorted(end_of_day.contracts.items()):
        yield verdict(
            FileLots(
                path.name, day, root, expiry, of_expiry.rows, of_expiry.lots, of_expiry.divisor
            )
        )
    if end_of_day.left_out:
        reasons = [f"line {line}: {why}" for line, why in end_of_day.left_out[:MOST_REASONS]]
        yield UnreadRows(path.name, len(end_of_day.left_out), "; ".join(reasons))
    elif not end_of_day.contracts:
        yield UnreadRows(path.name, 0, "no contract of a known index stands in it")


def _line(line: LotVerdict | UnreadRows) -> str:
    if isinstance(line, UnreadRows):
        return f"{line.file}: {line.rows} rows left out: {line.why}"
    of_file = line.lots
    lot = "/".join(map(str, sorted(of_file.lots)))
    evidence = lot or f"open interest in multiples of {of_file.divisor}"
    sentence = (
        f"{of_file.day}  {of_file.root:<11}{of_file.expiry}  {of_file.contracts:>4} contracts  "
        f"file {evidence}  table {line.units or '-'}  {line.verdict}"
    )
    return f"{sentence}: {line.why}" if line.why else sentence
