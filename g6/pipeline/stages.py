"""The three stages of one unit. Each returns True when the chain may go on to the next stage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from g6.domain.cycles.cycle import Unit
from g6.domain.documents.chain_rows import chain_frame
from g6.domain.figures import overview, unit_facts
from g6.domain.market.calendar import day_of
from g6.domain.market.expiry import Resolution
from g6.domain.market.instrument import Contracts
from g6.domain.market.slot import SlotLevels
from g6.domain.pricing.assembly import assemble
from g6.domain.quotes import chain_memory
from g6.domain.quotes import stamp as quote
from g6.domain.quotes.previous_interest import previous_interest
from g6.domain.quotes.quotes import Quotes
from g6.domain.quotes.stamp import Stamp
from g6.domain.reports import CollectCounts, ProviderFacts, StageFailure, Switches, WriteReport
from g6.domain.reports.stage import BeyondCounts
from g6.domain.reports.switches import EVERY_INDEX
from g6.domain.schema.beyond import Beyond, json_number
from g6.domain.schema.frame import Frame
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
from g6.pipeline.choice import Refresh, choose, warn_of_expiries
from g6.pipeline.runtime import CHAIN_SECONDS, Runtime, Watch
from g6.pipeline.sink_refusals import (
    alert_of_damage,
    remember_refusals,
    report_refusal,
    write_outcome,
)
from g6.ports import Clock, UnitEnd

MOST_REMEMBERED = 32
"""Indices and sessions whose stored open interest a process keeps: six indices need six a day."""
PARTS_THAT_ASK = {"quote": ("quotes",), "historical": ("previous_oi",), "instruments": ("listing",)}
"""The parts of collect whose waiting for slots of an endpoint is booked as `rate_wait`."""


def collect(runtime: Runtime, unit: Unit, task: str) -> bool:
    """Claim the unit, fetch its quotes, leave frame `quotes`."""
    watch = Watch(runtime.clock)
    opening = runtime.opening(unit)
    claim = runtime.ledger.begin(unit, task, opening, watch.began, runtime.timing.lease)
    if claim.answer.completes_cycle:
        runtime.sender.aggregate(unit.cycle)
    if not claim.answer.may_run:
        return claim.answer.goes_on
    switches = claim.controls
    if reason := _pause_reason(runtime, switches, unit.index):
        return end(runtime, unit, Status.SKIPPED, reason, watch)
    _wait_for(runtime.clock, opening.due - watch.lap("claim"))
    # A stage that was begun before has the whole time to the deadline: its message is not late.
    limit = runtime.timing.grace if claim.answer.is_repeated else runtime.timing.expires
    try:
        if watch.lap("wait") - opening.due > limit:
            raise Late(f"the deadline of {unit.index} at {unit.cycle} has passed")
        frame, counts = gather(runtime, unit, switches, watch)
        size = runtime.frames.put(unit, "quotes", frame, runtime.quotes_seconds)
    except RedisDown:
        raise  # the task tries again until the deadline
    except Withheld as error:
        if isinstance(error, TokenDead):
            runtime.controls.set("paused", {**switches.paused, EVERY_INDEX: error.reason})
        failure = _collect_failure(runtime, error)
        return end(runtime, unit, Status.SKIPPED, error.reason, watch, failure)
    except (Retryable, Terminal) as error:
        failure = _collect_failure(runtime, error)
        return end(runtime, unit, Status.MISSING, error.reason, watch, failure)
    now = watch.lap("frame")
    lateness = max(0.0, watch.began - opening.due)
    counts = replace(counts, bytes=size, lateness_seconds=lateness)
    report = watch.report(unit, Stage.COLLECT, Status.OK, counts=counts)
    return runtime.ledger.end_stage(unit, Stage.COLLECT, task, now, report)


def analyse(runtime: Runtime, unit: Unit, task: str) -> bool:
    """Turn frame `quotes` into frame `chain` and the unit's overview row, and finish the unit."""
    watch = Watch(runtime.clock)
    claim = runtime.ledger.start(unit, Stage.ANALYSE, task, watch.began, runtime.timing.lease)
    if not claim.answer.may_run:
        return claim.answer.goes_on
    try:
        if watch.lap("claim") > claim.deadline:
            raise Late(f"the deadline of {unit.index} at {unit.cycle} has passed")
        quotes, stamp = quote.from_frame(runtime.frames.get(unit, "quotes"))
        watch.lap("read")
        priced = assemble(quotes, stamp)
        watch.lap("solve")
        summary = overview.summarise(priced) | {"config_id": stamp.config_id}
        queue_wait = max(0.0, watch.began - (claim.since or watch.began))
        facts = replace(unit_facts.facts(priced), queue_wait_seconds=queue_wait)
        watch.lap("compute")
        runtime.frames.put(unit, "chain", chain_frame(priced), CHAIN_SECONDS)
    except RedisDown:
        raise  # the task tries again until the deadline
    except (Retryable, Terminal) as error:
        failure = StageFailure(str(error))
        return end(runtime, unit, Status.MISSING, error.reason, watch, failure, Stage.ANALYSE)
    now = watch.lap("frame")
    status = Status(summary["status"])
    report = watch.report(unit, Stage.ANALYSE, status, summary["reason"], facts)
    # The next window of an index is laid around these levels, and is as wide as its deviations say.
    levels = facts.levels if runtime.plan.reach else _without_deviations(facts.levels)
    ending = UnitEnd(status, report.reason, summary, report, levels)
    answer = runtime.ledger.finish(unit, ending, now)
    if answer.completes_cycle:
        runtime.sender.aggregate(unit.cycle)
    return True


def _without_deviations(levels: Mapping[date, SlotLevels]) -> dict[date, SlotLevels]:
    """Return the levels that a window of a fixed width needs."""
    return {day: SlotLevels(own.atm) for day, own in levels.items() if isfinite(own.atm)}


def persist(runtime: Runtime, unit: Unit, task: str) -> bool:
    """Write frame `chain` to the store."""
    watch = Watch(runtime.clock)
    claim = runtime.ledger.start(unit, Stage.PERSIST, task, watch.began, runtime.timing.lease)
    if not claim.answer.may_run:
        return claim.answer.goes_on
    watch.lap("claim")
    counts: WriteReport | StageFailure
    try:
        frame = _chain_frame(runtime, unit)
        watch.lap("read")
        counts = runtime.store.write_chain(unit, frame)
        runtime.frames.expire(unit, "quotes", runtime.persisted_seconds)
        remember_refusals(runtime, unit, Stage.PERSIST, counts.errors)
        alert_of_damage(runtime, unit, counts.aside)
    except StoreBusy as error:
        report_refusal(runtime, unit, Stage.PERSIST, error)
        raise
    except Terminal as error:
        status = Status.MISSING
        reason = error.reason
        counts = StageFailure(str(error))
    else:
        status, reason = write_outcome(counts)
    now = watch.lap("write")
    report = watch.report(unit, Stage.PERSIST, status, reason, counts)
    return runtime.ledger.end_stage(unit, Stage.PERSIST, task, now, report)


def _chain_frame(runtime: Runtime, unit: Unit) -> Frame:
    """Return frame `chain`, made again from `quotes` where it was evicted."""
    try:
        return runtime.frames.get(unit, "chain")
    except FrameMissing:
        return chain_frame(assemble(*quote.from_frame(runtime.frames.get(unit, "quotes"))))


def end(
    runtime: Runtime,
    unit: Unit,
    status: Status,
    reason: str,
    watch: Watch,
    failure: StageFailure | None = None,
    stage: str = Stage.COLLECT,
) -> bool:
    """Make the unit terminal without a chain, and send the aggregate when that completes the cycle.

    Returns:
        False: the chain of stages does not go on.
    """
    now = watch.lap("end")
    report = watch.report(unit, stage, status, reason, failure)
    ending = UnitEnd(status, reason, report=report)
    answer = runtime.ledger.finish(unit, ending, now)
    if stage == Stage.COLLECT:
        # Its lease was renewed between here and the end of the task, and after a sweep had closed
        # the unit. The index stayed held, and a later cycle was an overrun though nobody collected.
        runtime.ledger.end_stage(unit, stage, "", now)
    if answer.completes_cycle:
        runtime.sender.aggregate(unit.cycle)
    return False


def gather(
    runtime: Runtime, unit: Unit, switches: Switches, watch: Watch
) -> tuple[Frame, CollectCounts]:
    """Fetch the unit's quotes and stamp them with everything that analysis will read."""
    at = unit.instant
    choice = choose(runtime, unit.index, at, watch.lap)
    quotes = runtime.provider.quotes(unit.index, choice.requested, at)
    watch.lap("quotes")
    beyond: Mapping[date, Beyond] = {}
    if choice.refresh is not None:
        quotes, beyond = _learn(runtime, unit, choice.refresh, quotes)
    oi_prev, source = _previous_oi(runtime, unit, choice.contracts, day_of(at))
    quotes.values["oi_prev"][:] = oi_prev
    watch.lap("previous_oi")
    stamp = _stamp(runtime, unit, switches, choice.resolved, source, beyond)
    provider = runtime.provider.describe()
    _split_waits(watch, provider)
    warn_of_expiries(runtime, unit, switches, choice.counts.not_listed)
    counts = replace(
        choice.counts,
        options=int((quotes.symbol != "").sum()),
        provider=provider,
        beyond=_beyond_counts(beyond),
    )
    return quote.to_frame(quotes, stamp), counts


def _stamp(
    runtime: Runtime,
    unit: Unit,
    switches: Switches,
    resolved: Resolution,
    oi_prev_source: str,
    beyond: Mapping[date, Beyond],
) -> Stamp:
    # All that a later stage reads travels with the quotes: a rerun, or a worker with another
    # configuration, makes the same rows of them byte for byte.
    plan = runtime.plan.indices[unit.index]
    return Stamp(
        at=unit.instant,
        index=unit.index,
        config_id=runtime.plan.config_id,
        pricing=runtime.plan.pricing,
        quality=runtime.plan.quality,
        slots=resolved.slots,
        buckets=resolved.buckets,
        expected_mask=resolved.expected_mask,
        window=(plan.strikes_itm, plan.strikes_otm),
        oi_prev_source=oi_prev_source,
        greeks=switches.computes_greeks,
        beyond=beyond,
    )


def _split_waits(watch: Watch, provider: ProviderFacts) -> None:
    """Book what a unit waited for request slots apart from the time of the provider's answers."""
    if provider.tally is None:
        return
    for endpoint, seconds in provider.tally.wait.items():
        for part in PARTS_THAT_ASK.get(endpoint, ()):
            watch.split(part, "rate_wait", seconds)


def _beyond_counts(beyond: Mapping[date, Beyond]) -> dict[date, BeyondCounts]:
    """Count, by expiry, the strikes outside the window."""
    return {
        expiry: BeyondCounts(part.listed, part.unasked, json_number(part.age_seconds), len(part))
        for expiry, part in beyond.items()
    }


def _learn(
    runtime: Runtime, unit: Unit, refresh: Refresh, quotes: Quotes
) -> tuple[Quotes, Mapping[date, Beyond]]:
    """Remember the quotes. Return the window's, and what is known of the strikes beyond it."""
    at = unit.instant.timestamp()
    rows = refresh.rows
    memory = refresh.memory.learn(quotes, refresh.requested, rows, at)
    if runtime.chain_memories is not None:
        runtime.chain_memories.keep(unit.index, day_of(unit.instant), memory)
    window = int(rows.sum())
    oldest = chain_memory.oldest_allowed(window, len(rows) - window, runtime.plan.interval)
    return quotes.take(rows[refresh.requested]), chain_memory.beyond(
        memory, refresh.contracts, rows, at, oldest
    )


def _previous_oi(
    runtime: Runtime, unit: Unit, contracts: Contracts, day: date
) -> tuple[NDArray[np.float64], str]:
    """Return the previous session's open interest `(2, n)`, and where it is from."""
    stored = _stored_interest(runtime, unit.index, day)
    if stored is not None:
        return previous_interest(contracts, stored), "store"
    interest = runtime.provider.previous_oi(unit.index, contracts, unit.instant)
    return interest, runtime.provider.name


def _stored_interest(runtime: Runtime, index: str, day: date) -> Frame | None:
    """Return the last open interest stored before `day`. The store is asked once a session."""
    interest = runtime.memory.stored_interest
    if (index, day) not in interest:
        if len(interest) >= MOST_REMEMBERED:
            del interest[next(iter(interest))]
        interest[index, day] = runtime.store.last_oi(index, day)
    return interest[index, day]


def _pause_reason(runtime: Runtime, switches: Switches, index: str) -> str:
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


def _wait_for(clock: Clock, seconds: float) -> None:
    """Hold a cycle that beat's clock sent more than half a second too early."""
    if seconds > 0.5:
        clock.sleep(seconds)
