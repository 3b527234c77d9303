"""What studies read: stored chains and overview rows, or the state of the running system."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

from g6.domain.cycles.cycle import Unit
from g6.domain.documents.system_facts import SystemFacts
from g6.domain.market.calendar import Calendar
from g6.domain.schema.frame import Frame, Header
from g6.domain.schema.overview_row import OverviewRow
from g6.ports.bus import Bus
from g6.ports.ledger import Ledger
from g6.ports.vitals import Vitals


class RunningReader(Protocol):
    """Reads the running system: its account of cycles, its events, its workers."""

    @property
    def ledger(self) -> Ledger:
        """Return the account of cycles, units and stages."""
        ...

    @property
    def bus(self) -> Bus:
        """Return the stream of events."""
        ...

    @property
    def vitals(self) -> Vitals:
        """Return the state of queues, workers and hosts."""
        ...

    @property
    def owners(self) -> Mapping[int, str]:
        """Return who owns the data directory, by process id what a person calls it."""
        ...


class StatusReader(Protocol):
    """Reads what the running system says of itself as a whole."""

    def facts(self) -> SystemFacts:
        """Return the facts that the status is made of, as of now."""
        ...

    def restart_reasons(self) -> Sequence[str]:
        """Return why a restart is needed, one sentence a setting."""
        ...

    def wait(self, seconds: float) -> None:
        """Wait until the system says something, at most so long."""
        ...


class StoredReader(Protocol):
    """Reads one data directory and changes nothing in it.

    A file that cannot be read is left out of every answer and named by a `DamagedFile` warning.
    """

    @property
    def place(self) -> str:
        """Return where the rows are, as a person names it on the command line."""
        ...

    @property
    def calendar(self) -> Calendar:
        """Return the sessions, holidays and fixes of the exchanges."""
        ...

    def last_cycle(self) -> datetime | None:
        """Return the newest instant that has an overview row, None when nothing is stored."""
        ...

    def cycles(self, first: datetime, last: datetime) -> Mapping[str, frozenset[str]]:
        """Return the indices that have an overview row, by cycle, both ends included."""
        ...

    def overview_rows(self, cycle: str) -> Sequence[OverviewRow]:
        """Return the stored overview rows of one cycle, none where there are none."""
        ...

    def chain(self, unit: Unit) -> Frame | None:
        """Return the stored chain of a unit, None when there is none that can be read."""
        ...

    def chain_columns(self, unit: Unit, names: Sequence[str]) -> Frame | None:
        """Return a stored chain with at least some of its columns, None when there is none.

        Args:
            unit: The unit.
            names: Of columns of `rows.CHAIN`.
        """
        ...

    def header(self, unit: Unit) -> Header | None:
        """Return the header of a unit's stored chain without its rows, None when there is none."""
        ...

    def chains(self, units: Sequence[Unit]) -> Iterator[Frame | None]:
        """Yield what `chain` returns of each unit, each file being read once.

        Args:
            units: Of any indices, those of one session beside each other.
        """
        ...

    def overview(
        self, index: str, first: date, until: datetime, columns: Sequence[str], at: datetime | None
    ) -> Frame:
        """Return overview rows of an index, oldest first.

        Args:
            index: The underlying's name.
            first: The first session day, India's.
            until: The last cycle's instant.
            columns: Names of `rows.OVERVIEW`.
            at: Rows that were observed later are left out. None keeps them.

        Returns:
            `timestamp` in epoch seconds, then `columns`: numbers as float64 with NaN for a missing
            value, days as datetime64[D] with NaT, everything else as objects.

        Raises:
            NothingToDo: No overview row is stored for these days.
            UserError: There is no such column.
        """
        ...

    def wait(self, seconds: float) -> None:
        """Wait before the directory is read again."""
        ...

    def freeze_quantity(self, root: str, day: date) -> tuple[int, date] | None:
        """Return the most units of one order and the day of the file that says so.

        Raises:
            BadInput: The exchange's file cannot be read.
        """
        ...
