"""Writes that sinks refused: the event, and what is remembered until they take writes again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from g6.domain.schema.json_reading import part, read_record
from g6.domain.schema.json_types import Document, JsonObject
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
