"""Closed cycles that wait for a sink, each looked at the less often the longer it has waited.

A disk that takes CSV alone keeps every cycle open for an hour: 3,600 of them at one a second. Of
300 that waited, six indices each, a sweep and its heartbeat read 7 MB from Redis in 0.25 s of
processor time, every two seconds (measured).
"""

from __future__ import annotations

from collections.abc import Sequence

from g6.domain.schema.words import Stage, Status
from g6.pipeline.runtime import SWEEP_SECONDS, CycleRest, Runtime
from g6.ports import CycleRecord

REST_SHARE = 1 / 8
"""The share of the time since it was closed for which a cycle is not looked at again.

What is sent again is sent at distances that grow as fast as a quarter of that time.
"""
LONGEST_REST = 60.0
"""Seconds after which every cycle is looked at again."""


def awake_cycles(runtime: Runtime, now: float) -> Sequence[CycleRecord]:
    """Return the open cycles that do not rest, oldest first, and forget the other rests.

    Args:
        runtime: Its memory has the rests.
        now: Wall time in epoch seconds.
    """
    before = runtime.memory.rests
    rests: dict[str, CycleRest] = {}

    def is_resting(cycle: str, deadline: float) -> bool:
        rest = before.get(cycle)
        # A rerun that opens a cycle again gives it another deadline. A clock that went back would
        # have a cycle rest for as long as it went.
        if rest is None or rest.deadline != deadline or not rest.begun <= now < rest.until:
            return False
        rests[cycle] = rest
        return True

    records = runtime.ledger.open_cycles(is_resting)
    runtime.memory.rests = rests
    return records


def let_rest(runtime: Runtime, record: CycleRecord, now: float) -> None:
    """Let a cycle rest that is closed. All others, and reruns, are looked at by each sweep."""
    if not record.closed or record.attempt > 1:
        return
    seconds = min(LONGEST_REST, (now - record.closed) * REST_SHARE)
    # One that would rest for less than the time between two sweeps is looked at by each.
    if seconds >= SWEEP_SECONDS:
        runtime.memory.rests[record.cycle] = CycleRest(
            deadline=record.opening.deadline,
            begun=now,
            until=now + seconds,
            options=unstored_options(record),
        )


def unstored_options(record: CycleRecord) -> int:
    """Return how many options of a cycle are analysed and not yet stored."""
    waiting = 0
    for unit in record.units.values():
        persist = unit.stages.get(Stage.PERSIST)
        is_stored = persist is not None and persist.is_done
        if unit.status and Status(unit.status).has_chain and not is_stored:
            waiting += int(unit.summary.get("options") or 0)
    return waiting
