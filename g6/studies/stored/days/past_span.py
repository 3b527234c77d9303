"""The days and instants of the stored past that a study is asked about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated

import numpy as np

from g6.domain.cycles.gaps import Instants, instants_of
from g6.domain.market.calendar import day_of
from g6.domain.market.instants import instant_in_words, instant_of_text
from g6.ports.readers import PastReader
from g6.studies.parameters import At, Parameter, session_day
from g6.studies.selection import known_index

__all__ = ["PastQuestion", "PastSpan", "as_asked", "days_between", "nothing_stored"]

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class PastSpan:
    """Asks for one index or all, over days and instants.

    Both ends are in it, and None is without one.
    """

    index: Annotated[
        str | None,
        Parameter("Only this index; else all.", "NIFTY", metavar="INDEX", read=known_index),
    ] = None
    first: Annotated[
        date | None,
        Parameter(
            "The first day; else the first stored one.",
            "2026-11-18",
            option="--from",
            metavar="DAY",
            read_at=session_day,
        ),
    ] = None
    last: Annotated[
        date | None,
        Parameter(
            "The last day; else the last stored one.",
            "2026-11-20",
            option="--to",
            metavar="DAY",
            read_at=session_day,
        ),
    ] = None
    since: Annotated[
        datetime | None,
        Parameter(
            "Leave out cycles before this one.",
            "2026-11-18 11:00",
            metavar="CYCLE",
            read_at=instant_of_text,
        ),
    ] = None
    until: Annotated[
        datetime | None,
        Parameter(
            "Leave out cycles after this one.",
            "2026-11-18 12:00",
            metavar="CYCLE",
            read_at=instant_of_text,
        ),
    ] = None

    @property
    def first_day(self) -> date | None:
        """The first day that can hold anything of it."""
        return max(filter(None, (self.first, self.since and day_of(self.since))), default=None)

    @property
    def last_day(self) -> date | None:
        """The last day that can hold anything of it."""
        return min(filter(None, (self.last, self.until and day_of(self.until))), default=None)

    @property
    def ends(self) -> tuple[int | None, int | None]:
        """Its first and last instant, None without one."""
        since = None if self.since is None else int(instants_of([self.since])[0])
        until = None if self.until is None else int(instants_of([self.until])[0])
        return since, until

    def within(self, instants: Instants) -> Instants:
        """Return those of the instants of its days that lie in it."""
        since, until = self.ends
        begin = 0 if since is None else int(np.searchsorted(instants, since))
        end = len(instants) if until is None else int(np.searchsorted(instants, until, "right"))
        return instants[begin:end]

    def days(self, stored: Sequence[date], today: date | None) -> list[date]:
        """Return the days of the span from the first stored one to the last.

        A span that lies beside them counts as it is where it has both ends.

        Args:
            stored: The days of which anything is stored, ascending.
            today: The last day of a live market, else None.
        """
        first = self.first_day
        last = self.last_day
        if not stored:
            return []
        begin = stored[0] if first is None else max(first, stored[0])
        newest = max(stored[-1], today) if today else stored[-1]
        end = newest if last is None else min(last, newest)
        if begin > end and first is not None and last is not None:
            return days_between(first, last)
        return days_between(begin, end)


@dataclass(frozen=True, slots=True)
class PastQuestion(PastSpan):
    """Asks for a span as it is stored now, or as it was stored at an instant."""

    at: At = None


def as_asked(reader: PastReader, question: PastQuestion) -> PastReader:
    """Return the reader of what is there now, or of what was there at the question's instant."""
    return reader if question.at is None else reader.observed_by(question.at)


def nothing_stored(reader: PastReader, span: PastSpan) -> str:
    """Return the sentence that nothing of a span is stored, with the first and the last day."""
    of_index = f"of {span.index} " if span.index else ""
    by_then = "" if reader.at is None else f", up to {instant_in_words(reader.at)}"
    sentence = f"no overview {of_index}is stored in {reader.place} for these days{by_then}"
    today = reader.observed_by(None)
    stored = set(today.overview_days()).union(*today.chain_days().values())
    if not stored:
        return sentence
    return f"{sentence}; the first day there is {min(stored)}, the last {max(stored)}"


def days_between(first: date, last: date) -> list[date]:
    """Return the days from `first` to `last`, both in it.

    >>> len(days_between(date(2026, 11, 18), date(2026, 11, 20)))
    3
    """
    return [first + n * _DAY for n in range((last - first).days + 1)]
