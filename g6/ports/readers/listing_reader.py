"""What a study of the market reads: listings, rules of expiries, and the exchanges' own files."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Protocol

from g6.domain.cycles.plan import IndexPlan, Plan
from g6.domain.market.calendar import Calendar
from g6.domain.market.instrument import Listing
from g6.ports.sources import Source


class ListingReader(Protocol):
    """Reads what is listed, from a provider or from the dumps of a data directory."""

    @property
    def now(self) -> datetime:
        """Return the market's instant."""
        ...

    @property
    def calendar(self) -> Calendar:
        """Return the sessions, holidays and fixes of the exchanges."""
        ...

    @property
    def plan(self) -> Plan:
        """Return which indices are collected, and by which rules."""
        ...

    @property
    def source(self) -> Source:
        """Return the record of the provider that lists contracts where no dump does."""
        ...

    @property
    def knows_today_alone(self) -> bool:
        """Tell whether a live provider lists contracts, which leaves out what has expired."""
        ...

    def of_dumps(self) -> ListingReader:
        """Return a reader of the stored dumps alone, which asks nobody."""
        ...

    def configured_at(self, at: datetime | None) -> ListingReader:
        """Return a reader whose indices and rules are those of the newest stored cycle by then.

        Args:
            at: The instant, None for the indices and rules of now. They count as well where nothing
                is stored of then, or where the instant lies ahead.
        """
        ...

    def index_plan(self, index: str) -> IndexPlan:
        """Return the rules of an index, whether it is enabled or not."""
        ...

    def listing(self, index: str, at: datetime) -> Listing:
        """Return what is listed of an index at an instant.

        Raises:
            G6Error: Nobody knows it.
        """
        ...

    def origin(self, index: str) -> str:
        """Return where the last listing of an index came from, empty before there was one."""
        ...

    def spot(self, index: str, at: datetime) -> float | None:
        """Return the index in points, None where nobody can be asked or nobody answers."""
        ...

    def refresh(self, indices: Set[str]) -> Mapping[str, int]:
        """Download the dumps of these indices' exchanges again.

        Returns:
            How many listings came from where.

        Raises:
            BadConfig: The provider has no dumps.
        """
        ...

    def dump_span(self, exchange: str, symbol: str) -> tuple[date, date] | None:
        """Return the first and the last stored day that lists a contract, None without any."""
        ...

    def freeze_quantity(self, root: str, day: date) -> tuple[int, date] | None:
        """Return the most units of one order and the day of the file that says so.

        Raises:
            BadInput: The exchange's file cannot be read.
        """
        ...


@dataclass(frozen=True, slots=True)
class FileLots:
    """What an end-of-day file says of the contracts of one root and expiry.

    Attributes:
        file: The file's name.
        day: The day of the file.
        root: The underlying's name.
        expiry: The expiry.
        contracts: How many contracts there are.
        lots: Distinct lots that the rows carry, none where the layout has none.
        divisor: The greatest number that divides every open interest, 0 without any.
    """

    file: str
    day: date
    root: str
    expiry: date
    contracts: int
    lots: Set[int]
    divisor: int


@dataclass(frozen=True, slots=True)
class EndOfDayFile:
    """What was read of one end-of-day file.

    Attributes:
        lots: The lots by day, root and expiry, ascending.
        left_out: Line and reason of each row that was left out.
    """

    lots: tuple[FileLots, ...]
    left_out: tuple[tuple[int, str], ...]


class EndOfDayReader(Protocol):
    """Reads the end-of-day files of the exchanges."""

    def read(self, path: Path) -> EndOfDayFile:
        """Return the lots of the index contracts in a file.

        Raises:
            BadInput: It cannot be read, or has the columns of no known layout.
        """
        ...
