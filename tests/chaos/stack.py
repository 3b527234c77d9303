"""The system under fault: a Redis server, workers and beats as processes of their own, and ways to catch them at a moment."""

from __future__ import annotations

import csv
import os
import shutil
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import redis

from g6.adapters.redis.clocks.shared_clock import SharedClock
from g6.adapters.redis.controls import RedisControls
from g6.adapters.redis.ledger import RedisLedger
from g6.adapters.redis.server import EmbeddedServer, connect
from g6.config import load
from g6.domain.cycles.cycle import Timing, isoformat_z, on_grid, parse_z
from g6.entrypoints.workers.app import create_app
from g6.ports import UnitRecord
from tests.e2e.running import ROOT, START, Child, World, clean_environment
from tests.waiting import eventually
from tests.worlds.ledger_check import WORDS, Ledgered
from tests.worlds.web.ports import free_port

THREE = ("NIFTY", "BANKNIFTY", "FINNIFTY")
PATIENCE = 90.0
COMMAND_SECONDS = 240.0
"""What a command that must end may take: at a load of 25 on two cores its imports took over 60 s."""
CHANCES = 20
"""Cycles within which a worker must be caught at its work."""
QUEUES = ("collect", "analytics", "persist", "aggregate", "manual", "maintenance")
LAYOUT: Mapping[str, tuple[str, int]] = {
    "collect": ("collect", 3),
    "analytics": ("analytics", 1),
    "persist": ("persist,manual", 1),
    "closing": ("aggregate,maintenance", 1),
}
"""Workers by name: their queues, and how many pool processes they have."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What a fault is done to. `interval` market seconds at `speed` market seconds a wall second; `more` goes to every process.

    `prepared` gives the stack whose server runs; without one, all is on this host. `hosts`: where each process runs.
    """

    interval: int = 3
    speed: int = 1
    layout: Mapping[str, tuple[str, int]] = field(default_factory=lambda: LAYOUT)
    beats: tuple[str, ...] = ("beat-a",)
    append_only: bool = True
    application: str = "g6"
    strikes: int = 10
    more: Mapping[str, str] = field(default_factory=dict)
    hosts: Mapping[str, str] = field(default_factory=dict)
    prepared: Callable[[Path, Setup], AbstractContextManager[Stack]] | None = None

    @property
    def timing(self) -> Timing:
        """The limits that G6 derives from it."""
        return Timing(self.interval / self.speed)


@dataclass(slots=True)
class Stack:
    """Processes on one data directory. Wall instants are epoch seconds; `began` and `over` are those of the fault.

    `last` is set by a fault that comes to its end by itself: the last instant that was due.
    """

    setup: Setup
    world: World
    server: EmbeddedServer
    children: dict[str, Child] = field(default_factory=dict)
    began: float = 0.0
    over: float = 0.0
    expectations: list[tuple[bool, str]] = field(default_factory=list)
    interval: int = 0
    last: str = ""
    client: redis.Redis = field(init=False)
    ledger: RedisLedger = field(init=False)
    controls: RedisControls = field(init=False)
    clock: SharedClock = field(init=False)

    def __post_init__(self) -> None:
        self.interval = self.setup.interval
        self.client = connect(self.server.url, master_name=self._master)
        self.ledger = RedisLedger(self.client)
        self.controls = RedisControls(self.client)
        self.clock = SharedClock(self.client, "g6", parse_z(START), float(self.setup.speed))

    @property
    def _master(self) -> str:
        return self.setup.more.get("G6_REDIS__MASTER_NAME", "")

    # What runs.

    def worker(self, name: str, *, wait: bool = False, wrong: str = "") -> Child:
        """Start (again) the worker of that name; `wait` until its pool takes messages."""
        queues, count = self.setup.layout[name.partition(".")[0]]
        ready = self._announced() if wait else 0
        command = ("worker", "-Q", queues, "-n", f"{name}@%h", "-c", str(count))
        child = self._celery(name, *command, "--without-mingle", "--without-gossip", wrong=wrong)
        if wait:
            eventually(lambda: self._announced() >= ready + count, PATIENCE)
        return child

    def workers(self, names: Sequence[str] = ()) -> None:
        """Start the layout's workers (or those named) and wait until every pool process takes messages."""
        chosen = names or tuple(self.setup.layout)
        wanted = self._announced() + sum(
            self.setup.layout[name.partition(".")[0]][1] for name in chosen
        )
        for name in chosen:
            self.worker(name)
        eventually(lambda: self._announced() >= wanted, PATIENCE)

    def beat(self, name: str, *, wrong: str = "", wait: bool = False) -> Child:
        """Start a beat; `wrong` names a fault of tests.chaos.application; `wait` until it has said that it lives."""
        known = int(self.client.hlen("g6:beats")) if wait else 0  # type: ignore[arg-type]
        child = self._celery(name, "beat", "--schedule", os.devnull, wrong=wrong)
        if wait:
            eventually(lambda: int(self.client.hlen("g6:beats")) > known, PATIENCE)  # type: ignore[arg-type]
        return child

    def _celery(self, name: str, *arguments: str, wrong: str) -> Child:
        application = "tests.chaos.application" if wrong else self.setup.application
        child = self.world.start(
            name, "celery", "-A", application, *arguments, **({"CHAOS": wrong} if wrong else {})
        )
        self.children[name] = child
        return child

    def _announced(self) -> int:
        return int(self.client.scard("g6:ready"))  # type: ignore[arg-type]

    # Waiting and looking; nothing of this is asserted in the end.

    def units(self) -> Iterator[tuple[str, str, UnitRecord]]:
        """Yield cycle, index and record of every unit that is open."""
        for record in self.ledger.open_cycles():
            yield from ((record.cycle, index, unit) for index, unit in record.units.items())

    def running(self, stage: str) -> list[tuple[str, str]]:
        """Return the units (cycle, index) whose `stage` runs now, as the ledger has it."""
        return [
            (cycle, index)
            for cycle, index, unit in self.units()
            if stage in unit.stages and unit.stages[stage].state == "run"
        ]

    def fired(self) -> list[str]:
        """Return the cycles whose aggregate was sent and is not through."""
        return [
            record.cycle
            for record in self.ledger.open_cycles()
            if record.fired and not record.closed
        ]

    def taken(self, queue: str) -> int:
        """Return how many messages of a queue workers hold unacknowledged."""
        held: Any = self.client.hvals("g6:celery:unacked")
        return sum(f'"{queue}"]'.encode() in each[-40:] for each in held)

    def waiting(self, queue: str) -> int:
        """Return how many messages wait in a queue."""
        return int(self.client.llen(f"g6:celery:{queue}"))  # type: ignore[arg-type]

    def catch(self, name: str, shows: Callable[[], Any]) -> Any:
        """Freeze a worker while `shows` holds, so that it can be killed at that moment; return what was shown."""
        # A stage runs for some milliseconds a cycle. At a load of 47 on two cores the six cycles of
        # a minute went by without a look that met one.
        seconds = max(PATIENCE, CHANCES * self.setup.timing.step)
        limit = time.monotonic() + seconds
        while time.monotonic() < limit:
            eventually(shows, seconds, every=0.0005)
            os.killpg(self.children[name].pid, signal.SIGSTOP)
            if shown := shows():
                return shown
            os.killpg(self.children[name].pid, signal.SIGCONT)
        raise AssertionError(f"{name} was never caught at it within {seconds:g} s")

    def freeze(self, name: str) -> None:
        """Stop a worker for longer than its wait for messages lasts, so that what comes stays in the queue."""
        os.killpg(self.children[name].pid, signal.SIGSTOP)
        over = time.monotonic() + 1.3
        eventually(lambda: time.monotonic() > over, every=0.1)

    def thaw(self, name: str) -> None:
        """Let a stopped worker go on."""
        os.killpg(self.children[name].pid, signal.SIGCONT)

    def pool(self, name: str) -> list[psutil.Process]:
        """Return the pool processes of a worker."""
        return [
            each
            for each in psutil.Process(self.children[name].pid).children()
            if "celery" in " ".join(each.cmdline())
        ]

    # The grid and the files.

    def now(self) -> datetime:
        """Return the newest instant of the grid."""
        at = self.clock.market()
        return at - timedelta(seconds=at.timestamp() - on_grid(at.timestamp(), self.setup.interval))

    def due(self, cycle: str) -> float:
        """Return the wall time at which a cycle was due."""
        return self.clock.wall_of(parse_z(cycle))

    def pass_time(self, seconds: float) -> None:
        """Let wall time pass."""
        limit = time.time() + seconds
        eventually(lambda: time.time() >= limit, seconds + PATIENCE, every=0.05)

    def between(self, share: float = 0.5) -> None:
        """Wait for the moment that is `share` of the step after an instant of the grid."""
        step = self.setup.timing.step
        eventually(
            lambda: abs(self._phase() - share * step) < 0.06, 3 * step + PATIENCE, every=0.02
        )

    def _phase(self) -> float:
        return (time.time() - self.due(isoformat_z(self.now()))) % self.setup.timing.step

    def _rows(self) -> dict[str, dict[str, tuple[str, str]]]:
        """Return status and reason of each index by cycle, from the CSV files; a row that is just being written is left out."""
        found: dict[str, dict[str, tuple[str, str]]] = {}
        for path in (self.world.data / "csv" / "overview").glob("*/*.csv"):
            with path.open(encoding="utf-8", newline="") as file:
                for row in csv.DictReader(file):
                    if row["status"] in WORDS and row["reason"] is not None:
                        found.setdefault(row["timestamp"], {})[row["index"]] = (
                            row["status"],
                            row["reason"],
                        )
        return {cycle: ends for cycle, ends in sorted(found.items()) if len(ends) >= len(THREE)}

    def stored(self) -> list[str]:
        """Return the cycles whose overview is in the files, in order."""
        return list(self._rows())

    def ends(self, cycle: str) -> dict[str, tuple[str, str]]:
        """Return status and reason of each index of a stored cycle."""
        return self._rows()[cycle]

    def whole(self, after: float) -> list[str]:
        """Return the stored cycles due after a wall instant all of whose units are OK."""
        later = {cycle: ends for cycle, ends in self._rows().items() if self.due(cycle) > after}
        return [
            cycle
            for cycle, ends in later.items()
            if {status for status, _ in ends.values()} == {"OK"}
        ]

    def goes_well(
        self, cycles: int = 2, after: float | None = None, seconds: float = PATIENCE
    ) -> list[str]:
        """Wait for whole cycles due after a wall instant (now)."""
        since = time.time() if after is None else after
        wait = seconds + cycles * self.setup.timing.step
        eventually(lambda: len(self.whole(since)) >= cycles, wait, every=0.1)
        return self.whole(since)

    def reasons(self, first: float, last: float) -> Counter[tuple[str, str]]:
        """Count how the units due between two wall instants ended: (status, reason)."""
        chosen = [ends for cycle, ends in self._rows().items() if first <= self.due(cycle) <= last]
        return Counter(end for ends in chosen for end in ends.values())

    def all_ok(self, first: float, last: float, when: str) -> None:
        """Expect every unit due between two wall instants to be OK."""
        ends = self.reasons(first, last)
        self.expect(set(ends) == {("OK", "")}, f"{when}, units end as {said(ends)}")

    # What the table is made of.

    def switch(self, *, on: bool) -> None:
        """Switch the fault of tests.chaos.application on or off."""
        flag = self.world.base / "fault"
        if on:
            flag.touch()
        else:
            flag.unlink()

    def happens(self) -> float:
        """Note that the fault begins now."""
        self.began = self.over = time.time()
        return self.began

    def passes(self) -> float:
        """Note that the fault is over now."""
        self.over = time.time()
        return self.over

    def expect(self, holds: object, sentence: str) -> None:
        """Note something that must be seen beyond the ledger check."""
        self.expectations.append((bool(holds), sentence))

    def settle(self, seconds: float = 200.0) -> str:
        """End the beats between two instants and let everything come to an end; return the last instant that was due."""
        self.between(0.6)
        for child in [
            child
            for name, child in self.children.items()
            if name.startswith("beat") and child.alive
        ]:
            child.kill()
        last = isoformat_z(self.now())
        self.controls.set("window", {"first": START, "last": last})
        with suppress(AssertionError):  # what is open still, the check will name
            eventually(lambda: self._settled(last) or self._sweep(), seconds, every=1.0)
        return last

    def _sweep(self) -> bool:
        self.send("g6.sweep")
        return False

    def _settled(self, last: str) -> bool:
        stored, walked = self.stored(), self.ledger.swept_until()
        known = (
            bool(stored)
            and stored[-1] >= last
            and bool(walked)
            and parse_z(walked) >= parse_z(last)
        )
        return known and not self.ledger.open_cycles() and not any(map(self.waiting, QUEUES))

    def send(self, task: str, *arguments: Any, **options: Any) -> None:
        """Send a task by hand."""
        self.application.send_task(task, args=arguments, **options)

    @property
    def application(self) -> Any:
        """A Celery application on the same broker, to send by hand."""
        if self._application is None:
            given = {
                "demo_dir": self.world.data,
                "interval": self.setup.interval,
                "redis.master_name": self._master or None,
            }
            self._application = create_app(load(None, given, {}), self.server.url)
        return self._application

    _application: Any = None

    def check(self, last: str) -> Ledgered:
        """Hold the files against the grid."""
        return self.world.check(START, last, THREE, self.interval)

    def restart_server(self) -> None:
        """Start the server again on its port and files."""
        if not self.setup.append_only:
            shutil.rmtree(self.server.directory / "appendonlydir", ignore_errors=True)
        self.server = EmbeddedServer.start(
            self.server.directory, port=self.server.port, append_only=self.setup.append_only
        )


def said(ends: Mapping[tuple[str, str], int]) -> str:
    """Return how units ended, in words."""
    return (
        ", ".join(f"{' '.join(end).strip()} ({count})" for end, count in sorted(ends.items()))
        or "nothing"
    )


def environment(setup: Setup, world: World, broker: str) -> dict[str, str]:
    """Return what every process of a stack finds in its environment."""
    window = {
        f"G6_INDEX_PARAMS__{name}__{what}": str(setup.strikes)
        for name in THREE
        for what in ("STRIKES_ITM", "STRIKES_OTM")
    }
    absent = {
        f"G6_INDEX_PARAMS__{name}__ENABLED": "false" for name in ("MIDCPNIFTY", "SENSEX", "BANKEX")
    }
    return clean_environment(
        G6_REDIS__BROKER_URL=broker, G6_DEMO_DIR=str(world.data), G6_INTERVAL=str(setup.interval),
        G6_MARKET__SPEED=str(setup.speed), G6_MARKET__START=START, G6_COLLECTION__SCOPE="window",
        REMAP_SIGTERM="SIGQUIT", PYTHONPATH=str(ROOT), CHAOS_DIR=str(world.base), **window, **absent, **setup.more,
    )  # fmt: skip


@contextmanager
def prepared(base: Path, setup: Setup) -> Iterator[Stack]:
    """Give a stack whose server runs and nothing else; end everything afterwards."""
    world = World(base)
    server = EmbeddedServer.start(base / "broker", port=free_port(), append_only=setup.append_only)
    world.environment = environment(setup, world, server.url)
    stack = Stack(setup, world, server)
    stack.controls.set("window", {"first": START, "last": None})
    try:
        yield stack
    finally:
        for child in stack.children.values():
            if child.alive:
                os.killpg(child.pid, signal.SIGCONT)
        world.end()
        stack.client.close()
        stack.server.stop()


@contextmanager
def started(base: Path, setup: Setup) -> Iterator[Stack]:
    """Give a stack that has stored two whole cycles."""
    with (setup.prepared or prepared)(base, setup) as stack:
        stack.workers()
        for name in setup.beats:
            stack.beat(name)
        eventually(lambda: stack.clock.wall_origin() is not None, PATIENCE)
        stack.goes_well(2, after=0.0)
        yield stack
