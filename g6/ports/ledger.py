"""The ledger: the account of cycles, units and stages, and its records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from g6.domain.cycles.claims import ClaimAnswer, CycleRests, FinishAnswer, StageState, no_rest
from g6.domain.cycles.cycle import Unit
from g6.domain.market.slot import SlotLevels
from g6.domain.reports import CycleReport, StageReport, Switches
from g6.domain.schema.frame import Frame
from g6.domain.schema.no_word import NoWord
from g6.domain.schema.overview_row import OverviewRow
from g6.domain.schema.words import ANALYSED, Reason, Stage, Status

RERUN_TASK = "rerun"
"""The task id of a unit from its reopening until a task takes it."""


@dataclass(frozen=True, slots=True)
class Opening:
    """The facts with which a cycle is opened.

    Attributes:
        expected: The indices that are due.
        config_id: The configuration that the cycle runs under.
        deadline: The wall time (epoch seconds) at which the cycle closes with what has arrived.
        due: The wall time (epoch seconds) of the cycle's instant.
    """

    expected: tuple[str, ...]
    config_id: str
    deadline: float
    due: float


@dataclass(frozen=True, slots=True)
class Claim:
    """The ledger's answer to a task that would run a stage, with all that it needs of the unit.

    One step gives all of it: a step for each field cost about a hundred Redis commands more per
    cycle of six indices, of 650 to 670.

    Attributes:
        answer: A word that says whether the task may run.
        deadline: The unit's deadline, wall time in epoch seconds, 0 for unknown.
        since: When the stage before ended, likewise.
        controls: The switches in force, when collect is to run.
        config_id: The settings of the attempt, when stage analyse is to run, and those of the
            unit's row, when stage persist is.
        frame: What the stage reads, None where the ledger does not have it at hand.
        started_before: When the stage was started before in this attempt, 0 for not yet.
    """

    answer: ClaimAnswer
    deadline: float = 0.0
    since: float = 0.0
    controls: Switches = field(default_factory=Switches)
    config_id: str = ""
    frame: Frame | None = None
    started_before: float = 0.0


@dataclass(frozen=True, slots=True)
class UnitRecord:
    """One unit in the ledger.

    Attributes:
        task: The id of the task that claimed it.
        attempt: The cycle's attempt that it was begun in last.
        runs: How often it was begun: 1 before any rerun of it.
        status: "" until analytics is terminal.
        reason: Why it is not OK.
        summary: Its overview row.
        stages: The states of its stages.
        stored_end: How it ended when its rows were stored last, None unless a rerun has begun
            since.
        failure: Why its newest rerun failed, so that it ends as it did before.
        sent: When the sweep last sent it again, wall time in epoch seconds, 0 for not since it was
            opened or reopened.
    """

    task: str = ""
    attempt: int = 1
    runs: int = 1
    status: Status | NoWord = ""
    reason: Reason | NoWord = ""
    summary: OverviewRow = field(default_factory=OverviewRow)
    stages: Mapping[Stage, StageState] = field(default_factory=dict)
    stored_end: UnitEnd | None = None
    failure: Reason | NoWord = ""
    sent: float = 0.0

    def stage(self, name: Stage) -> StageState:
        """Return how far a stage is."""
        return self.stages.get(name, StageState())

    @property
    def config_id(self) -> str:
        """The settings of its overview row, empty where it has none or they are not known."""
        return str(self.summary.get("config_id", ""))

    def last_stored_end(self, in_store: UnitEnd | None) -> UnitEnd | None:
        """Return how it ended when its rows were stored last, as far as anybody knows.

        `in_store`: as the store has it, for a ledger that has forgotten the unit.
        """
        if self.status in ANALYSED and self.stage(Stage.PERSIST).is_done:
            return UnitEnd(Status(self.status), self.reason, self.summary)
        if self.status or self.stored_end is not None:
            return self.stored_end
        return in_store


@dataclass(frozen=True, slots=True)
class CycleRecord:
    """One cycle in the ledger. Wall times are epoch seconds, 0 for not yet.

    Attributes:
        cycle: Its name.
        opening: What it was opened with.
        opened: When it was opened.
        fired: When the aggregate was sent.
        closed: When overview and panels were out.
        units: The records of the expected indices.
        attempt: The number of its run, 1 before any rerun.
        stored: Whether this attempt's overview and panels are stored.
    """

    cycle: str
    opening: Opening
    opened: float
    fired: float
    closed: float
    units: Mapping[str, UnitRecord]
    attempt: int = 1
    stored: bool = False


@dataclass(frozen=True, slots=True)
class UnitEnd:
    """How analytics ends a unit.

    Attributes:
        status: How it ends.
        reason: Why it is not OK.
        summary: Its overview row, with `config_id`.
        report: The stage's report, published in the same step.
        levels: ATM and deviation of each expiry, stored for `recall_levels`.
        task: The task whose analysis it is, empty for who ends a unit from outside. It is late once
            another has the stage, or a rerun has begun.
    """

    status: Status
    reason: Reason | NoWord = ""
    summary: OverviewRow = field(default_factory=OverviewRow)
    report: StageReport | None = None
    levels: Mapping[date, SlotLevels] | None = None
    task: str = ""


class Ledger(Protocol):
    """The truth about cycles, units and stages. Each call is one atomic step.

    Celery only moves work: the Redis transport pops a message before it records it, and a SIGKILL
    under load lost 5 of 2,102 messages (measured). `now` is wall time in epoch seconds.
    """

    # Two beats send every cycle for availability. Claiming by task id tells the twin of a live
    # task from a redelivery of the same one. The twin's task raises Ignore: a plain return would
    # run two empty stages behind it.
    def begin(self, unit: Unit, task: str, opening: Opening, now: float, lease: float) -> Claim:
        """Open the cycle if nobody has, and claim the unit for stage collect by task id.

        Returns:
            One of these answers: `run`. `again`: run, because an earlier start died, failed or was
            lost. `done`: collect is done and the chain may go on. `twin`: another task has the
            unit. `overrun`: the index's previous cycle is still being collected, so the unit is
            now SKIPPED. Past its deadline only a renewed lease shows that it is. `overrun!`: the
            same, and this call completed the cycle. `closed`: the unit is terminal already.
        """
        ...

    def start(self, unit: Unit, stage: Stage, task: str, now: float, lease: float) -> Claim:
        """Take the lease of a later stage.

        Returns:
            One of the answers `run`, `done`, `busy` (another task's lease is alive), `closed` and
            `unknown` (the ledger does not know the cycle).
        """
        ...

    def renew(self, unit: Unit, stage: Stage, task: str, until: float, now: float) -> bool:
        """Lengthen a lease to `until`. False when another task has it, or nobody."""
        ...

    def end_stage(
        self, unit: Unit, stage: Stage, task: str, now: float, report: StageReport | None = None
    ) -> bool:
        """Record that a stage's output is there and publish its report, in one step.

        Returns:
            False when the stage was done already, or is not this task's any more: its lease lapsed
            and another took it, or a rerun has begun. Without a task it is ended whosever it is.
        """
        ...

    # The frames of a rerun were evicted between its analysis and its persistence: the row was of
    # the settings of the rerun, and the stored chain of those before.
    def fail_persist(self, unit: Unit, task: str, now: float, report: StageReport) -> FinishAnswer:
        """End stage persist of a unit whose chain is lost, and publish the report.

        A rerun has failed by that: its unit ends as it did when its rows were stored last, with
        the report's reason as `failure`, and its cycle is closed anew as another attempt.

        Returns:
            `late` where the stage is done or not this task's any more, `finished`, or `completed`
            for a cycle that is to be closed anew. Its caller sends the aggregate.
        """
        ...

    def finish(self, unit: Unit, end: UnitEnd, now: float) -> FinishAnswer:
        """Make the unit terminal for analytics, once, and publish its report.

        OK and PARTIAL also end stage analyse. OK under a configuration other than the cycle's
        becomes PARTIAL with reason `config`. A rerun that ends as anything else has failed: its
        unit ends as it did when its rows were stored last, with the rerun's reason as `failure`.

        Args:
            unit: The unit of work.
            end: How it ends.
            now: Wall time in epoch seconds.

        Returns:
            `late` (it was terminal already), `finished`, or `completed` for the one call that
            completes the cycle. Its caller sends the aggregate.
        """
        ...

    def skip(self, unit: Unit, opening: Opening, reason: Reason, now: float) -> FinishAnswer:
        """Open the cycle if nobody has and make the unit SKIPPED.

        Returns:
            An answer of `finish`.
        """
        ...

    def open_cycles(self, rests: CycleRests = no_rest) -> Sequence[CycleRecord]:
        """Return the cycles that are not settled, oldest first.

        They are not closed, not wholly persisted, or to be written once more (`must_write_again`).

        Args:
            rests: Is given the name and the deadline of each, and tells whether its record is left
                out.
        """
        ...

    def record(self, cycle: str) -> CycleRecord | None:
        """Return one cycle's record, None when the ledger does not know it."""
        ...

    # The message of an aggregate can be lost like any other. Two seconds after `fired` without
    # `closed` the sweep sends it again.
    def fire_again(self, cycle: str, now: float, after: float = 2.0) -> bool:
        """Claim the right to send the aggregate of a fired cycle again.

        Returns:
            False when the cycle is closed, or somebody sent it less than `after` seconds ago.
        """
        ...

    # A rerun, or a Redis that went back in time, may reopen a cycle while its aggregate runs.
    # Closed by that, the cycle was stored without the open unit, and nobody looked again.
    def close(self, cycle: str, now: float, report: CycleReport | None = None) -> bool:
        """Record that overview and panels are out, and publish the report.

        Returns:
            True the first time of each attempt. False for a cycle that is not fired, and for the
            report of an attempt that a rerun has followed.
        """
        ...

    # A rerun raises the attempt while an older one is being stored. The older one counted as the
    # newer, which nobody then sent to be stored again when its message was lost.
    def mark_stored(self, cycle: str, attempt: int, report: StageReport) -> bool:
        """Record that an attempt of a closed cycle is persisted, and publish the report.

        Returns:
            True the first time of each attempt. False for one that a rerun has followed.
        """
        ...

    def store_again(self, cycle: str, now: float, after: float) -> bool:
        """Claim the right to send a closed cycle to be stored again.

        Returns:
            False when it is stored, or somebody sent it less than `after` seconds ago.
        """
        ...

    # A unit was due for two seconds after each rest, and a sweep 2.1 s after another missed them.
    def send_again(self, unit: Unit, now: float, after: float) -> bool:
        """Claim the right to send a unit to a stage again, which `sent` of its record then tells.

        Returns:
            False when somebody sent it less than `after` seconds ago, and for a cycle that the
            ledger does not know.
        """
        ...

    # A process that stood still in its write puts the rows of before over those of a rerun. If it
    # lives it looks, and writes the newest. Killed in between, it left the older ones.
    def must_write_again(self, cycle: str, now: float, after: float) -> bool:
        """Tell whether a cycle's newest rows are to be written once more after a rerun.

        Returns:
            True for a cycle whose rows were being written when a rerun began, when it is stored and
            persisted anew and the rerun began more than `after` seconds ago.
        """
        ...

    # Asked and forgotten in one step, a sweep that was killed before it sent lost the rows.
    def forget_overtaken(self, cycle: str, now: float, after: float) -> None:
        """Record that those rows were sent. A writer that was overtaken since is not forgotten."""
        ...

    def settle(self, cycle: str) -> None:
        """Remove a cycle from `open_cycles`, persisted as far as it ever will be."""
        ...

    # A rerun that failed made an OK row MISSING although the chain of before stayed stored.
    def reopen(
        self,
        unit: Unit,
        first_stage: Stage,
        opening: Opening,
        now: float,
        stored_end: UnitEnd | None = None,
    ) -> int:
        """Raise the attempt for a rerun of a unit from `analyse` or `persist` on.

        The ledger remembers how the unit ended when its rows were stored last, and forgets why an
        earlier rerun failed. From `persist` on it keeps the cycle open only for a unit that was
        analysed.

        Args:
            unit: The unit of work.
            first_stage: analyse or persist.
            opening: As for `begin`. It sets deadline and configuration anew.
            now: Wall time in epoch seconds.
            stored_end: How it ended as the store has it, for a ledger that has forgotten the unit.

        Returns:
            The number of the attempt.
        """
        ...

    def swept_until(self) -> str | None:
        """Return the instant up to which the grid was swept for cycles that nobody opened.

        None when it is not known.
        """
        ...

    def record_swept(self, cycle: str, before: str | None) -> bool:
        """Record that the grid was swept up to `cycle`, over the mark that the sweep read.

        Args:
            cycle: The instant.
            before: What `swept_until` answered when the sweep began.

        Returns:
            False when the mark is another by now, which is left as it is.
        """
        ...

    def last_success(self, now: float) -> float:
        """Return the wall time at which the last cycle with an analysed index closed.

        Before there is one, it is the time of the first call.
        """
        ...

    def recall_levels(self, index: str, session: date) -> Mapping[date, SlotLevels]:
        """Return the levels of each expiry at the session's latest cycle that had some."""
        ...
