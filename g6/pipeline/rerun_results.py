"""The results of a rerun: what became of each unit, and whether its stored rows changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from g6.domain.cycles.cycle import Unit
from g6.domain.reports import StageReport
from g6.domain.schema.frame import Frame
from g6.domain.schema.words import ANALYSED, Stage, Status
from g6.errors import BadInput, NothingToDo
from g6.pipeline.rerun import rerun
from g6.pipeline.runtime import Runtime
from g6.ports import UnitRecord

__all__ = ["GONE", "UNFINISHED", "RerunResult", "note_end", "note_refusals", "send_again"]

GONE = "gone"
"""The outcome of a unit whose quotes are nowhere any more."""
UNFINISHED = "unfinished"
"""The outcome of a unit that was sent and has not ended."""
SETTINGS = "config_id"
"""The column that names the settings that a row is of."""
DAMAGED = "damaged"
"""In place of a digest: the stored chain cannot be read."""


@dataclass(slots=True)
class RerunResult:
    """What became of one unit.

    Attributes:
        unit: The unit.
        before: What told its stored rows from others, None where there were none.
        outcome: Its status, `gone` or `unfinished`.
        why: Why its quotes are gone.
        run: Which run of the unit was sent, 2 at its first rerun.
        source: Where its quotes are from: frame or store.
        is_stored: Whether its rows are in the store, None while it has not ended.
        changed: Whether its rows are others, None where nothing is compared. Which settings they
            are of is no part of it.
        is_reconfigured: Whether they are of other settings than before.
        errors: What a sink said that refused its rows.
        failure: Why it failed, so that the unit stands as it did before. Empty where it did not.
        settings_before: Which settings its rows were of.
    """

    unit: Unit
    before: str | None
    outcome: str = UNFINISHED
    why: str = ""
    run: int = 0
    source: str = ""
    is_stored: bool | None = None
    changed: bool | None = None
    is_reconfigured: bool = False
    errors: object = None
    failure: str = ""
    settings_before: str = ""

    @property
    def is_done(self) -> bool:
        """Whether the unit was analysed again and its rows are in every store."""
        has_failed = bool(self.errors or self.failure)
        return self.outcome in ANALYSED and bool(self.is_stored) and not has_failed

    def document(self) -> dict[str, object]:
        """Return the result under the names that are published, as far as it came."""
        facts: dict[str, object] = {
            "cycle": self.unit.cycle,
            "index": self.unit.index,
            "before": self.before,
            "outcome": self.outcome,
        }
        if self.outcome == GONE:
            return facts | {"why": self.why}
        facts |= {"attempt": self.run, "source": self.source}
        if self.is_stored is not None:
            facts |= {"stored": self.is_stored, "changed": self.changed}
            facts["reconfigured"] = self.is_reconfigured
        if self.errors:
            facts["errors"] = self.errors
        if self.failure:
            facts["failure"] = self.failure
        return facts


def send_again(runtime: Runtime, unit: Unit, first_stage: Stage) -> RerunResult:
    """Send a unit again from a stage, and return what is known of it by then."""
    before = _digest_of(runtime, unit)
    result = RerunResult(unit, None if before is None else before.rows)
    result.settings_before = "" if before is None else before.settings
    try:
        sent = rerun(runtime, unit, first_stage)
    except (NothingToDo, BadInput) as error:
        result.outcome = GONE
        result.why = str(error)
        return result
    result.run = sent.run
    result.source = sent.source
    return result


def note_end(runtime: Runtime, result: RerunResult, *, compares: bool) -> bool:
    """Note how a unit ended, and return whether it has.

    `compares`: hold its stored rows against those of before. Without a Parquet store there is
    nothing to compare, and that a unit is stored is what persist says.
    """
    state = _final_state(runtime, result.unit)
    if state is None:
        return False
    result.outcome = state.status
    result.failure = state.failure
    result.is_stored = True
    if compares:
        now = _digest_of(runtime, result.unit)
        result.is_stored = now is not None and now.rows != DAMAGED
        result.changed = (None if now is None else now.rows) != result.before
        if now is not None and result.before is not None:
            result.is_reconfigured = now.settings != result.settings_before
    return True


def note_refusals(runtime: Runtime, results: Iterable[RerunResult], after: str) -> None:
    """Note what a sink said that refused a unit's rows, from the events after an id.

    The rows in the store are then those of before.
    """
    by_unit = {result.unit: result for result in results if result.outcome != GONE}
    while by_unit and (events := runtime.bus.read(after)):
        after = events[-1].id
        for event in events:
            report = event.payload
            if not isinstance(report, StageReport) or report.stage != Stage.PERSIST:
                continue
            result = by_unit.get(Unit(report.cycle, report.index))
            if result is not None:
                result.errors = report.refusals or None


def _final_state(runtime: Runtime, unit: Unit) -> UnitRecord | None:
    """Return the record of a unit that is closed and, as far as it has rows, persisted."""
    record = runtime.ledger.record(unit.cycle)
    if record is None or not record.closed:
        return None
    state = record.units[unit.index]
    has_no_rows = state.status in (Status.MISSING, Status.SKIPPED)
    persisted = state.stages.get(Stage.PERSIST)
    is_persisted = persisted is not None and persisted.is_done
    return state if has_no_rows or is_persisted else None


@dataclass(frozen=True, slots=True)
class RowsMark:
    """What tells the stored rows of a unit from others, and which settings they are of."""

    rows: str
    settings: str = ""


def _digest_of(runtime: Runtime, unit: Unit) -> RowsMark | None:
    """Return what tells the stored rows of a unit from others, None where there are none."""
    try:
        frame = runtime.store.read_chain(unit)
    except BadInput:
        return RowsMark(DAMAGED)
    return None if frame is None else _digest(frame)


def _digest(frame: Frame) -> RowsMark:
    digest = hashlib.sha256()
    for name, column in frame.columns.items():
        # A rerun under other settings that price alike said `changed`: each row names them.
        if name != SETTINGS:
            digest.update(name.encode() + repr(column.tolist()).encode())
    names = frame.columns[SETTINGS].tolist() if SETTINGS in frame.columns else []
    return RowsMark(digest.hexdigest(), str(names[0]) if names else "")
