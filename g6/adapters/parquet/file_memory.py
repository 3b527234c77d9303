"""What was read of stored files, remembered for as long as they stand as they were read."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from g6.adapters.parquet.days import identity_of

__all__ = ["FileMemory"]

T = TypeVar("T")


class FileMemory(Generic[T]):
    """What one reading gave of the files that were asked for last.

    A stored file is replaced and never changed, so that its identity names its content. Each file
    has one entry: when it is replaced, what was read of the earlier one is forgotten.
    """

    def __init__(self, read: Callable[[Path], T], most: int) -> None:
        """Remember nothing yet.

        Args:
            read: Reads a file.
            most: So many files are remembered. The one that was not asked for longest goes first.
        """
        self._read = read
        self._most = most
        self._entries: OrderedDict[Path, tuple[tuple[int, int, int], T]] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._entries)

    def of(self, path: Path) -> T:
        """Return what a file holds, read anew only where it is another one than before.

        Raises:
            FileNotFoundError: It is gone.
        """
        identity = identity_of(path)
        with self._lock:
            entry = self._entries.get(path)
            if entry is not None and entry[0] == identity:
                self._entries.move_to_end(path)
                return entry[1]
        # Two that ask at once both read. An identity of before the reading can only be too old.
        content = self._read(path)
        with self._lock:
            self._entries[path] = (identity, content)
            self._entries.move_to_end(path)
            while len(self._entries) > self._most:
                self._entries.popitem(last=False)
        return content
