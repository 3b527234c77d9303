"""Several stores as one: everything is written to all, reading asks them in order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, TypeVar

from g6.domain.cycles.cycle import Unit
from g6.domain.market.instrument import Listing
from g6.domain.schema.frame import Frame
from g6.errors import StoreBusy
from g6.ports import Store, WriteReport

T = TypeVar("T")


class Tee:
    """Store over stores. One that fails stops no other: its error stands in `WriteReport.errors` under the sink's name."""

    def __init__(self, *stores: Store) -> None:
        self._stores = stores

    def write_chain(self, unit: Unit, frame: Frame) -> WriteReport:
        """Write to all. Errors: StoreBusy when all fail."""
        return self._all(lambda store: store.write_chain(unit, frame))

    def write_overview(self, cycle: str, rows: Sequence[Mapping[str, Any]]) -> WriteReport:
        """Write to all. Errors: StoreBusy when all fail."""
        return self._all(lambda store: store.write_overview(cycle, rows))

    def keep_listing(self, listing: Listing, exchange: str) -> None:
        """Keep it in all. Errors: StoreBusy when one fails, after the others."""
        errors = self._each(lambda store: store.keep_listing(listing, exchange))[1]
        if errors:
            raise StoreBusy("; ".join(errors.values()), errors)

    def read_chain(self, unit: Unit) -> Frame | None:
        """Return the unit from the first store that has it."""
        return next(
            (frame for store in self._stores if (frame := store.read_chain(unit)) is not None), None
        )

    def last_oi(self, index: str, before: date) -> Frame | None:
        """Return open interest from the first store that has it."""
        return next(
            (
                frame
                for store in self._stores
                if (frame := store.last_oi(index, before)) is not None
            ),
            None,
        )

    def last_overview(self) -> datetime | None:
        """Return the newest instant from the first store that has one."""
        return next(
            (instant for store in self._stores if (instant := store.last_overview()) is not None),
            None,
        )

    def overview_cycles(self, first: datetime, last: datetime) -> Mapping[str, frozenset[str]]:
        """Return the cycles of the first store that has any in this range."""
        return next(
            (found for store in self._stores if (found := store.overview_cycles(first, last))), {}
        )

    def _all(self, write: Callable[[Store], WriteReport]) -> WriteReport:
        done, errors = self._each(write)
        if errors and not done:
            raise StoreBusy("; ".join(errors.values()), errors)
        rows: dict[str, int] = {}
        size: dict[str, int] = {}
        aside: dict[str, int] = {}
        for written in done:
            rows |= written.rows
            size |= written.bytes
            errors |= written.errors
            aside |= written.aside
        return WriteReport(rows, size, sum(written.repaired for written in done), errors, aside)

    def _each(self, act: Callable[[Store], T]) -> tuple[list[T], dict[str, str]]:
        done: list[T] = []
        errors: dict[str, str] = {}
        for store in self._stores:
            try:
                done.append(act(store))
            except StoreBusy as error:
                errors[_sink(store)] = str(error)
        return done, errors


def _sink(store: Store) -> str:
    """Return what a store calls itself in `WriteReport.rows`: csv for CsvStore."""
    return type(store).__name__.removesuffix("Store").lower()
