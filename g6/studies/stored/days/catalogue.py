"""What is stored: of each index and day the cycles, from when to when, and the bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated

from g6.domain.cycles.cycle import isoformat_z
from g6.domain.market.instants import instant_in_words
from g6.domain.schema.layout import Kind
from g6.errors import NothingToDo
from g6.ports.readers import ArchiveReader
from g6.studies.documents import columns_of
from g6.studies.parameters import At, Parameter
from g6.studies.selection import known_index

__all__ = ["CatalogueDay", "CatalogueParameters", "StoredCatalogue", "answer"]


@dataclass(frozen=True, slots=True)
class CatalogueParameters:
    """Asks what is stored of all indices, or of one."""

    index: Annotated[
        str | None,
        Parameter(
            "Only this index; else all.",
            "NIFTY",
            metavar="[INDEX]",
            read=known_index,
            is_positional=True,
        ),
    ] = None
    at: At = None


@dataclass(frozen=True, slots=True)
class CatalogueDay:
    """The stored chains of one index and day. The names of the fields are published.

    Attributes:
        index: The underlying's name.
        day: The session day.
        cycles: How many chains there are.
        first: The first one's cycle.
        last: The last one's cycle.
        config_ids: The settings that they were computed under, in the order of the day.
        bytes: The size of the files, None of a past instant.
        files: How far they are folded, empty of a past instant.
    """

    index: str
    day: date
    cycles: int
    first: str
    last: str
    config_ids: tuple[str, ...]
    bytes: int | None
    files: str


@dataclass(frozen=True, slots=True)
class StoredCatalogue:
    """What is stored, by index and day.

    Attributes:
        days: The days, the oldest of each index first.
    """

    days: tuple[CatalogueDay, ...]

    def columns(self) -> Mapping[str, list[object]]:
        """Return one line per index and day."""
        return columns_of(CatalogueDay, self.days)


def answer(reader: ArchiveReader, parameters: CatalogueParameters) -> StoredCatalogue:
    """Return what is stored, or was at an instant.

    Raises:
        UserError: There is no such index.
        NothingToDo: Nothing is stored, or nothing of that index.
    """
    index = parameters.index
    at = parameters.at
    holdings = {
        (holding.name, holding.day): holding
        for holding in reader.holdings(at)
        if holding.kind == Kind.CHAIN and index in (None, holding.name)
    }
    chains = reader.stored_chains(sorted(holdings), at)
    days = []
    for (name, day), stored in sorted(chains.items()):
        instants = stored.instants.tolist()
        if instants:
            holding = holdings[name, day]
            days.append(
                CatalogueDay(
                    index=name,
                    day=day,
                    cycles=len(instants),
                    first=_cycle(instants[0]),
                    last=_cycle(instants[-1]),
                    config_ids=stored.configs,
                    bytes=holding.bytes,
                    files=holding.state,
                )
            )
    if not days:
        of_index = f" of {index}" if index else ""
        by_then = f" up to {instant_in_words(at)}" if at else ""
        raise NothingToDo(
            f"no chain{of_index} is stored in {reader.place}{by_then}",
            "g6 data catalogue shows what is there"
            if at
            else "g6 demo collects six cycles of the simulated market",
        )
    return StoredCatalogue(tuple(days))


def _cycle(microseconds: int) -> str:
    return isoformat_z(datetime.fromtimestamp(microseconds / 1e6, UTC))
