"""Events of the bus as lines: sentences for people, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date

from g6.domain.cycles.cycle import parse_z
from g6.domain.documents.json_plain import json_plain
from g6.domain.market.calendar import day_of
from g6.domain.market.instants import with_indian_clocks
from g6.domain.reports import (
    Alert,
    CycleReport,
    Event,
    GapClosed,
    GapOpened,
    Heartbeat,
    StageReport,
    StoreRefused,
)
from g6.domain.reports.job_reports import EventsDropped, PanelsVerified, StorageSizes
from g6.domain.reports.provider_facts import ProviderState
from g6.domain.reports.stream_reports import StreamReport
from g6.domain.schema.json_types import JsonObject
from g6.rendering.wording import clock, counted, megabytes, spelled


def event_document(event: Event) -> JsonObject:
    """Return an event as JSON has it, its envelope included."""
    return {
        "id": event.id,
        "ts": event.ts,
        "type": str(event.type),
        "key": event.key,
        "trace": event.meta.trace,
        "payload": event.document,
    }


def event_json(event: Event) -> str:
    """Return an event as one line of JSON."""
    return json.dumps(json_plain(event_document(event)), ensure_ascii=False)


def event_line(event: Event, today: date | None = None) -> str:
    """Return an event as one line for a person: when in India, its type, what it is of, and how.

    Args:
        event: The event.
        today: The day that needs no word. None for the event's own.
    """
    at = parse_z(event.ts)
    day = today or day_of(at)
    when = f"{clock(at, day, has_seconds=True)}.{at.microsecond // 1000:03d}"
    words = [when, f"{event.type:14}", f"{event.key or '-':10}", _content(event)]
    return with_indian_clocks("  ".join(word for word in words if word).rstrip(), day)


def _content(event: Event) -> str:
    match event.payload:
        case StageReport() as report:
            seconds = report.seconds.get("total")
            took = "" if seconds is None else f"{seconds * 1000:.0f} ms"
            return _joined(report.stage, report.cycle, report.status, _why(report.reason), took)
        case CycleReport() as report:
            # Its key is the cycle.
            return _joined(report.status, f"{report.elapsed_seconds:.3f} s")
        case GapOpened() | GapClosed() as gap:
            return _joined(gap.cycle, gap.status, _why(gap.reason))
        case Alert() as alert:
            return alert.sentence
        case Heartbeat() as beat:
            workers = sum(worker.up for worker in beat.vitals.workers.values())
            waiting = sum(beat.vitals.queues.values())
            return f"{counted(workers, 'worker')}, {counted(waiting, 'message')} in queues"
        case _:
            return _beside_cycles(event)


def _beside_cycles(event: Event) -> str:
    """Return what an event says that is of no cycle."""
    match event.payload:
        case StorageSizes(total=total):
            return _joined(f"{counted(total.files, 'file')},", megabytes(total.bytes))
        case StoreRefused() as refusal:
            why = "; ".join(refusal.errors.values())
            return _joined(refusal.stage, refusal.cycle, f"not stored: {why}")
        case PanelsVerified(is_sound=True):
            return "every panel is as the manifest says"
        case EventsDropped() as dropped:
            return f"{counted(dropped.count, 'event')} dropped before they were kept"
        case ProviderState(sentence=sentence) if sentence:
            return sentence
        case StreamReport(sentence=sentence):
            return sentence
        case _:
            return " ".join(_fact(name, value) for name, value in event.document.items())


def _fact(name: str, value: object) -> str:
    """Return a fact of an event as a word: of what has parts how many, of each kind or in all.

    >>> _fact("options", [1, 2]), _fact("listings", {"store": 2}), _fact("unit", None)
    ('options=2', 'listings=store:2', 'unit=–')
    """
    if isinstance(value, Mapping) and not any(
        isinstance(part, Mapping | list) for part in value.values()
    ):
        return f"{name}={','.join(f'{part}:{count}' for part, count in value.items()) or '–'}"
    if isinstance(value, Mapping | list | tuple):
        return f"{name}={len(value)}"
    return f"{name}={'–' if value in (None, '') else value}"


def _joined(*words: str) -> str:
    return " ".join(str(word) for word in words if word)


def _why(reason: str) -> str:
    return spelled(reason) if reason else ""
