"""The files of one day: what they are called, which of them hold what, and how to read them while others fold them.

A day's directory holds parts (`034500Z.parquet`, one cycle), quarter-hour segments (`034500Z-040000Z.parquet`) and, once it is
compacted, `day.parquet`. Directories are session days of IST, names UTC times. Where two files hold the same cycle, the part
beats the segment and the segment beats the day: a rerun writes a part, and a fold that died between its two steps leaves the
same rows twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import IntEnum
from pathlib import Path
from typing import TypeVar

from g6.domain.cycles.cycle import QUARTER_HOUR
from g6.domain.market.calendar import IST
from g6.domain.schema import layout
from g6.domain.schema.layout import DAY_FILE
from g6.errors import StoreBusy
from g6.files import directory_lock

T = TypeVar("T")


class FoldLevel(IntEnum):
    """How far a file is folded; a lower level beats a higher one."""

    PART = 0
    SEGMENT = 1
    DAY = 2


@dataclass(frozen=True, slots=True)
class DayFile:
    """One file and the instants it may hold: `first` <= t < `end` (a part: exactly `first`)."""

    path: Path
    level: FoldLevel
    first: datetime
    end: datetime

    def may_hold(self, instant: datetime) -> bool:
        """Tell whether a row of `instant` can be in this file."""
        return (
            instant == self.first
            if self.level is FoldLevel.PART
            else self.first <= instant < self.end
        )


def session_date(instant: datetime) -> date:
    """Return the session's date (IST) of an instant."""
    return instant.astimezone(IST).date()


def directory_of(root: Path, day: date) -> Path:
    """Return the directory of `day` below `root`."""
    return root / layout.day_name(day)


def part_path(root: Path, instant: datetime) -> Path:
    """Return where the part of `instant` stays below `root`: `date=2026-11-20/034500Z.parquet`."""
    return directory_of(root, session_date(instant)) / layout.part_name(instant)


def segment_path(directory: Path, quarter: datetime) -> Path:
    """Return the segment of the quarter hour that begins at `quarter`."""
    return directory / layout.segment_name(quarter, quarter + QUARTER_HOUR)


def _instant(day: date, clock: str) -> datetime:
    """Return the instant of a name's time: a session day of IST begins at 18:30 UTC of the day before."""
    at = time(int(clock[:2]), int(clock[2:4]), int(clock[4:6]), int(clock[7:] or 0))
    found = datetime.combine(day, at, UTC)
    return found if session_date(found) == day else found - timedelta(days=1)


def day_of(directory: Path) -> date | None:
    """Return the date of a `date=…` directory, None when it is something else."""
    return layout.parse_day_name(directory.name)


def days(root: Path) -> list[date]:
    """Return the days that have a directory below `root`, ascending."""
    try:
        return sorted(day for entry in root.iterdir() if (day := day_of(entry)) is not None)
    except (FileNotFoundError, NotADirectoryError):
        return []


def files(directory: Path) -> list[DayFile]:
    """Return the files of a day, by instant; the directory's shared lock keeps a fold from moving rows during the listing."""
    try:
        with directory_lock(directory, shared=True):
            return files_unlocked(directory)
    except (FileNotFoundError, NotADirectoryError):
        return []


def files_unlocked(directory: Path) -> list[DayFile]:
    """Return the files of a day for a caller who holds the directory's lock."""
    day = day_of(directory)
    if day is None:
        return []
    found = (_day_file(directory, day, entry.name) for entry in directory.iterdir())
    return sorted((file for file in found if file), key=lambda file: (file.first, file.level))


def _day_file(directory: Path, day: date, name: str) -> DayFile | None:
    if match := layout.PART_NAME.fullmatch(name):
        at = _instant(day, match[1])
        return DayFile(directory / name, FoldLevel.PART, at, at)
    if match := layout.SEGMENT_NAME.fullmatch(name):
        first = _instant(day, match[1])
        return DayFile(directory / name, FoldLevel.SEGMENT, first, first + QUARTER_HOUR)
    if name == DAY_FILE:
        midnight = datetime.combine(day, time(), IST).astimezone(UTC)
        return DayFile(directory / name, FoldLevel.DAY, midnight, midnight + timedelta(days=1))
    return None


def newest_first(root: Path, days_wanted: Iterable[date]) -> Iterator[DayFile]:
    """Give the files of `days_wanted` (which must descend), the latest first within each day."""
    for day in days_wanted:
        yield from sorted(
            files(directory_of(root, day)), key=lambda file: (file.end, -file.level), reverse=True
        )


def steadily(read: Callable[[], T]) -> T:
    """Return `read()`, again when a file vanished under it because a fold had moved its rows. Errors: StoreBusy after many."""
    for _ in range(20):
        try:
            return read()
        except FileNotFoundError as error:
            vanished = error
    raise StoreBusy(
        f"{vanished.filename} vanishes whenever it is read; see what else writes there"
    ) from vanished
