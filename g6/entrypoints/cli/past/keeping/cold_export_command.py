"""`g6 export --cold`: all that is stored in a cold place, for a system that is given up."""

from __future__ import annotations

import json
import time

import typer
from rich.console import Console

from g6.adapters.data_dir.backup_sources import MOST_LOOKS, BackupListing, moving, steady_files
from g6.adapters.parquet.cold_place import ColdPlace
from g6.adapters.parquet.queries.stored_span import check_directory
from g6.bootstrap.stored_files.cold_export import (
    ExportedFile,
    export_file,
    finish_export,
    own_export,
)
from g6.bootstrap.stored_files.cold_places import cold_place
from g6.config import Settings
from g6.entrypoints.cli.shared.screen import terminal
from g6.entrypoints.cli.shared.screen.progress import followed
from g6.rendering.wording import counted, megabytes

__all__ = ["export_cold"]


def export_cold(settings: Settings, address: str, *, as_json: bool) -> None:
    """Copy all that is stored into a cold place, and print what was new.

    Raises:
        NothingToDo: Nothing is stored.
        UserError: The place shares files with the data directory, or has those of another one.
        Unavailable: The place does not answer, or gives back something else.
    """
    check_directory(settings.directory)
    place = cold_place(address)
    place.keep_apart(settings.directory)
    console = terminal.console(settings, stderr=as_json)
    files, new, listing = _exported(settings, place, console)
    finish_export(place, files, settings.directory)
    size = sum(file.bytes for file in files)
    if as_json:
        facts = {"place": place.address, "files": len(files), "bytes": size, "files_written": new}
        typer.echo(json.dumps(facts | {"left_out": sorted(listing.left_out)}))
        return
    terminal.console(settings).print(
        f"{counted(len(files), 'file')}, {megabytes(size)}, in {place.address}: {new} were new",
        soft_wrap=True,
        highlight=False,
    )


def _exported(
    settings: Settings, place: ColdPlace, console: Console
) -> tuple[list[ExportedFile], int, BackupListing]:
    """Put all files into the place, and list anew while they move before they are copied.

    Returns:
        The files, how many contents were written, and what was listed.
    """
    earlier = set(own_export(place, settings.directory))
    new = 0
    for look in range(MOST_LOOKS):
        files: list[ExportedFile] = []
        moved: list[str] = []
        with steady_files(settings.directory, settings.csv_dir, time.time()) as listing:
            label = "exporting again" if look else "exporting"
            for file in followed(listing.files, label, console):
                exported = export_file(place, file, listing, earlier)
                if exported is None:
                    moved.append(file.name)
                    continue
                files.append(exported[0])
                new += exported[1]
        # What this export wrote may be replaced by what it finds when it lists anew.
        earlier |= {file.sha256 for file in files}
        if not moved:
            return files, new, listing
    raise moving(settings.directory, moved[0])
