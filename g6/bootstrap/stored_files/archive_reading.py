"""The files of a configured data directory, as studies read them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from g6.adapters.data_dir import retention
from g6.adapters.parquet import snapshot_columns, stored_units
from g6.adapters.parquet.columns import chain_table
from g6.adapters.parquet.maintenance import sizes
from g6.adapters.parquet.maintenance.holdings import holdings
from g6.adapters.parquet.queries import plain_units
from g6.adapters.parquet.queries.stored_span import check_there
from g6.adapters.parquet.statuses import statuses
from g6.bootstrap.stores import store
from g6.config import Settings
from g6.domain.cycles.cycle import Unit, isoformat_z
from g6.domain.cycles.gaps import instant_at
from g6.domain.market.calendar import day_of
from g6.domain.schema.frame import Frame
from g6.domain.schema.layout import Kind
from g6.ports.readers import (
    CsvFiles,
    DatedFile,
    FileTotals,
    Holding,
    SnapshotColumns,
    StoredChains,
    StoredReader,
)
from g6.studies import selection

__all__ = ["DirectoryArchive", "DirectoryUnits"]


@dataclass(frozen=True, slots=True)
class DirectoryArchive:
    """Reads what a data directory holds."""

    settings: Settings
    chains: StoredReader

    @property
    def place(self) -> str:
        """Return the data directory as it was named."""
        return str(self.settings.directory)

    def holdings(self, at: datetime | None = None) -> Iterable[Holding]:
        """Yield what there is, or was, of chains, overviews and instruments."""
        directory = self.settings.directory
        return holdings(directory) if at is None else _holdings_at(directory, at)

    def stored_chains(
        self, keys: Sequence[tuple[str, date]], at: datetime | None = None
    ) -> Mapping[tuple[str, date], StoredChains]:
        """Return the stored chains of each index and day."""
        return stored_units.stored_chains(self.settings.directory, keys, at)

    def sizes(self) -> Mapping[str, FileTotals]:
        """Return files and bytes by kind."""
        by_kind = sizes.sizes(self.settings.directory)
        return {kind: FileTotals(*totals) for kind, totals in by_kind.items()}

    def csv_files(self) -> CsvFiles:
        """Return what there is of CSV files.

        Raises:
            NothingToDo: The data directory is not there.
        """
        check_there(self.settings.directory)
        return retention.scan(self.settings.csv_dir)

    @property
    def today(self) -> date:
        """Return the day by the wall clock, in India."""
        return day_of(datetime.now(UTC))

    def older(self, before: date, kinds: Sequence[str]) -> Sequence[DatedFile]:
        """Return the files of some kinds of days before one, oldest first.

        Raises:
            NothingToDo: The data directory is not there.
        """
        # Of a mistyped directory the plan said that 0 files would be deleted.
        check_there(self.settings.directory)
        return retention.older(self.settings.directory, self.settings.csv_dir, before, kinds)

    def file_columns(self, path: str, counted: Sequence[str]) -> SnapshotColumns:
        """Return a Parquet file by its columns."""
        table = snapshot_columns.read_snapshot(Path(path))
        return snapshot_columns.summary_of(path, table, counted)

    def unit_columns(
        self, index: str, at: datetime | None, counted: Sequence[str]
    ) -> SnapshotColumns:
        """Return the newest stored chain of an index by its columns."""
        unit, frame = selection.latest(self.chains, index, at)
        name = f"{unit.index} {unit.cycle}"
        return snapshot_columns.summary_of(name, chain_table(frame), counted)


def _holdings_at(directory: Path, at: datetime) -> Iterator[Holding]:
    """Yield the days of which a row was there at an instant, in the order of `holdings`.

    Instruments are dated by their day alone.
    """
    stored = [holding for holding in holdings(directory) if holding.day <= day_of(at)]
    keys = [(one.name, one.day) for one in stored if one.kind == Kind.CHAIN]
    chains = stored_units.stored_chains(directory, keys, at)
    rows = dict(statuses(directory, None, day_of(at), at))
    for one in stored:
        is_there = True
        if one.kind == Kind.CHAIN:
            is_there = len(chains[one.name, one.day].instants) > 0
        elif one.kind == Kind.OVERVIEW:
            is_there = bool(rows.get(one.day))
        if is_there:
            yield Holding(one.kind, one.name, one.day, None, None, None, None)


class DirectoryUnits:
    """Reads the stored units of a data directory twice."""

    def __init__(self, settings: Settings) -> None:
        self._directory = settings.directory
        self._store = store(settings)
        self._places = {
            Unit(isoformat_z(place.instant), place.underlying): place
            for place in plain_units.stored_units(settings.directory)
        }

    @property
    def place(self) -> str:
        """Return the data directory as it was named."""
        return str(self._directory)

    def units(self, at: datetime | None = None) -> Sequence[Unit]:
        """Return every stored unit, or those that were there at an instant."""
        if at is None:
            return list(self._places)
        units = [unit for unit in self._places if unit.instant <= at]
        days = sorted({(unit.index, day_of(unit.instant)) for unit in units})
        chains = stored_units.stored_chains(self._directory, days, at)
        there: set[tuple[str, datetime]] = set()
        for (index, _), stored in chains.items():
            there.update((index, instant_at(instant)) for instant in stored.instants.tolist())
        return [unit for unit in units if (unit.index, unit.instant) in there]

    def plain(self, unit: Unit) -> object:
        """Return a unit as plain rows."""
        return plain_units.read_unit(self._directory, self._places[unit])

    def chain(self, unit: Unit) -> Frame | None:
        """Return a unit as the store reads it."""
        return self._store.read_chain(unit)
