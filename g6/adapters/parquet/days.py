"""The files of one day: their names, their instants, and how to read them while others fold them.

A day's directory holds parts (`034500Z.parquet`, one cycle), quarter-hour segments
(`034500Z-040000Z.parquet`) and, once it is compacted, `day.parquet`. Directories are session days
of IST, names UTC times. Where two files hold the same cycle, the part beats the segment and the
segment beats the day: a rerun writes a part, and a fold that died between its two steps leaves the
same rows twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import IntEnum
from pathlib import Path
from typing import TypeVar

from g6.domain.cycles.cycle import QUARTER_HOUR, quarter_hour_of
from g6.domain.market.calendar import IST
from g6.domain.schema import layout
from g6.domain.schema.layout import COLD_FILE, DAY_FILE
from g6.errors import StoreBusy
from g6.files import directory_lock

T = TypeVar("T")


class FoldLevel(IntEnum):
    """How far a file is folded. A lower level beats a higher one."""

    PART = 0
    SEGMENT = 1
    DAY = 2


@dataclass(frozen=True, slots=True)
class DayFile:
    """One file and the instants it may hold.

    They are `first` <= t < `end`, of a part exactly `first`.
    """

    path: Path
    level: FoldLevel
    first: datetime
    end: datetime

    def may_hold(self, instant: datetime) -> bool:
        """Tell whether a row of `instant` can be in this file."""
        if self.level is FoldLevel.PART:
            return instant == self.first
        return self.first <= instant < self.end


def session_date(instant: datetime) -> date:
    """Return the session's day in India of an instant."""
    return instant.astimezone(IST).date()


def directory_of(root: Path, day: date) -> Path:
    """Return the directory of `day` below `root`."""
    return root / layout.day_name(day)


def part_path(root: Path, instant: datetime) -> Path:
    """Return the path of an instant's part below `root`: `date=2026-11-20/034500Z.parquet`."""
    return directory_of(root, session_date(instant)) / layout.part_name(instant)


def segment_path(directory: Path, quarter: datetime) -> Path:
    """Return the path of the segment whose quarter hour begins at `quarter`."""
    return directory / layout.segment_name(quarter, quarter + QUARTER_HOUR)


def _instant(day: date, clock: str) -> datetime:
    """Return the instant of a name's time.

    A session day of IST begins at 18:30 UTC of the day before.
    """
    at = time(int(clock[:2]), int(clock[2:4]), int(clock[4:6]), int(clock[7:] or 0))
    instant = datetime.combine(day, at, UTC)
    return instant if session_date(instant) == day else instant - timedelta(days=1)


def named_day(directory: Path) -> date | None:
    """Return the date of a `date=…` directory, None when it is something else."""
    return layout.parse_day_name(directory.name)


def days(root: Path) -> list[date]:
    """Return the days that have a directory below `root`, ascending."""
    try:
        return sorted(day for entry in root.iterdir() if (day := named_day(entry)) is not None)
    except (FileNotFoundError, NotADirectoryError):
        return []


def span_of(stored: Sequence[date]) -> str:
    """Return a clause that names the first and the last of ascending days."""
    if not stored:
        return "there is no day at all"
    return f"the first day there is {stored[0]}, the last {stored[-1]}"


def nearest_to(day: date, stored: Sequence[date]) -> date:
    """Return the stored day with the fewest days between it and another, the later on a tie.

    >>> nearest_to(date(2026, 11, 22), [date(2026, 11, 20), date(2026, 11, 23)])
    datetime.date(2026, 11, 23)
    """
    return min(reversed(stored), key=lambda other: abs(other - day))


def files(directory: Path) -> list[DayFile]:
    """Return the files of a day, ordered by instant.

    The directory's shared lock keeps a fold from moving rows during the listing.
    """
    try:
        with directory_lock(directory, shared=True):
            return files_unlocked(directory)
    except (FileNotFoundError, NotADirectoryError):
        return []


def files_unlocked(directory: Path) -> list[DayFile]:
    """Return the files of a day for a caller who holds the directory's lock."""
    day = named_day(directory)
    if day is None:
        return []
    names = {entry.name for entry in directory.iterdir()}
    if DAY_FILE in names:
        names.discard(COLD_FILE)
    entries = [_day_file(directory, day, name) for name in names]
    return sorted(filter(None, entries), key=lambda file: (file.first, file.level))


def files_of_instant(directory: Path, instant: datetime) -> list[DayFile]:
    """Return the files of a day that may hold an instant, the best first.

    It is for a caller who holds the directory's lock.
    """
    # A quarter of an hour of cycles of one second has 900 parts, which need not be listed for one.
    day = named_day(directory)
    if day is None:
        return []
    quarter = quarter_hour_of(instant)
    names = (layout.part_name(instant), layout.segment_name(quarter, quarter + QUARTER_HOUR))
    paths = [directory / name for name in names]
    entries = [
        _day_file(directory, day, path.name)
        for path in (*paths, day_path(directory))
        if path.is_file()
    ]
    return [file for file in entries if file is not None]


def day_path(directory: Path) -> Path:
    """Return the path of a day's one file, or of the note that says in which cold place it lies."""
    path = directory / DAY_FILE
    note = directory / COLD_FILE
    return note if note.is_file() and not path.is_file() else path


def of_level(sources: Iterable[DayFile], level: FoldLevel) -> list[DayFile]:
    """Return the files that are folded so far, in their order."""
    return [file for file in sources if file.level is level]


def _day_file(directory: Path, day: date, name: str) -> DayFile | None:
    if match := layout.PART_NAME.fullmatch(name):
        at = _instant(day, match[1])
        return DayFile(directory / name, FoldLevel.PART, at, at)
    if match := layout.SEGMENT_NAME.fullmatch(name):
        first = _instant(day, match[1])
        return DayFile(directory / name, FoldLevel.SEGMENT, first, first + QUARTER_HOUR)
    if name in {DAY_FILE, COLD_FILE}:
        midnight = datetime.combine(day, time(), IST).astimezone(UTC)
        return DayFile(directory / name, FoldLevel.DAY, midnight, midnight + timedelta(days=1))
    return None


def identity_of(path: Path) -> tuple[int, int, int]:
    """Return what a file's content is remembered by: a stored file is replaced, never changed.

    Raises:
        FileNotFoundError: It is gone.
    """
    written = path.stat()
    return written.st_ino, written.st_mtime_ns, written.st_size


def steadily(read: Callable[[], T]) -> T:
    """Return `read()`, repeated when a file vanished because a fold had moved its rows.

    Raises:
        StoreBusy: Files vanished twenty times.
    """
    # A fold moves rows between the listing and the reading. It does so once in a quarter hour.
    for _ in range(20):
        try:
            return read()
        except FileNotFoundError as error:
            vanished = error
    raise StoreBusy(
        f"{vanished.filename} vanishes whenever it is read; see what else writes there"
    ) from vanished
