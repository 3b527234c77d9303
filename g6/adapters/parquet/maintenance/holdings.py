"""The holdings of a data directory: days by index, with their files and bytes.

The file system alone is asked, and nothing is opened.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from g6.adapters.parquet import days
from g6.adapters.parquet.cold_notes import is_cold, read_note
from g6.adapters.parquet.days import FoldLevel
from g6.adapters.parquet.maintenance.parquet_history import ParquetHistory
from g6.domain.schema import layout
from g6.domain.schema.layout import Kind
from g6.ports.history import OVERVIEW
from g6.ports.readers import Holding


def holdings(directory: Path) -> Iterator[Holding]:
    """Yield chains and overviews by name and day, then instruments by day."""
    history = ParquetHistory(directory)
    for name in history.names():
        kind = Kind.OVERVIEW if name == OVERVIEW else Kind.CHAIN
        for day in days.days(history.root(name)):
            yield _holding(kind, name, day, days.directory_of(history.root(name), day))
    for day in days.days(directory / layout.folder(Kind.INSTRUMENTS)):
        files = _sizes(directory / layout.day_folder(Kind.INSTRUMENTS, day), layout.ROWS_SUFFIX)
        yield Holding(Kind.INSTRUMENTS, Kind.INSTRUMENTS, day, 0, 0, len(files), sum(files))


def _holding(kind: Kind, name: str, day: date, directory: Path) -> Holding:
    files = days.files(directory)
    count = Counter(file.level for file in files)
    size = sum(_sizes(directory, layout.ROWS_SUFFIX))
    archived = [read_note(file.path) for file in files if is_cold(file.path)]
    return Holding(
        kind,
        name,
        day,
        count[FoldLevel.PART],
        count[FoldLevel.SEGMENT],
        count[FoldLevel.DAY],
        size + sum(note.bytes for note in archived),
        archived[0].address if archived else "",
    )


def _sizes(directory: Path, suffix: str) -> list[int]:
    with os.scandir(directory) as entries:
        return [
            entry.stat().st_size
            for entry in entries
            if entry.name.endswith(suffix) and not entry.name.startswith(".")
        ]
