"""Stored rows as the second opinion reads them, without the types of the domain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from math import nan
from typing import cast

__all__ = ["BeyondStrikes", "StoredCell", "StoredRow", "StoredUnit"]

StoredCell = float | int | str | date | datetime | None
"""One stored value, None where it is missing."""


@dataclass(frozen=True, slots=True)
class StoredRow:
    """One stored row: its values by column, None where one is missing.

    >>> StoredRow({"strike": 26000.0, "model": "black76", "iv": None}).number("strike")
    26000.0
    """

    values: Mapping[str, StoredCell]

    def number(self, column: str) -> float:
        """Return a number, NaN where it is missing."""
        value = self.known(column)
        return nan if value is None else value

    def known(self, column: str) -> float | None:
        """Return a number, None where it is missing."""
        value = self.values[column]
        return float(value) if isinstance(value, int | float) else None

    def flags(self, column: str) -> int:
        """Return a column of bits."""
        value = self.values[column]
        return value if isinstance(value, int) else 0

    def text(self, column: str) -> str:
        """Return a text, empty where it is missing."""
        return str(self.values[column] or "")

    @property
    def expiry(self) -> date:
        """The expiry's day."""
        return cast("date", self.values["expiry"])

    @property
    def instant(self) -> datetime:
        """The cycle's instant."""
        return cast("datetime", self.values["timestamp"])


@dataclass(frozen=True, slots=True)
class BeyondStrikes:
    """What a header holds of the listed strikes of one expiry that are no rows.

    Attributes:
        strike: Those that are known.
        calls: Open interest of their calls, units, None unknown.
        puts: Open interest of their puts.
        listed: How many there are.
        unasked: How many of them nobody asked for of late.
    """

    strike: Sequence[float]
    calls: Sequence[float | None]
    puts: Sequence[float | None]
    listed: int
    unasked: int


@dataclass(frozen=True, slots=True)
class StoredUnit:
    """One stored unit.

    Attributes:
        index: The underlying's name.
        instant: The cycle's instant, UTC.
        rows: Chain rows.
        overview: Its overview row, None when there is none.
        beyond: By ISO expiry the listed strikes that are no rows.
    """

    index: str
    instant: datetime
    rows: Sequence[StoredRow]
    overview: StoredRow | None
    beyond: Mapping[str, BeyondStrikes] = field(default_factory=dict)
