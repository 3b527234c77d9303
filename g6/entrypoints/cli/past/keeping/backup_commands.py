"""`g6 backup`: the data directory in another place."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from g6.adapters.data_dir.backup_checks import generations
from g6.adapters.data_dir.backup_sources import (
    MOST_LOOKS,
    BackupListing,
    SourceFile,
    moving,
    steady_files,
)
from g6.adapters.data_dir.backups import BackupContent, BackupFolder
from g6.bootstrap.stored_files.backup_folders import (
    backup_folder,
    checked_contents,
)
from g6.config import Settings
from g6.entrypoints.cli.shared.arguments import options
from g6.entrypoints.cli.shared.arguments.option_groups import spread
from g6.entrypoints.cli.shared.screen import terminal
from g6.entrypoints.cli.shared.screen.progress import followed
from g6.errors import StoreBusy, UserError
from g6.files import quoted
from g6.rendering.wording import counted, megabytes

Place = Annotated[
    Path,
    typer.Argument(metavar="DIR", help="Where the backups are, outside of the data directory."),
]
Check = Annotated[
    bool, typer.Option("--check", help="Read all backups instead, set aside what is damaged.")
]
Within = Annotated[
    int | None,
    typer.Option(
        "--within",
        metavar="DAYS",
        min=1,
        help="With --check: leave out what was read whole within so many days.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add `g6 backup`."""
    app.command("backup")(backup)


@spread
def backup(
    place: Place,
    *,
    check: Check = False,
    within: Within = None,
    snapshots: Annotated[
        bool, typer.Option("--snapshots", help="List the backups instead.")
    ] = False,
    json_: options.Json = False,
    configured: options.SettingsOptions,
) -> None:
    """Copy what is stored to another directory.

    It may run while G6 collects, and while days are archived, pruned or computed again: what moved
    before it was copied is listed anew. Only what is new since the last backup is copied. Every
    content has its SHA-256 as its name.
    After Ctrl-C the same command goes on where it was. Panels, logs, the token and what belongs to
    running processes are left out.

    Example: g6 backup /mnt/backup/g6
    """
    settings = configured.settings()
    folder = backup_folder(place)
    console = terminal.console(settings, stderr=json_)
    if within is not None and not check:
        raise UserError(
            "--within belongs to --check", f"g6 backup {quoted(place)} --check --within 7"
        )
    if snapshots:
        _list(folder, terminal.console(settings), as_json=json_)
    elif check:
        _check(folder, terminal.console(settings), console, within, as_json=json_)
    else:
        _back_up(folder, settings, console, as_json=json_)


def _list(folder: BackupFolder, console: Console, *, as_json: bool) -> None:
    """Write which backups there are."""
    snapshots = [folder.snapshot(name) for name in folder.names()]
    if not snapshots:
        folder.snapshot()
    if as_json:
        facts = [
            {"snapshot": one.name, "files": len(one.files), "bytes": one.bytes} for one in snapshots
        ]
        typer.echo(json.dumps(facts))
        return
    for one in snapshots:
        files = counted(len(one.files), "file")
        console.print(f"{one.name}  {files}, {megabytes(one.bytes)}, of {one.source}")


def _check(
    folder: BackupFolder, out: Console, console: Console, within: int | None, *, as_json: bool
) -> None:
    """Read the contents of all backups, the one that was read longest ago first.

    Raises:
        Exit: One is damaged.
    """
    together = generations(folder)
    checked = checked_contents(folder)
    damaged = dict(together.damaged_lists)
    due = checked.due(together.contents, within, time.time())
    whole = len(together.contents)
    try:
        for content in followed(due, "reading", console) if due else ():
            if what := folder.damage_of(content):
                whole -= 1
                checked.forget(content)
                damaged |= dict.fromkeys(together.files[content.sha256], what)
            else:
                checked.add(content, time.time())
    finally:
        # After Ctrl-C as well: with --within the next one goes on from here. Where backups lie on
        # a disk that takes no writes, the next one reads all.
        with suppress(StoreBusy):
            checked.write()
    if as_json:
        facts = {
            "snapshots": len(together.names),
            "contents": len(together.contents),
            "read": len(due),
            "bytes_read": sum(content.bytes for content in due),
            "damaged": damaged,
        }
        typer.echo(json.dumps(facts))
    else:
        earlier = len(together.contents) - len(due)
        words = f", {earlier} of them by an earlier check" if earlier else ""
        contents = counted(len(together.contents), "content")
        backups = counted(len(together.names), "backup")
        _tell_damages(damaged, together.source, folder, out)
        out.print(f"{whole} of {contents} of {backups} are whole{words}", soft_wrap=True)
    if damaged:
        raise typer.Exit(1)


def _tell_damages(
    damaged: Mapping[str, str], source: str, folder: BackupFolder, out: Console
) -> None:
    for name, what in damaged.items():
        out.print(f"{name}: {what}", soft_wrap=True, highlight=False)
    if damaged:
        again = f"g6 backup {quoted(folder.directory)}"
        out.print(
            f"  fix: {again} copies them again while {source} has them; what stands in an older "
            "backup alone is lost there",
            soft_wrap=True,
            highlight=False,
        )


def _back_up(folder: BackupFolder, settings: Settings, console: Console, *, as_json: bool) -> None:
    """Copy what is new, then write the list of the backup.

    Raises:
        NothingToDo: Nothing is stored.
        UserError: The backups lie inside of what they are of.
    """
    _check_source(settings)
    place = folder.directory.resolve()
    sources = {"data directory": settings.directory, "directory of CSV files": settings.csv_dir}
    for what, source in sources.items():
        if place.is_relative_to(source.resolve()):
            raise UserError(
                f"{folder.directory} lies in the {what}", "name a directory on another disk"
            )
    began = time.monotonic()
    listing, copied = _copy_all(folder, settings, console)
    name = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    snapshot = folder.finish(name, settings.directory, copied.files, listing.left_out)
    if as_json:
        facts = {
            "snapshot": name,
            "files": len(copied.files),
            "bytes": snapshot.bytes,
            "files_copied": copied.count,
            "bytes_copied": copied.bytes,
            "left_out": list(snapshot.left_out),
            "seconds": round(time.monotonic() - began, 2),
        }
        typer.echo(json.dumps(facts))
        return
    out = terminal.console(settings)
    fresh = f"{counted(copied.count, 'new content')} of {megabytes(copied.bytes)}"
    out.print(
        f"{counted(len(copied.files), 'file')}, {megabytes(snapshot.bytes)}, in {name}: "
        f"{fresh if copied.count else 'nothing new'}",
        soft_wrap=True,
    )
    if listing.left_out:
        cycles = counted(len(listing.left_out), "cycle")
        out.print(f"{cycles} that were being stored come with the next backup", soft_wrap=True)


def _check_source(settings: Settings) -> None:
    """Refuse a data directory that has nothing to keep.

    Raises:
        NothingToDo: Nothing is stored.
    """
    from g6.adapters.parquet.queries.stored_span import check_directory, check_there

    # Without Parquet the CSV files are all that is stored.
    if settings.storage.parquet.enabled or not settings.csv_dir.is_dir():
        check_directory(settings.directory)
    else:
        check_there(settings.directory)


def _copy_all(
    folder: BackupFolder, settings: Settings, console: Console
) -> tuple[BackupListing, _Copied]:
    """Copy what is new, and list anew while files are moved or rewritten before they are copied.

    Raises:
        StoreBusy: They are so again and again, or a disk refuses.
    """
    copied = _Copied(folder, folder.snapshot().files if folder.names() else {})
    for look in range(MOST_LOOKS):
        copied.begin()
        with steady_files(settings.directory, settings.csv_dir, time.time()) as listing:
            for file in followed(listing.files, "copying again" if look else "copying", console):
                copied.add(listing, file)
        if not copied.moved:
            return listing, copied
    raise moving(settings.directory, copied.moved[0])


class _Copied:
    """What has been copied of one backup.

    Attributes:
        files: The contents of the newest listing, by the names of the files.
        moved: Files of it that were not what was listed any more.
        count: Contents that were new.
        bytes: Their size.
    """

    def __init__(self, folder: BackupFolder, before: Mapping[str, BackupContent]) -> None:
        self._folder = folder
        self._before = before
        self.files: dict[str, BackupContent] = {}
        self.moved: list[str] = []
        self.count = 0
        self.bytes = 0

    def begin(self) -> None:
        """Begin with a listing. What was copied of the one before is not copied again."""
        self._before = {**self._before, **self.files}
        self.files = {}
        self.moved = []

    def add(self, listing: BackupListing, file: SourceFile) -> None:
        """Copy a file of the listing."""
        answer = self._folder.copy(file, listing, self._before)
        if answer is None:
            self.moved.append(file.name)
            return
        self.files[file.name], is_new = answer
        self.count += is_new
        self.bytes += self.files[file.name].bytes if is_new else 0
