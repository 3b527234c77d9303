"""What listeners of a running system are sent: differences of panels, and the end of each cycle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from g6.domain.documents.chain_changes import chain_change, interest_change
from g6.domain.documents.panels import digest, panel_diff
from g6.domain.reports import Alert, CycleReport, GapClosed, GapOpened, Report
from g6.domain.schema.json_types import JsonObject
from g6.domain.schema.layout import Kind

__all__ = [
    "OF_INDEX",
    "TOPICS",
    "PanelData",
    "StreamEvent",
    "StreamEventType",
    "cycle_events",
    "end_of_cycle",
    "note_event",
    "panel_events",
    "panel_hash",
    "topic_of",
]

PanelData = Mapping[str, object]
"""The data of each panel by its name, without the envelope."""
_CHAIN = "index_"
_STATUS = frozenset({"health", "cycle", "provider", "storage"})
TOPICS = ("status", str(Kind.OVERVIEW), str(Kind.CHAIN), "oi", "alerts", "reports")
"""What a listener may choose. `chain` and `oi` alone mean all indices, `chain:NIFTY` one."""
OF_INDEX = (str(Kind.CHAIN), "oi")
"""The topics that may name an index."""


class StreamEventType(StrEnum):
    """The types of events that a listener is sent."""

    SNAPSHOT = "snapshot"
    PANEL_DIFF = "panel_diff"
    END_OF_CYCLE = "end_of_cycle"
    CHAIN_DIFF = "chain_diff"
    OI_CHANGE = "oi_change"
    ALERT = "alert"
    GAP = "gap"
    REPLAY_COMPLETED = "replay_completed"
    SLOW_READER = "slow_reader"
    HEARTBEAT = "heartbeat"


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """One event for listeners.

    Attributes:
        type: What it says.
        topic: What a listener chooses by: status, overview, chain:INDEX, oi:INDEX, alerts,
            reports. Empty for every listener.
        cycle: The cycle that it is of, empty without one.
        data: The rest.
    """

    type: StreamEventType
    topic: str
    cycle: str
    data: JsonObject


def topic_of(panel: str) -> str:
    """Return the topic of a panel's differences.

    >>> topic_of("index_NIFTY"), topic_of("health"), topic_of("analytics")
    ('chain:NIFTY', 'status', 'overview')
    """
    if panel.startswith(_CHAIN):
        return f"chain:{panel.removeprefix(_CHAIN)}"
    if panel == "alerts":
        return panel
    return "status" if panel in _STATUS else "overview"


def panel_hash(data: object) -> str:
    """Return the hash by which a listener checks its own panel: that of the panel's envelope.

    >>> panel_hash({})
    '44136fa355b3'
    """
    return digest(data)[:12]


def cycle_events(
    before: PanelData, after: PanelData, hashes: Mapping[str, str], report: CycleReport
) -> Iterator[StreamEvent]:
    """Yield what brings a listener from the panels before a cycle to those after it.

    Args:
        before: The panels as the listener has them.
        after: The panels as they are now.
        hashes: The hash of each panel's data now.
        report: The cycle's.

    Panels whose data are the same are not sent. `end_of_cycle` comes last, with the hash of every
    panel, so that a listener can check itself.

    >>> report = CycleReport("2026-11-18T05:30:00Z", "OK", {}, {}, {}, 0.0, 0.5)
    >>> events = cycle_events({}, {"indices": {"rows": []}}, {"indices": "0a"}, report)
    >>> [str(event.type) for event in events]
    ['panel_diff', 'end_of_cycle']
    """
    yield from panel_events(before, after, hashes, report.cycle)
    yield end_of_cycle(report, hashes)


def end_of_cycle(report: CycleReport, hashes: Mapping[str, str]) -> StreamEvent:
    """Return the event that ends a cycle, with its units by status.

    Args:
        report: The cycle's.
        hashes: The hash of each panel's data after it.

    >>> report = CycleReport("2026-11-18T05:30:00Z", "OK", {"NIFTY": "OK"}, {}, {}, 0.0, 0.5)
    >>> end_of_cycle(report, {}).data["units"]
    {'OK': 1}
    """
    ended = Counter(str(status) for status in report.units.values())
    data: JsonObject = {
        "status": str(report.status),
        "units": dict(ended),
        "hashes": dict(hashes),
    }
    # Of no topic: whatever a listener chose, it learns that a cycle is over, and can check itself.
    return StreamEvent(StreamEventType.END_OF_CYCLE, "", report.cycle, data)


def note_event(report: Report) -> StreamEvent | None:
    """Return the event that a report is beside the panels: a gap or an alert, None for others.

    >>> str(note_event(Alert("disk", "the disk is full")).topic)
    'alerts'
    """
    match report:
        case GapOpened() | GapClosed() as gap:
            facts: JsonObject = {"change": str(gap.type), **gap.to_json()}
            return StreamEvent(StreamEventType.GAP, "reports", gap.cycle, facts)
        case Alert() as alert:
            return StreamEvent(StreamEventType.ALERT, "alerts", "", alert.to_json())
    return None


def panel_events(
    before: PanelData, after: PanelData, hashes: Mapping[str, str], cycle: str
) -> Iterator[StreamEvent]:
    """Yield the differences of panels, of chains by strike, and of open interest.

    Args:
        before: The panels as the listener has them.
        after: The panels as they are now.
        hashes: The hash of each panel's data now.
        cycle: The cycle that the panels are of.

    >>> [event.data["panel"] for event in panel_events({"a": 1}, {"a": 2}, {"a": "0a"}, "")]
    ['a']
    """
    for name in sorted({*before, *after}):
        data: JsonObject = {"panel": name}
        if name not in after:
            data["gone"] = True
        elif name not in before:
            data["diff"] = {"to": after[name]}
        elif diff := panel_diff(before[name], after[name]):
            data["diff"] = diff
        else:
            continue
        if name in after:
            data["hash"] = hashes[name]
        yield StreamEvent(StreamEventType.PANEL_DIFF, topic_of(name), cycle, data)
        if name.startswith(_CHAIN):
            yield from _chain_events(name, before.get(name), after.get(name), cycle)


def _chain_events(name: str, before: object, after: object, cycle: str) -> Iterator[StreamEvent]:
    index = name.removeprefix(_CHAIN)
    if change := chain_change(before, after):
        data: JsonObject = {"index": index, **change}
        yield StreamEvent(StreamEventType.CHAIN_DIFF, f"chain:{index}", cycle, data)
    if strikes := interest_change(before, after):
        data = {"index": index, "strikes": strikes}
        yield StreamEvent(StreamEventType.OI_CHANGE, f"oi:{index}", cycle, data)
