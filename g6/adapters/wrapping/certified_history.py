"""A history that notes what it is about to rewrite, and has each whole day certified after it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime

from g6.domain.schema.frame import ColumnValues, Words
from g6.domain.schema.json_types import Document
from g6.domain.schema.overview_row import OverviewRow
from g6.ports import Event
from g6.ports.history import (
    OVERVIEW,
    BusPosition,
    DayChange,
    FoldReport,
    History,
    LooseDay,
    StoredDay,
)

__all__ = ["CertifiedHistory", "Checking", "Rewriting"]

Rewriting = Callable[[date, Iterable[str]], AbstractContextManager[None]]
"""Notes which files of a day its block rewrites, and forgets those that are as they were."""
Checking = Callable[[date, Iterable[str]], None]
"""Refuses files of a day that were exchanged: what is made of them would be certified."""


class CertifiedHistory:
    """History port over another one.

    What is rewritten is noted before: a process that is killed in between leaves a day that the
    next certificate tells of. What is read for that is held against the day's certificate. A day
    that is computed again index by index is certified when `certify` is called for it, not once for
    each index.
    """

    def __init__(
        self,
        history: History,
        rewriting: Rewriting,
        checking: Checking,
        certify: Callable[[date], object],
    ) -> None:
        self._history = history
        self._rewriting = rewriting
        self._checking = checking
        self._certify = certify

    def sizes(self) -> Mapping[str, tuple[int, int]]:
        """Return files and bytes of everything stored, by kind."""
        return self._history.sizes()

    def clear_abandoned(self) -> int:
        """Remove temporary files that killed writers left and return how many."""
        return self._history.clear_abandoned()

    def loose_days(self) -> Sequence[LooseDay]:
        """Return the days in more than one file, or in one that is a part, oldest first."""
        return self._history.loose_days()

    def fold(self, name: str, day: date, before: datetime) -> FoldReport:
        """Fold the parts before `before` into the segments of their quarter hours."""
        return self._history.fold(name, day, before)

    def compact(self, name: str, day: date) -> FoldReport:
        """Fold a day that is over into one file, and have it certified with the last of these.

        Raises:
            BadInput: The day's file is not what its certificate says.
        """
        self._checking(day, (name,))
        with self._rewriting(day, (name,)):
            report = self._history.compact(name, day)
        if report.written:
            self._certify(day)
        return report

    def read_day(self, index: str, day: date, columns: Sequence[str]) -> StoredDay:
        """Return columns of a compacted day, with the headers of its units.

        Raises:
            NothingToDo: There is no such day.
            BadInput: It is not what its certificate says, or its overview is not.
        """
        self._checking(day, (index, OVERVIEW))
        return self._history.read_day(index, day, columns)

    def write_day(
        self,
        index: str,
        day: date,
        columns: Mapping[str, ColumnValues | Words],
        headers: Mapping[str, Document],
    ) -> DayChange:
        """Replace columns of a compacted day, and return what that changed."""
        with self._rewriting(day, (index,)):
            return self._history.write_day(index, day, columns, headers)

    def write_figures(self, index: str, day: date, rows: Sequence[OverviewRow]) -> bool:
        """Replace figures in the overview rows of one index. Status and reason stay."""
        with self._rewriting(day, (OVERVIEW,)):
            return self._history.write_figures(index, day, rows)

    def events_position(self) -> BusPosition:
        """Return how far events are stored."""
        return self._history.events_position()

    def keep_events(self, batch: Iterable[Event], upto: BusPosition) -> None:
        """Store events under their days, and remember `upto` as the place to go on from."""
        self._history.keep_events(batch, upto)
