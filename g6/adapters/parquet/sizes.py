"""How many files and bytes there are below a data directory, by kind."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

KINDS = ("chain", "overview", "instruments", "events", "csv", "panels")
OTHER = "other"


def sizes(directory: Path) -> dict[str, tuple[int, int]]:
    """Return (files, bytes) below the data directory by kind; what belongs to none is `other`."""
    found = dict.fromkeys((*KINDS, OTHER), (0, 0))
    for entry in _entries(directory):
        kind = entry.name if entry.name in KINDS and entry.is_dir(follow_symlinks=False) else OTHER
        files, size = found[kind]
        for each in _bytes(entry):
            files, size = files + 1, size + each
        found[kind] = files, size
    return found


def _bytes(entry: os.DirEntry[str]) -> Iterator[int]:
    """Yield the size of every file at or below an entry."""
    if entry.is_dir(follow_symlinks=False):
        for each in _entries(entry):
            yield from _bytes(each)
        return
    try:
        if not entry.is_dir():  # a link to a directory: what is behind it is not below this one
            yield entry.stat().st_size
    except FileNotFoundError:  # folded meanwhile
        return


def _entries(directory: Path | os.DirEntry[str]) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(directory) as entries:
            return list(entries)
    except (FileNotFoundError, PermissionError, NotADirectoryError):
        return []
