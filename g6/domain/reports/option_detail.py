"""Series of single options: which of a chain's options are shown, and how many are not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from g6.domain.schema.json_reading import read_record
from g6.domain.schema.json_types import Document, JsonObject
from g6.domain.schema.words import EventType


class DetailMode(StrEnum):
    """How many options of a chain have series of their own."""

    AGGREGATE = "aggregate"
    BAND = "band"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class DetailRules:
    """Which options have series of their own.

    Attributes:
        mode: None of them, those around the money, or all.
        band: Strikes on each side of the money.
        most: The most options of an index. A chain of more is shown in a narrower mode.
    """

    mode: DetailMode = DetailMode.AGGREGATE
    band: int = 5
    most: int = 400


@dataclass(frozen=True, slots=True)
class OptionSample:
    """One option of the newest chain.

    Attributes:
        expiry: ISO date.
        strike: In points.
        side: CE or PE.
        last: Last price in points, None unknown.
        iv: Implied volatility per square root of a year, None unknown.
        oi: Open interest in units of the underlying, None unknown.
    """

    expiry: str
    strike: float
    side: str
    last: float | None
    iv: float | None
    oi: float | None

    def to_json(self) -> JsonObject:
        """Return the option as JSON has it."""
        return {
            "expiry": self.expiry,
            "strike": self.strike,
            "side": self.side,
            "last": self.last,
            "iv": self.iv,
            "oi": self.oi,
        }


@dataclass(frozen=True, slots=True)
class OptionDetail:
    """The options of one analysed unit that have series of their own.

    Attributes:
        mode: The mode that was possible: narrower than configured for a large chain, or under
            memory pressure.
        rejected: Options that the mode left out.
    """

    type: ClassVar[EventType] = EventType.OPTION_DETAIL
    cycle: str
    index: str
    mode: DetailMode
    options: Sequence[OptionSample] = ()
    rejected: int = 0

    def to_json(self) -> JsonObject:
        """Return the payload of the event."""
        return {
            "cycle": self.cycle,
            "index": self.index,
            "mode": str(self.mode),
            "options": [option.to_json() for option in self.options],
            "rejected": self.rejected,
        }

    @classmethod
    def from_json(cls, document: Document) -> OptionDetail:
        """Read what `to_json` gave."""
        return read_record(cls, document)
