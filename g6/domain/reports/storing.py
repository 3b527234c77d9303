"""What sinks refused, and what waits for a server of time series: events and what is remembered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from g6.domain.schema.json_reading import part, read_record
from g6.domain.schema.json_types import Document, JsonObject, present
from g6.domain.schema.words import EventType, Stage


# A stage whose write no sink took is tried again and has no report: on a full disk of 20 MB
# g6_write_errors_total stayed 0 until each refusal was an event of its own.
@dataclass(frozen=True, slots=True)
class StoreRefused:
    """A write that was taken by no sink, or by one and not by the next.

    Attributes:
        errors: What each sink that refused said.
    """

    type: ClassVar[EventType] = EventType.STORE_REFUSED
    cycle: str
    index: str
    stage: Stage
    errors: Mapping[str, str]

    def to_json(self) -> JsonObject:
        """Return the payload of the event."""
        return {
            "cycle": self.cycle,
            "index": self.index,
            "stage": self.stage,
            "errors": dict(self.errors),
        }

    @classmethod
    def from_json(cls, document: Document) -> StoreRefused:
        """Read what `to_json` gave."""
        words = {name: str(document.get(name, "")) for name in ("cycle", "index", "stage")}
        return read_record(cls, {**document, **words, "errors": part(document, "errors")})


@dataclass(frozen=True, slots=True)
class SinkRefusal:
    """What sinks refuse of one index, from the first refusal until they take writes again.

    Attributes:
        sentence: What the first sink said.
        fix: What helps, from the same sentence.
        sinks: Names of the sinks that refuse.
        stage: The stage whose writes are refused.
        index: Empty for the writes of the whole cycle.
        at: Wall time of the last refusal, epoch seconds.
        since: Wall time of the first, epoch seconds.
        first: The cycle of the first, ISO instant.
    """

    sentence: str
    fix: str
    sinks: Sequence[str]
    stage: Stage
    index: str
    at: float
    since: float
    first: str

    def to_json(self) -> JsonObject:
        """Return the fact as JSON has it."""
        return {
            "sentence": self.sentence,
            "fix": self.fix,
            "sinks": list(self.sinks),
            "stage": self.stage,
            "index": self.index,
            "at": self.at,
            "since": self.since,
            "first": self.first,
        }

    @classmethod
    def from_json(cls, document: Document) -> SinkRefusal:
        """Read what `to_json` gave."""
        return read_record(cls, document)


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """One stored unit that is to be sent: an index's chain, or the overview of a cycle.

    Attributes:
        cycle: ISO instant.
        index: The underlying's name, empty for the overview of all.
        points: About how many points it is.
        noted_at: Wall time at which it was noted, epoch seconds.
        elapsed_seconds: Of an overview, how long its cycle took. None where that is not known.
        number: Its place in the order, 0 before it is noted.
    """

    cycle: str
    index: str
    points: int
    noted_at: float
    elapsed_seconds: float | None = None
    number: int = 0


@dataclass(frozen=True, slots=True)
class MissedSpan:
    """Cycles of which something was not noted, both ends included.

    Attributes:
        first: ISO instant.
        last: ISO instant.
        units: About how many units, 0 unknown.
        reason: Why: `full`, `bus`, `refused` or `damaged`.
        number: Its place in the order, 0 before it is remembered.
    """

    first: str
    last: str
    units: int
    reason: str
    number: int = 0


@dataclass(frozen=True, slots=True)
class OutboxState:
    """How much waits for a sink.

    Attributes:
        units: Units that are to be sent.
        points: About how many points these are.
        oldest_at: Wall time at which the oldest was noted, epoch seconds, None when none waits.
        spans: Spans of cycles that are to be filled from the store.
    """

    units: int = 0
    points: int = 0
    oldest_at: float | None = None
    spans: int = 0


@dataclass(frozen=True, slots=True)
class SinkReport:
    """What a sender did since its last report, and what waits.

    Attributes:
        sink: The sink's name.
        is_up: Whether it took the last request.
        units: Units that wait.
        points: About how many points these are.
        waiting_seconds: How long the oldest of them has waited.
        spans: Spans of cycles that are to be filled from the store.
        sent: Points that were taken.
        requests: Requests that were answered.
        refused: Units whose points the server will never take.
        error: What the last request said, empty when it was taken.
    """

    type: ClassVar[EventType] = EventType.SINK_REPORT
    sink: str
    is_up: bool
    units: int = 0
    points: int = 0
    waiting_seconds: float = 0.0
    spans: int = 0
    sent: int = 0
    requests: int = 0
    refused: int = 0
    error: str = ""

    def to_json(self) -> JsonObject:
        """Return the payload of the event."""
        document: JsonObject = {
            "sink": self.sink,
            "is_up": self.is_up,
            "units": self.units,
            "points": self.points,
            "waiting_seconds": self.waiting_seconds,
            "spans": self.spans,
            "sent": self.sent,
            "requests": self.requests,
            "refused": self.refused,
        }
        return document | present(error=self.error)

    @classmethod
    def from_json(cls, document: Document) -> SinkReport:
        """Read what `to_json` gave."""
        return read_record(cls, document)
