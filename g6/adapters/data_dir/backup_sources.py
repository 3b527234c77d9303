"""The files of a data directory that a backup holds, as of one instant while others write.

A cycle is stored file by file. What was stored within the last seconds may be half of a cycle, so
that these cycles are left out whole: the next backup has them. What a fold would remove gets a
second name, while no fold moves rows. A day that is archived, pruned or rewritten between listing
and copying is not what was listed: who copies lists anew.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import threading
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
from g6.errors import StoreBusy
from g6.files import directory_lock, free_directory_lock, refusals, shown

__all__ = ["MOST_LOOKS", "BackupListing", "SourceFile", "moving", "source_files", "steady_files"]

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
"""Folder of the second names that exports and backups read by while they run."""
MOST_LOOKS = 10
"""Listings after which a backup gives up on files that move whenever they are copied."""
_STEADY = tuple(
    f"{folder}/" for folder in (Kind.CHAIN, Kind.OVERVIEW, Kind.INSTRUMENTS, Folder.CERTIFICATES)
)
"""Where files belong together: one that is another than was listed would not fit the rest."""
_CYCLE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z")
_TAIL = 4096
"""Bytes at the end of a CSV file that hold its last lines."""
_READ_ONLY = frozenset((errno.EROFS, errno.EACCES, errno.EPERM))
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
        """Return the files of days that are not one file yet, and CSV files that grow."""
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
        return _grows(file, self.lines_from)

    def fits(self, file: SourceFile, size: int, changed: int) -> bool:
        """Tell whether what was read of a file can stand beside the others.

        Args:
            file: The file as it was listed.
            size: Its size as it was read.
            changed: When that was written, nanoseconds since 1970.
        """
        is_same = (size, changed) == (file.bytes, file.changed)
        # Lines of later cycles are left out of a CSV file, where there is a newest cycle.
        grows = file.name.startswith(f"{Kind.CSV}/") and self.newest is None
        return is_same or not (grows or file.name.startswith(_STEADY))

    def has_line_of(self, cycle: str) -> bool:
        """Tell whether the CSV line of a cycle belongs into the backup."""
        return cycle not in self.left_out and (self.newest is None or cycle <= self.newest)


def moving(directory: Path, name: str) -> StoreBusy:
    """Return the error of files that are moved or rewritten faster than they are copied."""
    return StoreBusy(
        f"{name} and other files of {shown(directory)} are moved or rewritten whenever they are "
        "copied; call it again when g6 archive, g6 retention, g6 recompute or g6 import has ended"
    )


@contextmanager
def _unfolded(directory: Path) -> Iterator[None]:
    """Keep every fold of a data directory waiting until the end of the block."""
    roots = [*(directory / Kind.CHAIN).glob(layout.ANY_INDEX), directory / Kind.OVERVIEW]
    with ExitStack() as locks:
        for root in sorted(roots):
            if root.is_dir():
                locks.enter_context(directory_lock(root, shared=True))
        yield


@contextmanager
def steady_files(directory: Path, csv_dir: Path, now: float) -> Iterator[BackupListing]:
    """Yield the files of a data directory as of now, which no fold moves until the block ends.

    Folding waits while those that it would remove get a second name, and not for the block. Where
    nothing can be written it waits for the block.

    Args:
        directory: The data directory.
        csv_dir: Where its CSV files are.
        now: Wall seconds.

    Raises:
        StoreBusy: A disk refuses.
    """
    with ExitStack() as stack:
        copies = _own_folder(directory, stack)
        if copies is None:
            stack.enter_context(_unfolded(directory))
            yield source_files(directory, csv_dir, now)
            return
        with refusals(copies), _unfolded(directory):
            listing = source_files(directory, csv_dir, now)
            copied = {file.name: _copied(file, copies) for file in listing.loose()}
        yield replace(listing, files=[copied.get(file.name, file) for file in listing.files])


def _own_folder(directory: Path, stack: ExitStack) -> Path | None:
    """Return a folder of this process below the data directory, None where nobody may write.

    What killed processes left goes: the lock of a folder ends with its process.
    """
    top = directory / EXPORTING
    copies = top / f"{os.getpid()}-{threading.get_ident()}"
    try:
        top.mkdir(exist_ok=True)
        with directory_lock(top):
            for path in top.iterdir():
                with free_directory_lock(path) as is_free:
                    if is_free:
                        shutil.rmtree(path)
            copies.mkdir()
            stack.callback(_remove, copies)
            stack.enter_context(directory_lock(copies))
    except FileNotFoundError:
        if not directory.is_dir():
            raise
        # Another process took the folder away behind its own.
        return _own_folder(directory, stack)
    except OSError as error:
        if error.errno in _READ_ONLY:
            return None
        with refusals(top):
            raise
    return copies


def _remove(copies: Path) -> None:
    with suppress(OSError):
        shutil.rmtree(copies)
        # Another process may have its own beside it.
        copies.parent.rmdir()


def _copied(file: SourceFile, copies: Path) -> SourceFile:
    """Return a file as a copy that nobody changes, or as a second name of it where that is one."""
    target = copies / file.name
    target.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileNotFoundError):
        # Parts and segments are replaced whole. Of CSV files later lines are left out.
        if not _linked(file.path, target):
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
    if newest is None:
        newest = _last_but_one(_growing_alone(whole, since))
    return BackupListing(sorted(whole, key=lambda file: file.name), frozenset(young), newest, since)


def _grows(file: SourceFile, since: int) -> bool:
    return file.name.startswith(f"{Kind.CSV}/") and file.changed > since


def _growing_alone(files: Sequence[SourceFile], since: int) -> list[SourceFile]:
    """Return the CSV files that grow on a day of which there is no Parquet file."""
    days: set[str] = set()
    for file in files:
        if file.name.startswith(_ROWS_PREFIXES):
            for part in file.name.split("/"):
                if day := layout.parse_day_name(part):
                    days.add(day.isoformat())
    # What a compacted day has is whole, however young its CSV files are: a backup behind a sample
    # left out the last cycle of them.
    return [file for file in files if _grows(file, since) and file.path.stem not in days]


def _last_but_one(growing: Sequence[SourceFile]) -> str | None:
    """Return the cycle before the last one of CSV files that grow, None where none grows.

    It is that of files which no Parquet file stands beside: the last cycle may be stored by half.
    Without a cycle to cut them at, files that grew at each look were never backed up.
    """
    cycles: set[str] = set()
    for file in growing:
        with suppress(FileNotFoundError), file.path.open("rb") as stream:
            stream.seek(max(0, file.bytes - _TAIL))
            for line in stream.read().split(b"\n")[1:-1]:
                cycles.add(line.partition(b",")[0].decode("utf-8", errors="replace"))
    before = sorted(filter(_CYCLE.fullmatch, cycles))[:-1]
    return max(before, default="") if growing else None


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
        # Who copies finds that it is gone, and lists anew.
        if not name.startswith(_STEADY):
            return
        yield SourceFile(name, path, 0, 0)
    else:
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
