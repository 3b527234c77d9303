"""The sweep: closes units past their deadline, sends lost stages again, records unopened cycles."""

from __future__ import annotations

from g6.domain.cycles.claims import StageState
from g6.domain.cycles.cycle import Unit
from g6.domain.cycles.unopened import may_vouch
from g6.domain.schema.words import ANALYSED, STAGES, Reason, Stage, Status
from g6.pipeline.grid_walk import walk
from g6.pipeline.maintenance.waiting_cycles import awake_cycles, let_rest
from g6.pipeline.rerun import RERUN_SECONDS
from g6.pipeline.runtime import Runtime
from g6.ports import RERUN_TASK, CycleRecord, UnitEnd, UnitRecord

MOST_SKIPPED = 20
"""Skipped cycles that may wait for their aggregate: live cycles go through the same queue."""
POISON = 3
"""Starts of a stage after which its unit is closed: it may kill one child after another."""
PERSIST_SECONDS = 600.0
"""How long an analysed unit is sent again to be persisted, at least."""
WRITINGS = 4.0
"""Times for which a try may write, until the next ones are so far apart that one finds it over."""
RERUN_LEASES = 6
"""Leases for which a rerun waits in its queue before it counts as lost, and between two sends."""
STORE_SECONDS = 3600.0
"""How long a closed cycle is sent again to be stored."""


def sweep(runtime: Runtime) -> dict[str, int]:
    """Mend every open cycle that does not rest, and record what nobody opened since the last sweep.

    Returns:
        How many units were closed, stages sent again, cycles fired again, and units recorded as
        skipped (`gaps`).
    """
    now = runtime.clock.wall()
    counts = {"closed": 0, "sent_again": 0, "fired_again": 0, "gaps": 0}
    records = awake_cycles(runtime, now)
    for record in records:
        for index, unit in record.units.items():
            kind = _mend(runtime, record, Unit(record.cycle, index), unit, now)
            if kind:
                counts[kind] += 1
        if record.fired and not record.closed and runtime.ledger.fire_again(record.cycle, now):
            runtime.sender.aggregate(record.cycle)
            counts["fired_again"] += 1
        if record.closed and not record.stored:
            counts["fired_again"] += _store_again(runtime, record, now)
        if record.stored and record.attempt > 1:
            counts["fired_again"] += _write_again(runtime, record, now)
        let_rest(runtime, record, now)
    if not runtime.feeds:
        unclosed = sum(1 for record in records if record.fired and not record.closed)
        counts["gaps"] = walk(runtime, now, MOST_SKIPPED - unclosed)
    return counts


def _store_again(runtime: Runtime, record: CycleRecord, now: float) -> bool:
    """Send a closed cycle to be stored again, at growing distances for an hour."""
    waited = now - record.closed
    if waited > STORE_SECONDS:
        runtime.ledger.settle(record.cycle)
        return False
    if not runtime.ledger.store_again(record.cycle, now, max(runtime.timing.lease, waited / 4.0)):
        return False
    runtime.sender.publish(record.cycle)
    return True


def _write_again(runtime: Runtime, record: CycleRecord, now: float) -> bool:
    """Have the newest rows of a cycle written once more that a rerun overtook while it was written.

    A process that stood still in its write puts its older rows over those of the rerun, and looks
    after that. One that is killed before it looks has been killed by now: its time limit is over.
    """
    patience = runtime.writing_seconds
    if not runtime.ledger.must_write_again(record.cycle, now, patience):
        return False
    for index, state in record.units.items():
        if state.attempt > 1:
            runtime.sender.stages(Unit(record.cycle, index), (Stage.PERSIST,))
    runtime.sender.publish(record.cycle)
    # Forgotten first, the rows were lost with a sweep that was killed before it sent. Sent twice,
    # they are written twice, and are the same.
    runtime.ledger.forget_overtaken(record.cycle, now, patience)
    return True


def _mend(runtime: Runtime, record: CycleRecord, unit: Unit, state: UnitRecord, now: float) -> str:
    """Close a unit or send its lost stages again, and return which of it, empty for neither."""
    if not state.status:
        if now >= record.opening.deadline:
            return _close(runtime, record, unit, state, now)
        if stages := _lost_stages(runtime, record, unit, state, now):
            return _send_again(runtime, unit, stages)
        return ""
    if state.status in ANALYSED:
        return _mend_persist(runtime, record, unit, state, now)
    return ""


def _close(runtime: Runtime, record: CycleRecord, unit: Unit, state: UnitRecord, now: float) -> str:
    reason = _closing_reason(runtime, record, state, now)
    if reason is None:
        return ""
    # An index is held for a time from now on, within which who collects it renews. Counted from
    # the start of a sweep on an overloaded host, 2 s before, that time was over at once.
    ending = UnitEnd(Status.MISSING, reason)
    answer = runtime.ledger.finish(unit, ending, runtime.clock.wall())
    if answer.completes_cycle:
        runtime.sender.aggregate(unit.cycle)
    return "closed"


def _closing_reason(
    runtime: Runtime, record: CycleRecord, state: UnitRecord, now: float
) -> Reason | None:
    """Return why a unit did not end in time, None where that is not known yet."""
    if any(stage.starts >= POISON for stage in state.stages.values()):
        return Reason.POISON
    if not state.stages:
        return _unbegun_reason(runtime, record, now)
    collect = state.stages.get(Stage.COLLECT, StageState())
    has_quotes = collect.is_done or Stage.ANALYSE in state.stages
    return Reason.LATE if has_quotes else Reason.PROVIDER


def _unbegun_reason(runtime: Runtime, record: CycleRecord, now: float) -> Reason | None:
    """Return why nobody began a unit whose cycle others did begin.

    None where a beat that has not signed since, or since an outage, may know another reason.
    """
    # Redis went away between the two messages of a beat: the second was never sent. An outage of
    # then says nothing of a rerun of today.
    lifeline = runtime.lifeline
    if lifeline is not None and record.attempt == 1:
        due = record.opening.due
        (reason,) = lifeline.reasons([due])
        if reason == Reason.REDIS_DOWN:
            return Reason.REDIS_DOWN
        # Who closes a unit was sent by a beat that has signed since it was due. None that lived
        # then is known: the only beat died between the messages of two indices.
        if not reason and lifeline.first_beat() is not None:
            # A beat that was born in an outage had signed, and its sweep closed a unit of the
            # outage 0.4 s before the older beat told of that.
            is_certain = lifeline.is_settled(now) and not may_vouch(due, lifeline.last_beat(), now)
            return Reason.NO_BEAT if is_certain else None
    return Reason.EXPIRED


def _lost_stages(
    runtime: Runtime, record: CycleRecord, unit: Unit, state: UnitRecord, now: float
) -> tuple[Stage, ...]:
    """Return the first stage whose lease lapsed and all after it, empty when none is lost."""
    lease = runtime.timing.lease
    if record.opening.deadline - now < min(1.0, lease):
        return ()
    if state.task == RERUN_TASK:
        return _lost_rerun(runtime, record, unit, state, now)
    since = record.opened
    for position, name in enumerate(STAGES[:2]):
        stage = state.stages.get(name, StageState())
        if stage.is_done:
            since = stage.ended
            continue
        if stage.starts >= POISON:
            return ()
        return STAGES[position:] if _has_lapsed(stage, since, lease, now) else ()
    return ()


def _lost_rerun(
    runtime: Runtime, record: CycleRecord, unit: Unit, state: UnitRecord, now: float
) -> tuple[Stage, ...]:
    """Return the stages of a lost rerun, empty while it runs or may still wait in its queue.

    A rerun begins with analyse. A ledger that has forgotten the cycle knows of no collection, and
    a sweep sent stage collect for a cycle of last week: it came too late and made an OK row
    MISSING. A rerun of a day has a thousand units in one queue, so that one that waits is sent
    again every six leases and not at every sweep.
    """
    stage = state.stages.get(Stage.ANALYSE, StageState())
    if stage.starts >= POISON or stage.is_done:
        return ()
    patience = RERUN_LEASES * runtime.timing.lease
    if stage.is_running:
        is_due = stage.lease_until < now
    else:
        is_due = now - (record.opening.deadline - RERUN_SECONDS) >= patience
    if is_due and runtime.ledger.send_again(unit, now, patience):
        return STAGES[1:]
    return ()


def _has_lapsed(stage: StageState, since: float, lease: float, now: float) -> bool:
    """Tell whether a stage that is not done was lost: its lease ended, or nobody took it for one.

    The Redis transport pops a message before it records it: of 2,102 messages 5 were lost to
    SIGKILLs under load.
    """
    if stage.is_running:
        return stage.lease_until < now
    return now - since > lease


def _mend_persist(
    runtime: Runtime, record: CycleRecord, unit: Unit, state: UnitRecord, now: float
) -> str:
    persist = state.stages.get(Stage.PERSIST, StageState())
    analysed = state.stages.get(Stage.ANALYSE, StageState())
    if persist.is_done:
        return ""
    since = max(record.opened, analysed.ended)
    # Of a lost chain a try gives up once the one before it cannot write any more.
    if now - since > max(PERSIST_SECONDS, WRITINGS * runtime.writing_seconds):
        # Settled before its overview was stored, a cycle was never sent to be stored again: a disk
        # that was full for 10 s cost all its rows, with nothing that told of them.
        if record.stored:
            runtime.ledger.settle(record.cycle)
        return ""
    # Five tries were over within 10 s, and a disk that was full for 12 s cost its chains. Each
    # waits as long as all before it, also where its message is still in the queue: 18 of a full
    # disk waited there.
    last = max(persist.started, since, state.sent)
    rest = max(runtime.timing.lease, last - since)
    is_due = now - last > rest and _has_lapsed(persist, analysed.ended, runtime.timing.lease, now)
    if is_due and runtime.ledger.send_again(unit, now, rest):
        return _send_again(runtime, unit, (Stage.PERSIST,))
    return ""


def _send_again(runtime: Runtime, unit: Unit, stages: tuple[Stage, ...]) -> str:
    runtime.sender.stages(unit, stages)
    return "sent_again"
