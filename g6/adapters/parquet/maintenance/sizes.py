"""Files and bytes below a data directory, by kind."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from g6.domain.schema.layout import Folder, Kind

KINDS: tuple[str, ...] = (*Kind, Folder.PANELS)
OTHER = "other"


def sizes(directory: Path) -> dict[str, tuple[int, int]]:
    """Return files and bytes below the data directory by kind. The rest is `other`."""
    totals = dict.fromkeys(map(str, (*KINDS, OTHER)), (0, 0))
    for entry in _entries(directory):
        kind = entry.name if entry.name in KINDS and entry.is_dir(follow_symlinks=False) else OTHER
        files, size = totals[kind]
        for file_size in _bytes(entry):
            files += 1
            size += file_size
        totals[kind] = files, size
    return totals


def _bytes(entry: os.DirEntry[str]) -> Iterator[int]:
    """Yield the size of every file at or below an entry."""
    if entry.is_dir(follow_symlinks=False):
        for inner in _entries(entry):
            yield from _bytes(inner)
        return
    try:
        # Behind a link to a directory lies what is not below this one.
        if not entry.is_dir():
            yield entry.stat().st_size
    except FileNotFoundError:
        # It was folded meanwhile.
        return


def _entries(directory: Path | os.DirEntry[str]) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(directory) as entries:
            return list(entries)
    except (FileNotFoundError, PermissionError, NotADirectoryError):
        return []
