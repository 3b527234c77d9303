"""A running system as on many hosts, on a look-alike, with Prometheus, Alertmanager and a webhook.

Every process is started by itself and nothing starts one again: what is killed stays away.
"""

from __future__ import annotations

import ctypes
import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

import httpx

from g6.adapters.redis.server import EmbeddedServer, connect
from g6.domain.cycles.cycle import parse_z
from g6.observability.generators.prometheus_files import AlertTiming
from tests.e2e.running import BIN, ROOT, Child, World, clean_environment
from tests.observe.alertmanager import Alertmanager
from tests.observe.prometheus import Prometheus
from tests.observe.webhook import Webhook, listening
from tests.pager.runbooks import mitigation
from tests.waiting import eventually
from tests.worlds.kite import Kite, kite_server
from tests.worlds.web.ports import free_port

START = "2026-11-20T05:00:00Z"
INDICES = ("NIFTY", "SENSEX")
DISK = "200m"
"""Size of the file system of the data directory, and of that of the CSV files."""
WORKERS: Mapping[str, tuple[str, int]] = {
    "cycle-a": ("collect,analytics,manual", 1),
    "cycle-b": ("collect,analytics,manual", 1),
    "files": ("persist", 1),
    "closing": ("aggregate,maintenance", 1),
}
"""Workers by name, with their queues and the number of their pool processes."""
ONE_WORKER: Mapping[str, tuple[str, int]] = {
    "all": ("collect,analytics,persist,aggregate,manual,maintenance", 2)
}
"""A system of few processes, for faults that are not of workers."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast the observers look.

    Attributes:
        seconds: Between two scrapes and evaluations.
        timing: Of Alertmanager.
        shorter: Divides how long alerts hold and are kept.
        linger: Seconds to listen for more after the last expected alert: others ripen meanwhile.
        interval: Of the system's cycles.
        workers: By name, with their queues and the number of their pool processes.
    """

    seconds: float = 5.0
    timing: AlertTiming = field(default_factory=AlertTiming)
    shorter: int = 1
    linger: float = 12.0
    interval: int = 10
    workers: Mapping[str, tuple[str, int]] = field(default_factory=lambda: WORKERS)


@dataclass
class System:
    """What runs, and how it is disturbed and mended."""

    world: World
    kite: Kite
    server: EmbeddedServer
    pace: Pace
    metrics: int
    webhook: Webhook
    is_streamed: bool = False
    children: dict[str, Child] = field(default_factory=dict)
    tampering_over: Event = field(default_factory=Event)
    prometheus: Prometheus = field(init=False)
    alertmanager: Alertmanager = field(init=False)

    def worker(self, name: str, application: str = "g6", **more: str) -> None:
        """Start the worker of that name."""
        queues, count = self.pace.workers[name]
        command = ("-A", application, "worker", "-Q", queues, "-n", f"{name}@%h", "-c", str(count))
        self.children[name] = self.world.start(
            name, "celery", *command, "--without-mingle", "--without-gossip", **more
        )

    def beat(self) -> None:
        """Start the one beat."""
        self.children["beat"] = self.world.start(
            "beat", "celery", "-A", "g6", "beat", "--schedule", os.devnull
        )

    def serve(self) -> None:
        """Start the process that answers on the metrics port."""
        self.children["serve"] = self.world.start("serve", "g6", "serve")

    def ticker(self) -> None:
        """Start the tick stream."""
        self.children["ticker"] = self.world.start("ticker", "g6", "ticker")

    def start_all(self) -> None:
        """Start every process of G6."""
        for name in self.pace.workers:
            self.worker(name)
        # A first cycle that is due before any worker takes messages is lost.
        with connect(self.server.url) as client:
            pools = sum(count for _, count in self.pace.workers.values())
            eventually(lambda: client.scard("g6:ready") >= pools, 120.0, every=0.2)
        self.beat()
        self.serve()
        if self.is_streamed:
            self.ticker()

    def kill(self, name: str) -> None:
        """Kill a process and its children."""
        self.children[name].kill()

    def follow(self, page: str, program: str, child: str = "", **places: str) -> None:
        """Do what a runbook says under Mitigation: run its one command that begins with `program`.

        Args:
            page: The page's file.
            program: How the command begins.
            child: What a process that goes on is called here. Any other must end well.
            places: What stands for the placeholders.
        """
        program_name, *words = shlex.split(mitigation(page, program, places))
        if child:
            found = shutil.which(program_name, path=self.world.environment["PATH"])
            assert found is not None, f"{program_name} of {page} is not installed"
            self.children[child] = self.world.start(child, found, *words)
            return
        code, said = self.run(program_name, *words)
        assert code == 0, said

    def stop_server(self) -> None:
        """Kill Redis."""
        self.server.process.kill()
        self.server.process.wait()

    def value(self, expression: str) -> float | None:
        """Return the value of an expression's one series, None where there is none."""
        result = self.prometheus.query(expression)
        return float(result[0]["value"][1]) if result else None

    def is_whole(self) -> bool:
        """Return whether each index ended OK in the newest cycle, as /metrics says."""
        try:
            text = httpx.get(f"http://127.0.0.1:{self.metrics}/metrics", timeout=10.0).text
        except httpx.TransportError:
            return False
        states = [line for line in text.splitlines() if line.startswith("g6_unit_state{")]
        return sum('status="OK"' in line and line.endswith(" 1.0") for line in states) == len(
            INDICES
        )

    def is_healthy(self) -> bool:
        """Return whether each index had a chain within two cycles and nothing fires."""
        stale = self.value("sum(g6:slo_index_is_stale)")
        whole = self.value('sum(g6_unit_state{status="OK"})')
        return stale == 0 and whole == len(INDICES) and not self.firing()

    def firing(self) -> list[str]:
        """Return the alerts that fire now or are about to, the watchdog left out."""
        alerts = self.prometheus.query('ALERTS{alertname!="Watchdog"}')
        return sorted({str(alert["metric"]["alertname"]) for alert in alerts})

    def g6(self, *arguments: str) -> tuple[int, str]:
        """Run a command of g6 to its end, as a person would."""
        return self.run("g6", *arguments)

    def run(self, *command: str) -> tuple[int, str]:
        """Run a command to its end, and return its exit code and what it said."""
        # The directory is in the environment: not every command has an option for it.
        done = subprocess.run(
            command,
            cwd=self.world.elsewhere,
            env=dict(self.world.environment),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr


@contextmanager
def running(
    base: Path,
    pace: Pace,
    *,
    is_streamed: bool = False,
    has_disks: bool = False,
    in_thread: bool = False,
) -> Iterator[System]:
    """Run a system and its observers until the block ends. It is healthy at its beginning.

    Args:
        base: A directory with a short name: a socket's may have 107 bytes.
        pace: How fast it goes, and of what it consists.
        is_streamed: It has a tick stream.
        has_disks: Rows are on file systems of their own, in a mount namespace that this process
            then stays in.
        in_thread: The look-alike is no process of its own.
    """
    with ExitStack() as stack:
        server = stack.enter_context(EmbeddedServer.start(base / "broker", port=free_port()))
        kite = stack.enter_context(kite_server(start=START, in_thread=in_thread))
        webhook = stack.enter_context(listening())
        world = World(base)
        stack.callback(world.end)
        if has_disks:
            _file_systems((world.data, world.base / "csv"))
        metrics = free_port()
        world.environment = _environment(world, kite, server.url, metrics, pace, is_streamed)
        system = System(world, kite, server, pace, metrics, webhook, is_streamed)
        stack.callback(_stop_server, system)
        system.start_all()
        # What is lost at a start on a busy machine is not before the observers' eyes: the alerts of
        # an error budget would go on for half an hour.
        eventually(system.is_whole, 400.0, every=0.5)
        system.alertmanager = stack.enter_context(
            Alertmanager(base / "alertmanager", webhook.url, pace.timing)
        )
        system.prometheus = stack.enter_context(
            Prometheus(
                base / "prometheus",
                f"127.0.0.1:{metrics}",
                seconds=pace.seconds,
                alertmanager=system.alertmanager.address,
                shorter=pace.shorter,
            )
        )
        eventually(system.is_healthy, 400.0, every=0.5)
        yield system


def _environment(
    world: World, kite: Kite, broker: str, metrics: int, pace: Pace, is_streamed: bool
) -> dict[str, str]:
    """Return what every process finds in its environment."""
    state = kite.state()
    origin = state["wall"] - (parse_z(state["market"]) - parse_z(START)).total_seconds()
    indices: dict[str, str] = {}
    for name in ("NIFTY", "SENSEX"):
        for side in ("ITM", "OTM"):
            indices[f"G6_INDEX_PARAMS__{name}__STRIKES_{side}"] = "5"
    for name in ("BANKNIFTY", "FINNIFTY", "MIDCPNIFTY", "BANKEX"):
        indices[f"G6_INDEX_PARAMS__{name}__ENABLED"] = "false"
    return clean_environment(
        G6_REDIS__BROKER_URL=broker,
        # Of cycles so short the bus holds fewer events, and a fault publishes 19,700.
        G6_REDIS__MAX_EVENTS="20000",
        G6_DEMO_DIR=str(world.data),
        G6_STORAGE__CSV__BASE_DIR=str(world.base / "csv"),
        G6_INTERVAL=str(pace.interval),
        G6_COLLECTION__SCOPE="window",
        G6_PANELS__VERIFY_SECONDS="5",
        G6_MARKET__START=START,
        G6_MARKET__ORIGIN=repr(origin),
        G6_PROVIDER__NAME="kite",
        G6_PROVIDER__ROOT=kite.root,
        G6_PROVIDER__WS_ROOT=kite.ws,
        G6_PROVIDER__TIMEOUT="3",
        G6_PROVIDER__RETRY_BASE="0.05",
        G6_PROVIDER__BREAKER_FAILURES="6",
        G6_PROVIDER__BREAKER_SECONDS="4",
        G6_TICKER__ENABLED=str(is_streamed).lower(),
        G6_SERVE__METRICS_PORT=str(metrics),
        G6_SERVE__WEB_PORT="0",
        KITE_API_KEY="demo",
        KITE_API_SECRET="demo",
        KITE_REQUEST_TOKEN="demo",
        REMAP_SIGTERM="SIGQUIT",
        PYTHONPATH=str(ROOT),
        CHAOS_DIR=str(world.base),
        PATH=os.pathsep.join((str(world.base / "bin"), str(BIN), os.environ["PATH"])),
        G6_TOKEN_HEADLESS="1",
        **indices,
    )


def _file_systems(directories: Sequence[Path]) -> None:
    """Give directories file systems of their own, which end with this process and its children."""
    library = ctypes.CDLL(None, use_errno=True)
    new_namespace, private, recursive = 0x20000, 1 << 18, 1 << 14
    if library.unshare(new_namespace):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    library.mount(None, b"/", None, recursive | private, None)
    for directory in directories:
        directory.mkdir(parents=True, exist_ok=True)
        if library.mount(b"tmpfs", os.fsencode(directory), b"tmpfs", 0, f"size={DISK}".encode()):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), str(directory))


def mounts() -> bool:
    """Return whether this user may mount file systems, which a full disk needs."""
    return shutil.which("mount") is not None and os.geteuid() == 0


def stand_in(system: System, name: str, script: str) -> None:
    """Put a program before that of this machine, which a test must not run."""
    path = system.world.base / "bin" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
    path.chmod(0o755)


def fill(directory: Path, left: int) -> None:
    """Leave so many bytes on a directory's file system."""
    free = shutil.disk_usage(directory).free
    with (directory / ".filler").open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, max(1, free - left))


def fillers(directory: Path) -> str:
    """Return the files that fill a file system, as a shell has them."""
    return " ".join(str(path) for path in sorted(directory.glob(".filler*")))


def _stop_server(system: System) -> None:
    """Stop Redis, which may be another process than that of the beginning."""
    system.server.stop()
