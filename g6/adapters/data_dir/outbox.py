"""The outbox of a data directory: one SQLite file, written by one process and read by others."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from g6.adapters.data_dir.sqlite_file import SqliteFile
from g6.adapters.data_dir.sqlite_salvage import Salvage, salvaged
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
DAMAGED = "damaged"
DAY_LETTERS = len("2026-11-20")
_MEND = "g6 influx mend"


class OutboxFile(SqliteFile):
    """Outbox port over a file. A power cut leaves it as it was after its last change.

    Args:
        path: The file.
        most: Units that may wait. What comes beyond them is remembered as spans of cycles.
    """

    def __init__(self, path: Path, most: int) -> None:
        self._most = most
        super().__init__(path, _SCHEMA, _MEND)

    @classmethod
    def mended(cls, path: Path) -> Salvage:
        """Put what can be read of a damaged file into a new one. A sound one is left alone.

        Units that waited may be lost with a page of it: the span of all that it names is filled
        from the store, where a unit that was sent already gives the same points again.

        Raises:
            StoreBusy: The disk refuses.
        """
        salvage = salvaged(path, _SCHEMA)
        if salvage.aside is not None:
            with closing(cls(path, 0)) as outbox:
                outbox.miss_all()
        return salvage

    def miss_all(self) -> None:
        """Remember the span of the cycles that still wait, or the day of the newest one."""
        ((first, last),) = self._select("select min(cycle), max(cycle) from waiting")
        newest = max(self.newest(), last or "")
        if newest:
            begin = first or f"{newest[:DAY_LETTERS]}T00:00:00Z"
            self.miss(MissedSpan(begin, newest, 0, DAMAGED))

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
        rows = self._select("select id, seen from position")
        return SubscriberPosition(rows[0][0], rows[0][1]) if rows else None

    def newest(self) -> str:
        """Return the newest cycle that was ever noted, empty before the first."""
        rows = self._select("select newest from position")
        return str(rows[0][0]) if rows else ""

    def waiting(self, count: int) -> Sequence[OutboxEntry]:
        """Return the oldest entries."""
        rows = self._select(
            "select cycle, part, points, noted_at, elapsed, number from waiting"
            " order by number limit ?",
            count,
        )
        return [OutboxEntry(*row) for row in rows]

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
        rows = self._select("select first, last, units, reason, number from missed order by number")
        return [MissedSpan(*row) for row in rows]

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
        ((units, points, oldest),) = self._select(
            "select count(*), coalesce(sum(points), 0), min(noted_at) from waiting"
        )
        ((spans,),) = self._select("select count(*) from missed")
        return OutboxState(units, points, oldest, spans)


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
