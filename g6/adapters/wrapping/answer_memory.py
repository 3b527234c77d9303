"""A reader of stored rows that reads each chain once, for the length of one answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from g6.domain.cycles.cycle import Unit
from g6.domain.market.calendar import Calendar
from g6.domain.schema.frame import Frame, Header
from g6.domain.schema.overview_row import OverviewRow
from g6.ports.readers import StoredReader

__all__ = ["AnswerMemory"]


@dataclass(frozen=True, slots=True)
class AnswerMemory:
    """StoredReader over another one, to be thrown away with the answer it was made for.

    A rerun may replace a chain at any moment: an answer of two readings could show halves of both.
    """

    reader: StoredReader
    _chains: dict[Unit, Frame | None] = field(default_factory=dict)
    _cycles: dict[tuple[datetime, datetime], Mapping[str, frozenset[str]]] = field(
        default_factory=dict
    )

    @property
    def place(self) -> str:
        """Return where the rows are."""
        return self.reader.place

    @property
    def calendar(self) -> Calendar:
        """Return the sessions, holidays and fixes of the exchanges."""
        return self.reader.calendar

    def last_cycle(self) -> datetime | None:
        """Return the newest instant that has an overview row, None when nothing is stored."""
        return self.reader.last_cycle()

    def cycles(self, first: datetime, last: datetime) -> Mapping[str, frozenset[str]]:
        """Return the indices that have an overview row, by cycle, both ends included."""
        if (first, last) not in self._cycles:
            self._cycles[first, last] = self.reader.cycles(first, last)
        return self._cycles[first, last]

    def overview_rows(self, cycle: str) -> Sequence[OverviewRow]:
        """Return the stored overview rows of one cycle."""
        return self.reader.overview_rows(cycle)

    def chain(self, unit: Unit) -> Frame | None:
        """Return the stored chain of a unit, None when there is none that can be read."""
        if unit not in self._chains:
            self._chains[unit] = self.reader.chain(unit)
        return self._chains[unit]

    def chain_columns(self, unit: Unit, names: Sequence[str]) -> Frame | None:
        """Return some columns of a stored chain, those of the whole one where it was read."""
        if unit in self._chains:
            return self._chains[unit]
        return self.reader.chain_columns(unit, names)

    def header(self, unit: Unit) -> Header | None:
        """Return the header of a unit's stored chain."""
        return self.reader.header(unit)

    def chains(self, units: Sequence[Unit]) -> Iterator[Frame | None]:
        """Yield what `chain` returns of each unit."""
        for unit, frame in zip(units, self.reader.chains(units), strict=True):
            yield self._chains.setdefault(unit, frame)

    def overview(
        self, index: str, first: date, until: datetime, columns: Sequence[str], at: datetime | None
    ) -> Frame:
        """Return overview rows of an index up to an instant, oldest first."""
        return self.reader.overview(index, first, until, columns, at)

    def wait(self, seconds: float) -> None:
        """Wait before the directory is read again."""
        self.reader.wait(seconds)

    def freeze_quantity(self, root: str, day: date) -> tuple[int, date] | None:
        """Return the most units of one order by the exchange's file that was kept."""
        return self.reader.freeze_quantity(root, day)
