"""A store in one process's memory: chains, overview rows and listings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import ClassVar

import numpy as np

from g6.domain.cycles.cycle import Unit, parse_z
from g6.domain.market.calendar import day_of
from g6.domain.market.instrument import Listing
from g6.domain.schema.frame import Frame
from g6.domain.schema.overview_row import OverviewRow
from g6.ports import WriteReport

OI_COLUMNS = ("expiry", "strike", "ce_oi", "pe_oi")


class MemoryStore:
    """Store port.

    `listings` maps (exchange, underlying, day) to what was stored.
    """

    sink: ClassVar[str] = "memory"

    def __init__(self) -> None:
        self._chains: dict[Unit, Frame] = {}
        self._overview: dict[str, dict[str, OverviewRow]] = {}
        self._swept_until: datetime | None = None
        self.listings: dict[tuple[str, str, date], Listing] = {}

    def write_chain(self, unit: Unit, frame: Frame) -> WriteReport:
        """Store a copy of one unit's chain, in place of an earlier one."""
        columns = {name: np.array(column) for name, column in frame.columns.items()}
        self._chains[unit] = Frame(dict(frame.header), columns)
        size = sum(column.nbytes for column in columns.values())
        return WriteReport({self.sink: len(frame)}, {self.sink: size})

    def write_overview(self, cycle: str, rows: Sequence[OverviewRow]) -> WriteReport:
        """Store overview rows of one cycle. Rows of other indices that are stored already stay."""
        self._overview.setdefault(cycle, {}).update({row["underlying"]: row.copy() for row in rows})
        return WriteReport({self.sink: len(rows)})

    def read_chain(self, unit: Unit) -> Frame | None:
        """Return a stored unit's chain with its header, None when there is none."""
        return self._chains.get(unit)

    def read_overview(self, cycle: str) -> Sequence[OverviewRow]:
        """Return the overview rows of one cycle, by index."""
        rows = self._overview.get(cycle, {})
        return [rows[index] for index in sorted(rows)]

    def overview_cycles(self, first: datetime, last: datetime) -> Mapping[str, frozenset[str]]:
        """Return the indices with an overview row by cycle, from `first` to `last` inclusive."""
        return {
            cycle: frozenset(rows)
            for cycle, rows in sorted(self._overview.items())
            if first <= parse_z(cycle) <= last
        }

    def last_overview(self) -> datetime | None:
        """Return the newest instant that has an overview row."""
        return max(map(parse_z, self._overview), default=None)

    def record_swept(self, until: datetime) -> None:
        """Keep the instant up to which everything that was due is stored."""
        self._swept_until = until

    def swept_until(self) -> datetime | None:
        """Return what `record_swept` kept last."""
        return self._swept_until

    def last_oi(self, index: str, before: date, since: datetime | None = None) -> Frame | None:
        """Return the open interest of the last chain before a session, None without one."""
        earlier = [
            unit
            for unit in self._chains
            if unit.index == index
            and day_of(unit.instant) < before
            and (since is None or unit.instant >= since)
        ]
        if not earlier:
            return None
        frame = self._chains[max(earlier, key=lambda unit: unit.instant)]
        return Frame(frame.header, {name: frame.columns[name] for name in OI_COLUMNS})

    def keep_listing(self, listing: Listing, exchange: str) -> None:
        """Store a day's instruments."""
        self.listings[exchange, listing.underlying, listing.on] = listing
