"""What is configured to be collected, and what is listed of it as far as nobody has to be asked."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from g6.domain.cycles.plan import Plan
from g6.domain.market.calendar import Calendar
from g6.domain.market.instrument import Listing


class CollectionReader(Protocol):
    """Reads a configured collection before it begins."""

    @property
    def now(self) -> datetime:
        """Return the market's instant: a simulation's start, else the wall clock's."""
        ...

    @property
    def calendar(self) -> Calendar:
        """Return the sessions of the exchanges."""
        ...

    @property
    def plan(self) -> Plan:
        """Return which indices are collected, and by which rules."""
        ...

    @property
    def is_recorded(self) -> bool:
        """Tell whether a recording is collected, with every expiry and cycle that it has."""
        ...

    @property
    def is_whole_chain(self) -> bool:
        """Tell whether every listed strike is collected, else the window."""
        ...

    @property
    def has_greeks(self) -> bool:
        """Tell whether Greeks are computed."""
        ...

    @property
    def sinks(self) -> frozenset[str]:
        """Return the kinds of files that are written, of `parquet` and `csv`."""
        ...

    def listing(self, index: str, at: datetime) -> Listing | None:
        """Return what the simulated market lists, else the newest listing that is kept."""
        ...
