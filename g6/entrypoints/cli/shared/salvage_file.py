"""What a command says of an SQLite file that it mended, in words or as JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from g6.adapters.data_dir.sqlite_salvage import Salvage

__all__ = ["SalvageFile", "show_salvage"]


@dataclass(frozen=True, slots=True)
class SalvageFile:
    """A file that a command mends.

    Attributes:
        kind: What it is, as JSON names it: log, outbox.
        path: Where it is.
        absent: What its absence means.
    """

    kind: str
    path: Path
    absent: str


def show_salvage(file: SalvageFile, salvage: Salvage, *, json_: bool) -> None:
    """Print what became of a file: whole, not there, or mended with so many rows."""
    aside = None if salvage.aside is None else str(salvage.aside)
    if json_:
        facts = {file.kind: str(file.path), "aside": aside, "rows": dict(salvage.rows)}
        typer.echo(json.dumps(facts))
    elif aside is not None:
        typer.echo(salvage.in_words(file.path))
    elif file.path.is_file():
        typer.echo(f"{file.path} is whole")
    else:
        typer.echo(f"{file.path} is not there: {file.absent}")
