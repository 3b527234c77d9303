"""What jobs beside the cycle report: sizes, checks, days computed again, events that went by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
        changed: Whether a figure of chain or overview changed.
        reconfigured: Whether the same rows now name other settings, and nothing else changed.
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
    reconfigured: bool = False
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
            "reconfigured": self.reconfigured,
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


@dataclass(frozen=True, slots=True)
class FanoutReport:
    """What one serving process did for the listeners of its stream since its last report.

    Attributes:
        listeners: Connections that are open now.
        degraded: Those of them that are sent nothing because they do not read.
        ratio: What waits for the slowest one, as a share of what may.
        held: Events that who comes back can still be sent.
        events: Events by type as they were written, one for each listener that got it.
        snapshots: Snapshots by why: connected, resync, replay, lost, slow.
        transitions: Listeners that became slow (enter), read again (exit), or began to (abort).
        backpressure: Listeners that were slow (warn) or cut off (degrade), batches left out (drop).
        reconnects: Listeners that came back, by why.
        refused: Requests that were refused, by why: auth, address, agent, rate.
        stages: Stages that traced events came through.
        tallies: Events that were encoded, reused, evicted or truncated, and listeners resumed.
        seconds: What was measured, by stage: diff, serialize, emit, queue, flush, applied, backoff.
    """

    type: ClassVar[EventType] = EventType.STREAM_FANOUT
    listeners: int = 0
    degraded: int = 0
    ratio: float = 0.0
    held: int = 0
    events: Mapping[str, int] = field(default_factory=dict)
    snapshots: Mapping[str, int] = field(default_factory=dict)
    transitions: Mapping[str, int] = field(default_factory=dict)
    backpressure: Mapping[str, int] = field(default_factory=dict)
    reconnects: Mapping[str, int] = field(default_factory=dict)
    refused: Mapping[str, int] = field(default_factory=dict)
    stages: Mapping[str, int] = field(default_factory=dict)
    tallies: Mapping[str, int] = field(default_factory=dict)
    seconds: Mapping[str, Sequence[float]] = field(default_factory=dict)

    def to_json(self) -> JsonObject:
        """Return the payload of the event."""
        return {
            "listeners": self.listeners,
            "degraded": self.degraded,
            "ratio": self.ratio,
            "held": self.held,
            "events": dict(self.events),
            "snapshots": dict(self.snapshots),
            "transitions": dict(self.transitions),
            "backpressure": dict(self.backpressure),
            "reconnects": dict(self.reconnects),
            "refused": dict(self.refused),
            "stages": dict(self.stages),
            "tallies": dict(self.tallies),
            "seconds": {name: list(values) for name, values in self.seconds.items()},
        }

    @classmethod
    def from_json(cls, document: Document) -> FanoutReport:
        """Read what `to_json` gave."""
        return read_record(cls, document)
