"""What each kind of participant holds in index futures and options, day by day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import nan

from g6.domain.market.calendar import day_of
from g6.domain.market.instants import instant_in_words
from g6.domain.quotes.participants import ParticipantDay, ParticipantInterest
from g6.errors import NothingToDo
from g6.ports.readers import ParticipantReader
from g6.studies.documents import columns_of
from g6.studies.parameters import At, Days

__all__ = ["ParticipantLine", "ParticipantParameters", "ParticipantsByDay", "answer"]

TOTAL = "TOTAL"


@dataclass(frozen=True, slots=True)
class ParticipantParameters:
    """Asks for the newest days of open interest by participant."""

    days: Days = 10
    at: At = None


@dataclass(frozen=True, slots=True)
class ParticipantLine:
    """What one kind of participant held at the end of a day, contracts.

    Attributes:
        day: The day.
        participant: Client, DII, FII or Pro.
        future_net: Long less short futures on indices.
        future_change: Its change since the kept day before, NaN without one.
        future_long_share: The long share of futures on indices.
        call_net: Long less short calls on indices.
        put_net: Long less short puts on indices.
    """

    day: date
    participant: str
    future_net: float
    future_change: float
    future_long_share: float
    call_net: float
    put_net: float


@dataclass(frozen=True, slots=True)
class ParticipantsByDay:
    """Open interest by participant, the newest day first."""

    lines: tuple[ParticipantLine, ...]

    def columns(self) -> Mapping[str, list[object]]:
        """Return one line per day and participant."""
        return columns_of(ParticipantLine, self.lines)


def answer(reader: ParticipantReader, parameters: ParticipantParameters) -> ParticipantsByDay:
    """Return what participants held on the newest kept days.

    The exchange publishes a day's file in its evening: at an instant the days before are known.

    Raises:
        NothingToDo: No day is kept.
    """
    days = list(reader.days())
    at = parameters.at
    if days and at is not None:
        first_day = days[0].day
        days = [day for day in days if day.day < day_of(at)]
        if not days:
            raise NothingToDo(
                f"no open interest by participant was published by {instant_in_words(at)}; "
                f"the first kept day is {first_day}"
            )
    if not days:
        raise NothingToDo(
            f"no open interest by participant is kept in {reader.place}; "
            "g6 import participants FILE keeps the exchange's file of a day"
        )
    first = days[-1].day - timedelta(days=parameters.days)
    lines: list[ParticipantLine] = []
    for place in range(len(days) - 1, -1, -1):
        if days[place].day > first:
            lines += _lines(days, place)
    return ParticipantsByDay(tuple(lines))


def _lines(days: Sequence[ParticipantDay], place: int) -> list[ParticipantLine]:
    before = days[place - 1] if place else None
    return [
        _line(days[place].day, row, before)
        for row in days[place].participants
        if row.participant != TOTAL
    ]


def _line(day: date, row: ParticipantInterest, before: ParticipantDay | None) -> ParticipantLine:
    earlier = nan if before is None else before.of(row.participant).index_future_net
    return ParticipantLine(
        day,
        row.participant,
        row.index_future_net,
        row.index_future_net - earlier,
        row.index_future_long_share,
        row.index_call_net,
        row.index_put_net,
    )
