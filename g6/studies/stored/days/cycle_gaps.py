"""Successive cycles of an index that are not OK, from when to when and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from g6.domain.cycles.gaps import NO_CHAIN, NO_ROW, Gap, gaps_of
from g6.domain.market.calendar import day_of
from g6.domain.market.instants import clock_in_words
from g6.ports.readers import PastReader
from g6.studies.documents import columns_of
from g6.studies.stored.days.past_span import PastQuestion, as_asked
from g6.studies.stored.days.stored_past import index_days

__all__ = ["Gaps", "RowSpan", "answer"]


@dataclass(frozen=True, slots=True)
class RowSpan:
    """The first and the last instant of a day at which an index has a row."""

    index: str
    day: date
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class Gaps:
    """The gaps of each index, by day and index.

    Attributes:
        gaps: The gaps, oldest first.
        collected: From when to when each index of each day was collected at all.
    """

    gaps: tuple[Gap, ...]
    collected: tuple[RowSpan, ...] = ()

    @property
    def cycles(self) -> int:
        """How many cycles lie in the gaps."""
        return sum(gap.cycles for gap in self.gaps)

    @property
    def has_lost_chains(self) -> bool:
        """Whether rows are stored whose chains are not."""
        return any(gap.reason == NO_CHAIN for gap in self.gaps)

    def beside(self, gap: Gap) -> str:
        """Return the words of a gap before the first row of a day, or behind the last one.

        They are empty of a gap between rows, and of one of which a row tells something.
        """
        if gap.reason != NO_ROW:
            return ""
        day = day_of(gap.first)
        spans = [span for span in self.collected if span.day == day]
        collected = next((span for span in spans if span.index == gap.index), None)
        if collected is None:
            return "" if spans else "G6 did not run that day"
        if gap.last < collected.first:
            is_start = collected.first == min(span.first for span in spans)
            who = "G6 started" if is_start else "first collected"
            return f"{who} at {clock_in_words(collected.first)}"
        if gap.first > collected.last:
            return f"nothing after {clock_in_words(collected.last)}"
        return ""

    def columns(self) -> Mapping[str, list[object]]:
        """Return one line per gap."""
        return columns_of(Gap, self.gaps)


def answer(reader: PastReader, parameters: PastQuestion) -> Gaps:
    """Return the gaps of the span.

    Raises:
        NothingToDo: Nothing of the span was due, and nothing of it is stored.
    """
    gaps: list[Gap] = []
    collected: list[RowSpan] = []
    for unit in index_days(as_asked(reader, parameters), parameters):
        gaps += gaps_of(unit.index, unit.grid, unit.outcomes)
        if unit.collected is not None:
            collected.append(RowSpan(unit.index, unit.day, *unit.collected))
    return Gaps(tuple(gaps), tuple(collected))
