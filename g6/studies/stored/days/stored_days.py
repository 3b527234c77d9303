"""The stored days by index: in how many files, how far folded, how large."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from g6.domain.market.instants import instant_in_words
from g6.errors import NothingToDo
from g6.ports.readers import ArchiveReader, Holding
from g6.studies.documents import columns_of
from g6.studies.parameters import At, Parameter, session_day

__all__ = ["DaysParameters", "StoredDays", "answer"]


@dataclass(frozen=True, slots=True)
class DaysParameters:
    """Asks for all stored days, or for one."""

    day: Annotated[
        date | None,
        Parameter(
            "Only this session day, such as 2026-11-20 or latest; else all.",
            "2026-11-20",
            option="--date",
            metavar="DAY",
            read_at=session_day,
        ),
    ] = None
    at: At = None


@dataclass(frozen=True, slots=True)
class StoredDays:
    """What is stored, by name and day."""

    holdings: tuple[Holding, ...]

    def columns(self) -> Mapping[str, list[object]]:
        """Return one line per name and day."""
        return columns_of(Holding, self.holdings)


def answer(reader: ArchiveReader, parameters: DaysParameters) -> StoredDays:
    """Return the stored days, or those of which a row was stored at an instant.

    Raises:
        NothingToDo: Nothing is stored, or nothing of that day.
    """
    day = parameters.day
    at = parameters.at
    holdings = [holding for holding in reader.holdings(at) if day in (None, holding.day)]
    if not holdings:
        by_then = f" up to {instant_in_words(at)}" if at else ""
        of_day = f" of {day}" if day else ""
        days = sorted({holding.day for holding in reader.holdings()})
        there = f"; the first day there is {days[0]}, the last {days[-1]}" if days else ""
        raise NothingToDo(f"nothing is stored in {reader.place}{of_day}{by_then}{there}")
    return StoredDays(tuple(holdings))
