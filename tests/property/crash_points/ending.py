"""Runs an act in a process of its own, which ends before one of its changes of the file system.

Python tells an audit hook of each file that it opens and of each name that it changes, before it
does so. What is written into a file between two such changes is not told of: whoever ends before
the next one has written all of it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ENDED = 137
"""Exit code of a process that ended before its change."""
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_NAMES = frozenset(
    (
        "os.rename",
        "os.remove",
        "os.rmdir",
        "os.mkdir",
        "os.link",
        "os.symlink",
        "os.truncate",
        "os.chmod",
        "os.utime",
        "shutil.move",
    )
)


@dataclass(frozen=True, slots=True)
class Ending:
    """How a process ended.

    Attributes:
        code: Its exit code, `ENDED` where it ended before a change.
        changes: How many changes it had begun.
        last: The last one.
    """

    code: int
    changes: int
    last: str


class _Watch:
    """Counts the changes below some folders, and ends the process before one of them."""

    def __init__(self, roots: tuple[str, ...], at: int | None, pipe: int) -> None:
        self._roots = roots
        self._at = at
        self._pipe = pipe
        self._changes = 0
        self._last = ""

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        if not self._is_change(event, arguments):
            return
        self._changes += 1
        self._last = f"{event} {arguments[0]!r}"
        if self._changes == self._at:
            self.end(ENDED)

    def end(self, code: int) -> None:
        """End the process without a word to anybody, as a kill does."""
        os.write(self._pipe, f"{self._changes} {self._last}".encode(errors="replace"))
        os._exit(code)

    def _is_change(self, event: str, arguments: tuple[object, ...]) -> bool:
        if event == "open":
            path, mode, flags = arguments[:3]
            is_writing = isinstance(flags, int) and bool(flags & _WRITING)
            return is_writing and mode != "r" and self._is_below(path)
        return event in _NAMES and self._is_below(arguments[0])

    def _is_below(self, path: object) -> bool:
        if isinstance(path, int):
            # Shared memory of a library is a file as well, and it grows in the first process alone.
            path = Path(f"/proc/self/fd/{path}").readlink()
        if not isinstance(path, str | bytes | os.PathLike):
            return False
        name = os.fsdecode(path)
        # Of a tree that is removed the names are relative to an open directory.
        return name.startswith(self._roots) or not name.startswith("/")


def ending(act: Callable[[], int], folder: Path, at: int | None = None) -> Ending:
    """Run an act in a process of its own.

    Args:
        act: Returns an exit code.
        folder: Changes below it count.
        at: Before which of them the process ends, counted from 1. None lets it go to its end.
    """
    reading, writing = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    process = os.fork()
    if process == 0:
        os.close(reading)
        watch = _Watch((f"{folder}/",), at, writing)
        code = 99
        try:
            nothing = os.open(os.devnull, os.O_RDWR)
            for stream in (0, 1, 2):
                os.dup2(nothing, stream)
            sys.addaudithook(watch)
            code = act()
        finally:
            watch.end(code)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        words = pipe.read().decode(errors="replace")
    code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    changes, _, last = words.partition(" ")
    return Ending(code, int(changes or 0), last)
