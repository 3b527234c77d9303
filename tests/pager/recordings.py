"""The faults of recorded sessions: what goes wrong at ten o'clock, and which alerts it must fire."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

import numpy as np

from g6.domain.cycles.cycle import Unit, isoformat_z
from g6.domain.cycles.memory_pressure import MemoryPressure, PressureLevel
from g6.domain.quotes.quotes import Quotes
from g6.domain.reports import (
    AnalysisFacts,
    CycleReport,
    Event,
    EventMeta,
    Heartbeat,
    ProcessFacts,
    StageReport,
    SubscriberCounts,
)
from g6.domain.reports.stage import IvCounts
from g6.errors import ProviderBusy
from g6.pipeline import Runtime
from g6.ports import Opening

Spoil = Callable[[Quotes, Quotes], Quotes]
Beat = Callable[[Heartbeat], Heartbeat]
More = Callable[[datetime], Iterable[Event]]
Before = Callable[[Runtime, datetime], None]
Late = Callable[[Event], float]
AUDIT = "audit"
"""A subscriber of the bus that is none of G6's own."""


@dataclass(frozen=True, slots=True)
class Recording:
    """One fault of a simulated session.

    Attributes:
        expected: As that of a fault on a running system.
        silenced: Alerts that must fire as well, and that one of the expected silences.
        spoil: Changes the quotes of a cycle: it is given those, and the last before the fault.
        beat: Changes a heartbeat.
        more: Returns events that are published beside those of the cycles, at every step.
        before: Disturbs the system before a cycle.
        late: Returns the seconds by which an event comes late.
        change: Returns the event that comes instead of one of a unit or a cycle.
        minutes: How long it lasts.
        after: How many minutes are looked at after it.
    """

    name: str
    sentence: str
    expected: Mapping[str, int]
    silenced: tuple[str, ...] = ()
    spoil: Spoil | None = None
    beat: Beat | None = None
    more: More | None = None
    before: Before | None = None
    late: Late | None = None
    change: Callable[[Event], Event] | None = None
    minutes: int = 12
    after: int = 30


def _frozen_interest(quotes: Quotes, before: Quotes) -> Quotes:
    """Return the quotes with the open interest of before, by symbol."""
    symbols = before.contracts.symbol.ravel().tolist()
    interest_before = dict(zip(symbols, before.values["oi"].ravel().tolist(), strict=True))
    interest = quotes.values["oi"].copy()
    for position, symbol in np.ndenumerate(quotes.contracts.symbol):
        interest[position] = interest_before.get(symbol, 0.0)
    return replace(quotes, values={**quotes.values, "oi": interest})


def _without(quotes: Quotes, sides: slice, strikes: slice) -> Quotes:
    """Return the quotes without those of some sides and strikes."""
    values: dict[str, Any] = {}
    for name, array in quotes.values.items():
        spoiled = array.copy()
        spoiled[sides, strikes] = np.nan
        values[name] = spoiled
    return replace(quotes, values=values)


def _one_sided(quotes: Quotes, _before: Quotes) -> Quotes:
    """Return the quotes without any put: no forward comes from parity."""
    return _without(quotes, slice(1, None), slice(None))


def _halved(quotes: Quotes, _before: Quotes) -> Quotes:
    """Return the quotes of every second strike."""
    return _without(quotes, slice(None), slice(None, None, 2))


def _refused(quotes: Quotes, _before: Quotes) -> Quotes:
    """Refuse one unit in four."""
    if int(quotes.observed_at // 60) % 4 == 0:
        raise ProviderBusy("the provider answers with 502", None)
    return quotes


def _all_refused(_quotes: Quotes, _before: Quotes) -> Quotes:
    """Refuse every unit."""
    raise ProviderBusy("the provider answers with 502", None)


def _provider(**changes: Any) -> Beat:
    return lambda beat: replace(beat, provider=replace(beat.provider, **changes))


def _lagging(events: int) -> Beat:
    """Let a subscriber stand so many events behind."""
    return lambda beat: replace(beat, lags={AUDIT: events})


def _second_beat_dead(beat: Heartbeat) -> Heartbeat:
    """Let a second beat, on a host of its own, have been silent for some time."""
    (living,) = beat.vitals.processes
    dead = ProcessFacts(living.role, living.pid, "b", living.at - 60.0, up=False)
    return replace(beat, vitals=replace(beat.vitals, processes=(living, dead)))


def _counted(at: datetime, meta: EventMeta, late_ms: float, trimmed: int = 0) -> Event:
    """Return an event of the subscriber that Redis took `late_ms` after its stamp."""
    number = f"{at.timestamp() * 1000 + late_ms:.0f}-0"
    counts = SubscriberCounts(AUDIT, filtered=1, trimmed=trimmed)
    return Event(number, isoformat_z(at), counts, AUDIT, meta)


def _trimming(a_step: int) -> More:
    """Let the bus trim so many events a step before the subscriber reads them."""
    return lambda at: [_counted(at, EventMeta(), 1.0, a_step)]


def _published_late(milliseconds: float) -> More:
    """Let most events of a step be taken late."""
    return lambda at: [_counted(at, EventMeta(), milliseconds)] * 20


def _throttled(at: datetime) -> list[Event]:
    """Let ten events of a step wait for subscribers."""
    return [_counted(at, EventMeta(throttled_seconds=0.1), 1.0)] * 10


def _overrun(runtime: Runtime, at: datetime) -> None:
    """Let a collection of before go on at every second cycle, and end it at the others."""
    now = time.time()
    for index in runtime.plan.indices:
        # A cycle of its own each time: one that was collected is not collected again.
        stuck = Unit(f"2026-11-19T00:{at.minute // 2:02d}:00Z", index)
        if at.minute % 2 == 0:
            opening = Opening((index,), runtime.plan.config_id, now + 3_600, now)
            runtime.ledger.begin(stuck, f"stuck-{at}", opening, now, 3_600)
        else:
            runtime.ledger.end_stage(stuck, "collect", "", now)


def _closing_late(event: Event) -> float:
    """Let some cycles be closed so late that 150 s pass between two, once in four minutes.

    The index is stale for one evaluation then, too short for G6IndexMissing.
    """
    if not isinstance(event.payload, CycleReport):
        return 0.0
    return (15.0, 105.0, 45.0, 75.0)[int(event.payload.cycle[14:16]) % 4]


Change = Callable[[AnalysisFacts], AnalysisFacts]


def _analysed(change: Change) -> Callable[[Event], Event]:
    """Let a unit's analysis have counted otherwise: the solver itself settles every price."""

    def changed(event: Event) -> Event:
        report = event.payload
        if not isinstance(report, StageReport) or not isinstance(report.counts, AnalysisFacts):
            return event
        return replace(event, payload=replace(report, counts=change(report.counts)))

    return changed


def _failing(facts: AnalysisFacts) -> AnalysisFacts:
    """Let the solver have failed on every tenth option."""
    iv: dict[str, IvCounts] = {}
    for bucket, counts in facts.iv.items():
        failed = counts.ok // 10
        iv[bucket] = replace(counts, ok=counts.ok - failed, failed=failed)
    return replace(facts, iv=iv)


def _labouring(facts: AnalysisFacts) -> AnalysisFacts:
    """Let every price have taken 90 evaluations."""
    prices = sum(spent.count for spent in facts.iterations.values())
    return replace(facts, iterations_histogram={"90": prices})


def _taking_long(event: Event) -> Event:
    """Let a cycle have taken 20 s."""
    if not isinstance(event.payload, CycleReport):
        return event
    return replace(event, payload=replace(event.payload, elapsed_seconds=20.0))


RECORDED = (
    Recording(
        "frozen open interest",
        "The open interest of every option stands still; prices move.",
        MappingProxyType({"G6OIFrozen": 360}),
        spoil=_frozen_interest,
    ),
    Recording(
        "stale instruments",
        "The exchange's list of instruments is refused, and yesterday's stands in for it.",
        MappingProxyType({"G6InstrumentsStale": 0}),
        beat=_provider(instruments={"NFO": "older"}),
    ),
    Recording(
        "request budget spent",
        "Two requests are left in every minute.",
        MappingProxyType({"G6RateBudgetExhausted": 0}),
        beat=_provider(budget_left={"quote": 2}),
    ),
    Recording(
        "puts without quotes",
        "No put has a quote: the forward comes from the future.",
        MappingProxyType({"G6ForwardFallback": 60, "G6CyclePartial": 60}),
        spoil=_one_sided,
    ),
    Recording(
        "half of the strikes",
        "Every second strike has no quote.",
        MappingProxyType({"G6CyclePartial": 60}),
        silenced=("G6CoverageLow",),
        spoil=_halved,
    ),
    Recording(
        "solver fails",
        "The solver does not converge on one option in ten.",
        MappingProxyType({"G6IVFailureSurge": 150}),
        change=_analysed(_failing),
    ),
    Recording(
        "solver labours",
        "The solver takes 90 evaluations an option, of the 100 that it may.",
        MappingProxyType({"G6IVIterationsHigh": 600}),
        change=_analysed(_labouring),
        minutes=25,
    ),
    Recording(
        "collection overruns",
        "At every second cycle the collection of the one before is still under way.",
        MappingProxyType({"G6CycleOverrun": 240, "G6ErrorBudgetFast": 240}),
        before=_overrun,
        minutes=16,
    ),
    Recording(
        "cycles slower at once",
        "Cycles take 20 s from one to the next, a third of their interval; nothing is lost.",
        MappingProxyType({"G6CycleSlower": 180}),
        change=_taking_long,
        minutes=25,
    ),
    Recording(
        "one unit lost",
        "The provider refuses one unit of the day: a ticket, and no page.",
        MappingProxyType({"G6ErrorBudgetSlow": 60}),
        spoil=_all_refused,
        minutes=1,
        after=45,
    ),
    Recording(
        "gap after gap",
        "The provider refuses one unit in four, no two in a row: a ticket, then a page.",
        MappingProxyType({"G6ErrorBudgetSlow": 180, "G6ErrorBudgetFast": 420}),
        silenced=("G6PipelineFatalSpike", "G6PipelineFatalSustained"),
        spoil=_refused,
        minutes=20,
    ),
    Recording(
        "cycles closed late",
        "Once in four minutes the newest chain is older than two cycles for a moment.",
        MappingProxyType({"G6FreshnessBudgetSlow": 480, "G6FreshnessBudgetFast": 960}),
        late=_closing_late,
        minutes=25,
    ),
    Recording(
        "memory short",
        "The workers of a host fill 90 % of what they may take.",
        MappingProxyType({"G6MemoryPressureCritical": 0}),
        beat=lambda beat: replace(
            beat, pressure=MemoryPressure(PressureLevel.FEWER_STRIKES, 0.9, 1e9, "a")
        ),
    ),
    Recording(
        "one of two beats dead",
        "The second of two beats, on another host, gives no sign of life; the first goes on.",
        MappingProxyType({"G6BeatDown": 0}),
        beat=_second_beat_dead,
    ),
    Recording(
        "subscriber behind",
        "A subscriber of the bus stands 6,000 events behind.",
        MappingProxyType({"G6BusSubscriberLagHigh": 0}),
        beat=_lagging(6_000),
        minutes=20,
    ),
    Recording(
        "bus nearly full",
        "A subscriber stands 18,500 events behind, of 20,000 that the bus holds.",
        MappingProxyType({"G6BusQueueSaturationHigh": 0}),
        silenced=("G6BusSubscriberLagHigh",),
        beat=_lagging(18_500),
        minutes=20,
    ),
    Recording(
        "events trimmed",
        "Ten events a second are trimmed before a subscriber reads them.",
        MappingProxyType({"G6BusDropRateElevated": 165}),
        more=_trimming(150),
        minutes=20,
    ),
    Recording(
        "many events trimmed",
        "Thirty events a second are trimmed before a subscriber reads them.",
        MappingProxyType({"G6BusDropRateCritical": 225}),
        silenced=("G6BusDropRateElevated",),
        more=_trimming(450),
        minutes=20,
    ),
    Recording(
        "bus slow",
        "Redis takes most events 18 ms after their stamp.",
        MappingProxyType({"G6BusPublishLatencyHigh": 60}),
        more=_published_late(18.0),
    ),
    Recording(
        "bus very slow",
        "Redis takes most events 40 ms after their stamp.",
        MappingProxyType({"G6BusPublishLatencyCritical": 60}),
        silenced=("G6BusPublishLatencyHigh",),
        more=_published_late(40.0),
    ),
    Recording(
        "publishers throttled",
        "Publishers wait for subscribers that are all far behind.",
        MappingProxyType({"G6BusThrottled": 60}),
        more=_throttled,
        minutes=15,
    ),
)
