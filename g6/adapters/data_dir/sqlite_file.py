"""A SQLite file that is changed in transactions, and whose refusals are those of a disk."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from g6.errors import BadInput, StoreBusy
from g6.files import quoted

__all__ = ["SqliteFile", "is_damage"]

_BUSY_SECONDS = 5.0
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def is_damage(error: Exception) -> bool:
    """Tell whether an error of SQLite says that the file is not what was written.

    >>> is_damage(sqlite3.OperationalError("disk is full"))
    False
    """
    # The extended codes of a kind of error differ in their higher bytes.
    return (getattr(error, "sqlite_errorcode", 0) & 0xFF) in _DAMAGE


class SqliteFile:
    """A file of tables. A power cut leaves it as it was after its last change.

    Args:
        path: The file.
        schema: The statements that make what is not there yet.
        mend: The command that mends it, without its options.
    """

    def __init__(self, path: Path, schema: str, mend: str) -> None:
        self._path = path
        self._mend = mend
        with self._refusals():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)
            self._file.row_factory = sqlite3.Row
            self._file.execute("pragma journal_mode=wal")
            self._file.execute("pragma synchronous=normal")
            self._file.executescript(schema)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _select(self, statement: str, *values: object) -> Sequence[sqlite3.Row]:
        """Return the rows that a statement selects.

        Raises:
            StoreBusy: The disk refuses.
            BadInput: The file is damaged.
        """
        with self._refusals():
            return self._file.execute(statement, values).fetchall()

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

    def _damaged(self, reason: object) -> BadInput:
        """Return the error of a file that is not what was written."""
        # The file lies in a folder of the data directory.
        place = quoted(self._path.absolute().parent.parent)
        return BadInput(
            self._path, None, f"is damaged: {reason}", f"{self._mend} --data-dir {place}"
        )

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            if is_damage(error):
                raise self._damaged(error) from error
            raise StoreBusy(f"{self._path} cannot be written: {error}") from error
