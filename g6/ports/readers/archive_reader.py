"""The files of a data directory: days, sizes, and the units in them as plain rows and columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Protocol

from g6.domain.cycles.cycle import Unit
from g6.domain.schema.frame import Frame
from g6.ports.readers.past import StoredChains


@dataclass(frozen=True, slots=True)
class FileTotals:
    """How many files there are of one kind, and their bytes."""

    files: int
    bytes: int

    def __add__(self, other: FileTotals) -> FileTotals:
        return FileTotals(self.files + other.files, self.bytes + other.bytes)


@dataclass(frozen=True, slots=True)
class Holding:
    """The files of one day of an index, of the overviews or of the instruments.

    Of a past instant no number of files and no size is known: folding leaves no trace of them.

    Attributes:
        kind: chain, overview or instruments.
        name: The index, or the kind.
        day: The session day.
        parts: Files of one cycle.
        segments: Files of a quarter of an hour.
        days: Files of a whole day.
        bytes: The size of all of them, wherever they lie.
        archived: The cold place that holds the file of the day, empty where it is here.
    """

    kind: str
    name: str
    day: date
    parts: int | None
    segments: int | None
    days: int | None
    bytes: int | None
    archived: str = ""

    @property
    def state(self) -> str:
        """How far it is folded: `day`, `archived`, or what there is besides, empty unknown."""
        if self.bytes is None:
            return ""
        words = []
        if self.days:
            words.append("archived" if self.archived else "day")
        if self.segments:
            words.append(f"{self.segments} segments")
        if self.parts:
            words.append(f"{self.parts} parts")
        return ", ".join(words) or "empty"


@dataclass(frozen=True, slots=True)
class CsvFiles:
    """What there is of CSV files. The names of the fields are published.

    Attributes:
        csv_dir: Where they are.
        total_files: How many.
        total_size_mb: Their size.
        oldest_file_utc: The first change of one, None without any.
        newest_file_utc: The last change of one.
        per_index_counts: Files by index.
    """

    csv_dir: str
    total_files: int
    total_size_mb: float
    oldest_file_utc: str | None
    newest_file_utc: str | None
    per_index_counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class DatedFile:
    """One file of one session day.

    Attributes:
        path: Where it is.
        kind: chain, overview, events or csv.
        day: The session day.
        bytes: Its size.
    """

    path: Path
    kind: str
    day: date
    bytes: int


@dataclass(frozen=True, slots=True)
class ColumnSummary:
    """One column of a snapshot.

    Attributes:
        name: The column.
        nulls: Values that are missing or NaN.
        distinct: Different values.
        min: The least value, None where all are missing.
        max: The largest value.
    """

    name: str
    nulls: int
    distinct: int
    min: object
    max: object


@dataclass(frozen=True, slots=True)
class SnapshotColumns:
    """A snapshot by its columns.

    Attributes:
        name: The file, or the index and cycle.
        rows: How many rows it has.
        columns: A summary of each column.
        values: The columns that are counted value by value, those of them that there are.
    """

    name: str
    rows: int
    columns: tuple[ColumnSummary, ...]
    values: Mapping[str, Sequence[object]]


class ArchiveReader(Protocol):
    """Reads what one data directory holds, and changes nothing in it."""

    @property
    def place(self) -> str:
        """Return where the rows are, as a person names it on the command line."""
        ...

    def holdings(self, at: datetime | None = None) -> Iterable[Holding]:
        """Yield what there is of chains, overviews and instruments, by name and day.

        Args:
            at: Yield what was there at this instant, without its files. None for now.
        """
        ...

    def stored_chains(
        self, keys: Sequence[tuple[str, date]], at: datetime | None = None
    ) -> Mapping[tuple[str, date], StoredChains]:
        """Return the stored chains of each index and day.

        Args:
            keys: The indices and days.
            at: Leave out what was not there at this instant.
        """
        ...

    def sizes(self) -> Mapping[str, FileTotals]:
        """Return files and bytes by kind. What belongs to none is `other`."""
        ...

    def csv_files(self) -> CsvFiles:
        """Return what there is of CSV files.

        Raises:
            NothingToDo: There is no data directory.
        """
        ...

    @property
    def today(self) -> date:
        """Return the day by the wall clock, in India."""
        ...

    def older(self, before: date, kinds: Sequence[str]) -> Sequence[DatedFile]:
        """Return the files of some kinds of days before one, oldest first.

        Raises:
            NothingToDo: There is no data directory.
        """
        ...

    def file_columns(self, path: str, counted: Sequence[str]) -> SnapshotColumns:
        """Return a Parquet file by its columns, those of `counted` value by value.

        Raises:
            UserError: There is no such file.
            BadInput: It is no whole Parquet file.
        """
        ...

    def unit_columns(
        self, index: str, at: datetime | None, counted: Sequence[str]
    ) -> SnapshotColumns:
        """Return the newest stored chain of an index that was observed by `at`, by its columns.

        Raises:
            NothingToDo: No chain of it is stored.
        """
        ...


class UnitReader(Protocol):
    """Reads stored units twice: as the store does, and as plain rows by other means."""

    @property
    def place(self) -> str:
        """Return where the rows are, as a person names it on the command line."""
        ...

    def units(self, at: datetime | None = None) -> Sequence[Unit]:
        """Return the stored units, ascending by instant and index.

        Args:
            at: Leave out those of which not every row was there at this instant.
        """
        ...

    def plain(self, unit: Unit) -> object:
        """Return a unit as plain rows, read without the code that wrote them."""
        ...

    def chain(self, unit: Unit) -> Frame | None:
        """Return a unit as the store reads it, None where it cannot be read."""
        ...
