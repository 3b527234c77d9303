"""The store: the rows of chains and overviews for good."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

from g6.domain.cycles.cycle import Unit
from g6.domain.market.instrument import Listing
from g6.domain.reports import WriteReport
from g6.domain.schema.frame import Frame
from g6.domain.schema.overview_row import OverviewRow

__all__ = ["Store", "WriteReport"]


class Store(Hashable, Protocol):
    """The rows of chains and overviews for good.

    Writing a unit a second time replaces it, and a crash leaves nothing half written. Every write
    may raise StoreBusy.
    """

    @property
    def sink(self) -> str:
        """The name of its sink, under which `WriteReport` counts what it wrote and refused."""
        ...

    def write_chain(self, unit: Unit, frame: Frame) -> WriteReport:
        """Write one unit's chain, with the columns of `rows.CHAIN`."""
        ...

    def write_overview(self, cycle: str, rows: Sequence[OverviewRow]) -> WriteReport:
        """Write overview rows of one cycle. Rows of other indices that are stored already stay.

        Args:
            cycle: The cycle's name.
            rows: The keys of `rows.OVERVIEW`.
        """
        ...

    def read_chain(self, unit: Unit) -> Frame | None:
        """Return a stored unit's chain with its header, None when there is none."""
        ...

    def read_overview(self, cycle: str) -> Sequence[OverviewRow]:
        """Return the stored overview rows of one cycle, none where the store cannot read them."""
        ...

    def overview_cycles(self, first: datetime, last: datetime) -> Mapping[str, frozenset[str]]:
        """Return the indices with an overview row by cycle, from `first` to `last` inclusive."""
        ...

    def last_overview(self) -> datetime | None:
        """Return the newest instant that has an overview row, None when there is none."""
        ...

    # The ledger's own mark goes with a Redis that is emptied. Before a first row was stored nothing
    # else said where the grid of a run began.
    def record_swept(self, until: datetime) -> None:
        """Keep the instant up to which everything that was due is stored, for `swept_until`."""
        ...

    def swept_until(self) -> datetime | None:
        """Return what `record_swept` kept last, None where there is nothing."""
        ...

    def last_oi(self, index: str, before: date, since: datetime | None = None) -> Frame | None:
        """Return the open interest of the last chain before a session.

        Args:
            index: The underlying's name.
            before: The session's day in India.
            since: No earlier chain counts. None for any.

        Returns:
            The columns expiry, strike, ce_oi and pe_oi, None when no such chain is
            stored.
        """
        ...

    def keep_listing(self, listing: Listing, exchange: str) -> None:
        """Store a day's instruments for good."""
        ...
