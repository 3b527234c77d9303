"""The outbox of a data directory: one SQLite file, written by one process and read by others."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from g6.adapters.data_dir.sqlite_file import SqliteFile
from g6.domain.reports.bus_flow import SubscriberPosition
from g6.domain.reports.storing import MissedSpan, OutboxEntry, OutboxState

_SCHEMA = """
create table if not exists waiting (
    number integer primary key autoincrement,
    cycle text not null, part text not null, points integer not null,
    noted_at real not null, elapsed real
);
create table if not exists missed (
    number integer primary key autoincrement,
    first text not null, last text not null, units integer not null, reason text not null
);
create table if not exists position (
    only integer primary key check (only = 1), id text not null, seen integer, newest text not null
);
"""
FULL = "full"


class OutboxFile(SqliteFile):
    """Outbox port over a file. A power cut leaves it as it was after its last change.

    Args:
        path: The file.
        most: Units that may wait. What comes beyond them is remembered as spans of cycles.
    """

    def __init__(self, path: Path, most: int) -> None:
        self._most = most
        super().__init__(path, _SCHEMA)

    def note(self, entries: Sequence[OutboxEntry], position: SubscriberPosition) -> None:
        """Append entries, and remember the place on the bus."""
        with self._change() as file:
            room = self._most - _count(file, "waiting")
            fitting = entries[: max(0, room)]
            rows = [
                (entry.cycle, entry.index, entry.points, entry.noted_at, entry.elapsed_seconds)
                for entry in fitting
            ]
            file.executemany(
                "insert into waiting (cycle, part, points, noted_at, elapsed) values (?,?,?,?,?)",
                rows,
            )
            beyond = entries[len(fitting) :]
            if beyond:
                cycles = [entry.cycle for entry in beyond]
                _miss(file, MissedSpan(min(cycles), max(cycles), len(beyond), FULL))
            newest = max([self.newest(), *(entry.cycle for entry in entries)])
            place = (position.id, position.accounted, newest)
            file.execute("insert or replace into position values (1, ?, ?, ?)", place)

    def position(self) -> SubscriberPosition | None:
        """Return what `note` remembered last."""
        row = self._file.execute("select id, seen from position").fetchone()
        return None if row is None else SubscriberPosition(row[0], row[1])

    def newest(self) -> str:
        """Return the newest cycle that was ever noted, empty before the first."""
        row = self._file.execute("select newest from position").fetchone()
        return "" if row is None else str(row[0])

    def waiting(self, count: int) -> Sequence[OutboxEntry]:
        """Return the oldest entries."""
        rows = self._file.execute(
            "select cycle, part, points, noted_at, elapsed, number from waiting"
            " order by number limit ?",
            (count,),
        )
        return [OutboxEntry(*row) for row in rows.fetchall()]

    def remove(self, entries: Sequence[OutboxEntry]) -> None:
        """Forget entries."""
        with self._change() as file:
            numbers = [(entry.number,) for entry in entries]
            file.executemany("delete from waiting where number = ?", numbers)

    def miss(self, span: MissedSpan) -> None:
        """Remember cycles of which something was not noted."""
        with self._change() as file:
            _miss(file, span)

    def missed(self) -> Sequence[MissedSpan]:
        """Return the spans that are still to be filled, oldest first."""
        rows = self._file.execute(
            "select first, last, units, reason, number from missed order by number"
        )
        return [MissedSpan(*row) for row in rows.fetchall()]

    def fill(self, span: MissedSpan, following: str) -> None:
        """Remember that a span is filled before a cycle, empty for the whole span."""
        with self._change() as file:
            if not following:
                file.execute("delete from missed where number = ?", (span.number,))
            else:
                row = (following, span.number)
                file.execute("update missed set first = ? where number = ?", row)

    def state(self) -> OutboxState:
        """Return how much waits."""
        units, points, oldest = self._file.execute(
            "select count(*), coalesce(sum(points), 0), min(noted_at) from waiting"
        ).fetchone()
        return OutboxState(units, points, oldest, _count(self._file, "missed"))


def stored_outbox(path: Path) -> tuple[OutboxState, Sequence[MissedSpan]]:
    """Return what an outbox holds that another process may write, nothing where there is none.

    Raises:
        StoreBusy: It cannot be read.
    """
    if not path.is_file():
        return OutboxState(), ()
    with closing(OutboxFile(path, 0)) as outbox:
        return outbox.state(), outbox.missed()


def _count(file: sqlite3.Connection, table: str) -> int:
    return int(file.execute(f"select count(*) from {table}").fetchone()[0])  # noqa: S608 - ours


def _miss(file: sqlite3.Connection, span: MissedSpan) -> None:
    """Append a span, or lengthen the newest one that has the same reason."""
    newest = file.execute(
        "select number, first, last, units, reason from missed order by number desc limit 1"
    ).fetchone()
    # One long absence of the server is one span, however many units come meanwhile.
    if newest is not None and newest[4] == span.reason == FULL:
        first, last = min(newest[1], span.first), max(newest[2], span.last)
        file.execute(
            "update missed set first = ?, last = ?, units = ? where number = ?",
            (first, last, newest[3] + span.units, newest[0]),
        )
        return
    file.execute(
        "insert into missed (first, last, units, reason) values (?,?,?,?)",
        (span.first, span.last, span.units, span.reason),
    )
