"""What listeners of a running system are sent: differences of panels, and the end of each cycle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from g6.domain.documents.panels import digest, panel_diff
from g6.domain.reports import CycleReport
from g6.domain.schema.json_types import JsonObject

__all__ = ["PanelData", "StreamEvent", "StreamEventType", "cycle_events", "panel_hash", "topic_of"]

PanelData = Mapping[str, object]
"""The data of each panel by its name, without the envelope."""
_CHAIN = "index_"
_STATUS = frozenset({"health", "cycle", "provider", "storage"})


class StreamEventType(StrEnum):
    """The types of events that a listener is sent."""

    SNAPSHOT = "snapshot"
    PANEL_DIFF = "panel_diff"
    END_OF_CYCLE = "end_of_cycle"
    OI_CHANGE = "oi_change"
    ALERT = "alert"
    GAP = "gap"
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
        yield StreamEvent(StreamEventType.PANEL_DIFF, topic_of(name), report.cycle, data)
        if name.startswith(_CHAIN):
            yield from _interest(
                name.removeprefix(_CHAIN), before.get(name), after.get(name), report.cycle
            )
    ended = Counter(str(status) for status in report.units.values())
    data = {"status": str(report.status), "units": dict(ended), "hashes": dict(hashes)}
    # Of no topic: whatever a listener chose, it learns that a cycle is over, and can check itself.
    yield StreamEvent(StreamEventType.END_OF_CYCLE, "", report.cycle, data)


def _interest(index: str, before: object, after: object, cycle: str) -> Iterator[StreamEvent]:
    """Yield by how much open interest moved at each strike, in units."""
    earlier = _interest_by_strike(before)
    changes = []
    for strike, (calls, puts) in _interest_by_strike(after).items():
        if strike in earlier:
            moved = (calls - earlier[strike][0], puts - earlier[strike][1])
            if any(moved):
                changes.append({"strike": strike, "ce": moved[0], "pe": moved[1]})
    if changes:
        data: JsonObject = {"index": index, "strikes": changes}
        yield StreamEvent(StreamEventType.OI_CHANGE, f"oi:{index}", cycle, data)


def _interest_by_strike(panel: object) -> dict[float, tuple[float, float]]:
    """Return calls and puts of an index panel by strike, of those with both."""
    interest: dict[float, tuple[float, float]] = {}
    if not isinstance(panel, Mapping):
        return interest
    for line in panel.get("strikes") or ():
        calls, puts = line["ce"]["oi"], line["pe"]["oi"]
        if calls is not None and puts is not None:
            interest[line["strike"]] = (calls, puts)
    return interest
