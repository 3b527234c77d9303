"""How many cycles of each index and day were due, and how they ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from g6.domain.cycles.gaps import CycleCounts, counts_of
from g6.ports.readers import PastReader
from g6.studies.documents import columns_of
from g6.studies.stored.days.past_span import PastQuestion, as_asked
from g6.studies.stored.days.stored_past import IndexDay, index_days

__all__ = ["Coverage", "DayCoverage", "answer"]


@dataclass(frozen=True, slots=True)
class DayCoverage:
    """The cycles of one index on one day.

    Attributes:
        index: The underlying's name.
        day: The session day.
        counts: How they ended.
    """

    index: str
    day: date
    counts: CycleCounts


@dataclass(frozen=True, slots=True)
class Coverage:
    """The coverage of each index and day, by day and index."""

    days: tuple[DayCoverage, ...]

    def columns(self) -> Mapping[str, list[object]]:
        """Return one line per index and day."""
        counts = columns_of(CycleCounts, (day.counts for day in self.days))
        indices: list[object] = [day.index for day in self.days]
        return {"index": indices, "day": [day.day for day in self.days], **counts}


def answer(reader: PastReader, parameters: PastQuestion) -> Coverage:
    """Return how many cycles were due on each day, and how they ended.

    Raises:
        NothingToDo: Nothing of the span was due, and nothing of it is stored.
    """
    return Coverage(tuple(map(_coverage, index_days(as_asked(reader, parameters), parameters))))


def _coverage(unit: IndexDay) -> DayCoverage:
    return DayCoverage(unit.index, unit.day, counts_of(unit.grid, unit.outcomes))
