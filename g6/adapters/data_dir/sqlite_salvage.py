"""Mending a damaged SQLite file: what can be read goes into a new one, the old one stays aside."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from g6.files import refusals

__all__ = ["Salvage", "is_sound", "salvaged"]

_HEADER_BYTES = 100
_MAGIC_BYTES = 16
_PAGE_COUNT = slice(28, 32)
_BESIDE = ("", "-wal", "-shm")
"""The endings of the files that SQLite keeps of one database."""


@dataclass(frozen=True, slots=True)
class Salvage:
    """What became of a damaged file.

    Attributes:
        rows: Rows that were read of it, by table.
        aside: Where the damaged file is, None where the file is sound.
    """

    rows: Mapping[str, int] = field(default_factory=dict)
    aside: Path | None = None

    def in_words(self, path: Path) -> str:
        """Return what people read of a damaged file that was mended.

        >>> salvage = Salvage({"alarm": 3, "mute": 0}, Path("a.damaged-1.sqlite"))
        >>> salvage.in_words(Path("a.sqlite")).partition(": ")[2]
        '3 rows were kept (alarm 3, mute 0); the old file is a.damaged-1.sqlite'
        """
        parts = ", ".join(f"{table} {count}" for table, count in self.rows.items())
        total = sum(self.rows.values())
        rows = "1 row was" if total == 1 else f"{total} rows were"
        return f"{path} was damaged: {rows} kept ({parts}); the old file is {self.aside}"


def is_sound(path: Path, schema: str) -> bool:
    """Tell whether a file is whole and has every column of a schema. An absent one is."""
    if not path.is_file():
        return True
    try:
        with closing(sqlite3.connect(path)) as file:
            if file.execute("pragma quick_check(1)").fetchall() != [("ok",)]:
                return False
            for table, columns in _tables(schema).items():
                file.execute(f"select {', '.join(columns)} from {table} limit 1")  # noqa: S608
    except sqlite3.Error:
        return False
    return True


def salvaged(path: Path, schema: str) -> Salvage:
    """Put a new file with all rows that can be read in the place of a damaged one.

    The damaged one stays beside it, byte for byte. A sound file is left alone.

    Raises:
        StoreBusy: The disk refuses.
    """
    if is_sound(path, schema):
        return Salvage()
    with refusals(path), TemporaryDirectory(dir=path.parent, prefix=".mend-") as folder:
        aside = _aside(path)
        for ending in _BESIDE:
            with suppress(FileNotFoundError):
                shutil.copy2(f"{path}{ending}", f"{aside}{ending}")
                shutil.copy2(f"{path}{ending}", f"{Path(folder) / 'old'}{ending}")
        rows = _copied(Path(folder) / "old", Path(folder) / "new", schema)
        # What SQLite wrote ahead of the damaged file would be taken for the new one's.
        for ending in _BESIDE[1:]:
            Path(f"{path}{ending}").unlink(missing_ok=True)
        (Path(folder) / "new").replace(path)
    return Salvage(rows, aside)


def _aside(path: Path) -> Path:
    """Return the first name beside a file that nothing has."""
    number = 1
    while (aside := path.with_name(f"{path.stem}.damaged-{number}{path.suffix}")).exists():
        number += 1
    return aside


def _copied(old: Path, new: Path, schema: str) -> Mapping[str, int]:
    """Write all rows of a damaged file that can be read into a new one, and count them by table."""
    counts = {}
    with closing(sqlite3.connect(new)) as target:
        target.executescript(schema)
        target.commit()
        _mend_header(old, new)
        with closing(sqlite3.connect(old)) as source:
            source.text_factory = lambda text: text.decode("utf-8", "replace")
            for table, columns in _tables(schema).items():
                counts[table] = sum(
                    _inserted(target, table, columns, row) for row in _rows(source, table, columns)
                )
        target.commit()
    return counts


def _mend_header(old: Path, new: Path) -> None:
    """Give a file the head of a new one where its own is no head: its pages may be whole."""
    fresh = new.read_bytes()[:_HEADER_BYTES]
    with old.open("r+b") as file:
        head = file.read(_HEADER_BYTES)
        if head[:_MAGIC_BYTES] != fresh[:_MAGIC_BYTES] or len(head) < _HEADER_BYTES:
            head = fresh
        # Without a count of pages SQLite takes the length of the file. By its count it refuses
        # the whole of a file that was cut.
        count = bytes(_PAGE_COUNT.stop - _PAGE_COUNT.start)
        file.seek(0)
        file.write(head[: _PAGE_COUNT.start] + count + head[_PAGE_COUNT.stop :])


def _rows(
    file: sqlite3.Connection, table: str, columns: Sequence[str]
) -> Iterator[Sequence[object]]:
    """Yield the rows of a table from its begin to the damage, and from its end back to it."""
    seen: set[object] = set()
    for order in ("asc", "desc"):
        with suppress(sqlite3.Error):
            rows = file.execute(
                f"select rowid, {', '.join(columns)} from {table}"  # noqa: S608 - of the schema
                f" not indexed order by rowid {order}"
            )
            for row in rows:
                if row[0] in seen:
                    break
                seen.add(row[0])
                yield row


def _inserted(
    file: sqlite3.Connection, table: str, columns: Sequence[str], row: Sequence[object]
) -> bool:
    names = ", ".join(("rowid", *columns))
    marks = ", ".join("?" * len(row))
    with suppress(sqlite3.Error):
        statement = f"insert or ignore into {table} ({names}) values ({marks})"  # noqa: S608
        return file.execute(statement, row).rowcount == 1
    return False


def _tables(schema: str) -> Mapping[str, Sequence[str]]:
    """Return the columns of each table of a schema, by its name."""
    with closing(sqlite3.connect(":memory:")) as file:
        file.executescript(schema)
        names = file.execute(
            "select name from sqlite_master where type = 'table' and name not like 'sqlite_%'"
        ).fetchall()
        return {
            name: [row[1] for row in file.execute(f"pragma table_info({name})")]
            for (name,) in names
        }
