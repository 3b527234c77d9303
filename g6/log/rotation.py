"""Log files that begin anew by size and by day, and are kept for a while.

The newest lines of a process are in `NAME.log`, older ones in `NAME-2026-11-18.log`, and further
files of the same day in `NAME-2026-11-18.2.log`. A day is India's.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from io import TextIOWrapper
from itertools import count
from pathlib import Path

from g6.domain.market.calendar import day_of
from g6.files import directory_lock

__all__ = [
    "LogFile",
    "LogFileHandler",
    "Rotation",
    "log_files",
    "prune_logs",
    "rotate_by_copy",
]

_NAME = re.compile(r"(?P<name>.+?)(?:-(?P<day>\d{4}-\d\d-\d\d)(?:\.(?P<number>\d+))?)?\.log")


@dataclass(frozen=True, slots=True)
class Rotation:
    """When a log file begins anew.

    Attributes:
        most_bytes: Its size from which on it does, beside the change of day.
        keep_files: How many earlier files of a process are kept.
    """

    most_bytes: int = 5 * 1024**2
    keep_files: int = 14

    def is_due(self, path: Path, now: float) -> bool:
        """Tell whether a file is too large, or of an earlier day."""
        try:
            facts = path.stat()
        except OSError:
            return False
        if not facts.st_size:
            return False
        return facts.st_size >= self.most_bytes or _day(facts.st_mtime) < _day(now)


@dataclass(frozen=True, slots=True)
class LogFile:
    """One file of a process's log.

    Attributes:
        path: Where it is.
        name: The process.
        day: The day of its lines, None of the file that is being written.
        number: 1, one more with each further file of a day.
    """

    path: Path
    name: str
    day: date | None
    number: int

    @property
    def age(self) -> tuple[date, int]:
        """What files are ordered by, the oldest first."""
        return self.day or date.max, self.number


def log_files(directory: Path) -> list[LogFile]:
    """Return the log files in a directory, by process and age."""
    files: list[LogFile] = []
    for path in directory.glob("*.log"):
        match = _NAME.fullmatch(path.name)
        if match is not None:
            day = date.fromisoformat(match["day"]) if match["day"] else None
            files.append(LogFile(path, match["name"], day, int(match["number"] or 1)))
    return sorted(files, key=lambda file: (file.name, file.age))


def rotate_by_copy(path: Path, rotation: Rotation, now: float) -> bool:
    """Begin a file anew that another process has open, where that is due.

    Returns:
        Whether it did. A file system that refuses leaves the file as it is.
    """
    if not rotation.is_due(path, now):
        return False
    # A process that was started with the file as its output holds it open, and so do the pool
    # processes that it forked: renamed, they would write on into the old one. All of them append,
    # so that after the cut they write from its new beginning. A line that comes between the last
    # byte copied and the cut is lost, within some 20 us of a file's day.
    with suppress(OSError), directory_lock(path.parent), path.open("r+b") as file:
        with _free_name(path).open("xb") as copy:
            shutil.copyfileobj(file, copy)
        os.ftruncate(file.fileno(), 0)
        _prune(path, rotation.keep_files)
        return True
    return False


class LogFileHandler(logging.Handler):
    """Appends lines to a file, which it begins anew when that is due.

    Several processes may append to it: who finds it renamed opens the new one.
    """

    def __init__(
        self, path: Path, rotation: Rotation, wall: Callable[[], float] = time.time
    ) -> None:
        super().__init__()
        self._path = path
        self._rotation = rotation
        self._wall = wall
        self._file: TextIOWrapper | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line."""
        # A disk that is full must not stop the run that would tell of it, nor fill the terminal
        # with tracebacks: alerts go to the bus and to the terminal by themselves.
        with suppress(OSError):
            self._write(self.format(record))

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None
        super().close()

    def _write(self, line: str) -> None:
        now = self._wall()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        if self._rotation.is_due(self._path, now):
            with directory_lock(self._path.parent):
                if self._rotation.is_due(self._path, now):
                    self._path.rename(_free_name(self._path))
                    _prune(self._path, self._rotation.keep_files)
        if self._file is None or not self._is_current(self._file):
            if self._file is not None:
                self._file.close()
            self._file = self._path.open("a", encoding="utf-8")
        self._file.write(f"{line}\n")
        self._file.flush()

    def _is_current(self, file: TextIOWrapper) -> bool:
        try:
            return os.path.samestat(os.fstat(file.fileno()), self._path.stat())
        except OSError:
            return False


def _free_name(path: Path) -> Path:
    """Return the name that a file is kept under from now on."""
    day = _day(path.stat().st_mtime)
    for number in count(1):
        suffix = "" if number == 1 else f".{number}"
        free = path.with_name(f"{path.stem}-{day}{suffix}.log")
        if not free.exists():
            return free
    raise AssertionError(path)


def prune_logs(directory: Path, keep_files: int) -> int:
    """Delete the oldest files of each process beyond those that are kept, and count them."""
    names = {file.name for file in log_files(directory)}
    return sum(_prune(directory / f"{name}.log", keep_files) for name in names)


def _prune(path: Path, keep_files: int) -> int:
    """Delete the oldest files of a process beyond those that are kept, and count them."""
    earlier = list(_earlier(path))
    surplus = earlier[: max(0, len(earlier) - keep_files)]
    for file in surplus:
        file.path.unlink(missing_ok=True)
    return len(surplus)


def _earlier(path: Path) -> Iterator[LogFile]:
    for file in log_files(path.parent):
        if file.name == path.stem and file.day is not None:
            yield file


def _day(wall: float) -> date:
    return day_of(datetime.fromtimestamp(wall, UTC))
