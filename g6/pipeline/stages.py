"""The three stages of one unit. Each returns True when the chain may go on to the next stage."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from g6.domain.cycles.cycle import Unit
from g6.domain.documents.chain_rows import chain_frame
from g6.domain.figures import overview, unit_facts
from g6.domain.market.calendar import day_of
from g6.domain.market.instrument import Contracts
from g6.domain.pricing.assembly import assemble
from g6.domain.quotes import chain_memory
from g6.domain.quotes import stamp as quote
from g6.domain.quotes.previous_interest import previous_interest
from g6.domain.quotes.quotes import Quotes
from g6.domain.quotes.stamp import Stamp
from g6.domain.schema.beyond import Beyond, json_number
from g6.domain.schema.frame import Frame
from g6.domain.schema.words import Status
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
from g6.pipeline.choice import Refresh, chosen, warn_of_expiries
from g6.pipeline.refusals import refused, remember, told_aside
from g6.pipeline.runtime import CHAIN_SECONDS, Runtime, Watch
from g6.ports import Clock

PARTS_THAT_ASK = {"quote": ("quotes",), "historical": ("previous_oi",), "instruments": ("listing",)}
"""The parts of collect that wait for a request slot of an endpoint; what they waited is booked as `rate_wait`."""


def collect(runtime: Runtime, unit: Unit, task: str) -> bool:
    """Claim the unit, fetch its quotes, leave frame `quotes`."""
    watch = Watch(runtime.clock)
    opening = runtime.opening(unit)
    claim = runtime.ledger.begin(unit, task, opening, watch.began, runtime.timing.lease)
    answer, controls = claim.answer, claim.controls
    if answer == "overrun!":
        runtime.sender.aggregate(unit.cycle)
    if answer not in ("run", "again"):
        return answer == "done"
    if reason := _paused(runtime, controls, unit.index):
        return end(runtime, unit, Status.SKIPPED, reason, watch)
    _wait_for(runtime.clock, opening.due - watch.lap("claim"))
    try:
        if watch.lap("wait") - opening.due > (
            runtime.timing.expires if answer == "run" else runtime.timing.grace
        ):
            raise Late(f"the deadline of {unit.index} at {unit.cycle} has passed")
        frame, counts = gather(runtime, unit, controls, watch)
        counts["bytes"] = runtime.frames.put(unit, "quotes", frame, runtime.quotes_seconds)
    except RedisDown:
        raise  # the task tries again until the deadline
    except Withheld as error:
        if isinstance(error, TokenDead):
            runtime.controls.set("paused", {**(controls.get("paused") or {}), "*": error.reason})
        return end(runtime, unit, Status.SKIPPED, error.reason, watch, _failed(runtime, error))
    except (Retryable, Terminal) as error:
        return end(runtime, unit, Status.MISSING, error.reason, watch, _failed(runtime, error))
    now = watch.lap("frame")
    counts["lateness_seconds"] = max(0.0, watch.began - opening.due)
    return runtime.ledger.end_stage(
        unit, "collect", task, now, watch.report(unit, "collect", Status.OK, counts=counts)
    )


def analyse(runtime: Runtime, unit: Unit, task: str) -> bool:
    """Turn frame `quotes` into frame `chain` and the unit's overview row; finish the unit."""
    watch = Watch(runtime.clock)
    claim = runtime.ledger.start(unit, "analyse", task, watch.began, runtime.timing.lease)
    if claim.answer != "run":
        return claim.answer == "done"
    try:
        if watch.lap("claim") > claim.deadline:
            raise Late(f"the deadline of {unit.index} at {unit.cycle} has passed")
        quotes, stamp = quote.from_frame(runtime.frames.get(unit, "quotes"))
        watch.lap("read")
        priced = assemble(quotes, stamp)
        watch.lap("solve")
        summary = overview.summarise(priced) | {"config_id": stamp.config_id}
        facts = unit_facts.facts(priced) | {
            "queue_wait_seconds": max(0.0, watch.began - (claim.since or watch.began))
        }
        watch.lap("compute")
        runtime.frames.put(unit, "chain", chain_frame(priced), CHAIN_SECONDS)
    except RedisDown:
        raise
    except (Retryable, Terminal) as error:
        return end(
            runtime,
            unit,
            Status.MISSING,
            error.reason,
            watch,
            {"error": str(error)},
            stage="analyse",
        )
    status, reason, now = summary["status"], summary["reason"], watch.lap("frame")
    report = watch.report(unit, "analyse", status, reason, facts)
    remembered = facts["atm"] | (facts["deviations"] if runtime.plan.reach else {})
    if runtime.ledger.finish(unit, status, reason, summary, now, report, remembered) == "completed":
        runtime.sender.aggregate(unit.cycle)
    return True


def persist(runtime: Runtime, unit: Unit, task: str) -> bool:
    """Write frame `chain` to the store."""
    watch = Watch(runtime.clock)
    claim = runtime.ledger.start(unit, "persist", task, watch.began, runtime.timing.lease)
    if claim.answer != "run":
        return claim.answer == "done"
    watch.lap("claim")
    try:
        frame = _chain(runtime, unit)
        watch.lap("read")
        written = runtime.store.write_chain(unit, frame)
        status, reason = (Status.PARTIAL, "sink") if written.errors else (Status.OK, "")
        counts: dict[str, Any] = {
            "rows": dict(written.rows), "bytes": dict(written.bytes), "repaired": written.repaired, "errors": dict(written.errors)
        }  # fmt: skip
        counts["aside"] = dict(written.aside)
        runtime.frames.expire(unit, "quotes", runtime.persisted_seconds)
        remember(runtime, unit, "persist", written.errors)
        told_aside(runtime, unit, written.aside)
    except StoreBusy as error:
        refused(runtime, unit, "persist", error)
        raise
    except Terminal as error:
        status, reason, counts = Status.MISSING, error.reason, {"error": str(error)}
    now = watch.lap("write")
    return runtime.ledger.end_stage(
        unit, "persist", task, now, watch.report(unit, "persist", status, reason, counts)
    )


def _chain(runtime: Runtime, unit: Unit) -> Frame:
    """Return frame `chain`; where it was evicted, the same again from frame `quotes`, of which it is a function."""
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
    counts: Mapping[str, Any] | None = None,
    stage: str = "collect",
) -> bool:
    """Make the unit terminal without a chain; send the aggregate when that completes the cycle. Always False."""
    now = watch.lap("end")
    report = watch.report(unit, stage, status, reason, counts)
    if runtime.ledger.finish(unit, status, reason, {}, now, report) == "completed":
        runtime.sender.aggregate(unit.cycle)
    return False


def gather(
    runtime: Runtime, unit: Unit, controls: Mapping[str, Any], watch: Watch
) -> tuple[Frame, dict[str, Any]]:
    """Fetch the unit's quotes and stamp them with everything that analysis will read."""
    at, plan = unit.instant, runtime.plan.indices[unit.index]
    choice = chosen(runtime, unit.index, at, watch.lap)
    wanted, resolved = choice.contracts, choice.resolved
    quotes = runtime.provider.quotes(unit.index, choice.asked, at)
    watch.lap("quotes")
    beyond: Mapping[date, Beyond] = {}
    if choice.refresh is not None:
        quotes, beyond = _remembered(runtime, unit, choice.refresh, quotes)
    oi_prev, source = _previous_oi(runtime, unit, wanted, day_of(at))
    quotes.values["oi_prev"][:] = oi_prev
    watch.lap("previous_oi")
    stamp = Stamp(
        at=at,
        index=unit.index,
        config_id=runtime.plan.config_id,
        pricing=runtime.plan.pricing,
        quality=runtime.plan.quality,
        slots=resolved.slots,
        buckets=resolved.buckets,
        expected_mask=resolved.expected_mask,
        window=(plan.strikes_itm, plan.strikes_otm),
        oi_prev_source=source,
        greeks=controls.get("greeks", True) is not False,
        beyond=beyond,
    )
    facts = dict(runtime.provider.describe())
    _split_waits(watch, facts)
    counts = {"options": int((quotes.symbol != "").sum()), "provider": facts, **choice.told}
    warn_of_expiries(runtime, unit, controls, choice.told.get("not_listed", ()))
    if beyond:
        counts["beyond"] = _beyond_counts(beyond)
    return quote.to_frame(quotes, stamp), counts


def _split_waits(watch: Watch, facts: Mapping[str, Any]) -> None:
    """Book what a unit waited for request slots apart from the time of the provider's answers."""
    for endpoint, seconds in (facts.get("wait") or {}).items():
        for part in PARTS_THAT_ASK.get(endpoint, ()):
            watch.split(part, "rate_wait", seconds)


def _beyond_counts(beyond: Mapping[date, Beyond]) -> dict[str, object]:
    """Count, by ISO expiry, the strikes outside the window: listed, known, unasked; and their age."""
    return {
        expiry.isoformat(): {
            "listed": part.listed,
            "unasked": part.unasked,
            "age_seconds": json_number(part.age_seconds),
            "known": len(part),
        }
        for expiry, part in beyond.items()
    }


def _remembered(
    runtime: Runtime, unit: Unit, refresh: Refresh, quotes: Quotes
) -> tuple[Quotes, Mapping[date, Beyond]]:
    """Remember what came; return the quotes of the window, and what is known of the listed strikes beyond it."""
    at, rows = unit.instant.timestamp(), refresh.rows
    memory = refresh.memory.learn(quotes, refresh.asked, rows, at)
    if runtime.chain_memories is not None:
        runtime.chain_memories.keep(unit.index, day_of(unit.instant), memory)
    window = int(rows.sum())
    oldest = chain_memory.oldest_allowed(window, len(rows) - window, runtime.plan.interval)
    return quotes.take(rows[refresh.asked]), chain_memory.beyond(
        memory, refresh.contracts, rows, at, oldest
    )


def _previous_oi(
    runtime: Runtime, unit: Unit, wanted: Contracts, day: date
) -> tuple[NDArray[np.float64], str]:
    stored = _stored_oi(runtime.store, unit.index, day)
    if stored is not None:
        return previous_interest(wanted, stored), "store"
    return runtime.provider.previous_oi(unit.index, wanted, unit.instant), runtime.provider.name


@lru_cache(maxsize=32)
def _stored_oi(store: Any, index: str, day: date) -> Frame | None:
    """Ask the store once per session and process; the store is told apart by identity."""
    found: Frame | None = store.last_oi(index, day)
    return found


def _paused(runtime: Runtime, controls: Mapping[str, Any], index: str) -> str:
    """Return why this index is not to be collected, nothing when it is; a pause for want of a token ends with a token."""
    paused = controls.get("paused") or {}
    if index in paused or "*" not in paused:
        return "paused" if index in paused else ""
    if paused["*"] != TokenDead.reason:
        return "paused"
    if (runtime.provider.describe().get("login") or {}).get("state") != "valid":
        return TokenDead.reason
    runtime.controls.set(
        "paused", {name: why for name, why in paused.items() if name != "*"} or None
    )
    return ""


def _failed(runtime: Runtime, error: G6Error) -> dict[str, Any]:
    """Return what a collection that failed leaves in its report: the error, and what was asked of the provider until then."""
    return {"error": str(error), "provider": dict(runtime.provider.describe())}


def _wait_for(clock: Clock, seconds: float) -> None:
    """Hold a cycle that beat's clock sent more than half a second too early."""
    if seconds > 0.5:
        clock.sleep(seconds)
