"""What jobs beside the cycle report: sizes, checks, days computed again, events that went by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from g6.domain.schema.json_reading import read_record, text
from g6.domain.schema.json_types import Document, JsonObject, present
from g6.domain.schema.words import EventType


@dataclass(frozen=True, slots=True)
class KindSize:
    """Files and bytes of one kind of stored data.

    >>> KindSize(2, 300) + KindSize(1, 50)
    KindSize(files=3, bytes=350)
    """

    files: int = 0
    bytes: int = 0

    def __add__(self, other: KindSize) -> KindSize:
        """Return both together."""
        return KindSize(self.files + other.files, self.bytes + other.bytes)

    def to_json(self) -> JsonObject:
        """Return the size as JSON has it."""
        return {"files": self.files, "bytes": self.bytes}


@dataclass(frozen=True, slots=True)
class StorageSizes:
    """How large the store is, by kind."""

    type: ClassVar[EventType] = EventType.STORAGE_SIZES
    kinds: Mapping[str, KindSize]

    @property
    def total(self) -> KindSize:
        """All kinds together."""
        return sum(self.kinds.values(), KindSize())

    def to_json(self) -> JsonObject:
        """Return the payload of the event."""
        return {"kinds": {kind: size.to_json() for kind, size in self.kinds.items()}}

    @classmethod
    def from_json(cls, document: Document) -> StorageSizes:
        """Read what `to_json` gave."""
        return read_record(cls, document)


@dataclass(frozen=True, slots=True)
class StorageFacts:
    """How large the store was when it was measured.

    Attributes:
        at: ISO wall time of the measurement.
    """

    at: str
    sizes: StorageSizes

    def to_json(self) -> JsonObject:
        """Return what the storage panel says."""
        return {"at": self.at, **self.sizes.to_json(), "total": self.sizes.total.to_json()}

    @classmethod
    def from_json(cls, document: Document) -> StorageFacts:
        """Read what `to_json` gave."""
        return cls(text(document, "at"), StorageSizes.from_json(document))


@dataclass(frozen=True, slots=True)
class PanelsVerified:
    """One check of the panel files against their manifest.

    Attributes:
        issues: Issue code by file.
        error: Why the check could not run, empty when it did.
    """

    type: ClassVar[EventType] = EventType.PANELS_VERIFY
    issues: Mapping[str, str] = field(default_factory=dict)
    elapsed_seconds: float | None = None
    error: str = ""

    @property
    def is_sound(self) -> bool:
        """Whether every panel was as the manifest says."""
        return not self.issues and not self.error

    def to_json(self) -> JsonObject:
        """Return the payload of the event."""
        document: JsonObject = {
            "issues": dict(self.issues),
            "elapsed_seconds": self.elapsed_seconds,
        }
        return document | present(error=self.error)

    @classmethod
    def from_json(cls, document: Document) -> PanelsVerified:
        """Read what `to_json` gave."""
        return read_record(cls, document)


@dataclass(frozen=True, slots=True)
class AbandonedFilesCleared:
    """Temporary files that killed writers left and that were removed."""

    type: ClassVar[EventType] = EventType.JOB_REPORT
    job: ClassVar[str] = "clear"
    files: int

    def to_json(self) -> JsonObject:
        """Return the payload of the event."""
        return {"job": self.job, "files": self.files}

    @classmethod
    def from_json(cls, document: Document) -> AbandonedFilesCleared:
        """Read what `to_json` gave."""
        return read_record(cls, document)


@dataclass(frozen=True, slots=True)
class RecomputeReport:
    """One index on one stored day, computed again.

    Attributes:
        units: Units computed.
        options: Options computed.
        changed: Whether a byte of chain or overview changed.
        seconds: Wall seconds it took.
        error: Why it was refused, empty when it was done.
    """

    type: ClassVar[EventType] = EventType.JOB_REPORT
    job: ClassVar[str] = "recompute"
    index: str
    day: str
    units: int = 0
    options: int = 0
    changed: bool = False
    seconds: float = 0.0
    error: str = ""

    def to_json(self) -> JsonObject:
        """Return the payload of the event."""
        unit: JsonObject = {"job": self.job, "index": self.index, "day": self.day}
        if self.error:
            return unit | {"error": self.error}
        return unit | {
            "units": self.units,
            "options": self.options,
            "changed": self.changed,
            "seconds": self.seconds,
        }

    @classmethod
    def from_json(cls, document: Document) -> RecomputeReport:
        """Read what `to_json` gave."""
        return read_record(cls, document)


@dataclass(frozen=True, slots=True)
class EventsDropped:
    """Events that the bus trimmed before they could be kept."""

    type: ClassVar[EventType] = EventType.EVENTS_DROPPED
    count: int

    def to_json(self) -> JsonObject:
        """Return the payload of the event."""
        return {"count": self.count}

    @classmethod
    def from_json(cls, document: Document) -> EventsDropped:
        """Read what `to_json` gave."""
        return read_record(cls, document)


@dataclass(frozen=True, slots=True)
class SubscriberCounts:
    """What went by a subscriber since it last said so.

    Attributes:
        subscriber: Its name.
        filtered: Events of another type or key.
        trimmed: Events that the bus trimmed before the subscriber read them.
    """

    type: ClassVar[EventType] = EventType.BUS_SUBSCRIBER
    subscriber: str
    filtered: int = 0
    trimmed: int = 0

    def __add__(self, other: SubscriberCounts) -> SubscriberCounts:
        """Return both together."""
        return SubscriberCounts(
            self.subscriber, self.filtered + other.filtered, self.trimmed + other.trimmed
        )

    @property
    def is_empty(self) -> bool:
        """Whether nothing went by."""
        return not self.filtered and not self.trimmed

    def to_json(self) -> JsonObject:
        """Return the payload of the event."""
        return {
            "subscriber": self.subscriber,
            "filtered": self.filtered,
            "trimmed": self.trimmed,
        }

    @classmethod
    def from_json(cls, document: Document) -> SubscriberCounts:
        """Read what `to_json` gave."""
        return read_record(cls, document)
