"""The simulated system: beats, a broker, workers, an operator, and what strikes them."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

from billiard.exceptions import SoftTimeLimitExceeded
from celery.exceptions import Ignore, Retry

from g6 import pipeline
from g6.adapters.memory.lifeline import MemoryLifeline
from g6.domain.cycles.cycle import Unit, isoformat_z
from g6.entrypoints.workers.jobs import Job, jobs_with
from g6.entrypoints.workers.leases import RENEW_SECONDS
from g6.entrypoints.workers.tasks import RETRY_SECONDS, UnitTask
from g6.errors import G6Error, NothingToDo, RedisDown, Retryable
from g6.pipeline import Runtime
from tests.simulate.analysis import CHEAP
from tests.simulate.beats import Beat, beats_of
from tests.simulate.deviations import Deviation
from tests.simulate.redis_state import Message
from tests.simulate.witness import (
    SET_RIGHT_SECONDS,
    AcceptedRerun,
    Pause,
    WatchedFrames,
    WatchedLedger,
)
from tests.simulate.world import HOSTS, Actor, HostClock, SteppedPort, World

WORKERS = {
    "collect": 3,
    "analytics": 2,
    "persist": 2,
    "aggregate": 2,
    "maintenance": 2,
    "manual": 2,
}
"""Pool processes by the queue that they serve. They alternate between the hosts."""
BY_NAME: Mapping[str, Job] = {job.name: job for job in jobs_with(CHEAP)}
OF_EACH_REFUSED = 2
"""Messages that may wait of each thing that a full disk refused: of its last try, and of the sweep."""
VISIBILITY_SECONDS = 30.0
"""After this a message that nobody acknowledged comes back."""
RESTART_SECONDS = 1.0
AGAIN_SECONDS = 0.5
"""After this an operator gives an order again that Redis did not take."""
LOOK_SECONDS = 3.0
"""After this an operator looks whether what he ordered holds."""
LOOKS = 10
"""So often, for as long as a beat may stand still with an older order."""
CHILD_DIED, WORKER_DIED = 15.0, 30.0
"""Amounts of `die` below these: the pool's child died, its worker did. Above, the message is lost with it."""


@dataclass
class StageTask:
    """A task of one stage, with the door of the real one and without Celery behind it."""

    app: Any
    job: Job
    stage: str
    request: Any
    retries: int
    run_stage = UnitTask.run_stage
    _end_unit = UnitTask._end_unit

    def _under_lease(self, unit: Unit) -> bool:
        return bool(self.job.run(self.app.runtime, unit, self.request.id))

    def retry(self, *, exc: BaseException, countdown: float) -> BaseException:
        """Return what tells the worker to try again; the error itself after the last try."""
        return Retry() if self.retries < (self.job.retries or 0) else exc


@dataclass(slots=True)
class TaskRequest:
    """The part of Celery's request that a task reads."""

    id: str


@dataclass(slots=True)
class TaskApp:
    """The part of Celery's application that a task reads."""

    runtime: Runtime


@dataclass(slots=True)
class Sender:
    """The Sender port: messages go to the broker, which may be away."""

    system: System

    def stages(self, unit: Unit, stages: Iterable[str], *, manual: bool = False) -> str:
        first, *links = stages
        task_id = self.system.new_task_id()
        queue = "manual" if manual else BY_NAME[first].queue
        self.system.world.witness.sends["stages", unit.cycle, unit.index] += 1
        self.system.send(Message(first, (unit.cycle, unit.index), task_id, queue, tuple(links)))
        return task_id

    def aggregate(self, cycle: str) -> None:
        self._job("aggregate", cycle)

    def publish(self, cycle: str) -> None:
        self._job("publish", cycle)

    def job(self, name: str, *arguments: str) -> None:
        self._job(name, *arguments)

    def _job(self, name: str, *arguments: str) -> None:
        self.system.world.witness.sends[name, *arguments] += 1
        self.system.send(Message(name, arguments, self.system.new_task_id(), BY_NAME[name].queue))


@dataclass(slots=True)
class Worker:
    """One pool process: idle, or an actor that works on a message."""

    host: str
    queue: str
    actor: Actor | None = None
    restarts_at: float = 0.0


@dataclass(slots=True)
class System:
    """Everything that acts in a world."""

    world: World
    runtimes: dict[str, Runtime] = field(default_factory=dict)
    workers: dict[str, list[Worker]] = field(default_factory=dict)
    beats: dict[str, Beat] = field(default_factory=dict)
    ids: Any = field(default_factory=count)
    longest_queues: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        world = self.world
        world.strike = self.strike
        world.can_strike = self.can_strike
        if world.has_window:
            world.redis.controls.set("window", {"first": world.cycles[0], "last": None})
        for host in HOSTS:
            self.runtimes[host] = self._runtime(host)
        number = 0
        for queue, size in WORKERS.items():
            self.workers[queue] = []
            for _ in range(size):
                self.workers[queue].append(Worker(HOSTS[number % len(HOSTS)], queue))
                number += 1
        self.beats = beats_of(world, self.runtimes, self.send, self.new_task_id)

    def _runtime(self, host: str) -> Runtime:
        world = self.world
        lifeline = MemoryLifeline(world.redis.signs, world.redis.controls, HostClock(world, host))
        ledger = WatchedLedger(world)
        frames = WatchedFrames(world)
        return Runtime(
            plan=world.plan,
            timing=world.timing,
            calendar=world.calendar,
            clock=HostClock(world, host),
            provider=SteppedPort(world, lambda: world.provider, "network"),
            frames=SteppedPort(world, lambda: frames, "redis"),
            ledger=SteppedPort(world, lambda: ledger, "redis"),
            store=SteppedPort(
                world,
                lambda: world.store,
                "disk",
                ("write_chain", "write_overview", "keep_listing", "record_swept"),
            ),
            panels=SteppedPort(world, lambda: world.redis.panels, "redis"),
            panel_files=SteppedPort(world, lambda: world.files, "disk", ("put",)),
            bus=SteppedPort(world, lambda: world.redis.bus, "redis"),
            controls=SteppedPort(world, lambda: world.redis.controls, "redis"),
            sender=SteppedPort(world, lambda: Sender(self), "redis"),
            vitals=SteppedPort(world, lambda: None, "redis"),
            lifeline=SteppedPort(world, lambda: lifeline, "redis"),
        )  # type: ignore[arg-type]

    def new_task_id(self) -> str:
        """Return an id that no task had."""
        return f"task-{next(self.ids)}"

    def is_quiet(self) -> bool:
        """Return whether nothing waits or runs but sweeps."""
        redis = self.world.redis
        if any(message.task != "sweep" for message in redis.unacknowledged.values()):
            return False
        waiting = (message for queue in redis.queues.values() for message in queue)
        return all(message.task == "sweep" for message in waiting)

    # --- messages -------------------------------------------------------------------------------------------

    def send(self, message: Message) -> None:
        """Put a message into its queue: a step at which it may be lost, doubled or delayed."""
        world = self.world
        copies = [message]
        for deviation in world.step("send", message.task, _unit_of(message)):
            if deviation.kind == "lose":
                copies = []
            elif deviation.kind == "double":
                # A twin of beat's has another id. A redelivery has the same.
                task_id = message.task_id if deviation.amount < 3.0 else self.new_task_id()
                copies.append(
                    replace(message, task_id=task_id, visible=world.now + deviation.amount)
                )
            elif deviation.kind == "delay":
                message.visible = world.now + deviation.amount
            else:
                self.strike(deviation, None)
        for copy in copies:
            self._enqueue(copy)

    def _enqueue(self, message: Message) -> None:
        queue = self.world.redis.queues.setdefault(message.queue, [])
        queue.append(message)
        longest = self.longest_queues.get(message.queue, 0)
        if len(queue) > longest:
            self.longest_queues[message.queue] = max(longest, self._burden(queue))
        self.world.at(max(message.visible, self.world.now), lambda: self.dispatch(message.queue))

    def _burden(self, queue: Iterable[Message]) -> int:
        """Return how many messages of a queue wait, but for two of each thing that a full disk refused.

        Nine cycles of a disk that was full for 15 s had 17 messages in a queue that an overloaded
        host hardly served: the first of each thing to be stored, or the one of its last try, and
        those that the sweep had sent since.
        """
        refused = self.world.witness.unwritten
        counts = Counter((message.task, message.arguments) for message in queue)
        burden = 0
        for (_, arguments), copies in counts.items():
            is_refused = not refused.isdisjoint(arguments[:1])
            burden += max(0, copies - OF_EACH_REFUSED) if is_refused else copies
        return burden

    def dispatch(self, queue: str) -> None:
        """Give waiting messages of a queue to its idle workers."""
        world = self.world
        if world.redis_away_until > world.now:
            world.at(world.redis_away_until, lambda: self.dispatch(queue))
            return
        for worker in self.workers[queue]:
            if worker.actor is not None or worker.restarts_at > world.now:
                continue
            message = self._pop(queue, worker)
            if message is None:
                return
            self._begin(worker, message)

    def _pop(self, queue: str, worker: Worker) -> Message | None:
        world = self.world
        waiting = world.redis.queues.get(queue, [])
        now = world.now + world.offsets[worker.host]
        for position, message in enumerate(waiting):
            if message.visible > world.now:
                continue
            del waiting[position]
            if message.expires is not None and now > message.expires:
                return self._pop(queue, worker)
            return message
        return None

    def _begin(self, worker: Worker, message: Message) -> None:
        world = self.world
        job = BY_NAME[message.task]
        limits = job.limits(world.timing)
        delivery = next(world.redis.delivery)
        world.redis.unacknowledged[delivery] = message
        # Only a redelivery after a worker's death comes this way; else the message is acknowledged long before.
        world.later(VISIBILITY_SECONDS, lambda: self._restore(delivery))
        actor = Actor(
            worker.host,
            lambda: self._serve(worker, delivery, message),
            lambda actor, outcome: self._after(worker, delivery, message, outcome),
            limits=(limits.soft, limits.hard),
            task=message.task,
            unit=_unit_of(message),
            cycle=next(iter(message.arguments), ""),
        )
        worker.actor = actor
        if job.is_stage:
            world.later(RENEW_SECONDS, lambda: self._renew(actor, job.name, message))
        world.later(0.0, lambda: world.start(actor))

    def _serve(self, worker: Worker, delivery: int, message: Message) -> None:
        """Do a message's work and acknowledge it, whatever came of the work."""
        world = self.world
        with suppress(SoftTimeLimitExceeded):
            self._work(worker, message)
        actor = world.current
        if actor is not None:
            actor.ended = world.now
            actor.soft_limit_hit = True  # the worker's own process acknowledges
        with suppress(RedisDown):
            world.call("redis", False, lambda: self._acknowledge(delivery), "acknowledge")

    def _work(self, worker: Worker, message: Message) -> None:
        """Do what Celery does with a message: run the task, send the next link, try again on an error."""
        job = BY_NAME[message.task]
        runtime = self.runtimes[worker.host]
        try:
            if job.is_stage:
                task = StageTask(
                    TaskApp(runtime), job, job.name, TaskRequest(message.task_id), message.retries
                )
                task.run_stage(Unit(*message.arguments))
            else:
                _run_job(job, runtime, message.arguments)
        except Ignore:
            return
        except Retry:
            self._retry(message)
            return
        except Retryable:
            self._note_broken(message)
            if not job.is_stage and job.retries is not None and message.retries < job.retries:
                self._retry(message)
            return
        except (G6Error, SoftTimeLimitExceeded):
            self._note_broken(message)
            return
        if message.links:
            following, *links = message.links
            queue = message.queue if message.queue == "manual" else BY_NAME[following].queue
            self._send_from_worker(
                Message(following, message.arguments, self.new_task_id(), queue, tuple(links))
            )

    def _note_broken(self, message: Message) -> None:
        if message.task == "sweep":
            self.world.witness.broken_sweeps.append(self.world.now)

    def _retry(self, message: Message) -> None:
        again = replace(
            message, retries=message.retries + 1, visible=self.world.now + RETRY_SECONDS
        )
        self._send_from_worker(again)

    def _send_from_worker(self, message: Message) -> None:
        world = self.world
        world.wait(0.001)
        while world.redis_away_until > world.now:
            world.wait(0.5)
        self.send(message)

    def _after(self, worker: Worker, delivery: int, message: Message, outcome: str) -> None:
        world = self.world
        worker.actor = None
        if outcome == "hard limit":
            self._acknowledge(delivery)
        elif outcome == "child":
            # Rejected as lost by the worker, which is alive.
            if world.redis.unacknowledged.pop(delivery, None) is not None:
                self._enqueue(replace(message, visible=world.now + RESTART_SECONDS))
        elif outcome == "lost":
            self._acknowledge(delivery)
        if outcome != "done":
            self._note_broken(message)
            worker.restarts_at = world.now + RESTART_SECONDS
        world.at(max(worker.restarts_at, world.now), lambda: self.dispatch(worker.queue))

    def _acknowledge(self, delivery: int) -> None:
        # With Redis away the acknowledgement is lost, and the message comes back.
        if not self.world.is_redis_away:
            self.world.redis.unacknowledged.pop(delivery, None)

    def _restore(self, delivery: int) -> None:
        world = self.world
        if world.redis_away_until > world.now:
            world.at(world.redis_away_until + 0.1, lambda: self._restore(delivery))
            return
        message = world.redis.unacknowledged.pop(delivery, None)
        if message is not None:
            self._enqueue(replace(message, visible=world.now))

    def _renew(self, actor: Actor, stage: str, message: Message) -> None:
        """Renew the lease of a stage while its process lives, as a thread of the process does."""
        world = self.world
        if actor.dead or (actor.greenlet is not None and actor.greenlet.dead):
            return
        if actor.ended:
            return
        unit = Unit(*message.arguments)
        is_lost = actor.stands_until > world.now
        for deviation in () if is_lost else world.step("renew", message.task, unit):
            if deviation.kind == "lose":
                is_lost = True
                actor.renewals_lost += 1
            else:
                self.strike(deviation, actor)
        if (
            not is_lost
            and not actor.dead
            and actor.stands_until <= world.now
            and not world.is_redis_away
        ):
            now = world.now + world.offsets[actor.host]
            world.redis.ledger.renew(unit, stage, message.task_id, now + world.timing.lease, now)
        world.later(RENEW_SECONDS, lambda: self._renew(actor, stage, message))

    # --- what goes wrong ------------------------------------------------------------------------------------

    def strike(self, deviation: Deviation, actor: Actor | None) -> float:
        """Let a deviation happen; return the seconds that it holds the actor up."""
        world = self.world
        kind = deviation.kind
        amount = deviation.amount
        lasts = abs(amount) + world.lasts(kind)
        world.quiet_from = max(world.quiet_from, world.now + lasts)
        if kind in {"die", "die_after"} and actor is not None:
            if actor.task == "beat":
                self.beats[actor.host].die(amount)
            else:
                world.kill(actor, _death(amount))
        elif kind == "stand_still" and actor is not None:
            actor.stands_until = world.now + amount
        elif kind == "slow":
            return amount
        elif kind == "jump_clock":
            self._jump_clock(HOSTS[deviation.step % len(HOSTS)], amount)
        elif kind == "kill_worker":
            self._kill_some_worker(deviation)
        elif kind == "kill_beat":
            self._beat_of(deviation).die(amount)
        elif kind == "rerun":
            self._rerun(deviation)
        elif kind == "pause":
            self._pause(amount)
        else:
            self._strike_servers(kind, amount)
        return 0.0

    def _jump_clock(self, host: str, seconds: float) -> None:
        world = self.world
        world.offsets[host] += seconds
        world.witness.wrong_clocks.append((world.now, world.offsets[host]))
        # A daemon sets it right after a while.
        world.later(SET_RIGHT_SECONDS, lambda: self._set_clock_right(host))

    def _strike_servers(self, kind: str, amount: float) -> None:
        world = self.world
        if kind.startswith("redis"):
            world.redis_away_until = max(world.redis_away_until, world.now + amount)
        if kind == "redis_emptied":
            self._empty_redis()
        elif kind == "redis_restored":
            self._restore_redis(amount)
        elif kind == "disk_full":
            world.disk_full_until = max(world.disk_full_until, world.now + amount)
        elif kind == "fail_provider":
            world.provider_fails_until = max(world.provider_fails_until, world.now + amount)
        elif kind == "slow_provider":
            world.provider_slow_until = world.now + world.lasts(kind)
            world.provider_seconds = amount
        elif kind == "overload":
            self._overload(amount)
        elif kind == "evict_frames":
            self._note_dropped_frames()
            world.redis.evict_frames()

    def can_strike(self, deviation: Deviation) -> bool:
        """Return whether a deviation has something to strike now."""
        world = self.world
        if deviation.kind == "kill_worker":
            return bool(self._busy_workers())
        if deviation.kind == "kill_beat":
            return self._beat_of(deviation).is_alive
        if deviation.kind == "rerun":
            return bool(self._past_cycles())
        if deviation.kind == "pause":
            return not world.is_redis_away
        if deviation.kind == "redis_restored":
            return self._snapshot(deviation.amount) is not None
        if deviation.kind == "evict_frames":
            return bool(world.redis.frames._frames)
        return True

    def _beat_of(self, deviation: Deviation) -> Beat:
        """Return the beat that a deviation strikes."""
        hosts = self.world.beat_hosts
        return self.beats[hosts[deviation.step % len(hosts)]]

    def _snapshot(self, age: float) -> tuple[float, dict[str, object]] | None:
        """Return the newest state of Redis that is so old, with its instant."""
        world = self.world
        earlier = [part for part in world.snapshots if part[0] <= world.now - age]
        return earlier[-1] if earlier else None

    def _note_dropped_frames(self) -> None:
        world = self.world
        for unit, _ in world.redis.frames._frames:
            world.witness.dropped[unit] = world.now

    def _restore_redis(self, age: float) -> None:
        snapshot = self._snapshot(age)
        if snapshot is None:
            return
        world = self.world
        before = set(world.redis.ledger._open)
        world.redis.restore(snapshot[1])
        if not world.redis.signs.beats:
            self._note_unknown()
        world.witness.forgot(snapshot[0], before | set(world.redis.ledger._open))

    def _note_unknown(self) -> None:
        """Note which beats alone know where the run began, if the store does not."""
        world = self.world
        if world.store.swept_until() or world.store.last_overview():
            return
        lives = [beat.life for beat in self.beats.values() if beat.knows_beginning and beat.life]
        world.witness.beginnings_lost.append((world.now, tuple(lives)))

    def _empty_redis(self) -> None:
        world = self.world
        self._note_unknown()
        self._note_dropped_frames()
        world.witness.forgot(world.now, set(world.redis.ledger._open))
        world.redis.empty()

    def _overload(self, seconds: float) -> None:
        """Give the processors other work: processes begin late, and each call takes its time."""
        world = self.world
        for queue in ("collect", "analytics"):
            self._occupy(queue, seconds)
        world.overloaded_until = world.now + world.lasts("overload")
        world.overload_seconds = seconds / 5.0

    def _pause(self, seconds: float) -> None:
        """Pause collection by hand for so long."""
        world = self.world
        world.is_paused = True
        world.witness.pauses.append(Pause(world.now))
        world.redis.controls.set("paused", {"*": "by hand"})
        world.later(seconds, lambda: self._resume(LOOKS))

    def _resume(self, looks: int) -> None:
        """End every pause by hand, as soon as Redis takes the order, and look later whether it holds."""
        world = self.world
        if world.is_redis_away:
            world.later(AGAIN_SECONDS, lambda: self._resume(looks))
            return
        world.is_paused = False
        world.witness.resumed()
        world.redis.controls.set("paused", None)
        world.later(LOOK_SECONDS, lambda: self._look(looks))

    def _look(self, looks: int) -> None:
        """Look whether collection is paused although that was ended: a Redis that forgets may get a pause again."""
        world = self.world
        if world.is_paused or not looks:
            return
        if not world.is_redis_away and world.redis.controls.read().paused:
            world.witness.still_paused()
            self._resume(LOOKS)
            return
        world.later(LOOK_SECONDS, lambda: self._look(looks - 1))

    def _set_clock_right(self, host: str) -> None:
        self.world.offsets[host] = 0.0

    def _busy_workers(self) -> list[Worker]:
        pools = self.workers.values()
        return [worker for pool in pools for worker in pool if worker.actor is not None]

    def _past_cycles(self) -> list[str]:
        """Return the cycles that are past their deadline for long."""
        world = self.world
        latest = isoformat_z(world.now - 2 * world.interval)
        return [cycle for cycle in world.cycles if cycle < latest]

    def _kill_some_worker(self, deviation: Deviation) -> None:
        busy = self._busy_workers()
        victim = busy[deviation.step % len(busy)].actor
        if victim is not None:
            self.world.witness.struck(victim.task, victim.unit)
            self.world.kill(victim, _death(deviation.amount))

    def _rerun(self, deviation: Deviation) -> None:
        world = self.world
        past = self._past_cycles()
        dice = random.Random(f"g6 rerun {deviation.step}")
        unit = Unit(dice.choice(past), dice.choice(sorted(world.plan.indices)))
        # Two reruns of one unit meet too seldom by chance, and so do a rerun and the unit of a
        # process that stood still.
        stood = [strike.unit for strike in world.witness.strikes if strike.kind == "stand_still"]
        before = world.rerun_order or [unit for unit in stood if unit and unit.cycle in past]
        if before and (not deviation.amount or dice.random() < 0.3):
            unit = before[-1]
        cycle = unit.cycle
        first_stage = dice.choice(("analyse", "analyse", "persist"))
        runtime = self.runtimes["a"]
        if dice.random() < 0.5:
            plan = replace(runtime.plan, config_id=f"settings {deviation.step}")
            runtime = replace(runtime, plan=plan)
        is_first = unit not in world.rerun_order
        if dice.random() < 0.4 and is_first and world.redis.expire(unit):
            world.witness.closings.pop(cycle, None)
        world.rerun_order.append(unit)
        world.witness.struck("", unit)
        self._occupy("manual", deviation.amount)
        rows = {row["underlying"]: row for row in world.store.read_overview(cycle)}

        def ask() -> None:
            began = world.now
            try:
                answer = pipeline.rerun(runtime, unit, first_stage)
            except (NothingToDo, RedisDown):
                return
            world.witness.reruns.append(
                AcceptedRerun(
                    unit, began, world.now, answer.stage, answer.attempt, runtime.plan.config_id, rows.get(unit.index),
                )
            )  # fmt: skip

        world.later(0.0, lambda: world.start(Actor("a", ask, lambda *_: None)))

    def _occupy(self, queue: str, seconds: float) -> None:
        """Let the idle workers of a queue do a job that takes long and touches nothing of this world."""
        world = self.world
        for worker in self.workers[queue]:
            worker.restarts_at = max(worker.restarts_at, world.now + seconds)
            world.at(worker.restarts_at, lambda: self.dispatch(queue))


def _unit_of(message: Message) -> Unit | None:
    return Unit(*message.arguments) if BY_NAME[message.task].is_stage else None


def _death(amount: float) -> str:
    if amount < CHILD_DIED:
        return "child"
    return "worker" if amount < WORKER_DIED else "lost"


def _run_job(job: Job, runtime: Runtime, arguments: tuple[str, ...]) -> None:
    """Run a job that is no stage. The heartbeat behind a sweep is left out: it says how the system is and moves nothing."""
    if job.name == "sweep":
        pipeline.sweep(runtime)
    else:
        job.run(runtime, *arguments)
