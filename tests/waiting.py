"""Waiting for what will come, instead of sleeping and hoping, and reading what may go meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
PATIENCE = 90.0
"""Seconds that nobody waits in vain when all is well.

They only end a wait without hope. A worker that starts in 3 s took 40 s beside a second run of the
tests on two processors, and waits of 20 s and 30 s ended tests of systems that were well.
"""


def eventually(predicate: Callable[[], T], seconds: float = PATIENCE, *, every: float = 0.02) -> T:
    """Return the first true answer of `predicate`; after `seconds` the test that waits has failed."""
    limit = time.monotonic() + seconds
    while not (answer := predicate()):
        if time.monotonic() > limit:
            raise AssertionError(
                f"it did not come true within {seconds:g} s; the last answer was {answer!r}"
            )
        time.sleep(every)
    return answer


def files_below(*directories: Path) -> Iterator[tuple[Path, bytes]]:
    """Yield the files below directories with what they hold.

    A running system renames and folds its files: one that is gone since it was listed is left out.
    """
    for directory in directories:
        for path in sorted(directory.rglob("*")):
            with suppress(FileNotFoundError, IsADirectoryError):
                if path.is_file():
                    yield path, path.read_bytes()
