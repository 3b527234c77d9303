"""The beats of the simulated system: one process on each host, which sends cycles and sweeps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from g6.adapters.memory.lifeline import MemoryLifeline
from g6.domain.cycles.cycle import Unit
from g6.entrypoints.workers.grid_beat import SET_BACK_SECONDS
from g6.entrypoints.workers.jobs import SWEEP_SECONDS
from g6.entrypoints.workers.schedule import CycleSchedule, WallSchedule
from g6.errors import RedisDown
from g6.pipeline import Runtime
from g6.ports import CycleRecord
from tests.simulate.redis_state import Message
from tests.simulate.witness import BeatLife
from tests.simulate.world import FIRST, REDIS_PATIENCE, Actor, HostClock, World

LOOP_SECONDS = 1.0
"""The longest sleep of a beat."""
LONG_AGO = 1.0
"""When a sweep expires that was sent while Redis was away, should it get through after all."""


@dataclass(slots=True)
class Beat:
    """The beat of one host: a process that lives, or is born anew after it died.

    Attributes:
        send: Puts a message into its queue.
        new_id: Returns an id that no task had.
        down_seconds: For how long it is gone once it dies.
    """

    world: World
    host: str
    runtime: Runtime
    send: Callable[[Message], None]
    new_id: Callable[[], str]
    actor: Actor | None = None
    lifeline: MemoryLifeline | None = None
    life: BeatLife | None = None
    down_seconds: float = 1.0
    schedules: dict[str, CycleSchedule] = field(default_factory=dict)

    @property
    def is_alive(self) -> bool:
        """Whether its process is there."""
        return self.actor is not None and not self.actor.dead

    @property
    def knows_beginning(self) -> bool:
        """Whether it remembers where the run began."""
        if self.lifeline is None:
            return False
        has_window = bool(self.lifeline._switches.window)
        return has_window or self.lifeline._first_life[0] < FIRST.timestamp()

    def begin(self) -> None:
        """Start its process."""
        world = self.world
        for index, plan in world.plan.indices.items():
            self.schedules[index] = CycleSchedule(self.runtime, plan.index.exchange)
        # It may have begun within an open cycle: reach is the longest that one is worked on.
        reach = world.timing.grace + world.timing.hard
        self.lifeline = MemoryLifeline(
            world.redis.signs,
            world.redis.controls,
            HostClock(world, self.host),
            reach=reach,
            open_cycles=self._open_cycles,
        )
        self.life = BeatLife(self.host, world.now)
        world.witness.beat_lives.append(self.life)
        self.actor = Actor(self.host, self._live, lambda *_: self._end(), task="beat")
        world.start(self.actor)

    def _open_cycles(self) -> Sequence[CycleRecord]:
        # An emptied Redis has another ledger.
        return self.world.redis.ledger.open_cycles()

    def die(self, seconds: float) -> None:
        """End its process, for so long."""
        self.down_seconds = max(1.0, seconds)
        if self.actor is not None:
            self.world.kill(self.actor, "beat")

    def _end(self) -> None:
        self.actor = None
        self.lifeline = None
        if self.life is not None:
            self.life.ended = self.world.now
        self.world.later(self.down_seconds, self.begin)

    def _live(self) -> None:
        world = self.world
        clock = HostClock(world, self.host)
        # A cycle that is due at the start is sent, an older one is not.
        born = clock.wall()
        last_runs = dict.fromkeys(self.schedules, born - world.timing.expires)
        sweeps = WallSchedule(clock.wall, SWEEP_SECONDS)
        swept = shown = born
        self._sign()
        while True:
            wake = LOOP_SECONDS
            now = clock.wall()
            if now < shown - SET_BACK_SECONDS:
                last_runs = {index: min(at, now) for index, at in last_runs.items()}
                swept = min(swept, now)
            shown = now
            for index, schedule in self.schedules.items():
                is_due, following = schedule.is_due(_instant(last_runs[index]))
                if is_due:
                    last_runs[index] = clock.wall()
                    self._send_cycle(index, schedule.cycle(), clock.wall())
                wake = min(wake, following)
            is_due, following = sweeps.is_due(_instant(swept))
            if is_due:
                swept = clock.wall()
                self._send_sweep(clock)
            wake = min(wake, following)
            if self.life is not None:
                self.life.awake.append(world.now)
            world.wait(max(wake, 0.001))

    def _send_cycle(self, index: str, cycle: str, now: float) -> None:
        links = ("analyse", "persist")
        expires = now + self.world.timing.expires
        message = Message("collect", (cycle, index), self.new_id(), "collect", links, expires)
        self._publish(message)

    def _send_sweep(self, clock: HostClock) -> None:
        expires = clock.wall() + SWEEP_SECONDS if self._sign() else LONG_AGO
        self._publish(Message("sweep", (), self.new_id(), "maintenance", expires=expires))

    def _sign(self) -> bool:
        """Give a sign of life, as beat does at its start and before each sweep. False where Redis is away."""
        return bool(self.world.call("network", False, self._record_beat))

    def _record_beat(self) -> bool:
        world = self.world
        if world.is_redis_away:
            world.wait(REDIS_PATIENCE)
        world.redis.signs.is_away = world.is_redis_away
        lifeline = self.lifeline
        has_signed = lifeline is not None and lifeline.record_beat()
        if has_signed and self.life is not None:
            self.life.signs.append(world.now)
        return has_signed

    def _publish(self, message: Message) -> None:
        """Send a message as beat does: a publish that never comes to its end shows at the next."""
        lifeline = self.lifeline
        if lifeline is None:
            return
        lifeline.before_publish()
        try:
            self.world.call("redis", False, lambda: self._hand_over(message))
        except RedisDown:
            lifeline.fail_publish()
            return
        lifeline.after_publish()

    def _hand_over(self, message: Message) -> None:
        if message.task == "collect":
            self.world.witness.beats_sent.setdefault(Unit(*message.arguments), self.world.now)
        self.send(message)


def beats_of(
    world: World,
    runtimes: dict[str, Runtime],
    send: Callable[[Message], None],
    new_id: Callable[[], str],
) -> dict[str, Beat]:
    """Return the beats of all hosts, which begin one after the other."""
    beats = {host: Beat(world, host, runtimes[host], send, new_id) for host in world.beat_hosts}
    for position, beat in enumerate(beats.values()):
        world.later(0.01 * position, beat.begin)
    return beats


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
