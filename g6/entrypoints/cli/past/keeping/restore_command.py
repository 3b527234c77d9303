"""`g6 restore`: what a backup holds, back in a data directory."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Annotated

import typer
from rich.console import Console

from g6.adapters.data_dir.backups import BackupFolder, RestoredFile, nothing_reverted
from g6.bootstrap.stored_files.backup_folders import backup_folder, reverted_cycles
from g6.config import Settings
from g6.entrypoints.cli.past.keeping.backup_commands import Place
from g6.entrypoints.cli.shared.arguments import options
from g6.entrypoints.cli.shared.arguments.day_options import Date, day_given
from g6.entrypoints.cli.shared.arguments.option_groups import spread
from g6.entrypoints.cli.shared.screen import terminal
from g6.entrypoints.cli.shared.screen.progress import followed
from g6.errors import NothingToDo, UserError
from g6.files import quoted
from g6.rendering.wording import counted

Snapshot = Annotated[
    str | None,
    typer.Option("--snapshot", metavar="NAME", help="An earlier backup; else the newest."),
]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Replace files that are there and are others.")
]
Revert = Annotated[
    bool, typer.Option("--revert", help="With --overwrite: lose rows of later reruns too.")
]
MOST_CYCLES = 3
"""Cycles of a file that are named on a terminal; --json has them all."""


def register(app: typer.Typer) -> None:
    """Add `g6 restore`."""
    app.command("restore")(restore)


@spread
def restore(
    context: typer.Context,
    place: Place,
    *,
    snapshot: Snapshot = None,
    date_: Date = None,
    overwrite: Overwrite = False,
    revert: Revert = False,
    json_: options.Json = False,
    configured: options.SettingsOptions,
) -> None:
    """Bring back what a backup holds: all of it, or one day.

    Files that are there stay as they are unless --overwrite is given, and with it those that have
    rows of later cycles or reruns, which are named, unless --revert is given too. Every content is
    held against its SHA-256 before it is written, and damaged ones are named at the end.
    After Ctrl-C the same command goes on where it was.

    Example: g6 restore /mnt/backup/g6 --data-dir data/restored
    """
    settings = configured.settings()
    folder = backup_folder(place)
    if revert and not overwrite:
        raise UserError(
            "--revert belongs to --overwrite", f"g6 restore {quoted(place)} --overwrite --revert"
        )
    source = folder.snapshot(snapshot)
    day = day_given(date_, settings)
    if day is not None:
        source = source.of_day(day)
    if not source.files:
        raise NothingToDo(
            f"the backup {source.name} has nothing of {day}", f"g6 backup {place} --snapshots"
        )
    options.own_directory(context, settings, "g6 restore")
    totals = RestoredTotals(source.name)
    # One file at a time, so that the bar moves with each.
    places = (settings.directory, settings.csv_dir)
    reverted = nothing_reverted if revert else reverted_cycles
    for name in followed(list(source.files), "restoring", terminal.console(settings, stderr=json_)):
        of_one = source.of_file(name)
        totals.add(next(folder.restore(of_one, *places, overwrite=overwrite, reverted=reverted)))
    if json_:
        typer.echo(json.dumps(asdict(totals)))
    else:
        _show_restored(terminal.console(settings), settings, totals, folder)
    if totals.others or totals.newer or totals.damaged:
        raise typer.Exit(1)


@dataclass(slots=True)
class RestoredTotals:
    """What became of the files of a backup. The names of the fields are published.

    Attributes:
        snapshot: The backup.
        written: Files that were written.
        bytes_written: Their size.
        same: Files that were there.
        other: Files of whose names another file is there.
        others: Their names.
        damaged: The names of files whose contents are damaged in the backup.
        newer: The cycles that files would lose which are there, by the names of the files.
    """

    snapshot: str
    written: int = 0
    bytes_written: int = 0
    same: int = 0
    other: int = 0
    others: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    newer: dict[str, list[str]] = field(default_factory=dict)

    def add(self, file: RestoredFile) -> None:
        """Count what became of one file."""
        if file.outcome == "written":
            self.written += 1
            self.bytes_written += file.bytes
        elif file.outcome == "same":
            self.same += 1
        elif file.outcome == "damaged":
            self.damaged.append(file.name)
        elif file.outcome == "newer":
            self.newer[file.name] = list(file.reverted)
        else:
            self.other += 1
            self.others.append(file.name)


def _show_restored(
    console: Console, settings: Settings, totals: RestoredTotals, folder: BackupFolder
) -> None:
    console.print(
        f"{counted(totals.written, 'file')} written into {settings.directory}, "
        f"{totals.same:,} were there",
        soft_wrap=True,
    )
    for name in totals.others[:20]:
        console.print(f"left as it is, another file: {name}", soft_wrap=True, highlight=False)
    if totals.others:
        console.print(
            f"{counted(totals.other, 'file')} of {totals.snapshot} left out; --overwrite replaces "
            "those that are there",
            soft_wrap=True,
        )
    _tell_newer(console, totals)
    for name in totals.damaged:
        console.print(
            f"not written, damaged in the backup: {name}", soft_wrap=True, highlight=False
        )
    if totals.damaged:
        again = f"g6 backup {quoted(folder.directory)}"
        console.print(
            f"  fix: {again} --check sets damaged contents aside, and {again} copies them again "
            "while the data directory has them; or take an earlier backup with --snapshot NAME",
            soft_wrap=True,
            highlight=False,
        )


def _tell_newer(console: Console, totals: RestoredTotals) -> None:
    """Write which cycles would lose the rows that were stored after the backup."""
    for name, cycles in list(totals.newer.items())[:20]:
        rest = len(cycles) - MOST_CYCLES
        more = f" and {rest} more" if rest > 0 else ""
        console.print(
            f"left as it is, with rows of {', '.join(cycles[:MOST_CYCLES])}{more} that the backup "
            f"has otherwise or not: {name}",
            soft_wrap=True,
            highlight=False,
        )
    if totals.newer:
        console.print(
            f"{counted(len(totals.newer), 'file')} would lose rows of later cycles or reruns; "
            "--overwrite --revert goes back to those of the backup, g6 rerun computes them again",
            soft_wrap=True,
        )
