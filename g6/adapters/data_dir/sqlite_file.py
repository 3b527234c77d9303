"""A SQLite file that is changed in transactions, and whose refusals are those of a disk."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from g6.errors import StoreBusy

_BUSY_SECONDS = 5.0


class SqliteFile:
    """A file of tables. A power cut leaves it as it was after its last change.

    Args:
        path: The file.
        schema: The statements that make what is not there yet.
    """

    def __init__(self, path: Path, schema: str) -> None:
        self._path = path
        with self._refusals():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)
            self._file.execute("pragma journal_mode=wal")
            self._file.execute("pragma synchronous=normal")
            self._file.executescript(schema)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        """Change the file in one transaction."""
        with self._refusals():
            self._file.execute("begin immediate")
            try:
                yield self._file
            except BaseException:
                self._file.execute("rollback")
                raise
            self._file.execute("commit")

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise StoreBusy(f"{self._path} cannot be written: {error}") from error
