"""The ledger: the account of cycles, units and stages, and its records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from g6.domain.cycles.cycle import CycleReport, StageReport, Unit


@dataclass(frozen=True, slots=True)
class Opening:
    """What the ledger is told when a cycle opens: who is expected, under which configuration, until when (wall seconds)."""

    expected: tuple[str, ...]
    config_id: str
    deadline: float
    due: float


@dataclass(frozen=True, slots=True)
class StageState:
    """One stage in the ledger: `state` is "" (never begun), run, done; wall times in epoch seconds, 0 unknown."""

    state: str = ""
    holder: str = ""
    lease_until: float = 0.0
    started: float = 0.0
    ended: float = 0.0
    starts: int = 0


@dataclass(frozen=True, slots=True)
class Claim:
    """What the ledger answers to one who would run a stage, with everything it needs to know of the unit, in one step.

    `deadline` is the unit's, `since` when the stage before ended (wall times, 0 unknown); `controls` are the switches in force when
    collect is to run.
    """

    answer: str
    deadline: float = 0.0
    since: float = 0.0
    controls: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UnitRecord:
    """One unit in the ledger. `status` is "" until analytics is terminal; `summary` is its overview row."""

    task: str = ""
    attempt: int = 1
    status: str = ""
    reason: str = ""
    summary: Mapping[str, Any] = field(default_factory=dict)
    stages: Mapping[str, StageState] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CycleRecord:
    """One cycle in the ledger; `fired` and `closed` are wall times, 0 for not yet."""

    cycle: str
    opening: Opening
    opened: float
    fired: float
    closed: float
    units: Mapping[str, UnitRecord]
    attempt: int = 1
    stored: bool = False


class Ledger(Protocol):
    """The truth about cycles, units and stages. Each call is one atomic step; `now` is wall time in epoch seconds."""

    def begin(self, unit: Unit, task: str, opening: Opening, now: float, lease: float) -> Claim:
        """Open the cycle if nobody has, and claim the unit for stage collect by task id.

        Answers: `run`; `again` (run: an earlier start died, failed, or was lost); `done` (collect is done, the chain may go on);
        `twin` (another task holds it); `overrun` (the index's previous cycle is still being collected, which past its deadline
        only a renewed lease shows: the unit is now SKIPPED); `overrun!` (that, and this call completed the cycle); `closed` (the
        unit is terminal already).
        """
        ...

    def start(self, unit: Unit, stage: str, task: str, now: float, lease: float) -> Claim:
        """Take the lease of a later stage. Answers `run`, `done`, `busy` (another task's lease is alive), `closed`, `unknown`."""
        ...

    def renew(self, unit: Unit, stage: str, task: str, until: float, now: float) -> bool:
        """Lengthen a lease to `until`; False when it is not ours any more."""
        ...

    def end_stage(
        self, unit: Unit, stage: str, task: str, now: float, report: StageReport | None = None
    ) -> bool:
        """Record that a stage's output is there and publish its report, in one step; False when it was done already."""
        ...

    def finish(
        self,
        unit: Unit,
        status: str,
        reason: str,
        summary: Mapping[str, Any],
        now: float,
        report: StageReport | None = None,
        atm: Mapping[str, float] | None = None,
    ) -> str:
        """Make the unit terminal for analytics, once, publish its report and keep `atm`, strikes by expiry, for `recall_atm`.

        OK and PARTIAL also end stage analyse; OK under a configuration other than the cycle's becomes PARTIAL, reason `config`
        (`summary["config_id"]` is compared). Answers: `late` (it was terminal already), `finished`, or `completed` for the one
        call that completes the cycle: its caller sends the aggregate.
        """
        ...

    def skip(self, unit: Unit, opening: Opening, reason: str, now: float) -> str:
        """Open the cycle if nobody has and make the unit SKIPPED; answers as `finish`."""
        ...

    def open_cycles(self) -> Sequence[CycleRecord]:
        """Return the cycles that are not closed or not wholly persisted, oldest first."""
        ...

    def record(self, cycle: str) -> CycleRecord | None:
        """Return one cycle's record, None when the ledger does not know it."""
        ...

    def fire_again(self, cycle: str, now: float, after: float = 2.0) -> bool:
        """Claim the right to send the aggregate of a fired cycle again; False when somebody just did or it is closed."""
        ...

    def close(self, cycle: str, now: float, report: CycleReport | None = None) -> bool:
        """Record that overview and panels are out and publish the report; True the first time (per attempt)."""
        ...

    def mark_stored(self, cycle: str, report: StageReport) -> bool:
        """Publish the report of a closed cycle's persistence; True the first time (per attempt)."""
        ...

    def store_again(self, cycle: str, now: float, after: float) -> bool:
        """Claim the right to send a closed cycle to be stored again; False when it is stored, or was sent `after` seconds ago."""
        ...

    def settle(self, cycle: str) -> None:
        """Forget a cycle from `open_cycles`: closed, and persisted as far as it ever will be."""
        ...

    def reopen(self, unit: Unit, first_stage: str, opening: Opening, now: float) -> int:
        """Raise the attempt for a rerun of a unit from `analyse` or `persist` on; return the attempt."""
        ...

    def swept_until(self) -> str | None:
        """Return the instant up to which the grid was walked for cycles nobody opened, None when not known."""
        ...

    def record_swept(self, cycle: str) -> None:
        """Remember that the grid was walked up to `cycle`."""
        ...

    def last_closed(self) -> str | None:
        """Return the newest closed cycle, None when not known."""
        ...

    def last_success(self, now: float) -> float:
        """Return when (wall) the last cycle closed in which an index was analysed; before the first, when this was first asked."""
        ...

    def recall_atm(self, index: str, session: str) -> Mapping[str, float]:
        """Return the ATM per expiry of the latest cycle that was finished with one this session, else empty."""
        ...
