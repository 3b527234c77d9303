"""The alarm log of a data directory: one SQLite file, written by one process and by `mute`."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from g6.adapters.data_dir.sqlite_file import SqliteFile
from g6.domain.alarms import Alarm, AlarmMemory, AlarmOutcome, LoggedAlarm, WaitingMessage
from g6.domain.reports.bus_flow import SubscriberPosition

__all__ = ["AlarmLogFile"]

_SCHEMA = """
create table if not exists alarm (
    number integer primary key autoincrement,
    rule text not null, part text not null, cycle text not null, sentence text not null,
    outcome text not null, noted_at real not null
);
create table if not exists message (
    number integer primary key autoincrement,
    alarm integer not null, channel text not null, state text not null, at real not null
);
create index if not exists message_waiting on message (state, channel);
create table if not exists mute (rule text primary key, until real not null);
create table if not exists place (
    only integer primary key check (only = 1),
    id text not null, seen integer, newest text not null, memory text not null
);
"""
_MOST_ALARMS = 10_000
WAITING = "waiting"
SENT = "sent"
_COLUMNS = "rule, part, cycle, sentence, outcome"


class AlarmLogFile(SqliteFile):
    """AlarmLog port over a file. A power cut leaves it as it was after its last change."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, _SCHEMA)

    def note(
        self,
        alarms: Iterable[Alarm],
        channels: Iterable[str],
        now: float,
        memory: AlarmMemory,
        place: tuple[SubscriberPosition, str],
    ) -> None:
        """Append alarms with their messages, and remember the place in one step."""
        names = [*channels]
        with self._change() as file:
            for alarm in alarms:
                self._append(file, alarm, names, now)
            position, newest = place
            row = (position.id, position.accounted, newest, json.dumps(memory.to_json()))
            file.execute("insert or replace into place values (1, ?, ?, ?, ?)", row)
            file.execute(
                "delete from alarm where number <= (select max(number) from alarm) - ?",
                (_MOST_ALARMS,),
            )
            file.execute("delete from message where alarm not in (select number from alarm)")

    def memory(self) -> AlarmMemory:
        """Return the memory that was noted last."""
        row = self._file.execute("select memory from place").fetchone()
        return AlarmMemory() if row is None else AlarmMemory.from_json(json.loads(row[0]))

    def position(self) -> tuple[SubscriberPosition | None, str]:
        """Return the place that was noted last, and the newest cycle that was evaluated."""
        row = self._file.execute("select id, seen, newest from place").fetchone()
        return (None, "") if row is None else (SubscriberPosition(row[0], row[1]), str(row[2]))

    def waiting(self, channel: str, count: int) -> Sequence[WaitingMessage]:
        """Return the oldest messages that a channel has not sent."""
        rows = self._file.execute(
            f"select message.number, message.at, {_COLUMNS} from message"  # noqa: S608 - ours
            " join alarm on alarm.number = message.alarm"
            " where state = ? and channel = ? order by message.number limit ?",
            (WAITING, channel, count),
        )
        return [WaitingMessage(row[0], _alarm(row[2:]), row[1]) for row in rows.fetchall()]

    def settle(self, numbers: Iterable[int], now: float, failure: str = "") -> None:
        """Record that messages were sent, or with a failure that they never will be."""
        with self._change() as file:
            rows = [(failure or SENT, now, number) for number in numbers]
            file.executemany("update message set state = ?, at = ? where number = ?", rows)

    def log(self, count: int) -> Sequence[LoggedAlarm]:
        """Return the newest alarms, the newest last."""
        rows = self._file.execute(
            f"select number, noted_at, {_COLUMNS} from alarm"  # noqa: S608 - ours
            " order by number desc limit ?",
            (count,),
        ).fetchall()
        entries = []
        for row in reversed(rows):
            states = self._file.execute(
                "select channel, state from message where alarm = ? order by number", (row[0],)
            )
            entries.append(LoggedAlarm(_alarm(row[2:]), row[1], dict(states.fetchall())))
        return entries

    def mute(self, rule: str, until: float | None) -> None:
        """Mute a rule until a wall time, or with None no more."""
        with self._change() as file:
            if until is None:
                file.execute("delete from mute where rule = ?", (rule,))
            else:
                file.execute("insert or replace into mute values (?, ?)", (rule, until))

    def mutes(self, now: float) -> Mapping[str, float]:
        """Return until when rules are muted, by name."""
        rows = self._file.execute("select rule, until from mute where until > ?", (now,))
        return dict(rows.fetchall())

    @staticmethod
    def _append(
        file: sqlite3.Connection, alarm: Alarm, channels: Sequence[str], now: float
    ) -> None:
        row = (alarm.rule, alarm.index, alarm.cycle, alarm.sentence, str(alarm.outcome), now)
        number = file.execute(
            f"insert into alarm ({_COLUMNS}, noted_at) values (?,?,?,?,?,?)",  # noqa: S608 - ours
            row,
        ).lastrowid
        if alarm.outcome == AlarmOutcome.SEND:
            messages = [(number, channel, WAITING, now) for channel in channels]
            file.executemany(
                "insert into message (alarm, channel, state, at) values (?,?,?,?)", messages
            )


def _alarm(row: Sequence[str]) -> Alarm:
    return Alarm(row[0], row[1], row[2], row[3], AlarmOutcome(row[4]))
