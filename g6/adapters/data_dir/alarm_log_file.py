"""The alarm log of a data directory: one SQLite file, written by one process and by `mute`."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path

from g6.adapters.data_dir.sqlite_file import SqliteFile
from g6.adapters.data_dir.sqlite_salvage import Salvage, salvaged
from g6.domain.alarms import Alarm, AlarmMemory, AlarmOutcome, LoggedAlarm, WaitingMessage
from g6.domain.reports.bus_flow import SubscriberPosition
from g6.errors import BadInput

__all__ = ["AlarmLogFile"]

_MEND = "g6 alert mend"

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
    """AlarmLog port over a file. A power cut leaves it as it was after its last change.

    Every question may raise BadInput, which names the command that mends the file.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path, _SCHEMA, _MEND)

    @classmethod
    def mended(cls, path: Path) -> Salvage:
        """Put what can be read of a damaged file into a new one. A sound one is left alone.

        A rule whose memory is lost begins afresh, as in a new session.

        Raises:
            StoreBusy: The disk refuses.
        """
        salvage = salvaged(path, _SCHEMA)
        if salvage.aside is not None:
            with closing(cls(path)) as log:
                log.drop_unreadable()
        return salvage

    def note(
        self,
        alarms: Iterable[Alarm],
        channels: Iterable[str],
        now: float,
        memory: AlarmMemory,
        place: tuple[SubscriberPosition, str],
    ) -> None:
        """Write all of it in one transaction, and let the oldest of 10,000 alarms go."""
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
        """Read the one row of table `place`, an empty memory before the first."""
        rows = self._select("select memory from place")
        try:
            return AlarmMemory.from_json(json.loads(rows[0][0])) if rows else AlarmMemory()
        except (ValueError, TypeError, KeyError) as error:
            raise self._damaged(f"table place: {error}") from error

    def position(self) -> tuple[SubscriberPosition | None, str]:
        """Read the one row of table `place`, none and no cycle before the first."""
        rows = self._select("select id, seen, newest from place")
        if not rows:
            return None, ""
        place, accounted, newest = rows[0]
        return SubscriberPosition(place, accounted), str(newest)

    def waiting(self, channel: str, count: int) -> Sequence[WaitingMessage]:
        """Select by state and channel, which the index has, in the order of numbers."""
        rows = self._select(
            f"select message.number, message.at, {_COLUMNS} from message"  # noqa: S608 - ours
            " join alarm on alarm.number = message.alarm"
            " where state = ? and channel = ? order by message.number limit ?",
            WAITING,
            channel,
            count,
        )
        return [WaitingMessage(row[0], self._alarm(row[2:]), row[1]) for row in rows]

    def settle(self, numbers: Iterable[int], now: float, failure: str = "") -> None:
        """Write the state `sent`, or the failure as the state."""
        with self._change() as file:
            rows = [(failure or SENT, now, number) for number in numbers]
            file.executemany("update message set state = ?, at = ? where number = ?", rows)

    def log(self, count: int) -> Sequence[LoggedAlarm]:
        """Select the newest alarms and then the messages of each."""
        rows = self._select(
            f"select number, noted_at, {_COLUMNS} from alarm"  # noqa: S608 - ours
            " order by number desc limit ?",
            count,
        )
        entries = []
        for row in reversed(rows):
            states = self._select(
                "select channel, state from message where alarm = ? order by number", row[0]
            )
            by_channel = {str(channel): str(state) for channel, state in states}
            entries.append(LoggedAlarm(self._alarm(row[2:]), row[1], by_channel))
        return entries

    def mute(self, rule: str, until: float | None) -> None:
        """Write or delete the rule's row, which is read with each alarm."""
        with self._change() as file:
            if until is None:
                file.execute("delete from mute where rule = ?", (rule,))
            else:
                file.execute("insert or replace into mute values (?, ?)", (rule, until))

    def mutes(self, now: float) -> Mapping[str, float]:
        """Select the mutes that are not over. A name whose rule is gone stays among them."""
        rows = self._select("select rule, until from mute where until > ?", now)
        return {str(rule): float(until) for rule, until in rows}

    def _alarm(self, row: Sequence[str]) -> Alarm:
        try:
            return Alarm(row[0], row[1], row[2], row[3], AlarmOutcome(row[4]))
        except ValueError as error:
            raise self._damaged(f"table alarm: {error}") from error

    def drop_unreadable(self) -> None:
        """Delete the rows whose cells are no words of the log."""
        outcomes = json.dumps([*AlarmOutcome])
        with self._change() as file:
            file.execute(
                "delete from alarm where outcome not in (select value from json_each(?))",
                (outcomes,),
            )
            file.execute("delete from message where alarm not in (select number from alarm)")
        try:
            self.memory()
        except BadInput:
            with self._change() as file:
                file.execute("delete from place")

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
