"""The event: a report in its envelope, and how a payload is read by the type of its event."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from types import MappingProxyType
from typing import Protocol

from g6.domain.reports.alert import Alert
from g6.domain.reports.cycle_report import CycleReport, GapClosed, GapOpened
from g6.domain.reports.heartbeat import Heartbeat
from g6.domain.reports.job_reports import (
    AbandonedFilesCleared,
    EventsDropped,
    FanoutReport,
    PanelsVerified,
    RecomputeReport,
    StorageSizes,
    SubscriberCounts,
)
from g6.domain.reports.option_detail import OptionDetail
from g6.domain.reports.provider_facts import ListingCounts, ProviderState
from g6.domain.reports.stage import StageReport
from g6.domain.reports.storing import SinkReport, StoreRefused
from g6.domain.reports.stream_reports import PUBLISHED, TICKER
from g6.domain.schema.json_reading import read_record
from g6.domain.schema.json_types import Document, JsonObject, present
from g6.domain.schema.words import EventType


class Report(Protocol):
    """What an event carries."""

    @property
    def type(self) -> str:
        """The type of the event."""
        ...

    def to_json(self) -> JsonObject:
        """Return the payload of the event."""
        ...


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A payload of an unknown type, or one that is not what its type says.

    Attributes:
        document: The payload as it came.
    """

    type: str
    document: Document

    def to_json(self) -> JsonObject:
        """Return the payload as it came."""
        return dict(self.document)

    @property
    def is_known_type(self) -> bool:
        """Whether the type is known, so that the payload is not what it says."""
        return self.type in _PARSERS


@dataclass(frozen=True, slots=True)
class EventMeta:
    """What an event carries beside its report.

    Attributes:
        trace: The id that every message and event of one cycle carries from beat to its panels,
            32 hexadecimal digits, empty without one.
        throttled_seconds: Wall seconds that its publisher waited for subscribers.
    """

    trace: str = ""
    throttled_seconds: float = 0.0

    def to_json(self) -> JsonObject:
        """Return the meta data as JSON has them.

        >>> EventMeta().to_json()
        {}
        """
        return present(trace=self.trace, throttled_seconds=self.throttled_seconds or None)

    @classmethod
    def from_json(cls, document: Document) -> EventMeta:
        """Read what `to_json` gave."""
        return read_record(cls, document)

    def about(self, report: Report, namespace: str) -> EventMeta:
        """Return the meta data with the trace of the cycle that a report is about, if of one."""
        cycle = str(getattr(report, "cycle", "") or "")
        if self.trace or not cycle:
            return self
        return EventMeta(trace_of(namespace, cycle), self.throttled_seconds)


def trace_of(namespace: str, cycle: str) -> str:
    """Return the trace id of a cycle: whoever works on it finds the same one by himself.

    >>> trace_of("g6", "2026-11-20T05:30:00Z") == trace_of("g6", "2026-11-20T05:30:00Z")
    True
    >>> len(trace_of("g6", "2026-11-20T05:30:00Z"))
    32
    """
    return blake2b(f"{namespace}/{cycle}".encode(), digest_size=16).hexdigest()


def place_on_bus(event_id: str) -> tuple[int, int]:
    """Return an id of the bus as numbers, which are ordered as its events are.

    >>> place_on_bus("1794910200000-3") > place_on_bus("1794910199999-7")
    True
    """
    milliseconds, _, number = event_id.partition("-")
    return int(milliseconds or 0), int(number or 0)


@dataclass(frozen=True, slots=True)
class Event:
    """One event of the bus.

    Attributes:
        id: Monotonic. A reader goes on after it.
        ts: Wall time at which it was published, ISO.
        payload: What happened.
        key: What it is of: an index, a cycle, a state.
    """

    id: str
    ts: str
    payload: Report
    key: str = ""
    meta: EventMeta = field(default_factory=EventMeta)

    @property
    def type(self) -> str:
        """The type of the event."""
        return self.payload.type

    @property
    def document(self) -> JsonObject:
        """The payload as JSON has it."""
        return self.payload.to_json()


def _job_report(document: Document) -> Report:
    if document.get("job") == AbandonedFilesCleared.job:
        return AbandonedFilesCleared.from_json(document)
    if document.get("job") == RecomputeReport.job:
        return RecomputeReport.from_json(document)
    raise ValueError(f"no report of the job {document.get('job')!r}")


def _provider_change(document: Document) -> Report:
    state = str(document.get("state", ""))
    if document.get("name") == TICKER and state in PUBLISHED:
        return read_record(PUBLISHED[state], document)
    if state == ListingCounts.state:
        return ListingCounts.from_json(document)
    return ProviderState.from_json(document)


_PARSERS: Mapping[str, Callable[[Document], Report]] = MappingProxyType(
    {
        EventType.UNIT_REPORT: StageReport.from_json,
        EventType.CYCLE_REPORT: CycleReport.from_json,
        EventType.HEARTBEAT: Heartbeat.from_json,
        EventType.GAP_OPENED: GapOpened.from_json,
        EventType.GAP_CLOSED: GapClosed.from_json,
        EventType.PROVIDER_STATE: _provider_change,
        EventType.ALERT: Alert.from_json,
        EventType.STORE_REFUSED: StoreRefused.from_json,
        EventType.STORAGE_SIZES: StorageSizes.from_json,
        EventType.PANELS_VERIFY: PanelsVerified.from_json,
        EventType.JOB_REPORT: _job_report,
        EventType.EVENTS_DROPPED: EventsDropped.from_json,
        EventType.BUS_SUBSCRIBER: SubscriberCounts.from_json,
        EventType.OPTION_DETAIL: OptionDetail.from_json,
        EventType.STREAM_FANOUT: FanoutReport.from_json,
        EventType.SINK_REPORT: SinkReport.from_json,
    }
)


def parse_report(type: str, document: Document) -> Report:
    """Return the report that a payload is by the type of its event, `Unreadable` where it is none.

    >>> parse_report("gap.opened", {"index": "NIFTY", "status": "MISSING"}).index
    'NIFTY'
    >>> parse_report("unit.report", {"stage": "collect"}).type
    'unit.report'
    """
    parse = _PARSERS.get(type)
    if parse is None:
        return Unreadable(type, document)
    try:
        return parse(document)
    except (AttributeError, KeyError, TypeError, ValueError):
        return Unreadable(type, document)
