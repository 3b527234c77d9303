"""Several stores as one: everything is written to all, reading asks them in order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import TypeVar

from g6.domain.cycles.cycle import Unit
from g6.domain.market.instrument import Listing
from g6.domain.schema.frame import Frame
from g6.domain.schema.overview_row import OverviewRow
from g6.errors import StoreBusy
from g6.ports import Store, WriteReport

T = TypeVar("T")


class Tee:
    """Store over stores, of which one that fails stops no other.

    Its error stands in `WriteReport.errors` under the sink's name.
    """

    def __init__(self, *stores: Store) -> None:
        self._stores = stores

    @property
    def sink(self) -> str:
        """The names of its stores' sinks, joined by a plus."""
        return "+".join(store.sink for store in self._stores)

    def write_chain(self, unit: Unit, frame: Frame) -> WriteReport:
        """Write to all stores.

        Raises:
            StoreBusy: All of them fail.
        """
        return self._write(lambda store: store.write_chain(unit, frame))

    def write_overview(self, cycle: str, rows: Sequence[OverviewRow]) -> WriteReport:
        """Write to all stores.

        Raises:
            StoreBusy: All of them fail.
        """
        return self._write(lambda store: store.write_overview(cycle, rows))

    def record_swept(self, until: datetime) -> None:
        """Keep it in all stores.

        Raises:
            StoreBusy: One of them fails, after the others.
        """
        _, errors = self._each(lambda store: store.record_swept(until))
        if errors:
            raise StoreBusy("; ".join(errors.values()), errors)

    def swept_until(self) -> datetime | None:
        """Return what the first store that has one kept."""
        return self._first(lambda store: store.swept_until())

    def keep_listing(self, listing: Listing, exchange: str) -> None:
        """Keep it in all stores.

        Raises:
            StoreBusy: One of them fails, after the others.
        """
        _, errors = self._each(lambda store: store.keep_listing(listing, exchange))
        if errors:
            raise StoreBusy("; ".join(errors.values()), errors)

    def read_chain(self, unit: Unit) -> Frame | None:
        """Return the unit from the first store that has it."""
        return self._first(lambda store: store.read_chain(unit))

    def read_overview(self, cycle: str) -> Sequence[OverviewRow]:
        """Return the rows of the first store that has any."""
        return self._first(lambda store: store.read_overview(cycle) or None) or ()

    def last_oi(self, index: str, before: date, since: datetime | None = None) -> Frame | None:
        """Return open interest from the first store that has it."""
        return self._first(lambda store: store.last_oi(index, before, since))

    def last_overview(self) -> datetime | None:
        """Return the newest instant from the first store that has one."""
        return self._first(lambda store: store.last_overview())

    def overview_cycles(self, first: datetime, last: datetime) -> Mapping[str, frozenset[str]]:
        """Return the cycles of the first store that has any in this range."""
        return self._first(lambda store: store.overview_cycles(first, last) or None) or {}

    def _first(self, read: Callable[[Store], T | None]) -> T | None:
        for store in self._stores:
            answer = read(store)
            if answer is not None:
                return answer
        return None

    def _write(self, write: Callable[[Store], WriteReport]) -> WriteReport:
        reports, errors = self._each(write)
        # One sink that took the rows is enough to go on: the error of the other is counted.
        if errors and not reports:
            raise StoreBusy("; ".join(errors.values()), errors)
        rows: dict[str, int] = {}
        size: dict[str, int] = {}
        unchanged: dict[str, int] = {}
        aside: dict[str, int] = {}
        for report in reports:
            rows |= report.rows
            size |= report.bytes
            unchanged |= report.unchanged
            errors |= report.errors
            aside |= report.aside
        repaired = sum(report.repaired for report in reports)
        return WriteReport(rows, size, unchanged, repaired, errors, aside)

    def _each(self, act: Callable[[Store], T]) -> tuple[list[T], dict[str, str]]:
        results: list[T] = []
        errors: dict[str, str] = {}
        for store in self._stores:
            try:
                results.append(act(store))
            except StoreBusy as error:
                errors[store.sink] = str(error)
        return results, errors
