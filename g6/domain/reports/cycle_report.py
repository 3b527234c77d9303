"""What one finished cycle was, and where a gap opens or closes with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, cast

from g6.domain.schema.json_reading import part, read_record, text
from g6.domain.schema.json_types import Document, JsonObject, present
from g6.domain.schema.no_word import NoWord, reason_of
from g6.domain.schema.overview_row import OverviewRow
from g6.domain.schema.words import ANALYSED, EventType, Reason, Status


@dataclass(frozen=True, slots=True)
class CycleReport:
    """What one finished cycle was: its status, each unit's status and reason, and wall times.

    Attributes:
        units: Status by index.
        reasons: Reason by index, of units that have one.
        options: Options with a quote, by index.
        lateness_seconds: First stage's start after the cycle's instant.
        elapsed_seconds: From the cycle's instant to overview and panels in Redis, of a rerun from
            its last unit's start.
        rows: The overview rows.
        failures: Why a rerun of a unit failed, by index. The unit stands as it did before.
        seconds: Wall seconds of the aggregate by part, empty in the report that a panel holds.
    """

    type: ClassVar[EventType] = EventType.CYCLE_REPORT
    cycle: str
    status: Status
    units: Mapping[str, Status]
    reasons: Mapping[str, Reason]
    options: Mapping[str, int]
    lateness_seconds: float
    elapsed_seconds: float
    attempt: int = 1
    rows: Sequence[OverviewRow] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
    failures: Mapping[str, Reason] = field(default_factory=dict)

    @property
    def is_analysed(self) -> bool:
        """Whether at least one index has a chain."""
        return any(status in ANALYSED for status in self.units.values())

    def to_json(self) -> JsonObject:
        """Return the payload of the event."""
        return {
            "cycle": self.cycle,
            "status": self.status,
            "units": dict(self.units),
            "reasons": dict(self.reasons),
            "options": dict(self.options),
            "lateness_seconds": self.lateness_seconds,
            "elapsed_seconds": self.elapsed_seconds,
            "attempt": self.attempt,
            "rows": list(self.rows),
            "seconds": dict(self.seconds),
            **present(failures=dict(self.failures)),
        }

    @classmethod
    def from_json(cls, document: Document) -> CycleReport:
        """Read what `to_json` gave.

        Raises:
            KeyError: Something is absent.
            TypeError: A value is of another kind.
            ValueError: A word or a day is none.
        """
        rows = document.get("rows") or ()
        if not isinstance(rows, Sequence):
            raise TypeError(f"rows are {rows!r}, which is no list")
        empty: JsonObject = {"reasons": {}, "options": {}}
        return read_record(
            cls,
            empty | {name: value for name, value in document.items() if value is not None},
            status=Status(text(document, "status")),
            units={index: Status(str(word)) for index, word in part(document, "units").items()},
            rows=tuple(cast("Sequence[OverviewRow]", rows)),
        )


@dataclass(frozen=True, slots=True)
class _GapChange:
    """An index at the cycle at which its status changed from OK or to OK."""

    index: str
    cycle: str
    status: Status
    reason: Reason | NoWord = ""

    def to_json(self) -> JsonObject:
        """Return the payload of the event."""
        return {
            "index": self.index,
            "cycle": self.cycle,
            "status": self.status,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class GapOpened(_GapChange):
    """An index that was OK and is not any more."""

    type: ClassVar[EventType] = EventType.GAP_OPENED

    @classmethod
    def from_json(cls, document: Document) -> GapOpened:
        """Read what `to_json` gave."""
        return cls(*_gap_values(document))


@dataclass(frozen=True, slots=True)
class GapClosed(_GapChange):
    """An index that was not OK and is again."""

    type: ClassVar[EventType] = EventType.GAP_CLOSED

    @classmethod
    def from_json(cls, document: Document) -> GapClosed:
        """Read what `to_json` gave."""
        return cls(*_gap_values(document))


def _gap_values(document: Document) -> tuple[str, str, Status, Reason | NoWord]:
    return (
        str(document.get("index", "")),
        str(document.get("cycle", "")),
        Status(str(document.get("status", ""))),
        reason_of(str(document.get("reason") or "")),
    )
