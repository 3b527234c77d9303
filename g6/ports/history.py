"""The history: the stored days, and the work on one day of one index at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from g6.domain.documents.certificates import Certificate, CertifiedContents, CertifiedFile
from g6.domain.schema.frame import ColumnValues, Words
from g6.domain.schema.json_types import Document
from g6.domain.schema.layout import Kind
from g6.domain.schema.overview_row import OverviewRow
from g6.ports.bus import Event

OVERVIEW = str(Kind.OVERVIEW)
"""The name that stands for the overview rows where others are an index's."""


class DayChange(IntEnum):
    """What became of a day that was computed again. NONE is false."""

    NONE = 0
    """Not a byte changed."""
    SETTINGS = 1
    """Only the configuration that rows name is another one."""
    FIGURES = 2


@dataclass(frozen=True, slots=True)
class FoldReport:
    """The facts of one folding.

    Attributes:
        written: Files written.
        gone: Files removed.
        rows: Rows in what was written.
        bytes: Bytes of what was written.
        damaged: Damaged files that were left alone.
        left: Their names.
    """

    # `g6 data compact --json` prints these names.
    written: int = 0
    gone: int = 0
    rows: int = 0
    bytes: int = 0
    damaged: int = 0
    left: tuple[str, ...] = ()

    def __add__(self, other: FoldReport) -> FoldReport:
        return FoldReport(
            *(getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__)
        )


@dataclass(frozen=True, slots=True)
class LooseDay:
    """A day of an index, or of the overview, that is in more than one file.

    Attributes:
        name: The index, or `overview`.
        day: The session's day in India.
        files: How many files there are.
        oldest_part: The instant of the oldest part, None without parts.
    """

    name: str
    day: date
    files: int
    oldest_part: datetime | None


@dataclass(frozen=True, slots=True)
class Finding:
    """One damage of a stored file.

    Attributes:
        path: The file.
        kind: A word for the kind of damage.
        what: A clause that tells what is wrong with it.
        fix: The command or act that mends it.
    """

    path: str
    kind: str
    what: str
    fix: str

    @classmethod
    def leftover(cls, path: str, remove: str) -> Finding:
        """Return the finding for a temporary file that a killed writer left."""
        fix = f"a running g6 up clears it within a quarter hour; or {remove}"
        return cls(path, "leftover", "was being written when its process was killed", fix)


@dataclass(frozen=True, slots=True)
class StoredDay:
    """All rows of one index on one day, in the order of their instants.

    Attributes:
        cycles: Names of the cycles, c of them.
        bounds: Shape (c + 1,). The rows of cycle i are `bounds[i]:bounds[i + 1]`.
        columns: Shape (n,) each.
        headers: The header of each cycle's frame.
    """

    cycles: tuple[str, ...]
    bounds: NDArray[np.int64]
    columns: Mapping[str, ColumnValues]
    headers: Mapping[str, Document]


@dataclass(frozen=True, slots=True)
class BusPosition:
    """How far events are stored.

    Attributes:
        id: The id of the last event that was read.
        published: How many events had been published by then.
    """

    id: str = "0-0"
    published: int = 0


class History(Protocol):
    """The stored days.

    Each call works on one day of one index and may be made again at any time. Every call may raise
    StoreBusy or BadInput.
    """

    def sizes(self) -> Mapping[str, tuple[int, int]]:
        """Return files and bytes of everything stored, by kind."""
        ...

    def clear_abandoned(self) -> int:
        """Remove temporary files that killed writers left an hour ago and return how many."""
        ...

    def loose_days(self) -> Sequence[LooseDay]:
        """Return the days in more than one file, or in one that is a part, oldest first."""
        ...

    def fold(self, name: str, day: date, before: datetime) -> FoldReport:
        """Fold the parts before `before` into the segments of their quarter hours."""
        ...

    def compact(self, name: str, day: date) -> FoldReport:
        """Fold a day that is over into one file."""
        ...

    def read_day(self, index: str, day: date, columns: Sequence[str]) -> StoredDay:
        """Return columns of a compacted day, with the headers of its units.

        Raises:
            NothingToDo: There is no such day.
        """
        ...

    def write_day(
        self,
        index: str,
        day: date,
        columns: Mapping[str, ColumnValues | Words],
        headers: Mapping[str, Document],
    ) -> DayChange:
        """Replace columns of a compacted day, and return what that changed.

        Args:
            index: The underlying's name.
            day: The session's day in India.
            columns: New values, in the order of rows that `read_day` gave.
            headers: New headers by cycle.
        """
        ...

    def write_figures(self, index: str, day: date, rows: Sequence[OverviewRow]) -> bool:
        """Replace figures in the overview rows of one index. Status and reason stay as they were.

        Returns:
            False when the file stays the same.
        """
        ...

    def events_position(self) -> BusPosition:
        """Return how far events are stored."""
        ...

    def keep_events(self, batch: Iterable[Event], upto: BusPosition) -> None:
        """Store events under their days, and remember `upto` as the place to go on from.

        They are gone through once. An event that is stored already is not stored twice.
        """
        ...


class CertificateStore(Protocol):
    """The certificates of stored days, and what is needed to issue one.

    Every call may raise StoreBusy or BadInput.
    """

    def locked(self, day: date) -> AbstractContextManager[None]:
        """Hold the certificates of a day, so that one is issued at a time."""
        ...

    def certified_days(self) -> Sequence[date]:
        """Return the days that have a certificate, ascending."""
        ...

    def certificate(self, day: date, version: int | None = None) -> Certificate | None:
        """Return a version of a day's certificate, or the newest. None where there is none."""
        ...

    @property
    def public_key(self) -> str:
        """Return the public half of the key that signs, in hex digits, empty without a key.

        Raises:
            Unavailable: The key cannot be read, or its library is not installed.
        """
        ...

    def marks(self, day: date) -> Mapping[str, bool]:
        """Return the names that were noted since the newest certificate.

        Of each it says whether its files were rewritten since, or only were to be.
        """
        ...

    def is_whole(self, day: date) -> bool:
        """Tell whether the day has rows, and each index and the overview are one file."""
        ...

    def stored_files(
        self, day: date, records: Mapping[str, CertifiedFile]
    ) -> Sequence[CertifiedFile]:
        """Return the records of the files of a day, by path, those of `records` as they are."""
        ...

    def contents(self, day: date) -> CertifiedContents:
        """Return coverage, gaps, sources and configurations of a day."""
        ...

    def sign(self, certificate: Certificate) -> Certificate:
        """Return the certificate signed, or as it is where no key is configured.

        Raises:
            Unavailable: The key cannot be read, or its library is not installed.
        """
        ...

    def keep_certificate(self, certificate: Certificate) -> None:
        """Store a certificate for good."""
        ...

    def forget_marks(self, day: date, names: Iterable[str]) -> None:
        """Forget what was noted of a day: its newest certificate has it."""
        ...
