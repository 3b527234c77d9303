"""What a study of the market reads: the listings of a day, and the rules that expiries answer."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from g6.domain.cycles.plan import Plan
from g6.domain.market.calendar import Calendar
from g6.domain.market.instrument import Listing


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

    def listing(self, index: str, at: datetime) -> Listing:
        """Return what is listed of an index at an instant.

        Raises:
            G6Error: Nobody knows it.
        """
        ...

    def origin(self, index: str) -> str:
        """Return where the last listing of an index came from, empty before there was one."""
        ...
