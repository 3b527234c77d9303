"""The newest reports that the runtime status is made of, kept beside the totals."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from g6.domain.cycles.cycle import parse_z
from g6.domain.reports import (
    CycleReport,
    Event,
    GapOpened,
    Heartbeat,
    OptionDetail,
    parse_report,
)
from g6.domain.schema.words import EventType

DETAIL_SECONDS = 900.0
"""Wall seconds for which series of single options are shown without a newer chain."""


@dataclass(frozen=True, slots=True)
class LatestReports:
    """The newest event of each type that the status is made of, and of each index's options.

    Attributes:
        events: By type, options by type and index.
    """

    events: Mapping[str, Event] = field(default_factory=dict)

    @property
    def cycle(self) -> CycleReport | None:
        """The report of the newest cycle, which need not have closed last."""
        report = self._payload(EventType.CYCLE_REPORT)
        return report if isinstance(report, CycleReport) else None

    @property
    def heartbeat(self) -> Heartbeat | None:
        """The newest heartbeat."""
        report = self._payload(EventType.HEARTBEAT)
        return report if isinstance(report, Heartbeat) else None

    @property
    def heartbeat_at(self) -> float:
        """Wall time of the newest heartbeat in epoch seconds, 0 for never."""
        event = self.events.get(EventType.HEARTBEAT)
        return 0.0 if event is None else parse_z(event.ts).timestamp()

    @property
    def gap(self) -> GapOpened | None:
        """The gap that opened last."""
        report = self._payload(EventType.GAP_OPENED)
        return report if isinstance(report, GapOpened) else None

    def details(self, now: float) -> list[OptionDetail]:
        """Return each index's options that have series of their own.

        Those that nobody renewed for a while are of a system that does not publish any more.
        """
        details = []
        for event in self.events.values():
            is_recent = now - parse_z(event.ts).timestamp() < DETAIL_SECONDS
            if isinstance(event.payload, OptionDetail) and is_recent:
                details.append(event.payload)
        return details

    def _payload(self, type: EventType) -> object:
        event = self.events.get(type)
        return None if event is None else event.payload

    def after(self, events: Iterable[Event]) -> Self:
        """Return the newest reports once `events` came as well.

        A cycle's report yields only to that of a newer cycle: a rerun closes an old one again.
        """
        newest = dict(self.events)
        for event in events:
            match event.payload:
                case Heartbeat() | GapOpened():
                    newest[event.type] = event
                case OptionDetail(index=index):
                    newest[f"{event.type}:{index}"] = event
                case CycleReport() as report:
                    before = self.__class__(newest).cycle
                    if before is None or parse_z(report.cycle) >= parse_z(before.cycle):
                        newest[event.type] = _timed_as_first(event, report, before)
        return self.__class__(newest)

    def changed_texts(self, before: LatestReports) -> dict[str, str]:
        """Return the JSON of each report that is newer than `before`, by its event's type."""
        return {
            str(type): json.dumps(event.document | {"ts": event.ts})
            for type, event in self.events.items()
            if event is not before.events.get(type)
        }

    @classmethod
    def from_texts(cls, texts: Mapping[str, str]) -> Self:
        """Read what `changed_texts` gave."""
        events = {}
        for name, text in texts.items():
            document = json.loads(text)
            ts = document.pop("ts")
            events[name] = Event("", ts, parse_report(name.partition(":")[0], document))
        return cls(events)


def _timed_as_first(event: Event, report: CycleReport, before: CycleReport | None) -> Event:
    """Return the event of a cycle that was done again with the times of its first close."""
    if before is None or before.cycle != report.cycle or report.attempt == 1:
        return event
    again = replace(
        report,
        elapsed_seconds=before.elapsed_seconds,
        lateness_seconds=before.lateness_seconds,
    )
    return replace(event, payload=again)
