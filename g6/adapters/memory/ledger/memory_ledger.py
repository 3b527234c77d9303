"""The ledger in one process's memory, with the answers of the Redis ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from g6.adapters.memory.ledger.cycle_account import CycleAccount, is_awaited
from g6.domain.cycles.claims import (
    ClaimAnswer,
    CycleRests,
    FinishAnswer,
    StageProgress,
    StageState,
    no_rest,
)
from g6.domain.cycles.cycle import Unit
from g6.domain.market.calendar import day_of
from g6.domain.market.slot import SlotLevels
from g6.domain.reports import CycleReport, StageReport, Switches
from g6.domain.schema.no_word import NoWord
from g6.domain.schema.overview_row import OverviewRow
from g6.domain.schema.words import ANALYSED, STAGES, Reason, Stage, Status
from g6.ports import (
    RERUN_TASK,
    Bus,
    Claim,
    Controls,
    CycleRecord,
    Opening,
    UnitEnd,
    UnitRecord,
)

RENEWED_WITHIN = 1.7
"""Seconds for which a collection holds its index after a sweep closed its unit.

A process that lives renews every 1.5 s. Freed at once, an index was collected for two cycles.
"""


class MemoryLedger:
    """Ledger port. Reports go to `bus`, and switches come from `controls`, where they are given."""

    def __init__(self, bus: Bus | None = None, controls: Controls | None = None) -> None:
        self._bus = bus
        self._controls = controls
        self._cycles: dict[str, CycleAccount] = {}
        self._open: set[str] = set()
        self._collecting: dict[str, tuple[str, float]] = {}
        self._succeeded: float | None = None
        self._walked: str | None = None
        self._levels: dict[str, tuple[date, float, dict[date, SlotLevels]]] = {}

    def begin(self, unit: Unit, task: str, opening: Opening, now: float, lease: float) -> Claim:
        answer = self._begin(unit, task, opening, now, lease)
        switches = self._controls.read() if self._controls and answer.may_run else Switches()
        return Claim(answer, self._cycles[unit.cycle].opening.deadline, 0.0, switches)

    def _begin(
        self, unit: Unit, task: str, opening: Opening, now: float, lease: float
    ) -> ClaimAnswer:
        cycle = self._joined(unit, opening, now)
        record = self._unit(unit)
        stage = self._stage(unit, Stage.COLLECT)
        if record.status:
            return ClaimAnswer.CLOSED
        if record.task not in ("", task) and (stage.is_done or stage.lease_until > now):
            return ClaimAnswer.TWIN
        if stage.is_done:
            return ClaimAnswer.DONE
        other, until = self._collecting.get(unit.index, (unit.cycle, 0.0))
        if other != unit.cycle and until > now:
            self._put(unit, replace(record, task=task))
            completes = self._terminal(unit, Status.SKIPPED, Reason.OVERRUN, {}, now)
            return ClaimAnswer.OVERRUN_COMPLETED if completes else ClaimAnswer.OVERRUN
        self._put(unit, replace(record, task=task, attempt=cycle.attempt))
        self._take(unit, Stage.COLLECT, task, now, lease)
        # Past its deadline only a renewed lease shows that a cycle is still being collected.
        deadline = cycle.opening.deadline
        until = min(now + lease, deadline) if now < deadline else now + lease
        self._collecting[unit.index] = unit.cycle, until
        is_repeated = stage.starts or now - cycle.opened >= lease
        return ClaimAnswer.AGAIN if is_repeated else ClaimAnswer.RUN

    def start(self, unit: Unit, stage: Stage, task: str, now: float, lease: float) -> Claim:
        if not is_awaited(self._cycles.get(unit.cycle), unit.index):
            return Claim(ClaimAnswer.UNKNOWN)
        before = self._stage(unit, STAGES[STAGES.index(stage) - 1])
        started_before = self._stage(unit, stage).started
        answer = self._start(unit, stage, task, now, lease)
        opening = self._cycles[unit.cycle].opening
        config_id = opening.config_id
        if stage == Stage.PERSIST:
            # A chain belongs to the settings of its row. Those of the cycle may be another unit's.
            config_id = self._unit(unit).config_id
        return Claim(
            answer,
            opening.deadline,
            before.ended,
            config_id=config_id,
            started_before=started_before,
        )

    def _start(self, unit: Unit, stage: Stage, task: str, now: float, lease: float) -> ClaimAnswer:
        state = self._stage(unit, stage)
        if state.is_done:
            return ClaimAnswer.DONE
        # A unit that analytics has ended is closed to analyse, and persist is what follows on it.
        if stage == Stage.PERSIST:
            is_closed = not self._stage(unit, Stage.ANALYSE).is_done
        else:
            is_closed = bool(self._unit(unit).status)
        if is_closed:
            return ClaimAnswer.CLOSED
        if state.is_running and state.lease_until > now and state.holder != task:
            return ClaimAnswer.BUSY
        self._take(unit, stage, task, now, lease)
        return ClaimAnswer.AGAIN if state.starts else ClaimAnswer.RUN

    def renew(self, unit: Unit, stage: Stage, task: str, until: float, now: float) -> bool:
        state = self._stage(unit, stage)
        if not state.is_running or state.holder != task:
            return False
        self._put_stage(unit, stage, replace(state, lease_until=until))
        if stage == Stage.COLLECT:
            self._collecting[unit.index] = (unit.cycle, until)
        return True

    def end_stage(
        self, unit: Unit, stage: Stage, task: str, now: float, report: StageReport | None = None
    ) -> bool:
        state = self._stage(unit, stage)
        if unit.cycle not in self._cycles or state.is_done:
            return False
        if task and state.holder != task:
            return False
        self._end(unit, stage, now)
        if stage == Stage.COLLECT:
            self._release(unit)
        self._publish(unit.index, report)
        self._settle_when_whole(unit.cycle)
        return True

    def fail_persist(self, unit: Unit, task: str, now: float, report: StageReport) -> FinishAnswer:
        account = self._cycles.get(unit.cycle)
        state = self._stage(unit, Stage.PERSIST)
        if account is None or state.is_done or (task and state.holder != task):
            return FinishAnswer.LATE
        self._publish(unit.index, report)
        stored = self._unit(unit).stored_end
        if stored is None:
            self._end(unit, Stage.PERSIST, now)
            self._settle_when_whole(unit.cycle)
            return FinishAnswer.FINISHED
        if account.may_be_published:
            account.overtaken = now
        self._note_failed_rerun(unit, report.reason, now)
        account.attempt += 1
        account.fired = account.closed = 0.0
        self._open.add(unit.cycle)
        self._put(unit, replace(self._unit(unit), attempt=account.attempt))
        completes = self._terminal(unit, stored.status, stored.reason, stored.summary, now)
        return FinishAnswer.COMPLETED if completes else FinishAnswer.FINISHED

    def finish(self, unit: Unit, end: UnitEnd, now: float) -> FinishAnswer:
        account = self._cycles.get(unit.cycle)
        if not is_awaited(account, unit.index) or self._unit(unit).status:
            return FinishAnswer.LATE
        if end.task and self._stage(unit, Stage.ANALYSE).holder != end.task:
            return FinishAnswer.LATE
        if end.levels is not None:
            self._remember_levels(unit, end.levels)
        status = end.status
        reason = end.reason
        if status in ANALYSED:
            self._end(unit, Stage.ANALYSE, now)
            config_id = self._cycles[unit.cycle].opening.config_id
            if status == Status.OK and end.summary.get("config_id", "") != config_id:
                status = Status.PARTIAL
                reason = Reason.CONFIG
        self._hold_until_renewed(unit, now)
        summary = end.summary
        if status not in ANALYSED and (stored := self._unit(unit).stored_end):
            self._note_failed_rerun(unit, reason, now)
            status = stored.status
            reason = stored.reason
            summary = stored.summary
        completes = self._terminal(unit, status, reason, summary, now)
        self._publish(unit.index, end.report)
        return FinishAnswer.COMPLETED if completes else FinishAnswer.FINISHED

    def skip(self, unit: Unit, opening: Opening, reason: Reason, now: float) -> FinishAnswer:
        self._joined(unit, opening, now)
        if self._unit(unit).status:
            return FinishAnswer.LATE
        completes = self._terminal(unit, Status.SKIPPED, reason, {}, now)
        return FinishAnswer.COMPLETED if completes else FinishAnswer.FINISHED

    def open_cycles(self, rests: CycleRests = no_rest) -> Sequence[CycleRecord]:
        records = [record for name in self._open if (record := self.record(name))]
        # By name where deadlines are equal: the order of a set differs with the hash seed.
        records.sort(key=lambda record: (record.opening.deadline, record.cycle))
        return [record for record in records if not rests(record.cycle, record.opening.deadline)]

    def record(self, cycle: str) -> CycleRecord | None:
        account = self._cycles.get(cycle)
        return None if account is None else account.record(cycle)

    def fire_again(self, cycle: str, now: float, after: float = 2.0) -> bool:
        account = self._cycles.get(cycle)
        if account is None or not account.fired or account.closed or now - account.fired < after:
            return False
        account.fired = now
        return True

    def close(self, cycle: str, now: float, report: CycleReport | None = None) -> bool:
        account = self._cycles.get(cycle)
        if account is None or account.closed or not account.fired:
            return False
        if report is not None and report.attempt != account.attempt:
            return False
        account.closed = now
        if any(unit.status in ANALYSED for unit in account.units.values()):
            self._succeeded = now
        self._publish(cycle, report)
        self._settle_when_whole(cycle)
        return True

    def mark_stored(self, cycle: str, attempt: int, report: StageReport) -> bool:
        account = self._cycles.get(cycle)
        if account is None or account.attempt != attempt or account.stored == attempt:
            return False
        account.stored = attempt
        self._publish("", report)
        self._settle_when_whole(cycle)
        return True

    def store_again(self, cycle: str, now: float, after: float) -> bool:
        account = self._cycles.get(cycle)
        if (
            account is None
            or not account.closed
            or account.stored == account.attempt
            or now - max(account.closed, account.store_sent) < after
        ):
            return False
        account.store_sent = now
        return True

    def send_again(self, unit: Unit, now: float, after: float) -> bool:
        record = self._unit(unit)
        if unit.cycle not in self._cycles or now - record.sent < after:
            return False
        self._put(unit, replace(record, sent=now))
        return True

    def must_write_again(self, cycle: str, now: float, after: float) -> bool:
        account = self._cycles.get(cycle)
        if account is None or not account.is_whole or not account.overtaken:
            return False
        return now - account.overtaken > after

    def forget_overtaken(self, cycle: str, now: float, after: float) -> None:
        if self.must_write_again(cycle, now, after):
            self._cycles[cycle].overtaken = 0.0
            self._settle_when_whole(cycle)

    def settle(self, cycle: str) -> None:
        self._open.discard(cycle)

    def reopen(
        self,
        unit: Unit,
        first_stage: Stage,
        opening: Opening,
        now: float,
        stored_end: UnitEnd | None = None,
    ) -> int:
        account = self._opened(unit.cycle, opening, now)
        if account.may_be_written(unit.index):
            account.overtaken = now
        if first_stage == Stage.PERSIST and account.stored == account.attempt:
            account.stored += 1
        account.attempt += 1
        record = self._unit(unit)
        stored = record.last_stored_end(stored_end)
        record = replace(record, stored_end=stored, failure="")
        again = {Stage.PERSIST} if first_stage == Stage.PERSIST else {Stage.ANALYSE, Stage.PERSIST}
        if first_stage == Stage.ANALYSE:
            account.fired = account.closed = 0.0
            record = replace(record, status="", reason="", summary={})
        stages = {stage: state for stage, state in record.stages.items() if stage not in again}
        record = replace(record, attempt=account.attempt, runs=record.runs + 1)
        self._put(unit, replace(record, task=RERUN_TASK, stages=stages, sent=0.0))
        account.reopen(unit.index, opening)
        self._open.add(unit.cycle)
        # Nobody persists a unit that was not analysed, and a cycle whose unit waited for it stayed
        # open for ever.
        self._settle_when_whole(unit.cycle)
        return account.attempt

    def last_success(self, now: float) -> float:
        if self._succeeded is None:
            self._succeeded = now
        return self._succeeded

    def swept_until(self) -> str | None:
        return self._walked

    def record_swept(self, cycle: str, before: str | None) -> bool:
        if self._walked != before:
            return False
        self._walked = cycle
        return True

    def recall_levels(self, index: str, session: date) -> Mapping[date, SlotLevels]:
        latest = self._levels.get(index)
        return latest[2] if latest and latest[0] == session else {}

    def _remember_levels(self, unit: Unit, levels: Mapping[date, SlotLevels]) -> None:
        latest = self._levels.get(unit.index)
        at = unit.instant.timestamp()
        session = day_of(unit.instant)
        if latest is None or latest[0] != session or latest[1] <= at:
            self._levels[unit.index] = (session, at, dict(levels))

    def _opened(self, cycle: str, opening: Opening, now: float) -> CycleAccount:
        if cycle not in self._cycles:
            self._cycles[cycle] = CycleAccount(opening, now)
            self._open.add(cycle)
        return self._cycles[cycle]

    def _joined(self, unit: Unit, opening: Opening, now: float) -> CycleAccount:
        """Return the account of a unit's cycle, which waits for the unit from now on."""
        account = self._opened(unit.cycle, opening, now)
        if account.join(unit.index):
            self._open.add(unit.cycle)
        return account

    def _unit(self, unit: Unit) -> UnitRecord:
        account = self._cycles.get(unit.cycle)
        return account.unit(unit.index) if account else UnitRecord()

    def _put(self, unit: Unit, record: UnitRecord) -> None:
        self._cycles[unit.cycle].units[unit.index] = record

    def _stage(self, unit: Unit, stage: Stage) -> StageState:
        return self._unit(unit).stage(stage)

    def _put_stage(self, unit: Unit, stage: Stage, state: StageState) -> None:
        record = self._unit(unit)
        stages = {**record.stages, stage: state}
        in_order = {name: stages[name] for name in STAGES if name in stages}
        self._put(unit, replace(record, stages=in_order))

    def _take(self, unit: Unit, stage: Stage, task: str, now: float, lease: float) -> None:
        starts = self._stage(unit, stage).starts + 1
        state = StageState(StageProgress.RUN, task, now + lease, now, 0.0, starts)
        self._put_stage(unit, stage, state)

    def _end(self, unit: Unit, stage: Stage, now: float) -> None:
        state = self._stage(unit, stage)
        self._put_stage(unit, stage, replace(state, state=StageProgress.DONE, ended=now))

    def _hold_until_renewed(self, unit: Unit, now: float) -> None:
        other, until = self._collecting.get(unit.index, ("", 0.0))
        if other == unit.cycle:
            self._collecting[unit.index] = other, min(until, now + RENEWED_WITHIN)

    def _release(self, unit: Unit) -> None:
        if self._collecting.get(unit.index, ("", 0.0))[0] == unit.cycle:
            del self._collecting[unit.index]

    def _terminal(
        self, unit: Unit, status: Status, reason: Reason | NoWord, summary: OverviewRow, now: float
    ) -> bool:
        record = self._unit(unit)
        self._put(unit, replace(record, status=status, reason=reason, summary=summary.copy()))
        account = self._cycles[unit.cycle]
        if account.is_complete and not account.fired:
            account.fired = now
            return True
        return False

    def _note_failed_rerun(self, unit: Unit, reason: Reason | NoWord, now: float) -> None:
        """Note why a rerun failed. What was stored before it needs no persistence."""
        # As one that was never started: who looks for the newest chain finds none of this rerun.
        self._put_stage(unit, Stage.PERSIST, StageState(StageProgress.DONE, ended=now))
        self._put(unit, replace(self._unit(unit), stored_end=None, failure=reason))

    def _settle_when_whole(self, cycle: str) -> None:
        account = self._cycles[cycle]
        if account.is_whole and not account.overtaken:
            self._open.discard(cycle)

    def _publish(self, key: str, report: StageReport | CycleReport | None) -> None:
        if self._bus is not None and report is not None:
            self._bus.publish(report, key=key)
