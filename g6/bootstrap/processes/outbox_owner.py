"""The lock of a file in a data directory's outbox: one process sends from it, or mends it."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from g6.errors import Unavailable

__all__ = ["outbox_owner"]


@contextmanager
def outbox_owner(path: Path, work: str) -> Iterator[None]:
    """Hold a file of the outbox for the block.

    Args:
        path: The file, which may be absent.
        work: What its process does, such as `evaluates the rules over data`.

    Raises:
        Unavailable: Another process holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Unavailable(
                f"another process {work} already", "g6 ps lists what runs; end that one first"
            ) from error
        yield
