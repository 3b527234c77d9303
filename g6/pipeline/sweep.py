"""The sweep: closes deadlines that passed, sends again what was lost, and writes down cycles that nobody opened."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice

from g6.domain.cycle import STAGES, Status, Unit, isoformat_z, parse_z
from g6.pipeline.runtime import Runtime
from g6.ports import CycleRecord, StageState, UnitRecord

MOST_AT_ONCE = 200
POISON = 3
PERSIST_TRIES = 5


def sweep(runtime: Runtime) -> dict[str, int]:
    """Go over every open cycle and the grid since the last walk; return what was done, by kind."""
    now = runtime.clock.wall()
    done = {"closed": 0, "sent_again": 0, "fired_again": 0, "gaps": 0}
    for record in runtime.ledger.open_cycles():
        for index, unit in record.units.items():
            kind = _mend(runtime, record, Unit(record.cycle, index), unit, now)
            if kind:
                done[kind] += 1
        if record.fired and not record.closed and runtime.ledger.fire_again(record.cycle, now):
            runtime.sender.aggregate(record.cycle)
            done["fired_again"] += 1
    if not runtime.feeds:
        done["gaps"] = _walk(runtime, now)
    return done


def _mend(runtime: Runtime, record: CycleRecord, unit: Unit, state: UnitRecord, now: float) -> str:
    if not state.status:
        if now >= record.opening.deadline:
            return _close(runtime, unit, state, now)
        if stages := _lost(runtime, record, state, now):
            return _send_again(runtime, unit, stages)
        return ""
    if state.status in (Status.OK, Status.PARTIAL):
        return _mend_persist(runtime, record, unit, state, now)
    return ""


def _close(runtime: Runtime, unit: Unit, state: UnitRecord, now: float) -> str:
    if runtime.ledger.finish(unit, Status.MISSING, _why(state), {}, now) == "completed":
        runtime.sender.aggregate(unit.cycle)
    return "closed"


def _why(state: UnitRecord) -> str:
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


def _mend_persist(runtime: Runtime, record: CycleRecord, unit: Unit, state: UnitRecord, now: float) -> str:
    persist, analysed = state.stages.get("persist", StageState()), state.stages.get("analyse", StageState())
    if persist.state == "done":
        return ""
    if persist.starts >= PERSIST_TRIES or now - max(record.opened, analysed.ended) > runtime.timing.hard * PERSIST_TRIES + 600.0:
        runtime.ledger.settle(record.cycle)
        return ""
    lapsed = persist.lease_until < now if persist.state == "run" else now - analysed.ended > runtime.timing.lease
    return _send_again(runtime, unit, ("persist",)) if lapsed else ""


def _send_again(runtime: Runtime, unit: Unit, stages: tuple[str, ...]) -> str:
    runtime.sender.stages(unit, stages)
    return "sent_again"


def _walk(runtime: Runtime, now: float) -> int:
    """Make every instant of the grid that nobody opened a SKIPPED cycle; return how many units that were."""
    window = runtime.controls.read().get("window") or {}
    until = runtime.clock.market() - timedelta(seconds=_market_seconds(runtime, runtime.timing.grace + 1.0))
    if window.get("last"):
        until = min(until, parse_z(window["last"]))
    walked = runtime.ledger.walked()
    after = parse_z(walked) if walked else _day_of_last_overview(runtime)
    if window.get("first"):
        before_first = parse_z(window["first"]) - timedelta(microseconds=1)
        after = max(after, before_first) if after else before_first
    if after is None:
        runtime.ledger.walk(isoformat_z(until))
        return 0
    if after >= until:
        return 0
    stored = {} if walked else runtime.store.overview_cycles(after, until)
    instants = list(islice(_grid(runtime, after, until), MOST_AT_ONCE))
    missed = [cycle for cycle in map(isoformat_z, instants) if cycle not in stored and runtime.ledger.record(cycle) is None]
    found = sum(_skip(runtime, cycle, now, "ledger_lost" if stored else "no_beat") for cycle in missed)
    runtime.ledger.walk(isoformat_z(instants[-1] if len(instants) == MOST_AT_ONCE else until))
    return found


def _skip(runtime: Runtime, cycle: str, now: float, reason: str) -> int:
    expected = runtime.expected(cycle)
    for index in expected:
        unit = Unit(cycle, index)
        if runtime.ledger.skip(unit, runtime.opening(unit), reason, now) == "completed":
            runtime.sender.aggregate(cycle)
    return len(expected)


def _grid(runtime: Runtime, after: datetime, until: datetime) -> Iterator[datetime]:
    """Yield the grid's instants in (after, until] at which some enabled index is in session, oldest first."""
    exchanges = sorted({plan.index.exchange for plan in runtime.plan.indices.values()})
    step = timedelta(seconds=runtime.plan.interval)
    at = after + timedelta(microseconds=1)
    while True:
        at = min(runtime.calendar.next_cycle(exchange, at, runtime.plan.interval) for exchange in exchanges)
        if at > until:
            return
        yield at
        at += step


def _day_of_last_overview(runtime: Runtime) -> datetime | None:
    """Without a mark the grid is walked from the day of the newest stored overview row on; None for an empty store."""
    newest = runtime.store.last_overview()
    return newest.replace(hour=0, minute=0, second=0, microsecond=0) if newest else None


def _market_seconds(runtime: Runtime, wall_seconds: float) -> float:
    return wall_seconds * runtime.plan.interval / runtime.timing.step
