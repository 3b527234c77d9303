"""How many cycles of each index and day were due, and how they ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from g6.domain.cycles.gaps import counts_of
from g6.domain.schema.words import Status
from g6.ports.readers import PastReader
from g6.studies.documents import columns_of
from g6.studies.stored.days.past_span import PastSpan
from g6.studies.stored.days.stored_past import IndexDay, index_days

__all__ = ["Coverage", "DayCoverage", "answer"]


@dataclass(frozen=True, slots=True)
class DayCoverage:
    """The cycles of one index on one day.

    Attributes:
        index: The underlying's name.
        day: The session day.
        due: Cycles that should have a row or have one.
        ok: Rows of status OK.
        partial: Rows of status PARTIAL.
        missing: Rows of status MISSING, those without their chain among them.
        skipped: Rows of status SKIPPED.
        no_row: Cycles that were due and have no row.
        repaired: Rows that a repair made.
        no_chain: Rows that promise a chain which is not stored.
    """

    index: str
    day: date
    due: int
    ok: int
    partial: int
    missing: int
    skipped: int
    no_row: int
    repaired: int
    no_chain: int


@dataclass(frozen=True, slots=True)
class Coverage:
    """The coverage of each index and day, by day and index."""

    days: tuple[DayCoverage, ...]

    def columns(self) -> Mapping[str, list[object]]:
        """Return one line per index and day."""
        return columns_of(DayCoverage, self.days)


def answer(reader: PastReader, parameters: PastSpan) -> Coverage:
    """Return how many cycles were due on each day, and how they ended.

    Raises:
        NothingToDo: Nothing of the span was due, and nothing of it is stored.
    """
    return Coverage(tuple(map(_coverage, index_days(reader, parameters))))


def _coverage(unit: IndexDay) -> DayCoverage:
    counts = counts_of(unit.grid, unit.outcomes)
    return DayCoverage(
        index=unit.index,
        day=unit.day,
        due=counts.due,
        ok=counts.by_status[Status.OK],
        partial=counts.by_status[Status.PARTIAL],
        missing=counts.by_status[Status.MISSING],
        skipped=counts.by_status[Status.SKIPPED],
        no_row=counts.no_row,
        repaired=counts.repaired,
        no_chain=counts.no_chain,
    )
