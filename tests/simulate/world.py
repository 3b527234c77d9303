"""The world of one run: time, hosts, Redis, the disk, and every call of a port as a step."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from types import SimpleNamespace
from typing import Any

import greenlet
from billiard.exceptions import SoftTimeLimitExceeded

from g6.config import calendar, load, plan
from g6.domain.cycles.cycle import Timing, Unit, isoformat_z, parse_z
from g6.domain.cycles.plan import Plan
from g6.domain.market.calendar import Calendar
from g6.domain.reports import ProviderFacts
from g6.errors import ProviderBusy, RedisDown, StoreBusy
from tests.simulate.deviations import LOCAL_KINDS, Deviation, strikes_at
from tests.simulate.redis_state import RedisState
from tests.simulate.witness import (
    SET_RIGHT_SECONDS,
    Strike,
    WatchedPanels,
    WatchedStore,
    Witness,
)

HOSTS = ("a", "b")
FIRST = parse_z("2026-11-18T05:30:00Z")
"""The first cycle of every run: a Wednesday, in session."""
REDIS_PATIENCE = 1.0
"""Wall seconds that a call waits for a Redis that is away before it fails."""
SLOW_CYCLES = 2
"""Cycles for which a provider stays slow, and hosts stay overloaded."""


WINDOWLESS = 3
"""One run of so many has no window."""


SINGLE = 7
"""One run of so many has one beat."""


class ProcessDied(BaseException):
    """The process of an actor is gone: nothing of what it was about to do happens."""


@dataclass(slots=True, eq=False)
class Actor:
    """A process that works on one thing: it runs until its next step and goes on when the scheduler says so.

    Attributes:
        task: The job that it does, empty for what is no message.
        unit: What a stage works on.
        cycle: What a job works on, empty where it is of no cycle.
        ended: When it was through or died, 0 until then.
        may_not_ask: Why it must not ask the provider, empty where it may.
        was_refused: Whether the provider refused to answer it.
        renewals_lost: How many renewals of its lease did not arrive.
    """

    host: str
    run: Callable[[], None]
    after: Callable[[Actor, str], None]
    began: float = 0.0
    dead: str = ""
    stands_until: float = 0.0
    greenlet: Any = None
    limits: tuple[float, float] = (float("inf"), float("inf"))
    soft_limit_hit: bool = False
    wait_number: int = 0
    task: str = ""
    unit: Unit | None = None
    ended: float = 0.0
    may_not_ask: str = ""
    cycle: str = ""
    was_refused: bool = False
    renewals_lost: int = 0


@dataclass(slots=True)
class HostClock:
    """The Clock port of one host, whose time may be wrong."""

    world: World
    host: str

    def wall(self) -> float:
        return self.world.now + self.world.offsets[self.host]

    def market(self) -> datetime:
        return datetime.fromtimestamp(self.wall(), UTC)

    def wall_of(self, instant: datetime) -> float:
        return instant.timestamp()

    def sleep(self, seconds: float) -> None:
        self.world.wait(seconds)


class SteppedPort:
    """A port of which every call is a step of the run."""

    def __init__(
        self, world: World, target: Callable[[], Any], needs: str, writes: Sequence[str] = ()
    ) -> None:
        self._world = world
        self._target = target
        self._needs = needs
        self._writes = frozenset(writes)

    def __getattr__(self, name: str) -> Any:
        """Return the port's method as a step."""

        def stepped(*arguments: Any, **named: Any) -> Any:
            return self._world.call(
                self._needs,
                name in self._writes,
                lambda: getattr(self._target(), name)(*arguments, **named),
            )

        self.__dict__[name] = stepped
        return stepped


@dataclass(slots=True)
class CountingProvider:
    """A provider whose answers are numbered. It may be slow, or refuse."""

    world: World
    name: str = "simulated"
    requests: int = 0

    def quotes(self, index: str, _contracts: object, at: datetime) -> int:
        world = self.world
        unit = Unit(isoformat_z(at), index)
        if world.provider_slow_until > world.now:
            world.wait(world.provider_seconds)
        if world.provider_fails_until > world.now:
            if world.current is not None:
                world.current.was_refused = True
            raise ProviderBusy(f"{index}: the provider does not answer")
        self.requests += 1
        world.witness.answers[self.requests] = unit
        return self.requests

    def describe(self) -> ProviderFacts:
        return ProviderFacts("sim", "simulation")

    def listing(self, index: str, at: datetime) -> Any:
        return SimpleNamespace(underlying=index, on=at.date())


class World:
    """One run of a schedule. Time is true time; a host's own may differ."""

    def __init__(
        self,
        seed: int,
        deviations: Sequence[Deviation],
        *,
        cycles: int,
        interval: int,
        indices: Sequence[str],
    ) -> None:
        names = ("NIFTY", "BANKNIFTY", "FINNIFTY", "MIDCPNIFTY", "SENSEX", "BANKEX")
        settings = _settings(interval, tuple(name for name in names if name not in indices))
        self.plan: Plan = settings[0]
        self.calendar: Calendar = settings[1]
        self.timing = Timing(float(interval))
        self.interval = interval
        self.cycles = [isoformat_z(FIRST + timedelta(seconds=interval * n)) for n in range(cycles)]
        self.now = FIRST.timestamp() - 4.0
        self.random = random.Random(f"g6 latencies {seed}")
        self.waiting: list[Deviation] = []
        self.can_strike: Callable[[Deviation], bool] = lambda _: True
        self.deviations: dict[int, list[Deviation]] = {}
        for deviation in deviations:
            self.deviations.setdefault(deviation.step, []).append(deviation)
        # A bounded run and a simulated market have a first instant, a live market has none.
        self.has_window = seed % WINDOWLESS != WINDOWLESS - 1
        self.beat_hosts = HOSTS[:1] if seed % SINGLE == SINGLE - 1 else HOSTS
        self.steps = 0
        self.struck: list[Deviation] = []
        self.offsets = dict.fromkeys(HOSTS, 0.0)
        self.witness = Witness(self)
        self.redis = RedisState(
            lambda: self.now,
            self.witness.published,
            lambda before, after: self.witness.showed("Redis", before, after),
        )
        self.redis_away_until = 0.0
        self.disk_full_until = 0.0
        self.provider_fails_until = 0.0
        self.provider_slow_until = 0.0
        self.provider_seconds = 0.0
        self.overloaded_until = 0.0
        self.overload_seconds = 0.0
        self.is_paused = False
        self.rerun_order: list[Unit] = []
        self.store = WatchedStore(self.witness)
        self.files = WatchedPanels(
            lambda before, after: self.witness.showed("files", before, after)
        )
        self.provider = CountingProvider(self)
        self.quiet_from = 0.0
        self.current: Actor | None = None
        self.strike: Callable[[Deviation, Actor | None], float] = lambda *_: 0.0
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self._hub = greenlet.getcurrent()
        self.snapshots: list[tuple[float, dict[str, object]]] = []
        self.takes_snapshots = any(deviation.kind == "redis_restored" for deviation in deviations)

    def at(self, instant: float, act: Callable[[], None]) -> None:
        """Do something at an instant of true time."""
        heapq.heappush(self._heap, (instant, next(self._order), act))

    def later(self, seconds: float, act: Callable[[], None]) -> None:
        """Do something after some seconds of true time."""
        self.at(self.now + seconds, act)

    def run(self, until: Callable[[], bool], latest: float) -> None:
        """Let things happen in their order until the condition holds, or `latest`."""
        while self._heap and self.now < latest:
            instant, _, act = heapq.heappop(self._heap)
            self.now = max(self.now, instant)
            act()
            if until():
                return

    def start(self, actor: Actor) -> None:
        """Let an actor run to its first step."""
        actor.began = self.now
        actor.greenlet = greenlet.greenlet(lambda: self._body(actor), parent=self._hub)
        soft, hard = actor.limits
        if soft < float("inf"):
            self.later(soft, lambda: self._hit_soft_limit(actor))
            self.later(hard, lambda: self.kill(actor, "hard limit"))
        self._resume(actor, 0)

    def kill(self, actor: Actor, how: str) -> None:
        """End an actor's process where it stands."""
        if actor.dead or actor.greenlet is None or actor.greenlet.dead:
            return
        actor.dead = how
        if self.current is actor:
            raise ProcessDied(how)
        # An actor that ends gives control to the hub, so it is only ever ended from there.
        self.later(0.0, lambda: self._unwind(actor))

    def wait(self, seconds: float) -> None:
        """Let the current actor wait."""
        actor = self.current
        if actor is None:
            return
        if actor.dead:
            raise ProcessDied(actor.dead)
        actor.wait_number += 1
        number = actor.wait_number
        self.later(seconds, lambda: self._resume(actor, number))
        self._hub.switch()

    def call(self, needs: str, is_write: bool, act: Callable[[], Any], place: str = "call") -> Any:
        """Make one call of a port: a step at which the schedule may strike."""
        actor = self.current
        if actor is None:
            return act()
        if actor.dead:
            raise ProcessDied(actor.dead)
        dies_after = None
        is_lost = False
        latency = 0.001 + 0.004 * self.random.random()
        if self.overloaded_until > self.now:
            latency += self.overload_seconds
        for deviation in self.step(place, actor.task, actor.unit):
            if deviation.kind == "die_after":
                dies_after = deviation
            elif deviation.kind == "lose":
                is_lost = True
            else:
                latency += self.strike(deviation, actor)
        self.wait(latency)
        self._reach(needs, actor, is_write=is_write)
        answer = None if is_lost else act()
        if dies_after is not None:
            self.strike(dies_after, actor)
        return answer

    def _reach(self, needs: str, actor: Actor, *, is_write: bool) -> None:
        """Come through to what a call needs, or fail as it does."""
        if needs == "redis" and self.is_redis_away:
            self.wait(REDIS_PATIENCE)
            if self.is_redis_away:
                raise RedisDown("Redis is away")
        if is_write and self.disk_full_until > self.now:
            self.witness.unwritten.add(actor.cycle)
            raise StoreBusy("no space left on device", {"memory": "no space left on device"})

    @property
    def is_redis_away(self) -> bool:
        """Whether nobody reaches Redis now."""
        return self.redis_away_until > self.now

    def step(self, place: str, task: str = "", unit: Unit | None = None) -> Sequence[Deviation]:
        """Count a step and return what strikes at it: a process or message of a job, on a unit.

        A deviation that can do nothing here waits for a step at which it can.
        """
        self.waiting += self.deviations.get(self.steps, ())
        self.steps += 1
        if not self.waiting:
            return ()
        strikes = [
            deviation
            for deviation in self.waiting
            if strikes_at(deviation.kind, place) and self.can_strike(deviation)
        ]
        for deviation in strikes:
            self.waiting.remove(deviation)
            self.struck.append(deviation)
            ends = self.now + abs(deviation.amount) + self.lasts(deviation.kind)
            local = deviation.kind in LOCAL_KINDS
            strike = Strike(
                self.now, ends, deviation.kind, task if local else "", unit if local else None
            )
            self.witness.strikes.append(strike)
        return strikes

    def lasts(self, kind: str) -> float:
        """Return the seconds that a kind of deviation lasts beyond its amount."""
        if kind == "jump_clock":
            return SET_RIGHT_SECONDS
        return SLOW_CYCLES * self.interval if kind in {"slow_provider", "overload"} else 0.0

    def _body(self, actor: Actor) -> None:
        outcome = "done"
        try:
            actor.run()
        except ProcessDied:
            outcome = actor.dead
        except SoftTimeLimitExceeded:
            pass  # it struck between the task and what Celery does after it: the task has failed
        except Exception as error:  # noqa: BLE001 - a task that fails in an unforeseen way is a finding
            self.witness.violations.append(f"a task failed: {type(error).__name__}: {error}")
        self.current = None
        actor.ended = self.now
        actor.after(actor, outcome)

    def _unwind(self, actor: Actor) -> None:
        if not actor.greenlet.dead:
            self._enter(actor, lambda: actor.greenlet.throw(ProcessDied(actor.dead)))

    def _resume(self, actor: Actor, wait_number: int) -> None:
        # A wait that a signal interrupted leaves its wake-up behind: its number tells it.
        if actor.dead or actor.greenlet.dead or actor.wait_number != wait_number:
            return
        if actor.stands_until > self.now:
            self.at(actor.stands_until, lambda: self._resume(actor, wait_number))
            return
        self._enter(actor, actor.greenlet.switch)

    def _hit_soft_limit(self, actor: Actor) -> None:
        if actor.dead or actor.greenlet.dead or actor.soft_limit_hit:
            return
        if actor.stands_until > self.now:
            self.at(actor.stands_until, lambda: self._hit_soft_limit(actor))
            return
        actor.soft_limit_hit = True
        actor.wait_number += 1
        self._enter(actor, lambda: actor.greenlet.throw(SoftTimeLimitExceeded()))

    def _enter(self, actor: Actor, switch: Callable[[], Any]) -> None:
        self.current = actor
        switch()
        self.current = None


_SETTINGS: dict[tuple[int, tuple[str, ...]], tuple[Plan, Calendar]] = {}


def _settings(interval: int, disabled: tuple[str, ...]) -> tuple[Plan, Calendar]:
    key = (interval, disabled)
    if key not in _SETTINGS:
        values: dict[str, Any] = {f"index_params.{name}.enabled": False for name in disabled}
        _SETTINGS[key] = plan(load(None, {"interval": interval, **values}, {})), calendar()
    return _SETTINGS[key]
