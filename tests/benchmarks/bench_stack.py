"""Runs G6's real processes on a server of their own for a number of cycles, and takes the figures from the ledger afterwards."""

import os
import re
import statistics
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
import redis
from running.command_counts import CommandCounts, less

from g6.adapters.redis.server import EmbeddedServer, connect
from g6.config import Settings, environment, load
from g6.domain.cycles.cycle import isoformat_z
from g6.entrypoints.machine import market_start, supervisor
from g6.entrypoints.machine.market_start import aligned
from g6.entrypoints.machine.pools import WORKERS, pool_sizes
from g6.entrypoints.machine.processes import Process, stop
from g6.entrypoints.workers.app import create_app
from g6.pipeline import Runtime
from g6.ports import CycleRecord, Event

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
WIDE = ROOT / "config" / "wide.json"
Progress = Callable[[float], None]
# A tree to compare with may be one of those that have it in the other module.
window = getattr(market_start, "window", None) or getattr(supervisor, "window")  # noqa: B009

FLOOR_LAYOUT = {"collect": 1, "analytics": 1, "persist": 1, "aggregate": 1, "maintenance,manual": 1}
"""Workers by queues and their concurrency: one single-child worker per queue, as the floor has them."""
UP_LAYOUT = dict(zip(WORKERS.values(), pool_sizes(load(WIDE)), strict=True))
"""As `g6 up` has them."""


@dataclass(frozen=True)
class Plan:
    """One run: the Celery application, its workers, how many beats and cycles, which indices; seconds between two cycles.

    `warm` cycles more come before those that count. The commands of `idle` cycles are compared with those of as long without.
    `settings` makes those of a run whose configuration is not the shipped wide one.
    """

    application: str
    layout: dict[str, int]
    cycles: int
    beats: int = 1
    indices: tuple[str, ...] = ()
    warm: int = 5
    idle: int = 0
    messages: bool = False
    interval: int = 1
    settings: Callable[[Path], Settings] | None = None


@dataclass
class Run:
    """What a run left: the ledger's record of each cycle that counts, every event, commands and sizes of messages.

    `cpu`: milliseconds of processor time a cycle by process, pool processes with their worker, while the cycles pass.
    `cpu_until_stored`: the same of all cycles, those before the first that counts too, until the last of them is stored. Where a
    busy machine stores later than it collects, the first of the two leaves work out.
    `memory`: MB of each process when the cycles have passed, shared pages in their share: a worker's main process first.
    `frames`: bytes of a frame in Redis by its name, quotes or chain, at the median, and those of all.
    """

    records: list[CycleRecord] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    commands_per_cycle: float | None = None
    commands_by_name: dict[str, float] = field(default_factory=dict)
    messages: dict[str, int] = field(default_factory=dict)
    cpu: dict[str, float] = field(default_factory=dict)
    cpu_until_stored: dict[str, float] = field(default_factory=dict)
    memory: dict[str, list[float]] = field(default_factory=dict)
    frames: dict[str, float] = field(default_factory=dict)


def settings_for(directory: Path, indices: Sequence[str] = ()) -> Settings:
    """Return the settings of a run: the shipped wide configuration at one second."""
    only = {
        f"index_params.{name}.enabled": False
        for name in load(WIDE).indices
        if indices and name not in indices
    }
    return aligned(
        load(WIDE, {"data_dir": directory, "demo_dir": directory, "interval": 1, **only}, {})
    )


def run(plan: Plan, results: Path, progress: Progress = lambda _share: None) -> Run:
    """Start everything, let the cycles pass without looking, then read what they left. Every process is ended."""
    with ExitStack() as cleanup:
        directory = Path(
            cleanup.enter_context(
                tempfile.TemporaryDirectory(prefix="g6-bench-", ignore_cleanup_errors=True)
            )
        )
        settings = (
            plan.settings(directory) if plan.settings else settings_for(directory, plan.indices)
        )
        server = cleanup.enter_context(EmbeddedServer.start(directory / ".broker"))
        runtime = create_app(settings, server.url).runtime
        processes: list[Process] = []
        cleanup.callback(lambda: stop(list(reversed(processes)), 10.0))
        variables = {
            **os.environ, **environment(settings), "G6_REDIS__BROKER_URL": server.url, "NULL_RESULTS": str(results),
            "PYTHONPATH": str(HERE), "REMAP_SIGTERM": "SIGQUIT", "OMP_NUM_THREADS": "1", "C_FORCE_ROOT": "1",
        }  # fmt: skip

        def start(name: str, *arguments: str) -> None:
            command = [sys.executable, "-m", "celery", "-A", plan.application, *arguments]
            processes.append(
                Process(name, command, variables, directory / "logs" / f"{name}.log", again=False)
            )
            processes[-1].start()

        bounds = window(settings, runtime, plan.warm + plan.cycles)
        runtime.controls.set(
            "window", {"first": isoformat_z(bounds.first), "last": isoformat_z(bounds.last)}
        )
        for number, (queues, count) in enumerate(plan.layout.items()):
            bare = ("--without-mingle", "--without-gossip")
            name = queues.replace(",", "+")
            start(
                name, "worker", "-Q", queues, "-n", f"worker{number}@bench", "-c", str(count), *bare
            )
        _until(lambda: runtime.vitals.ready_count() >= sum(plan.layout.values()), 240.0, processes)
        client = connect(server.url)
        left = Run()
        with _sizes(client, left) if plan.messages else ExitStack():
            for number in range(plan.beats):
                start(f"beat{number}", "beat", "--schedule", os.devnull)
            _until(
                lambda: (
                    runtime.clock.wall_of(bounds.last)
                    < time.time() + plan.interval * (plan.warm + plan.cycles)
                    and _started(runtime)
                ),
                180.0 + plan.interval,
                processes,
            )
            pids = {process.name: process.pid for process in processes} | {"server": server.pid}
            _sleep_until(runtime.clock.wall_of(bounds.first) - 0.1)
            at_rest = _cpu(pids)
            _sleep_until(runtime.clock.wall_of(bounds.first) + plan.interval * plan.warm - 0.1)
        first = runtime.clock.wall_of(bounds.first) + plan.interval * plan.warm
        before = _cpu(pids)
        counts = CommandCounts(lambda: _commands(client), plan.idle, plan.cycles)
        _through(plan, counts, first, progress)
        left.cpu = {
            name: 1e3 * spent / plan.cycles for name, spent in less(_cpu(pids), before).items()
        }
        _until(lambda: not runtime.ledger.open_cycles(), 120.0, processes)
        left.cpu_until_stored = {
            name: 1e3 * spent / (plan.warm + plan.cycles)
            for name, spent in less(_cpu(pids), at_rest).items()
        }
        left.memory = _memory(pids)
        left.frames = _frames(client)
        cycles = [
            isoformat_z(bounds.first + timedelta(seconds=n * plan.interval))
            for n in range(plan.warm, plan.warm + plan.cycles)
        ]
        left.records = [
            record for cycle in cycles if (record := runtime.ledger.record(cycle)) is not None
        ]
        left.events = list(runtime.bus.read("0", count=100_000))
        if plan.idle:
            time.sleep(2.0)
            rest = counts.a_cycle(lambda cycles: time.sleep(cycles * plan.interval))
            left.commands_by_name = {name: calls for name, calls in rest.items() if calls > 0}
            left.commands_per_cycle = sum(rest.values())
        return left


def _cpu(pids: Mapping[str, int]) -> dict[str, float]:
    """Return the seconds of processor time that processes and their children have taken so far."""
    spent = {}
    for name, pid in pids.items():
        root = psutil.Process(pid)
        times = [each.cpu_times() for each in (root, *root.children(recursive=True))]
        spent[name] = sum(each.user + each.system for each in times)
    return spent


def _memory(pids: Mapping[str, int]) -> dict[str, list[float]]:
    """Return the MB of processes, each followed by those of its children."""
    sizes = {}
    for name, pid in pids.items():
        root = psutil.Process(pid)
        sizes[name] = [
            each.memory_full_info().pss / 1e6 for each in (root, *root.children(recursive=True))
        ]
    return sizes


def _frames(client: redis.Redis) -> dict[str, float]:
    """Return the bytes of a frame by its name, at the median over all that are in Redis, and of all."""
    sizes: dict[str, list[int]] = defaultdict(list)
    for key in client.scan_iter("*:frame:*", count=1000):
        size: Any = client.strlen(key)
        sizes[key.rpartition(b":")[2].decode()].append(size)
    of_one = {name: float(statistics.median(every)) for name, every in sizes.items()}
    return of_one | {"all": float(sum(map(sum, sizes.values())))}


def _started(runtime: Runtime) -> bool:
    return getattr(runtime.clock, "wall_origin", lambda: 0.0)() is not None


def _through(plan: Plan, counts: CommandCounts, first: float, progress: Progress) -> None:
    """Let the counted cycles pass, and have the commands of the first of them counted."""
    counts.begin()
    for second in range(plan.cycles):
        counts.passed(second)
        _sleep_until(first + plan.interval * (second + 1) - 0.1)
        progress((second + 1) / plan.cycles)
    counts.passed(plan.cycles)


def _commands(client: redis.Redis) -> dict[str, float]:
    stats: Any = client.info("commandstats")
    return {
        name.removeprefix("cmdstat_"): float(facts["calls"])
        for name, facts in stats.items()
        if name != "cmdstat_info"
    }


@contextmanager
def _sizes(client: redis.Redis, left: Run) -> Iterator[None]:
    """Note the largest message to each queue while the block runs, from what the server is told."""
    over = threading.Event()
    pushed = re.compile(r"LPUSH \S*:celery:([a-z]+) (.*)", re.DOTALL)

    def listen() -> None:
        with client.monitor() as monitor:
            while not over.is_set():
                try:
                    told = pushed.match(monitor.next_command()["command"])
                except redis.TimeoutError:
                    continue
                if told:
                    left.messages[told[1]] = max(
                        left.messages.get(told[1], 0), len(told[2].encode())
                    )

    listener = threading.Thread(target=listen, name="messages", daemon=True)
    listener.start()
    try:
        yield
    finally:
        over.set()
        listener.join(5.0)


def _until(holds: Callable[[], Any], seconds: float, processes: Sequence[Process]) -> None:
    limit = time.monotonic() + seconds
    while not holds():
        for process in processes:
            if not process.alive:
                raise SystemExit(f"{process.name} ended: {process.last_words(12)}")
        if time.monotonic() > limit:
            raise SystemExit(
                "waited in vain:\n" + "\n".join(process.last_words() for process in processes)
            )
        time.sleep(0.02)


def _sleep_until(wall: float) -> None:
    time.sleep(max(0.0, wall - time.time()))
