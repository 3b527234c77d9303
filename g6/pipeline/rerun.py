"""The rerun of a past unit from its stored quotes, never from today's market."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from g6.domain.cycles.cycle import Unit
from g6.domain.market.instants import instant_in_words
from g6.domain.quotes.stamp import restamped, settings_of
from g6.domain.schema.frame import Frame, FrameName
from g6.domain.schema.no_word import stored_reason
from g6.domain.schema.words import ANALYSED, STAGES, Stage, Status
from g6.errors import FrameMissing, G6Error, NothingToDo
from g6.pipeline.runtime import Runtime
from g6.ports import Opening, UnitEnd, UnitRecord

RERUN_SECONDS = 300.0
"""Wall seconds to the deadline of a unit that is sent again."""


@dataclass(frozen=True, slots=True)
class Rerun:
    """One unit that was sent again.

    Attributes:
        attempt: The cycle's attempt.
        run: How often the unit was begun, this time counted.
        source: Where its quotes are from: frame or store.
        stage: The first stage that was sent.
    """

    unit: Unit
    attempt: int
    run: int
    source: str
    stage: Stage


def rerun(runtime: Runtime, unit: Unit, first_stage: Stage = Stage.ANALYSE) -> Rerun:
    """Raise the unit's attempt and send it again on the `manual` queue.

    The quotes are the frame's, else the raw columns of the stored chain. They are stamped with
    the settings of now.

    Args:
        first_stage: analyse or persist. A unit without a chain, or that was not analysed, begins
            with analyse.

    A rerun that fails leaves the unit as it was stored.

    Raises:
        NothingToDo: The quotes are gone.
    """
    source = "frame"
    if first_stage == Stage.PERSIST and not _has_chain(runtime, unit):
        first_stage = Stage.ANALYSE
    if first_stage == Stage.ANALYSE:
        frame, source = _quotes(runtime, unit)
        runtime.frames.put(
            unit, FrameName.QUOTES, _restamped(frame, runtime), runtime.quotes_seconds
        )
    now = runtime.clock.wall()
    opening = Opening(
        (unit.index,),
        runtime.plan.config_id,
        now + RERUN_SECONDS,
        runtime.clock.wall_of(unit.instant),
    )
    before = _record_of(runtime, unit)
    stored_end = None if before.status else _stored_end(runtime, unit)
    attempt = runtime.ledger.reopen(unit, first_stage, opening, now, stored_end)
    stages = STAGES[STAGES.index(first_stage) :]
    runtime.sender.stages(unit, stages, manual=True)
    return Rerun(unit, attempt, before.runs + 1, source, first_stage)


def _record_of(runtime: Runtime, unit: Unit) -> UnitRecord:
    """Return what the ledger knows of a unit."""
    record = runtime.ledger.record(unit.cycle)
    return UnitRecord() if record is None else record.units.get(unit.index, UnitRecord())


def _has_chain(runtime: Runtime, unit: Unit) -> bool:
    """Return whether the ledger knows a unit as analysed and the chain of its row is in Redis.

    A chain alone says too little: an analysis that ran into its time limit had left it, and the
    ledger refused its persistence. A rerun that failed may have left the chain of its settings,
    which would be written under the row of before.
    """
    state = _record_of(runtime, unit)
    if state.status not in ANALYSED:
        return False
    with suppress(FrameMissing):
        runtime.frames.expire(unit, FrameName.CHAIN, runtime.timing.chain_life)
        chain = runtime.frames.get(unit, FrameName.CHAIN)
        return settings_of(chain) == state.config_id
    return False


def _stored_end(runtime: Runtime, unit: Unit) -> UnitEnd | None:
    """Return how a unit that the ledger has forgotten ended, None where it has no stored chain."""
    for row in runtime.store.read_overview(unit.cycle):
        if row["underlying"] == unit.index and row["status"] in ANALYSED:
            return UnitEnd(Status(row["status"]), stored_reason(row["reason"]), row)
    return None


def has_quotes(runtime: Runtime, unit: Unit) -> bool:
    """Tell whether a unit can be done again: its quotes are in Redis, or its chain is stored."""
    try:
        _quotes(runtime, unit)
    except NothingToDo:
        return False
    except G6Error:
        return True  # what is wrong is told by who does it again
    return True


def _quotes(runtime: Runtime, unit: Unit) -> tuple[Frame, str]:
    try:
        return runtime.frames.get(unit, FrameName.QUOTES), "frame"
    except FrameMissing:
        stored = runtime.store.read_chain(unit)
    if stored is None:
        raise NothingToDo(
            f"the quotes of {unit.index} at {instant_in_words(unit.instant)} are gone: "
            "no frame in Redis and no stored chain; "
            "a rerun never fetches today's quotes for a past cycle"
        )
    return stored, "store"


def _restamped(frame: Frame, runtime: Runtime) -> Frame:
    return Frame(restamped(frame.header, runtime.plan.stamp()), frame.columns)
