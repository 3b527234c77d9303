"""The stored rows of one data directory, as studies read them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from g6.adapters.parquet.arrays import array_of, numbers_of
from g6.adapters.parquet.queries.load import Query, load_table
from g6.adapters.parquet.queries.patience import counted
from g6.adapters.parquet.units import session_units, unit_columns, unit_header
from g6.domain.cycles.cycle import Unit
from g6.domain.market.calendar import IST, Calendar, day_of
from g6.domain.schema.frame import Frame, Header
from g6.domain.schema.overview_row import OverviewRow
from g6.errors import BadInput, DamagedFile
from g6.ports import Clock, Store

DirectoryFreezeQuantity = Callable[[Path, str, date], tuple[int, date] | None]


@dataclass(frozen=True, slots=True)
class DirectoryReader:
    """Reads chains through the configured store and overview rows from its Parquet files."""

    directory: Path
    store: Store
    calendar: Calendar
    freeze: DirectoryFreezeQuantity
    clock: Clock

    @property
    def place(self) -> str:
        """Return the data directory as it was named."""
        return str(self.directory)

    def last_cycle(self) -> datetime | None:
        """Return the newest instant that has an overview row."""
        return self.store.last_overview()

    def cycles(self, first: datetime, last: datetime) -> Mapping[str, frozenset[str]]:
        """Return the indices that have an overview row, by cycle."""
        return self.store.overview_cycles(first, last)

    def overview_rows(self, cycle: str) -> Sequence[OverviewRow]:
        """Return the stored overview rows of one cycle."""
        return self.store.read_overview(cycle)

    def chain(self, unit: Unit) -> Frame | None:
        """Return the stored chain of a unit. A warning names a damaged file."""
        try:
            return self.store.read_chain(unit)
        except BadInput as error:
            _warn_of(error)
            return None

    def chain_columns(self, unit: Unit, names: Sequence[str]) -> Frame | None:
        """Return some columns of a stored chain. A warning names a damaged file."""
        try:
            narrow = unit_columns(self.directory, unit, names)
        except BadInput as error:
            _warn_of(error)
            return None
        return self.chain(unit) if narrow is None else narrow

    def header(self, unit: Unit) -> Header | None:
        """Return the header of a unit's stored chain. A warning names a damaged file."""
        try:
            return unit_header(self.directory, unit)
        except BadInput as error:
            _warn_of(error)
            return None

    def chains(self, units: Sequence[Unit]) -> Iterator[Frame | None]:
        """Yield the stored chain of each unit. A bar shows long reading on a terminal."""
        sessions = [
            list(of_session)
            for _, of_session in groupby(units, lambda unit: (unit.index, day_of(unit.instant)))
        ]
        counts = ((session, len(session)) for session in sessions)
        for session in counted(counts, len(units), "reading chains"):
            if len(session) == 1:
                yield self.chain(session[0])
                continue
            stored, damaged = session_units(self.directory, session)
            for error in damaged:
                _warn_of(error)
            for unit in session:
                yield stored.get(unit)

    def overview(
        self, index: str, first: date, until: datetime, columns: Sequence[str], at: datetime | None
    ) -> Frame:
        """Return overview rows of an index up to an instant, oldest first."""
        query = Query.of(
            self.directory,
            index,
            (first, until.astimezone(IST).date()),
            "overview",
            columns=["timestamp", *columns],
            as_of=at,
            tz="UTC",
        )
        table = load_table(query)
        # `pa.scalar` and expressions import pandas: 0.4 s of `g6 moves`.
        instants = table.column("timestamp")
        last = array_of([until], pa.timestamp("us", "UTC")).cast(instants.type)[0]
        rows = table.filter(pc.less_equal(instants, last)).sort_by("timestamp")
        return Frame({}, {name: _array(rows.column(name)) for name in rows.column_names})

    def wait(self, seconds: float) -> None:
        """Wait before the directory is read again."""
        self.clock.sleep(seconds)

    def freeze_quantity(self, root: str, day: date) -> tuple[int, date] | None:
        """Return the most units of one order by the exchange's file that was kept."""
        return self.freeze(self.directory, root, day)


def _warn_of(error: BadInput) -> None:
    warnings.warn(f"left out: {error.sentence}", DamagedFile, stacklevel=3)


def _array(column: pa.ChunkedArray) -> NDArray[np.generic]:
    kind = column.type
    if pa.types.is_timestamp(kind):
        microseconds = numbers_of(column.cast(pa.timestamp("us", "UTC")).cast(pa.int64()))
        return np.asarray(microseconds, dtype=np.float64) / 1e6
    if pa.types.is_date32(kind):
        return np.asarray(numbers_of(column), dtype="datetime64[D]")
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return np.asarray(numbers_of(column.cast(pa.float64())), dtype=np.float64)
    return np.array(column.to_pylist(), dtype=object)
