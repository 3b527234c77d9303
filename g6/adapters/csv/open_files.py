"""The files of the newest day, kept open from cycle to cycle by the process that writes them.

A cycle of six indices of 400 options puts a line into each of 1,400 files. To open a file, look at
both of its ends and close it took half of the time of putting a line.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from operator import attrgetter
from pathlib import Path
from weakref import finalize

from g6.adapters.csv.lines import LineWrite, append_at, hold, line_order, put_into, put_line
from g6.files import busy

__all__ = ["OpenFiles", "PutLine"]

PutLine = Callable[[Path | str, str, str], LineWrite]
"""Puts a line into a file, given its path and its header, as `put_line` does."""
_State = tuple[int, int, int, int, int]
"""Device, number, size and times of a file. Who writes to it changes them."""
_state: Callable[[os.stat_result], _State] = attrgetter(
    "st_dev", "st_ino", "st_size", "st_mtime_ns", "st_ctime_ns"
)
_NONE_LEFT = (errno.EMFILE, errno.ENFILE)
"""What the system says where a process, or all of them, have no descriptor left."""
_NEVER_WRITTEN = (0, 0, 0, 0, 0)


@dataclass(slots=True)
class _OpenFile:
    """One open file as this process left it.

    Attributes:
        descriptor: What it is open as.
        header: Its columns.
        order: Of its last line, empty where that is not known.
        state: After the last write of this process.
        is_there: Whether it has a name still. One that was written anew has none.
    """

    descriptor: int
    header: str = ""
    order: tuple[bytes, bytes] | None = None
    state: _State = _NEVER_WRITTEN
    is_there: bool = True

    def put(self, name: str, header: str, line: str, state: _State) -> LineWrite:
        """Put a line into the locked file, which is not looked at where nobody else wrote to it."""
        content = f"{line}\n".encode()
        order = line_order(content)
        is_untouched = state == self.state and header == self.header
        if is_untouched and self.order is not None and order > self.order:
            append_at(name, self.descriptor, content, state[2], state[2])
            write = LineWrite(1, len(content), 0)
        else:
            write = put_into(name, self.descriptor, header, line, state[2])
            self.header = header
        self.order = order if write.rows else None
        status = os.fstat(self.descriptor)
        self.state = _state(status)
        # Kept open, what a rerun of the evening wrote anew stayed on the disk until morning.
        self.is_there = status.st_nlink > 0
        return write


class OpenFiles:
    """Puts lines into files that stay open, at most so many.

    Each line is put under the lock of its file. A file that another process wrote to is looked at
    again, and one that was replaced, moved or removed is opened again. Files beyond the bound are
    opened for each line. Where no descriptor is left, those that stay open are given up.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._day = date.min
        self._pid = os.getpid()
        self._files: dict[str, _OpenFile] = {}
        finalize(self, _close, self._files)

    def of_day(self, day: date) -> PutLine:
        """Return what puts lines into the files of a day. Those of an older one are not kept."""
        if day > self._day or self._pid != os.getpid():
            # Two processes would share the lock of a descriptor that was open before the fork.
            _close(self._files)
            self._pid = os.getpid()
            self._day = max(day, self._day)
        return self._put if self._most and day == self._day else put_line

    def _put(self, path: Path | str, header: str, line: str) -> LineWrite:
        name = os.fspath(path)
        try:
            file, state = self._locked(name)
            keep = False
            try:
                write = file.put(name, header, line, state)
                keep = file.is_there
            finally:
                self._give_back(name, file, keep=keep)
        except OSError as error:
            raise busy(name, error) from error
        return write

    def _locked(self, name: str) -> tuple[_OpenFile, _State]:
        """Return the file under a name, open and locked, and its state."""
        # Who has a file in hand has taken it out: a second thread opens its own.
        file = self._files.pop(name, None)
        if file is not None:
            try:
                fcntl.flock(file.descriptor, fcntl.LOCK_EX)
                state = _state_of(name)
            except BaseException:
                os.close(file.descriptor)
                raise
            if state is not None and state[:2] == file.state[:2]:
                return file, state
            os.close(file.descriptor)
        try:
            descriptor, status = hold(name)
        except OSError as error:
            if error.errno not in _NONE_LEFT or not self._files:
                raise
            _close(self._files)
            descriptor, status = hold(name)
        return _OpenFile(descriptor), _state(status)

    def _give_back(self, name: str, file: _OpenFile, *, keep: bool) -> None:
        """Unlock a file, and keep it open where there is room."""
        if keep and len(self._files) < self._most and name not in self._files:
            fcntl.flock(file.descriptor, fcntl.LOCK_UN)
            self._files[name] = file
        else:
            os.close(file.descriptor)


def _state_of(name: str) -> _State | None:
    """Return the state of the file that stands under a name, None where none does."""
    try:
        return _state(os.stat(name))  # noqa: PTH116 - a path would be made for it alone
    except FileNotFoundError:
        return None


def _close(files: dict[str, _OpenFile]) -> None:
    while files:
        _, file = files.popitem()
        os.close(file.descriptor)
