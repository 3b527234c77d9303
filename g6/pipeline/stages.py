"""The three stages of one unit. Each returns True when the chain may go on to the next stage."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import replace
from datetime import date
from math import isfinite

from g6.domain.cycles.claims import ClaimAnswer, FinishAnswer
from g6.domain.cycles.cycle import Unit
from g6.domain.market.slot import SlotLevels
from g6.domain.pricing.priced_chain import PricedChain
from g6.domain.quotes.stamp import settings_of
from g6.domain.reports import CollectCounts, StageFailure, Switches, WriteReport
from g6.domain.reports.option_detail import DetailMode
from g6.domain.reports.switches import EVERY_INDEX
from g6.domain.schema.frame import Frame, FrameName
from g6.domain.schema.no_word import NoWord, reason_of
from g6.domain.schema.overview_row import OverviewRow
from g6.domain.schema.words import Reason, Stage, Status
from g6.errors import (
    FrameMissing,
    G6Error,
    Late,
    RedisDown,
    Retryable,
    StoreBusy,
    Terminal,
    TokenDead,
    Withheld,
)
from g6.pipeline.computing import COMPUTING, Computing, first_frame, row_chain
from g6.pipeline.runtime import Runtime, Watch
from g6.pipeline.sink_refusals import (
    alert_of_damage,
    demand_parquet,
    remember_refusals,
    report_refusal,
    write_outcome,
)
from g6.ports import Claim, Clock, UnitEnd, UnitRecord


def collect(runtime: Runtime, unit: Unit, task: str, computing: Computing = COMPUTING) -> bool:
    """Claim the unit, fetch its quotes, leave frame `quotes`."""
    watch = Watch(runtime.clock)
    opening = runtime.opening(unit)
    if _is_left_alone(runtime, unit, watch.began - opening.due):
        return False
    claim = runtime.ledger.begin(unit, task, opening, watch.began, runtime.timing.lease)
    _send_aggregate(runtime, unit, claim.answer)
    if not claim.answer.may_run:
        return claim.answer.goes_on
    switches = claim.controls
    if reason := _pause_reason(runtime, switches, unit.index):
        return end(runtime, unit, Status.SKIPPED, reason, watch, task=task)
    _wait_for(runtime.clock, opening.due - watch.lap("claim"))
    # A stage that was begun before has the whole time to the deadline: its message is not late.
    limit = runtime.timing.grace if claim.answer.is_repeated else runtime.timing.expires
    try:
        _check_lateness(unit, watch.lap("wait") - opening.due, limit)
        frame, counts = computing.gather(runtime, unit, switches, watch)
        if _is_overtaken(runtime, unit, Stage.COLLECT, task, watch):
            return False
        lateness = round(max(0.0, watch.began - opening.due), 6)
        counts = replace(counts, lateness_seconds=lateness)
        return _leave_quotes(runtime, unit, task, frame, counts, watch)
    except RedisDown:
        raise  # the task tries again until the deadline
    except Withheld as error:
        if isinstance(error, TokenDead):
            runtime.controls.set("paused", {**switches.paused, EVERY_INDEX: error.reason})
        failure = _collect_failure(runtime, error)
        return end(runtime, unit, Status.SKIPPED, Reason(error.reason), watch, failure, task=task)
    except (Retryable, Terminal) as error:
        failure = _collect_failure(runtime, error)
        return end(runtime, unit, Status.MISSING, Reason(error.reason), watch, failure, task=task)


def _leave_quotes(
    runtime: Runtime, unit: Unit, task: str, frame: Frame, counts: CollectCounts, watch: Watch
) -> bool:
    """Put frame `quotes` and end stage collect. Withdraw it where another process has ended it."""
    with ExitStack() as leaving:
        # A time limit after the frame is put leaves no older quotes either.
        leaving.callback(_withdraw_quotes, runtime, unit)
        size = runtime.frames.put(unit, FrameName.QUOTES, frame, runtime.quotes_seconds)
        now = watch.lap("frame")
        counts = replace(counts, bytes=size)
        report = watch.report(unit, Stage.COLLECT, Status.OK, counts=counts)
        if runtime.ledger.end_stage(unit, Stage.COLLECT, task, now, report):
            leaving.pop_all()
            return True
    return False


def _send_aggregate(runtime: Runtime, unit: Unit, answer: ClaimAnswer | FinishAnswer) -> None:
    """Send the aggregate of a unit's cycle where the ledger says that the unit completes it."""
    if answer.completes_cycle:
        runtime.sender.aggregate(unit.cycle)


def _is_left_alone(runtime: Runtime, unit: Unit, lateness: float) -> bool:
    """Return whether nobody is to claim a unit: it is far too early, or late and stored."""
    # A beat 90 s ahead had each unit claimed, and its task ran into its time limit before the
    # instant. A right beat beside it found every unit taken.
    if lateness < -runtime.timing.expires:
        return True
    return lateness > runtime.timing.expires and _is_stored(runtime, unit)


def _is_stored(runtime: Runtime, unit: Unit) -> bool:
    """Return whether a unit of a live market has a stored row: its cycle was closed once.

    A beat that had stood still sent a cycle anew into a Redis emptied since, where it was ended as
    expired and closed a second time.
    """
    if runtime.repeats_instants:
        return False
    # A store that cannot be read costs no collection.
    with suppress(G6Error, OSError):
        rows = runtime.store.read_overview(unit.cycle)
        return any(row["underlying"] == unit.index for row in rows)
    return False


def _is_overtaken(runtime: Runtime, unit: Unit, stage: Stage, task: str, watch: Watch) -> bool:
    """Return whether another process has the stage since this one began.

    The ledger is asked only where so long has passed that a lease may have lapsed.
    """
    now = runtime.clock.wall()
    lease = runtime.timing.lease
    if now - watch.began <= lease:
        return False
    return not runtime.ledger.renew(unit, stage, task, now + lease, now)


def _withdraw_quotes(runtime: Runtime, unit: Unit) -> None:
    """Drop quotes that a process put over newer ones after it had stood still.

    The newer ones were analysed. A rerun of the unit took the older ones, and its row changed
    though nothing else had. Without a frame it takes the columns of the stored chain.
    """
    record = runtime.ledger.record(unit.cycle)
    if record is None:
        return
    state = record.units.get(unit.index, UnitRecord())
    if state.stage(Stage.ANALYSE).is_done:
        runtime.frames.expire(unit, FrameName.QUOTES, 0.0)


def analyse(runtime: Runtime, unit: Unit, task: str, computing: Computing = COMPUTING) -> bool:
    """Turn frame `quotes` into frame `chain` and the unit's overview row, and finish the unit."""
    watch = Watch(runtime.clock)
    claim = runtime.ledger.start(unit, Stage.ANALYSE, task, watch.began, runtime.timing.lease)
    if not claim.answer.may_run:
        return claim.answer.goes_on
    try:
        _check_lateness(unit, watch.lap("claim"), claim.deadline)
        quotes, stamp = computing.read(first_frame(runtime, unit, FrameName.QUOTES, claim.frame))
        watch.lap("read")
        priced = computing.price(quotes, stamp)
        watch.lap("solve")
        summary: OverviewRow = {**computing.summarise(priced), "config_id": stamp.config_id}
        queue_wait = round(max(0.0, watch.began - (claim.since or watch.began)), 6)
        facts = replace(computing.facts(priced), queue_wait_seconds=queue_wait)
        watch.lap("compute")
        chain = computing.chain(priced)
        runtime.frames.put(unit, FrameName.CHAIN, chain, runtime.timing.chain_life)
    except RedisDown:
        raise  # the task tries again until the deadline
    except (Retryable, Terminal) as error:
        failure = StageFailure(str(error))
        reason = Reason(error.reason)
        return end(runtime, unit, Status.MISSING, reason, watch, failure, Stage.ANALYSE, task=task)
    now = watch.lap("frame")
    status = Status(summary["status"])
    report = watch.report(unit, Stage.ANALYSE, status, reason_of(summary["reason"] or ""), facts)
    # The next window of an index is laid around these levels, and is as wide as its deviations say.
    levels = facts.levels if runtime.plan.reach else _without_deviations(facts.levels)
    ending = UnitEnd(status, report.reason, summary, report, levels, task)
    answer = runtime.ledger.finish(unit, ending, now)
    _send_aggregate(runtime, unit, answer)
    _tell_details(runtime, unit, priced, computing)
    return True


def _tell_details(runtime: Runtime, unit: Unit, priced: PricedChain, computing: Computing) -> None:
    """Publish the options that have metric series of their own, where somebody wants them."""
    if runtime.detail_rules.mode is DetailMode.AGGREGATE:
        return
    level = runtime.controls.read().pressure.level
    runtime.bus.publish(computing.detail(priced, runtime.detail_rules, level), key=unit.index)


def _without_deviations(levels: Mapping[date, SlotLevels]) -> dict[date, SlotLevels]:
    """Return the levels that a window of a fixed width needs."""
    return {day: SlotLevels(own.atm) for day, own in levels.items() if isfinite(own.atm)}


def persist(runtime: Runtime, unit: Unit, task: str, computing: Computing = COMPUTING) -> bool:
    """Write frame `chain` to the store."""
    watch = Watch(runtime.clock)
    claim = runtime.ledger.start(unit, Stage.PERSIST, task, watch.began, runtime.timing.lease)
    if claim.answer.goes_on:
        # This may be the message of a process that was killed between its write and its look.
        _write_newest_chain(runtime, unit, task, computing)
    if not claim.answer.may_run:
        return claim.answer.goes_on
    watch.lap("claim")
    with ExitStack() as leaving:
        try:
            frame = row_chain(runtime, unit, claim.config_id, computing, claim.frame)
            watch.lap("read")
            if _is_overtaken(runtime, unit, Stage.PERSIST, task, watch):
                return False
            # A time limit or an error after the write leaves the newest chain stored as well.
            leaving.callback(_write_newest_chain, runtime, unit, task, computing)
            counts = runtime.store.write_chain(unit, frame)
            demand_parquet(counts)
            if claim.answer.is_repeated:
                # Killed between the file and the ledger, a try left rows that no report counted.
                counts = counts.with_unchanged()
            _note_written(runtime, unit, counts)
        except StoreBusy as error:
            report_refusal(runtime, unit, Stage.PERSIST, error)
            raise
        except Terminal as error:
            has_ended = _give_up_chain(runtime, unit, task, claim, watch, error)
            if has_ended:
                leaving.pop_all()
            return has_ended
        status, reason = write_outcome(counts)
        now = watch.lap("write")
        report = watch.report(unit, Stage.PERSIST, status, reason, counts)
        if runtime.ledger.end_stage(unit, Stage.PERSIST, task, now, report):
            leaving.pop_all()
            return True
    return False


def _give_up_chain(
    runtime: Runtime, unit: Unit, task: str, claim: Claim, watch: Watch, error: Terminal
) -> bool:
    """End stage persist of a unit whose chain is lost, and return whether this did.

    Where its analysis was a rerun's, the ledger takes that back, and its cycle is closed anew.
    """
    now = watch.lap("write")
    if claim.answer.is_repeated:
        if _is_chain_of(runtime, unit, claim.config_id):
            # Killed between the file and the ledger, a try before this one has written it.
            report = watch.report(unit, Stage.PERSIST, Status.OK, counts=WriteReport())
            return runtime.ledger.end_stage(unit, Stage.PERSIST, task, now, report)
        if now - claim.started_before <= runtime.writing_seconds:
            # That try may write it still. The sweep sends the stage again.
            return False
    failure = StageFailure(str(error))
    report = watch.report(unit, Stage.PERSIST, Status.MISSING, Reason(error.reason), counts=failure)
    answer = runtime.ledger.fail_persist(unit, task, now, report)
    _send_aggregate(runtime, unit, answer)
    return answer is not FinishAnswer.LATE


def _is_chain_of(runtime: Runtime, unit: Unit, config_id: str) -> bool:
    """Return whether the stored chain of a unit is of these settings."""
    # One that cannot be read is not.
    with suppress(G6Error, OSError):
        stored = runtime.store.read_chain(unit)
        return stored is not None and settings_of(stored) == config_id
    return False


def _note_written(runtime: Runtime, unit: Unit, counts: WriteReport) -> None:
    """Let the quotes of a stored unit expire sooner, and tell what its sinks said."""
    runtime.frames.expire(unit, FrameName.QUOTES, runtime.persisted_seconds)
    remember_refusals(runtime, unit, Stage.PERSIST, counts.errors)
    alert_of_damage(runtime, unit, counts.aside)


def _write_newest_chain(runtime: Runtime, unit: Unit, task: str, computing: Computing) -> None:
    """Write the chain of a rerun over that of a process that stood still in its write meanwhile.

    The older chain stayed in the place of the newer one, under an overview row of other settings.
    Where another rerun persists meanwhile, its chain is written after all.

    Args:
        task: Whose process looks. While the stage is still its own, its chain is the newest.
    """
    written = 1
    while True:
        record = runtime.ledger.record(unit.cycle)
        if record is None:
            return
        state = record.units.get(unit.index, UnitRecord())
        stage = state.stage(Stage.PERSIST)
        # A rerun that has not come to this stage writes its chain later. One that failed has none.
        if not stage.starts or stage.holder == task or state.attempt <= written:
            return
        with suppress(FrameMissing):
            newest = row_chain(runtime, unit, state.config_id, computing)
            demand_parquet(runtime.store.write_chain(unit, newest))
        written = state.attempt


def end(
    runtime: Runtime,
    unit: Unit,
    status: Status,
    reason: Reason,
    watch: Watch,
    failure: StageFailure | None = None,
    stage: Stage = Stage.COLLECT,
    *,
    task: str,
) -> bool:
    """Make the unit terminal without a chain, and send the aggregate when that completes the cycle.

    `task` is who gives up. An analysis that was overtaken ends nothing, and a collection that was
    overtaken frees no index.

    Returns:
        False: the chain of stages does not go on.
    """
    now = watch.lap("end")
    report = watch.report(unit, stage, status, reason, failure)
    analyst = task if stage == Stage.ANALYSE else ""
    ending = UnitEnd(status, reason, report=report, task=analyst)
    answer = runtime.ledger.finish(unit, ending, now)
    if stage == Stage.COLLECT:
        # Its lease was renewed between here and the end of the task, and after a sweep had closed
        # the unit. The index stayed held, and a later cycle was an overrun though nobody collected.
        # It frees what it holds itself: in a Redis that was emptied meanwhile another collects the
        # unit, and the next cycle was collected beside that one.
        runtime.ledger.end_stage(unit, stage, task, now)
    _send_aggregate(runtime, unit, answer)
    return False


def _pause_reason(runtime: Runtime, switches: Switches, index: str) -> Reason | NoWord:
    """Return why this index is not to be collected, empty when it is.

    A pause for want of a token ends with a token.
    """
    paused = switches.paused
    if index in paused:
        return Reason.PAUSED
    if EVERY_INDEX not in paused:
        return ""
    if paused[EVERY_INDEX] != Reason.TOKEN:
        return Reason.PAUSED
    login = runtime.provider.describe().login
    if login is None or not login.is_valid:
        return Reason.TOKEN
    others = {name: why for name, why in paused.items() if name != EVERY_INDEX}
    runtime.controls.set("paused", others or None)
    return ""


def _collect_failure(runtime: Runtime, error: G6Error) -> StageFailure:
    """Return the error of a collection, and what was asked of the provider until then."""
    return StageFailure(str(error), runtime.provider.describe())


def _check_lateness(unit: Unit, now: float, limit: float) -> None:
    """Raise Late where the last moment of a unit has passed."""
    if now > limit:
        raise Late(f"the deadline of {unit.index} at {unit.cycle} has passed")


def _wait_for(clock: Clock, seconds: float) -> None:
    """Hold a cycle that beat's clock sent more than half a second too early."""
    if seconds > 0.5:
        clock.sleep(seconds)
