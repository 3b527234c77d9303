"""The stored days of a data directory, for maintenance."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa

from g6.adapters.parquet import days, events
from g6.adapters.parquet.columns import CHAIN_SCHEMA, OVERVIEW_SCHEMA
from g6.adapters.parquet.days import FoldLevel
from g6.adapters.parquet.maintenance import folding, rewriting
from g6.adapters.parquet.maintenance.sizes import sizes
from g6.domain.schema import layout
from g6.domain.schema.frame import ColumnValues, Words
from g6.domain.schema.json_types import Document
from g6.domain.schema.layout import Kind
from g6.domain.schema.overview_row import OverviewRow
from g6.files import clear_abandoned
from g6.ports import Event
from g6.ports.history import OVERVIEW, BusPosition, DayChange, FoldReport, LooseDay, StoredDay


class ParquetHistory:
    """History port over a data directory.

    Jobs on one day of one index wait for each other, and a lock goes with its process. `also` are
    directories outside of it that are kept tidy with it.
    """

    def __init__(self, directory: Path, *also: Path) -> None:
        self._directory = directory
        self._also = also

    def names(self) -> Sequence[str]:
        """Return the indices that have chains, and `overview` when there is one."""
        folders = (self._directory / layout.folder(Kind.CHAIN)).glob(layout.ANY_INDEX)
        names = [layout.parse_index_name(path.name) for path in folders if path.is_dir()]
        chains = sorted(name for name in names if name is not None)
        return [*chains, OVERVIEW] if self.root(OVERVIEW).is_dir() else chains

    def root(self, name: str) -> Path:
        """Return the directory of the days of `name`."""
        kind = Kind.OVERVIEW if name == OVERVIEW else Kind.CHAIN
        return self._directory / layout.folder(kind, name)

    def sizes(self) -> Mapping[str, tuple[int, int]]:
        """Return files and bytes of everything below the data directory, by kind."""
        return sizes(self._directory)

    def clear_abandoned(self) -> int:
        """Remove the temporary files that killed writers left and return how many."""
        outside = [path for path in self._also if not path.is_relative_to(self._directory)]
        return sum(map(clear_abandoned, (self._directory, *outside)))

    def loose_days(self) -> Sequence[LooseDay]:
        """Return the days in more than one file, or in one that is a part, oldest first."""
        return sorted(self._loose(), key=lambda loose: (loose.day, loose.name))

    def _loose(self) -> Iterator[LooseDay]:
        for name in self.names():
            for day in days.days(self.root(name)):
                files = days.files(days.directory_of(self.root(name), day))
                if len(files) > 1 or any(file.level is not FoldLevel.DAY for file in files):
                    parts = days.of_level(files, FoldLevel.PART)
                    oldest = parts[0].first if parts else None
                    yield LooseDay(name, day, len(files), oldest)

    def fold(self, name: str, day: date, before: datetime) -> FoldReport:
        """Fold the parts before `before` into the segments of their quarter hours."""
        return folding.fold(days.directory_of(self.root(name), day), _schema(name), before)

    def compact(self, name: str, day: date) -> FoldReport:
        """Fold a day that is over into one file."""
        directory = days.directory_of(self.root(name), day)
        return folding.compact(directory, _schema(name)) if directory.is_dir() else FoldReport()

    def read_day(self, index: str, day: date, columns: Sequence[str]) -> StoredDay:
        """Return columns of a compacted day, with the headers of its units.

        Raises:
            NothingToDo: There is no such day.
        """
        return rewriting.read_day(rewriting.day_directory(self.root(index), day), index, columns)

    def write_day(
        self,
        index: str,
        day: date,
        columns: Mapping[str, ColumnValues | Words],
        headers: Mapping[str, Document],
    ) -> DayChange:
        """Replace columns of a compacted day, and return what that changed."""
        return rewriting.write_day(rewriting.day_directory(self.root(index), day), columns, headers)

    def write_figures(self, index: str, day: date, rows: Sequence[OverviewRow]) -> bool:
        """Replace figures in the overview rows of one index. Status and reason stay."""
        directory = days.directory_of(self.root(OVERVIEW), day)
        return directory.is_dir() and rewriting.write_figures(directory, index, rows)

    def events_position(self) -> BusPosition:
        """Return how far events are stored."""
        return events.position(self._directory / layout.folder(Kind.EVENTS))

    def keep_events(self, batch: Iterable[Event], upto: BusPosition) -> None:
        """Store events under their days, and remember `upto` as the place to go on from."""
        events.keep(self._directory / layout.folder(Kind.EVENTS), batch, upto)


def _schema(name: str) -> pa.Schema:
    return OVERVIEW_SCHEMA if name == OVERVIEW else CHAIN_SCHEMA
