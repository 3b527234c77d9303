"""The files of a data directory that a backup holds, as of one instant while others write.

A cycle is stored file by file. What was stored within the last seconds may be half of a cycle, so
that these cycles are left out whole: the next backup has them. Days that are still folded are
copied first, while no fold moves their rows.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from g6.domain.cycles.cycle import isoformat_z
from g6.domain.market.calendar import day_of
from g6.domain.schema import layout
from g6.domain.schema.layout import KIND_OF_ROWS, SWEPT_UNTIL, Folder, Kind
from g6.files import directory_lock, refusals

__all__ = ["BackupListing", "SourceFile", "source_files", "steady_files", "unfolded"]

SETTLING_SECONDS = 10.0
"""Age from which a cycle's files are taken for complete: a cycle's last file comes 0.4 s after its
first on a loaded machine of two cores."""
KEPT = (
    Kind.CHAIN,
    Kind.OVERVIEW,
    Kind.INSTRUMENTS,
    Kind.EVENTS,
    Folder.CERTIFICATES,
    Folder.CONFIGS,
    Folder.LAYOUTS,
    Folder.COMPARISONS,
    Folder.QUALITY,
    Folder.PARTICIPANTS,
    "freeze",
)
"""Folders that a backup holds. Panels, logs and what is of running processes are made anew."""
MARKS = (KIND_OF_ROWS, SWEPT_UNTIL)
HIDDEN = (".position", ".recomputed", ".rewritten-")
"""How those hidden files begin that say something of what is stored. Without the second, a check
of a restored day took its live CSV files for damaged ones."""
EXPORTING = ".exporting"
"""Folder of the copies that an export reads while it runs."""
_ROWS = (Kind.CHAIN, Kind.OVERVIEW)
_ROWS_PREFIXES = tuple(f"{kind}/" for kind in _ROWS)


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file to be backed up.

    Attributes:
        name: Relative, as the backup calls it. CSV files begin with `csv/` wherever they are.
        path: Where it is.
        bytes: Its size when it was listed.
        changed: When its content was written, nanoseconds since 1970.
    """

    name: str
    path: Path
    bytes: int
    changed: int


@dataclass(frozen=True, slots=True)
class BackupListing:
    """What a backup holds.

    Attributes:
        files: By name.
        left_out: The cycles that were being stored.
        newest: The newest cycle that is in it, None where every day is one file.
        lines_from: CSV files that were changed from here on, nanoseconds since 1970, may have lines
            of other cycles.
    """

    files: Sequence[SourceFile]
    left_out: frozenset[str] = frozenset()
    newest: str | None = None
    lines_from: int = 0

    def loose(self) -> list[SourceFile]:
        """Return the files that are copied while nothing is folded: of days that are not yet."""
        names = (file.name for file in self.files)
        folded = Counter(_folder_of(name) for name in names if "/." not in name)
        return [
            file
            for file in self.files
            if (file.name.startswith(_ROWS_PREFIXES) and folded[_folder_of(file.name)] > 1)
            or _cycle_of(file.name)
            or _last_of_segment(file.name)
            or self.is_growing(file)
        ]

    def is_growing(self, file: SourceFile) -> bool:
        """Tell whether a CSV file may have lines of cycles that are not in the backup."""
        return file.name.startswith(f"{Kind.CSV}/") and file.changed > self.lines_from

    def has_line_of(self, cycle: str) -> bool:
        """Tell whether the CSV line of a cycle belongs into the backup."""
        return cycle not in self.left_out and (self.newest is None or cycle <= self.newest)


@contextmanager
def unfolded(directory: Path) -> Iterator[None]:
    """Keep every fold of a data directory waiting until the end of the block."""
    roots = [*(directory / Kind.CHAIN).glob(layout.ANY_INDEX), directory / Kind.OVERVIEW]
    with ExitStack() as locks:
        for root in sorted(roots):
            if root.is_dir():
                locks.enter_context(directory_lock(root, shared=True))
        yield


@contextmanager
def steady_files(directory: Path, csv_dir: Path, now: float) -> Iterator[BackupListing]:
    """Yield the files of a data directory as of now, which stay as they are until the block ends.

    Folding waits while those that it would remove are copied beside them, and not for the block.

    Args:
        directory: The data directory.
        csv_dir: Where its CSV files are.
        now: Wall seconds.

    Raises:
        StoreBusy: A disk refuses.
    """
    copies = directory / EXPORTING
    with refusals(copies):
        copies.mkdir(exist_ok=True)
    # One at a time: the lock goes with its process, and the next one clears what it left.
    with directory_lock(copies):
        try:
            with refusals(copies), unfolded(directory):
                _clear(copies)
                listing = source_files(directory, csv_dir, now)
                copied = {file.name: _copied(file, copies) for file in listing.loose()}
            yield replace(listing, files=[copied.get(file.name, file) for file in listing.files])
        finally:
            with suppress(OSError):
                shutil.rmtree(copies)


def _clear(copies: Path) -> None:
    copies.mkdir(exist_ok=True)
    for path in copies.iterdir():
        shutil.rmtree(path)


def _copied(file: SourceFile, copies: Path) -> SourceFile:
    """Return a file as a copy that nobody changes, or as a second name of it where that is one."""
    target = copies / file.name
    target.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileNotFoundError):
        # Parts and segments are replaced whole, never changed. CSV files grow.
        if file.name.startswith(_ROWS_PREFIXES) and _linked(file.path, target):
            return replace(file, path=target)
        shutil.copy2(file.path, target)
    return replace(file, path=target)


def _linked(path: Path, target: Path) -> bool:
    """Give a file a second name. False on a file system that knows no such."""
    try:
        os.link(path, target)
    except FileNotFoundError:
        raise
    except OSError:
        return False
    return True


def source_files(directory: Path, csv_dir: Path, now: float) -> BackupListing:
    """Return the files of a data directory as of now.

    Args:
        directory: The data directory.
        csv_dir: Where its CSV files are.
        now: Wall seconds.
    """
    since = int((now - SETTLING_SECONDS) * 1e9)
    files = [file for kind in KEPT for file in _below(directory / kind, f"{kind}/")]
    parts = {file.name: cycle for file in files if (cycle := _cycle_of(file.name))}
    young = {parts[file.name] for file in files if file.name in parts and file.changed > since}
    whole = [file for file in files if parts.get(file.name) not in young]
    whole += [file for name in MARKS for file in _one(directory / name, name)]
    whole += _below(csv_dir, f"{Kind.CSV}/")
    newest = max((parts[file.name] for file in whole if file.name in parts), default=None)
    if newest is None:
        ends = [end for file in whole if (end := _last_of_segment(file.name))]
        newest = max(ends, default=None)
    return BackupListing(sorted(whole, key=lambda file: file.name), frozenset(young), newest, since)


def _folder_of(name: str) -> str:
    return name.rpartition("/")[0]


def _below(folder: Path, prefix: str) -> Iterator[SourceFile]:
    for place, _, names in os.walk(folder):
        for name in sorted(names):
            path = Path(place) / name
            if not name.startswith(".") or name.startswith(HIDDEN):
                yield from _one(path, prefix + path.relative_to(folder).as_posix())


def _one(path: Path, name: str) -> Iterator[SourceFile]:
    try:
        facts = path.stat()
    except FileNotFoundError:
        # It was pruned meanwhile.
        return
    yield SourceFile(name, path, facts.st_size, facts.st_mtime_ns)


def _cycle_of(name: str) -> str:
    """Return the cycle of a file that holds one cycle, empty of others.

    >>> _cycle_of("overview/date=2026-11-18/053000Z.parquet")
    '2026-11-18T05:30:00Z'
    """
    parts = name.split("/")
    match = layout.PART_NAME.fullmatch(parts[-1])
    day = layout.parse_day_name(parts[-2]) if len(parts) > 2 else None
    if match is None or day is None or parts[0] not in _ROWS:
        return ""
    return isoformat_z(_instant(day, match[1]))


def _last_of_segment(name: str) -> str:
    """Return the last second of a file that holds a quarter of an hour, empty of others.

    >>> _last_of_segment("overview/date=2026-11-18/053000Z-054500Z.parquet")
    '2026-11-18T05:44:59Z'
    """
    parts = name.split("/")
    match = layout.SEGMENT_NAME.fullmatch(parts[-1])
    day = layout.parse_day_name(parts[-2]) if len(parts) > 2 else None
    if match is None or day is None or parts[0] not in _ROWS:
        return ""
    return isoformat_z(_instant(day, match[2]) - timedelta(seconds=1))


def _instant(day: date, clock: str) -> datetime:
    at = time(int(clock[:2]), int(clock[2:4]), int(clock[4:6]), int(clock[7:] or 0))
    instant = datetime.combine(day, at, UTC)
    return instant if day_of(instant) == day else instant - timedelta(days=1)
