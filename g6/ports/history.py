"""The stored past as a whole: which days there are, and what is done to a day of one index at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from g6.domain.schema.frame import Words
from g6.ports.bus import Event

OVERVIEW = "overview"
"""The name that stands for the overviews where others are an index's."""


@dataclass(frozen=True, slots=True)
class FoldReport:
    """What folding did: files written, files gone, rows in what was written, its bytes, damaged files that were left alone.

    `left` names those.
    """

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
    """A day of an index (or `overview`) in more than one file: how many, and the instant of the oldest part, None without parts."""

    name: str
    day: date
    files: int
    oldest_part: datetime | None


@dataclass(frozen=True, slots=True)
class Finding:
    """One damage: the file, a word for its kind, what is wrong with it, and the command or act that mends it."""

    path: str
    kind: str
    what: str
    fix: str

    @classmethod
    def leftover(cls, path: str, remove: str) -> Finding:
        """Return what is said of a temporary file that a killed writer left."""
        fix = f"a running g6 up clears it within a quarter hour; or {remove}"
        return cls(path, "leftover", "was being written when its process was killed", fix)


@dataclass(frozen=True, slots=True)
class StoredDay:
    """One index on one day, all of it: rows by instant, `columns` each `(n,)`; those of cycle i are `bounds[i]:bounds[i + 1]`."""

    cycles: tuple[str, ...]
    bounds: NDArray[np.int64]
    columns: Mapping[str, NDArray[Any]]
    headers: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class BusPosition:
    """How far the bus is kept: the id of the last event read, and how many had been published by then."""

    id: str = "0-0"
    published: int = 0


class History(Protocol):
    """The stored days. Each call works on one day of one index and may be made again at any time. Errors: StoreBusy, BadInput."""

    def sizes(self) -> Mapping[str, tuple[int, int]]:
        """Return (files, bytes) of everything stored, by kind."""
        ...

    def clear_abandoned(self) -> int:
        """Remove the temporary files that killed writers left, old enough to be nobody's; return how many."""
        ...

    def loose_days(self) -> Sequence[LooseDay]:
        """Return the days that are in more than one file, or in one that is a part, oldest first."""
        ...

    def fold(self, name: str, day: date, before: datetime) -> FoldReport:
        """Fold the parts before `before` into the segments of their quarter hours."""
        ...

    def compact(self, name: str, day: date) -> FoldReport:
        """Fold a day that is over into one file."""
        ...

    def read_day(self, index: str, day: date, columns: Sequence[str]) -> StoredDay:
        """Return these columns of a compacted day, with the headers of its units. Errors: NothingToDo (no such day)."""
        ...

    def write_day(
        self,
        index: str,
        day: date,
        columns: Mapping[str, NDArray[Any] | Words],
        headers: Mapping[str, Mapping[str, Any]],
    ) -> bool:
        """Put other values into columns of a compacted day, rows as `read_day` gave them; False when the file stays the same."""
        ...

    def write_figures(self, index: str, day: date, rows: Sequence[Mapping[str, Any]]) -> bool:
        """Put other figures into the overview rows of one index; status and reason stay what they were."""
        ...

    def events_position(self) -> BusPosition:
        """Return how far events are kept."""
        ...

    def keep_events(self, told: Sequence[Event], upto: BusPosition) -> None:
        """Keep events under their days, one that is there already once, and go on after `upto` the next time."""
        ...
