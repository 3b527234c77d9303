"""A cycle as spans of time under one trace, made from the events that tell of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b

from g6.domain.cycles.cycle import parse_z
from g6.domain.reports.cycle_report import CycleReport
from g6.domain.reports.events import Event
from g6.domain.reports.stage import AnalysisFacts, CollectCounts, StageReport
from g6.domain.schema.words import EventType, Status

TRACED = (EventType.UNIT_REPORT, EventType.CYCLE_REPORT)
"""The types of events that spans are made of."""


@dataclass(frozen=True, slots=True)
class CycleSpan:
    """One span of a cycle's trace.

    Ids follow from what the span is of, so that an event that is read twice gives the same span.

    Attributes:
        name: What took the time: `cycle`, `collect NIFTY`, `wait for collect NIFTY`.
        trace: The trace of the cycle, 32 hexadecimal digits.
        id: Its own, 16 hexadecimal digits.
        parent: That of the span that it is part of, empty for the whole cycle.
        began: Wall time, epoch seconds.
        ended: Wall time, epoch seconds.
        facts: What is known of it, by name.
        has_failed: Whether nothing came of it.
    """

    name: str
    trace: str
    id: str
    parent: str
    began: float
    ended: float
    facts: Mapping[str, str | float] = field(default_factory=dict)
    has_failed: bool = False


def spans_of(event: Event) -> list[CycleSpan]:
    """Return the spans that an event tells of, none for an event of no cycle.

    A cycle runs from its instant until its panels are out. Its stages lie within, each after the
    time for which its message waited; persisting goes on after it.

    >>> from g6.domain.reports.events import EventMeta
    >>> report = StageReport(
    ...     "2026-11-18T05:30:00Z", "NIFTY", "persist", "OK", seconds={"total": 0.5}
    ... )
    >>> event = Event("1-0", "2026-11-18T05:30:02Z", report, "NIFTY", EventMeta("0a" * 16))
    >>> [(span.name, span.ended - span.began) for span in spans_of(event)]
    [('persist NIFTY', 0.5)]
    """
    match event.payload:
        case CycleReport() as report if event.meta.trace:
            return [_whole(event, report)]
        case StageReport() as report if event.meta.trace and "total" in report.seconds:
            return _stage(event, report)
        case _:
            return []


def _whole(event: Event, report: CycleReport) -> CycleSpan:
    ended = parse_z(event.ts).timestamp()
    facts: dict[str, str | float] = {
        "g6.cycle": report.cycle,
        "g6.status": report.status,
        "g6.options": float(sum(report.options.values())),
        **_parts(report.seconds),
    }
    trace = event.meta.trace
    began = ended - report.elapsed_seconds
    has_failed = report.status == Status.MISSING
    return CycleSpan("cycle", trace, _id(trace), "", began, ended, facts, has_failed)


def _stage(event: Event, report: StageReport) -> list[CycleSpan]:
    trace = event.meta.trace
    ended = parse_z(event.ts).timestamp()
    began = ended - report.seconds["total"]
    name = f"{report.stage} {report.index}".rstrip()
    facts: dict[str, str | float] = {
        "g6.cycle": report.cycle,
        "g6.index": report.index,
        "g6.stage": report.stage,
        "g6.status": report.status,
        "g6.reason": report.reason,
        **_parts(report.seconds),
    }
    whole = _id(trace)
    has_failed = report.status == Status.MISSING
    spans = [
        CycleSpan(name, trace, _id(trace, name, event.id), whole, began, ended, facts, has_failed)
    ]
    waited = _waited(report)
    if waited > 0:
        waiting = f"wait for {name}"
        own = _id(trace, waiting, event.id)
        spans.insert(0, CycleSpan(waiting, trace, own, whole, began - waited, began))
    return spans


def _waited(report: StageReport) -> float:
    """Return how long the message of a stage waited, or the cycle's instant was past, seconds."""
    match report.counts:
        case CollectCounts(lateness_seconds=seconds) | AnalysisFacts(queue_wait_seconds=seconds):
            return seconds or 0.0
        case _:
            return 0.0


def _parts(seconds: Mapping[str, float]) -> dict[str, float]:
    return {f"g6.seconds.{part}": value for part, value in seconds.items() if part != "total"}


def _id(*words: str) -> str:
    return blake2b("/".join(words).encode(), digest_size=8).hexdigest()
