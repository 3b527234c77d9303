"""What an onlooker of one run notes: who works on what, what is asked, sent and written.

The judge reads it. It never reads the ledger: only what the ledger answered to a process, and what came of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

from g6.adapters.memory.bus import MemoryBus
from g6.adapters.memory.panels import MemoryPanels
from g6.adapters.memory.store import MemoryStore
from g6.domain.cycles.claims import ClaimAnswer, FinishAnswer
from g6.domain.cycles.cycle import Unit, parse_z
from g6.domain.reports import CycleReport
from g6.domain.schema.frame import Frame, FrameName
from g6.domain.schema.words import ANALYSED, Reason
from g6.entrypoints.workers.leases import RENEW_SECONDS
from g6.ports import Claim, Opening, UnitEnd, WriteReport
from tests.simulate.reasons import is_true

if TYPE_CHECKING:
    from tests.simulate.world import Actor, World

FORGETTING_SLACK = 3.0
"""Seconds after Redis is back within which a beat gives it back what it forgot."""
SET_RIGHT_SECONDS = 15.0
"""Seconds after which a daemon sets a clock right that jumped."""
RENEW_SLACK = 0.1
LEASE_SLACK = 0.5
"""Seconds beyond a lease for which a process that died may still count as one that collects."""


@dataclass(frozen=True, slots=True)
class Strike:
    """A deviation that happened.

    Attributes:
        task: The job of the process or of the message that it struck, empty for neither.
        unit: What that job worked on, None where it is no stage.
    """

    began: float
    ended: float
    kind: str
    task: str = ""
    unit: Unit | None = None


@dataclass(slots=True, eq=False)
class Grant:
    """A process that the ledger let into a stage of a unit.

    Attributes:
        over: When it said that the stage was, 0 until then.
        is_accepted: Whether the ledger took that for the end of the stage.
        gave_up: When it had ended its unit without that, 0 until then: it asks nobody any more.
    """

    actor: Actor
    unit: Unit
    stage: str
    task: str
    at: float
    over: float = 0.0
    is_accepted: bool = False
    gave_up: float = 0.0


@dataclass(frozen=True, slots=True)
class Forgetting:
    """A Redis that forgot what it had since `since`: nothing is certain of the cycles that were not settled then."""

    at: float
    since: float
    cycles: frozenset[str]


@dataclass(slots=True, eq=False)
class BeatLife:
    """A beat's process: when it was born and died, when it was awake, and when it signed."""

    host: str
    began: float
    ended: float = float("inf")
    awake: list[float] = field(default_factory=list)
    signs: list[float] = field(default_factory=list)

    def was_awake(self, first: float, last: float) -> bool:
        """Return whether it went on in a span of time."""
        return any(first <= at <= last for at in self.awake)


@dataclass(slots=True)
class Pause:
    """A pause of collection, until an operator ended it last."""

    began: float
    ended: float = float("inf")


@dataclass(frozen=True, slots=True)
class AcceptedRerun:
    """A rerun that an operator was told to be under way, and what was stored before it.

    Attributes:
        began: When the operator asked for it.
        at: When the operator was told.
    """

    unit: Unit
    began: float
    at: float
    stage: str
    attempt: int
    settings: str
    row: dict[str, object] | None


@dataclass(slots=True)
class Witness:
    """The notes of one run.

    Attributes:
        violations: Sentences about what must never happen, noted when it did.
        beats_sent: Units whose first stage a beat has sent, and when one did first.
        answers: The unit that each answer of the provider was for, by the answer's number.
        ends: The last status and reason by which the ledger ended a unit, as it answered.
        analysed: The answers of the provider that a unit was analysed of.
        dropped: When a unit's frames were lost.
        unwritten: Cycles of which a full disk refused something.
        forgettings: When Redis lost what it knew, or went back.
        wrong_clocks: When a host's clock went wrong, and how many seconds ahead it was.
        sends: Messages sent by use cases, by job and arguments.
        grants: By unit and stage.
        stored: When all rows of a cycle were stored first.
        closings: The attempts of each cycle in the order in which they were closed.
        reported: The statuses in the newest report of each cycle, by index.
        failures: Why reruns of a cycle failed, in its newest report, by index.
        beginnings_lost: When Redis was emptied while nothing was stored, and the beats that lived
            and knew where the run began.
        broken_sweeps: When a sweep ended before it was through.
        opened: Cycles of which a process claimed a unit.
        opened_anew: Stored ones of which one did in a Redis that was emptied since. A beat that was
            born or woke up just after an instant, and a collection that stood still, do not know
            that a cycle is stored.
        pauses: When an operator paused collection, and when he ended that.
        reopened: When a rerun opened a unit last.
    """

    world: World
    violations: list[str] = field(default_factory=list)
    strikes: list[Strike] = field(default_factory=list)
    beats_sent: dict[Unit, float] = field(default_factory=dict)
    answers: dict[float, Unit] = field(default_factory=dict)
    ends: dict[Unit, tuple[str, str]] = field(default_factory=dict)
    analysed: dict[Unit, set[float]] = field(default_factory=dict)
    dropped: dict[Unit, float] = field(default_factory=dict)
    unwritten: set[str] = field(default_factory=set)
    forgettings: list[Forgetting] = field(default_factory=list)
    wrong_clocks: list[tuple[float, float]] = field(default_factory=list)
    beat_lives: list[BeatLife] = field(default_factory=list)
    closed_at: dict[str, float] = field(default_factory=dict)
    sends: Counter[tuple[str, ...]] = field(default_factory=Counter)
    grants: dict[tuple[Unit, str], list[Grant]] = field(default_factory=dict)
    by_index: dict[str, list[Grant]] = field(default_factory=dict)
    stored: dict[str, float] = field(default_factory=dict)
    closings: dict[str, list[int]] = field(default_factory=dict)
    reported: dict[str, dict[str, str]] = field(default_factory=dict)
    failures: dict[str, dict[str, str]] = field(default_factory=dict)
    reruns: list[AcceptedRerun] = field(default_factory=list)
    beginnings_lost: list[tuple[float, tuple[BeatLife, ...]]] = field(default_factory=list)
    broken_sweeps: list[float] = field(default_factory=list)
    opened: set[str] = field(default_factory=set)
    opened_anew: set[str] = field(default_factory=set)
    pauses: list[Pause] = field(default_factory=list)
    reopened: dict[Unit, float] = field(default_factory=dict)

    @property
    def unknown_until(self) -> float:
        """Until when nobody can know which cycles were due."""
        return max(map(self._unknown_until, self.beginnings_lost), default=0.0)

    def _unknown_until(self, loss: tuple[float, tuple[BeatLife, ...]]) -> float:
        """Return until when cycles are unknown after a loss, 0 where a beat that knew them signed.

        Where none did, the run begins with the first beat that signs after it.
        """
        emptied, lives = loss
        signed = [life for life in self.beat_lives if any(at > emptied for at in life.signs)]
        if any(life in signed for life in lives):
            return 0.0
        began = min((life.began for life in signed), default=emptied)
        return max(emptied, began - self.world.timing.expires)

    def claimed(
        self, unit: Unit, stage: str, task: str, answer: ClaimAnswer, looked: float
    ) -> None:
        """Note what the ledger answered to a process that would run a stage.

        `looked`: when it looked at its clock, which on an overloaded host is a second before.
        """
        actor = self.world.current
        if actor is None:
            return
        if answer in {ClaimAnswer.OVERRUN, ClaimAnswer.OVERRUN_COMPLETED}:
            self._check_overrun(unit, looked)
        if not answer.may_run:
            return
        grants = self.grants.setdefault((unit, stage), [])
        if unit not in self.world.rerun_order:
            others = [
                grant
                for grant in grants
                if grant.task != task and is_at_work(grant.actor) and self.leases_hold(grant.at)
            ]
            if others:
                self.violations.append(
                    f"{unit.index} at {unit.cycle}: two processes run {stage} at once"
                )
        grant = Grant(actor, unit, stage, task, self.world.now)
        grants.append(grant)
        if stage == "collect":
            self._check_predecessor(unit)
            self.by_index.setdefault(unit.index, []).append(grant)
            self._check_collection(unit, answer)

    def stopped(self, unit: Unit, stage: str, *, is_accepted: bool) -> None:
        """Note that a process said that its stage is over."""
        for grant in self.grants.get((unit, stage), ()):
            if grant.actor is self.world.current:
                grant.over = self.world.now
                grant.is_accepted = is_accepted

    def gave_up(self, unit: Unit) -> None:
        """Note that a process has ended its unit. Whoever ends one from outside stops nobody."""
        for grant in self.grants.get((unit, "collect"), ()):
            if grant.actor is self.world.current:
                grant.gave_up = self.world.now

    def ended(self, unit: Unit, status: str, reason: str) -> None:
        """Note how the ledger ended a unit, and hold the reason against what happened until now."""
        if unit.cycle not in self.world.cycles:
            return  # it is not judged
        is_excused = self.is_uncertain(unit.cycle) or self.keeps_its_row(unit)
        if status in ("MISSING", "SKIPPED") and not (
            is_excused or is_true(self.world, unit, status, reason)
        ):
            self.violations.append(
                f"{unit.index} at {unit.cycle} is {status} ({reason}), which is not what happened"
            )
        self.ends[unit] = status, reason

    def opens(self, cycle: str) -> None:
        """Note that a process claimed a unit, and whether its cycle had been stored before Redis was emptied."""
        self.opened.add(cycle)
        stored = self.stored.get(cycle, self.world.now)
        emptied = [back.at for back in self.forgettings if back.since == back.at]
        if any(stored < at <= self.world.now for at in emptied):
            self.opened_anew.add(cycle)

    def keeps_its_row(self, unit: Unit) -> bool:
        """Return whether a unit has the row with figures that it had before its cycle was opened anew."""
        return unit.cycle in self.opened_anew and any(
            row["underlying"] == unit.index and row["status"] in ANALYSED
            for row in self.world.store.read_overview(unit.cycle)
        )

    def chained(self, unit: Unit, answer: float) -> None:
        """Note of which answer of the provider a unit was analysed: of one alone."""
        if unit.cycle not in self.world.cycles:
            return
        answers = self.analysed.setdefault(unit, set())
        answers.add(answer)
        is_excused = self.is_uncertain(unit.cycle) or unit.cycle in self.opened_anew
        if len(answers) > 1 and not is_excused:
            self.violations.append(
                f"{unit.index} at {unit.cycle} was analysed of the answers {sorted(answers)}"
            )

    def forgot(self, since: float, open_cycles: set[str]) -> None:
        """Note that Redis lost what it knew since then, and which cycles were not settled."""
        now = self.world.now
        ends = max(now, self.world.redis_away_until) + FORGETTING_SLACK
        cycles = set()
        for cycle in self.world.cycles:
            due = parse_z(cycle).timestamp()
            is_settled = cycle not in open_cycles and self.stored.get(cycle, now + 1.0) <= since
            if due <= ends and not (is_settled and self.closed_at.get(cycle, 0.0) < since):
                cycles.add(cycle)
        self.forgettings.append(Forgetting(now, since, frozenset(cycles)))

    def is_uncertain(self, cycle: str) -> bool:
        """Return whether Redis forgot something of a cycle, or a wrong clock was near it."""
        return self.is_forgotten(cycle) or self.is_misdated(cycle)

    def is_forgotten(self, cycle: str) -> bool:
        """Return whether Redis forgot something of a cycle."""
        return any(cycle in forgetting.cycles for forgetting in self.forgettings)

    def is_misdated(self, cycle: str) -> bool:
        """Return whether a clock went wrong while a cycle was due, or its lease was written with it."""
        timing = self.world.timing
        due = parse_z(cycle).timestamp()
        for began, seconds in self.wrong_clocks:
            before = abs(seconds) + timing.grace + self.world.interval + timing.lease
            if began - before <= due <= began + SET_RIGHT_SECONDS + abs(seconds) + timing.lease:
                return True
        return False

    def leases_hold(self, since: float) -> bool:
        """Return whether nothing happened since then that makes a lease lapse although its holder is alive."""
        lease = self.world.timing.lease + LEASE_SLACK
        if any(forgetting.at >= since for forgetting in self.forgettings):
            return False
        for strike in self.strikes:
            if strike.kind == "redis_away" and strike.ended + lease >= since:
                return False
        return not any(
            began + SET_RIGHT_SECONDS + abs(seconds) + lease >= since
            for began, seconds in self.wrong_clocks
        )

    def struck(self, task: str, unit: Unit | None) -> None:
        """Note which process the last strike found."""
        self.strikes[-1] = replace(self.strikes[-1], task=task, unit=unit)

    def requested(self, unit: Unit) -> None:
        """Note that the provider is asked for a unit: never after the deadline, nor while it is paused."""
        world = self.world
        actor = world.current
        late = world.now - unit.instant.timestamp() - world.timing.grace
        if late > 0 and not self.is_misdated(unit.cycle):
            self.violations.append(
                f"{unit.index} at {unit.cycle} was collected {late:.1f} s after its deadline"
            )
        elif actor is not None and actor.may_not_ask:
            self.violations.append(
                f"{unit.index} at {unit.cycle} was collected although {actor.may_not_ask}"
            )

    def _check_collection(self, unit: Unit, answer: ClaimAnswer) -> None:
        world = self.world
        actor = world.current
        if actor is None or self.is_misdated(unit.cycle):
            return
        late = world.now - unit.instant.timestamp() - world.timing.expires
        if answer is ClaimAnswer.RUN and late > 0.01:
            actor.may_not_ask = "its message had expired"
        if world.is_paused and not self.pause_is_forgotten:
            actor.may_not_ask = "it was paused"

    @property
    def pause_is_forgotten(self) -> bool:
        """Whether Redis forgot the pause that is on."""
        return any(forgetting.at >= self.pauses[-1].began for forgetting in self.forgettings)

    def resumed(self) -> None:
        """Note that an operator ended every pause."""
        for pause in self.pauses:
            pause.ended = min(pause.ended, self.world.now)

    def is_paused_again(self) -> bool:
        """Return whether Redis may have got a pause again that was over."""
        return any(map(self._may_be_back, self.pauses))

    def _may_be_back(self, pause: Pause) -> bool:
        return any(self._is_given_back(pause, forgetting) for forgetting in self.forgettings)

    def _is_given_back(self, pause: Pause, forgetting: Forgetting) -> bool:
        """Return whether a Redis that forgot so has a pause again: whoever gave it back did not know that it was over."""
        if forgetting.at < pause.ended:
            return False
        if forgetting.since < forgetting.at:
            return pause.began <= forgetting.since < pause.ended
        # A beat gives an emptied Redis what it read with its last sign.
        for life in self.beat_lives:
            signs = [at for at in life.signs if at <= forgetting.at]
            if life.ended > forgetting.at and signs and signs[-1] <= pause.ended:
                return True
        return False

    def still_paused(self) -> None:
        """Note that an operator finds collection paused although he ended that."""
        pauses = [pause for pause in self.pauses if self._may_be_back(pause)]
        if not pauses:
            self.violations.append("a pause that was over came back")
        for pause in pauses:
            pause.ended = float("inf")

    def _check_predecessor(self, unit: Unit) -> None:
        """No cycle of an index is collected while an earlier one is."""
        for grant in self.by_index.get(unit.index, ()):
            ends = grant.unit.instant.timestamp() + self.world.timing.grace
            # One that began just before its deadline shows only with its next renewal that it still collects.
            has_renewed = grant.at <= ends - RENEW_SECONDS - RENEW_SLACK
            is_other = grant.unit.cycle < unit.cycle
            is_collecting = not (grant.over or grant.gave_up) and is_at_work(grant.actor)
            if is_other and has_renewed and is_collecting and self.leases_hold(grant.at):
                self.violations.append(
                    f"{unit.index} at {unit.cycle} is collected while {grant.unit.cycle} is"
                )

    def _check_overrun(self, unit: Unit, now: float) -> None:
        """An index is skipped as overrun only while an earlier cycle of it is collected."""
        if self.is_uncertain(unit.cycle) or not self.leases_hold(now):
            return
        lease = self.world.timing.lease + LEASE_SLACK
        if any(back.since < back.at <= now <= back.at + lease for back in self.forgettings):
            return  # a Redis that went back has a lease again
        for grant in self.by_index.get(unit.index, ()):
            actor = grant.actor
            ended = grant.over or actor.ended
            held_until = ended + lease if actor.dead or actor.stands_until else ended
            if grant.unit.cycle != unit.cycle and (not ended or now <= held_until):
                return
        self.violations.append(
            f"{unit.index} at {unit.cycle} was skipped as overrun and no other cycle was collected"
        )

    def published(self, report: object) -> None:
        """Note that a cycle was closed, from its report."""
        if isinstance(report, CycleReport) and report.cycle in self.world.cycles:
            attempts = self.closings.setdefault(report.cycle, [])
            is_older = attempts and report.attempt <= attempts[-1]
            if is_older and not (self.is_forgotten(report.cycle) or self._forgot_attempts(report)):
                self.violations.append(
                    f"{report.cycle} was closed as attempt {report.attempt} after {attempts[-1]}"
                )
            attempts.append(report.attempt)
            self.closed_at[report.cycle] = self.world.now
            self.reported[report.cycle] = {name: str(word) for name, word in report.units.items()}
            self.failures[report.cycle] = dict(report.failures)

    def _forgot_attempts(self, report: CycleReport) -> bool:
        """Return whether Redis forgot since a cycle was closed last: its attempts begin anew."""
        closed = self.closed_at.get(report.cycle, 0.0)
        return any(
            forgetting.at >= closed
            and (forgetting.since == forgetting.at or forgetting.since < closed)
            for forgetting in self.forgettings
        )

    def wrote_overview(self, cycle: str, indices: int) -> None:
        """Note when a cycle's rows were all stored first."""
        if indices == len(self.world.plan.indices):
            self.stored.setdefault(cycle, self.world.now)

    def showed(self, where: str, before: str, after: str) -> None:
        """Note that a panel was put in the place of another."""
        if after < before:
            self.violations.append(f"panel in {where} went back from {before} to {after}")


def is_at_work(actor: Actor) -> bool:
    """Return whether a process works and did so all the time, so that its lease was renewed."""
    works = not actor.dead and not actor.ended and not actor.stands_until
    return works and actor.renewals_lost < 2


@dataclass(slots=True)
class WatchedLedger:
    """The ledger of whichever Redis there is; the witness hears what it answers."""

    world: World

    def begin(self, unit: Unit, task: str, opening: Opening, now: float, lease: float) -> Claim:
        claim = self.world.redis.ledger.begin(unit, task, opening, now, lease)
        self.world.witness.opens(unit.cycle)
        self.world.witness.claimed(unit, "collect", task, claim.answer, now)
        return claim

    def start(self, unit: Unit, stage: str, task: str, now: float, lease: float) -> Claim:
        claim = self.world.redis.ledger.start(unit, stage, task, now, lease)
        self.world.witness.claimed(unit, stage, task, claim.answer, now)
        return claim

    def end_stage(self, unit: Unit, stage: str, *rest: Any) -> bool:
        answer = self.world.redis.ledger.end_stage(unit, stage, *rest)
        self.world.witness.stopped(unit, stage, is_accepted=answer)
        return answer

    def finish(self, unit: Unit, end: UnitEnd, now: float) -> FinishAnswer:
        answer = self.world.redis.ledger.finish(unit, end, now)
        self.world.witness.gave_up(unit)
        if answer is not FinishAnswer.LATE:
            self.world.witness.ended(unit, str(end.status), str(end.reason))
        return answer

    def skip(self, unit: Unit, opening: Opening, reason: Reason, now: float) -> FinishAnswer:
        answer = self.world.redis.ledger.skip(unit, opening, reason, now)
        if answer is not FinishAnswer.LATE:
            self.world.witness.ended(unit, "SKIPPED", str(reason))
        return answer

    def reopen(self, unit: Unit, *rest: Any) -> int:
        attempt = self.world.redis.ledger.reopen(unit, *rest)
        self.world.witness.reopened[unit] = self.world.now
        return attempt

    def __getattr__(self, name: str) -> Any:
        return getattr(self.world.redis.ledger, name)


@dataclass(slots=True)
class WatchedFrames:
    """The frames of whichever Redis there is; the witness hears of which answer a chain was made."""

    world: World

    def put(self, unit: Unit, name: FrameName, frame: Frame, seconds: float) -> int:
        if name == FrameName.CHAIN:
            self.world.witness.chained(unit, float(cast("float", frame.header["request"])))
        return self.world.redis.frames.put(unit, name, frame, seconds)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.world.redis.frames, name)


class WatchedStore(MemoryStore):
    """A store that tells the witness when a cycle's rows are there."""

    def __init__(self, witness: Witness) -> None:
        super().__init__()
        self._witness = witness

    def write_overview(self, cycle: str, rows: Sequence[Any]) -> WriteReport:
        report = super().write_overview(cycle, rows)
        self._witness.wrote_overview(cycle, len(self.read_overview(cycle)))
        return report


class WatchedPanels(MemoryPanels):
    """Panels that tell which cycle's content was put in the place of which."""

    def __init__(self, told: Callable[[str, str], None]) -> None:
        super().__init__()
        self._told = told

    def put(self, panels: Any) -> tuple[str, ...]:
        before = self._shown()
        replaced = super().put(panels)
        self._told(before, self._shown())
        return replaced

    def _shown(self) -> str:
        document: Any = self.get("overview") or {"data": {"cycle": ""}}
        return str(document["data"]["cycle"])


class WatchedBus(MemoryBus):
    """A bus that lets the witness hear every report."""

    def __init__(self, told: Callable[[object], None], *, length: int) -> None:
        super().__init__(length=length)
        self._told = told

    def publish(
        self, report: Any, *, key: str = "", meta: Any = None, left: int | None = None
    ) -> str:
        # To write and read the JSON of events that nobody takes from here took a sixth of a run.
        self._told(report)
        return ""
