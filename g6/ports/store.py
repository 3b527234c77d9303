"""The store: the rows of chains and overviews for good."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol

from g6.domain.cycles.cycle import Unit
from g6.domain.market.instrument import Listing
from g6.domain.schema.frame import Frame


@dataclass(frozen=True, slots=True)
class WriteReport:
    """What one write did: rows and bytes per sink, torn lines cut off, refusals per sink.

    `aside` counts the damaged lines that were moved out of a file, by the file that holds them now.
    """

    rows: Mapping[str, int] = field(default_factory=dict)
    bytes: Mapping[str, int] = field(default_factory=dict)
    repaired: int = 0
    errors: Mapping[str, str] = field(default_factory=dict)
    aside: Mapping[str, int] = field(default_factory=dict)


class Store(Hashable, Protocol):
    """Where rows stay. Writing the same unit twice replaces; a crash leaves nothing half. Errors: StoreBusy."""

    def write_chain(self, unit: Unit, frame: Frame) -> WriteReport:
        """Write one unit's chain (columns of `rows.CHAIN`)."""
        ...

    def write_overview(self, cycle: str, rows: Sequence[Mapping[str, Any]]) -> WriteReport:
        """Write overview rows (keys of `rows.OVERVIEW`) of one cycle; rows of other indices already there stay."""
        ...

    def read_chain(self, unit: Unit) -> Frame | None:
        """Return a stored unit's chain with its header, None when there is none."""
        ...

    def overview_cycles(self, first: datetime, last: datetime) -> Mapping[str, frozenset[str]]:
        """Return the indices that have an overview row, by cycle, for instants from `first` to `last`."""
        ...

    def last_overview(self) -> datetime | None:
        """Return the newest instant that has an overview row."""
        ...

    def last_oi(self, index: str, before: date) -> Frame | None:
        """Return expiry, strike, ce_oi, pe_oi of the last chain stored before the session day `before`."""
        ...

    def keep_listing(self, listing: Listing, exchange: str) -> None:
        """Keep a day's instruments for ever."""
        ...
