"""The sweep: closes deadlines that passed, sends again what was lost, and writes down cycles that nobody opened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice

from g6.domain.cycles.cycle import Unit, isoformat_z, parse_z
from g6.domain.reports.switches import RunWindow
from g6.domain.schema.words import ANALYSED, STAGES, Reason, Status
from g6.pipeline.runtime import Runtime
from g6.ports import CycleRecord, StageState, UnitRecord

MOST_WALKED = 2000
"""Instants of the grid that one sweep looks at."""
MOST_SKIPPED = 20
"""Skipped cycles that may wait for their aggregate at a time: live cycles go through the same queue."""
POISON = 3
PERSIST_TRIES = 5
STORE_SECONDS = 3600.0
"""How long a closed cycle is sent again to be stored."""


def sweep(runtime: Runtime) -> dict[str, int]:
    """Go over every open cycle and the grid since the last walk; return what was done, by kind."""
    now = runtime.clock.wall()
    done = {"closed": 0, "sent_again": 0, "fired_again": 0, "gaps": 0}
    records = runtime.ledger.open_cycles()
    for record in records:
        for index, unit in record.units.items():
            kind = _mend(runtime, record, Unit(record.cycle, index), unit, now)
            if kind:
                done[kind] += 1
        if record.fired and not record.closed and runtime.ledger.fire_again(record.cycle, now):
            runtime.sender.aggregate(record.cycle)
            done["fired_again"] += 1
        if record.closed and not record.stored:
            done["fired_again"] += _store_again(runtime, record, now)
    if not runtime.feeds:
        waiting = sum(1 for record in records if record.fired and not record.closed)
        done["gaps"] = _walk(runtime, now, MOST_SKIPPED - waiting)
    return done


def _store_again(runtime: Runtime, record: CycleRecord, now: float) -> bool:
    """Send a closed cycle whose overview is not stored to be stored again, at growing distances for an hour."""
    waited = now - record.closed
    if waited > STORE_SECONDS:
        runtime.ledger.settle(record.cycle)
        return False
    if not runtime.ledger.store_again(record.cycle, now, max(runtime.timing.lease, waited / 4.0)):
        return False
    runtime.sender.publish(record.cycle)
    return True


def _mend(runtime: Runtime, record: CycleRecord, unit: Unit, state: UnitRecord, now: float) -> str:
    if not state.status:
        if now >= record.opening.deadline:
            return _close(runtime, unit, state, now)
        if stages := _lost(runtime, record, state, now):
            return _send_again(runtime, unit, stages)
        return ""
    if state.status in ANALYSED:
        return _mend_persist(runtime, record, unit, state, now)
    return ""


def _close(runtime: Runtime, unit: Unit, state: UnitRecord, now: float) -> str:
    if runtime.ledger.finish(unit, Status.MISSING, _closing_reason(state), {}, now) == "completed":
        runtime.sender.aggregate(unit.cycle)
    return "closed"


def _closing_reason(state: UnitRecord) -> str:
    if any(stage.starts >= POISON for stage in state.stages.values()):
        return "poison"
    if not state.stages:
        return "expired"
    collect = state.stages.get("collect", StageState())
    return "late" if collect.state == "done" or "analyse" in state.stages else "provider"


def _lost(runtime: Runtime, record: CycleRecord, state: UnitRecord, now: float) -> tuple[str, ...]:
    """Return the stages to send again: the first one not done whose lease lapsed, and all after it; empty when none is lost."""
    lease = runtime.timing.lease
    if record.opening.deadline - now < min(1.0, lease):
        return ()
    since = record.opened
    for position, name in enumerate(STAGES[:2]):
        stage = state.stages.get(name, StageState())
        if stage.state == "done":
            since = stage.ended
            continue
        if stage.starts >= POISON:
            return ()
        lapsed = stage.lease_until < now if stage.state == "run" else now - since > lease
        return STAGES[position:] if lapsed else ()
    return ()


def _mend_persist(
    runtime: Runtime, record: CycleRecord, unit: Unit, state: UnitRecord, now: float
) -> str:
    persist, analysed = (
        state.stages.get("persist", StageState()),
        state.stages.get("analyse", StageState()),
    )
    if persist.state == "done":
        return ""
    if (
        persist.starts >= PERSIST_TRIES
        or now - max(record.opened, analysed.ended) > runtime.timing.hard * PERSIST_TRIES + 600.0
    ):
        # Settled before its overview was stored, a cycle was never sent to be stored again: a disk
        # that was full for 10 s cost all its rows, with nothing that told of them.
        if record.stored:
            runtime.ledger.settle(record.cycle)
        return ""
    lapsed = (
        persist.lease_until < now
        if persist.state == "run"
        else now - analysed.ended > runtime.timing.lease
    )
    return _send_again(runtime, unit, ("persist",)) if lapsed else ""


def _send_again(runtime: Runtime, unit: Unit, stages: tuple[str, ...]) -> str:
    runtime.sender.stages(unit, stages)
    return "sent_again"


def _walk(runtime: Runtime, now: float, most: int) -> int:
    """Make instants of the grid that nobody opened SKIPPED cycles, `most` at a time; return how many units that were."""
    window = runtime.controls.read().window or RunWindow()
    until = runtime.clock.market() - timedelta(
        seconds=_market_seconds(runtime, runtime.timing.grace + 1.0)
    )
    if window.last:
        until = min(until, parse_z(window.last))
    walked = runtime.ledger.swept_until()
    after = parse_z(walked) if walked else _first_overview_of_last_day(runtime)
    unknown = Reason.NO_BEAT if walked or after is None else Reason.LEDGER_LOST
    if window.first:
        first = parse_z(window.first) - timedelta(microseconds=1)
        after = _not_before(first, after, marked=bool(walked))
    if after is None:
        runtime.ledger.record_swept(isoformat_z(until))
        return 0
    if after >= until or most <= 0:
        return 0
    instants = list(islice(_grid(runtime, after, until), MOST_WALKED))
    missed = _nobodys(runtime, instants)[:most]
    reasons = _why(runtime, missed)
    found = sum(
        _skip(runtime, isoformat_z(at), now, reason or unknown)
        for at, reason in zip(missed, reasons, strict=True)
    )
    if len(missed) == most:
        until = missed[-1]
    elif len(instants) == MOST_WALKED:
        until = instants[-1]
    runtime.ledger.record_swept(isoformat_z(until))
    return found


def _not_before(first: datetime, after: datetime | None, *, marked: bool) -> datetime:
    """Return where a run that began after `first` is walked from: without a mark its first row may not be of its first cycle."""
    if after is None or (not marked and first.date() == after.date()):
        return first
    return max(after, first)


def _nobodys(runtime: Runtime, instants: Sequence[datetime]) -> list[datetime]:
    """Return the instants that neither the ledger nor the store knows; a settled cycle is in the store alone."""
    unknown = [at for at in instants if runtime.ledger.record(isoformat_z(at)) is None]
    stored = runtime.store.overview_cycles(unknown[0], unknown[-1]) if unknown else {}
    return [at for at in unknown if isoformat_z(at) not in stored]


def _why(runtime: Runtime, missed: Sequence[datetime]) -> Sequence[str]:
    """Return why nobody opened these instants, as far as the beats know."""
    if not missed or runtime.lifeline is None:
        return [""] * len(missed)
    return runtime.lifeline.reasons([runtime.clock.wall_of(at) for at in missed])


def _skip(runtime: Runtime, cycle: str, now: float, reason: str) -> int:
    expected = runtime.expected(cycle)
    for index in expected:
        unit = Unit(cycle, index)
        if runtime.ledger.skip(unit, runtime.opening(unit), reason, now) == "completed":
            runtime.sender.aggregate(cycle)
    return len(expected)


def _grid(runtime: Runtime, after: datetime, until: datetime) -> Iterator[datetime]:
    """Yield the grid's instants in (after, until] at which some enabled index is in session, oldest first."""
    exchanges = runtime.plan.exchanges
    step = timedelta(seconds=runtime.plan.interval)
    at = after + timedelta(microseconds=1)
    while True:
        at = min(
            runtime.calendar.next_cycle(exchange, at, runtime.plan.interval)
            for exchange in exchanges
        )
        if at > until:
            return
        yield at
        at += step


def _first_overview_of_last_day(runtime: Runtime) -> datetime | None:
    """Without a mark the grid is walked from the first overview row of the newest stored day on; None for an empty store.

    Not from the newest row on: cycles may have been stored between the loss of the mark and this walk.
    """
    newest = runtime.store.last_overview()
    if newest is None:
        return None
    day = newest.replace(hour=0, minute=0, second=0, microsecond=0)
    return min(map(parse_z, runtime.store.overview_cycles(day, newest)))


def _market_seconds(runtime: Runtime, wall_seconds: float) -> float:
    return wall_seconds * runtime.plan.interval / runtime.timing.step
