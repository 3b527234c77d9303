"""Which files of old days would be deleted: a person names the days."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated

from g6.domain.schema.layout import PRUNABLE
from g6.errors import UserError
from g6.ports.readers import ArchiveReader, DatedFile
from g6.studies.documents import columns_of
from g6.studies.parameters import Parameter, session_day, words

__all__ = ["PruningDay", "PruningPlan", "PruningPlanParameters", "answer"]

KINDS = tuple(map(str, PRUNABLE))


def _kinds(value: object) -> tuple[str, ...]:
    # Instruments are not among the kinds: no provider gives the listing of a day that is over.
    names = tuple(name for word in words(value) for name in word.split(",") if name)
    for name in names:
        if name not in KINDS:
            raise UserError(f"{name!r} is not pruned", f"choose of {', '.join(KINDS)}")
    return names


Before = Annotated[
    date | None,
    Parameter("Delete days before this one.", "2025-01-01", metavar="DAY", read_at=session_day),
]
KeepDays = Annotated[
    int | None,
    Parameter("Delete all but the last N calendar days.", "365", least=1, metavar="N"),
]
Kinds = Annotated[
    tuple[str, ...],
    Parameter(
        "Kinds of files, of chain, overview, events and csv.",
        "chain,csv",
        metavar="KIND,…",
        read=_kinds,
    ),
]


@dataclass(frozen=True, slots=True)
class PruningPlanParameters:
    """Asks which files of days that are named would be deleted."""

    before: Before = None
    keep_days: KeepDays = None
    kinds: Kinds = ("csv",)


@dataclass(frozen=True, slots=True)
class PruningDay:
    """The files of one day and kind. The names of the fields are published."""

    day: date
    kind: str
    files: int
    bytes: int


@dataclass(frozen=True, slots=True)
class PruningPlan:
    """The files of old days, or those that were deleted.

    Attributes:
        days: By day and kind, ascending.
        files: Each of them, oldest first.
        is_done: Whether they are deleted.
    """

    days: tuple[PruningDay, ...]
    files: tuple[DatedFile, ...]
    is_done: bool = False

    @property
    def bytes(self) -> int:
        """The size of all files."""
        return sum(day.bytes for day in self.days)

    def columns(self) -> Mapping[str, list[object]]:
        """Return one line per day and kind."""
        return columns_of(PruningDay, self.days)


def answer(reader: ArchiveReader, parameters: PruningPlanParameters) -> PruningPlan:
    """Return the files of the days that are named.

    Raises:
        UserError: No days are named, or twice.
    """
    # No default: what is deleted cannot be fetched again, so a person names the days.
    if (parameters.before is None) == (parameters.keep_days is None):
        raise UserError("which days?", "give --before DAY or --keep-days N")
    first_kept = reader.today - timedelta(days=(parameters.keep_days or 1) - 1)
    files = reader.older(parameters.before or first_kept, parameters.kinds)
    sizes: Counter[tuple[date, str]] = Counter()
    counts: Counter[tuple[date, str]] = Counter()
    for file in files:
        sizes[file.day, file.kind] += file.bytes
        counts[file.day, file.kind] += 1
    days = [PruningDay(*place, counts[place], sizes[place]) for place in sorted(counts)]
    return PruningPlan(tuple(days), tuple(files))
