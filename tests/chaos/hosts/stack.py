"""The system on several hosts: Redis, two that work, one that owns the files, one for the web; a proxy before each."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import redis

from g6.adapters.redis.bus import RedisBus
from g6.adapters.redis.server import connect
from g6.adapters.redis.vitals import RedisVitals
from g6.config import Settings
from g6.domain.reports import VitalSigns
from g6.domain.reports.events import place_on_bus
from tests.chaos.hosts.network import Host, Network
from tests.chaos.hosts.proxy import Proxies, Proxy
from tests.chaos.hosts.servers import MASTER, PORT, HostServer, Watched, start_server, url_of
from tests.chaos.stack import QUEUES, Setup, Stack, environment
from tests.e2e.running import BIN, START, Child, World
from tests.waiting import eventually

REDIS, SECOND, ALPHA, BETA, DEPOT, WEB = "redis", "redis2", "alpha", "beta", "depot", "web"
FILES_HOST = DEPOT
LAYOUT: Mapping[str, tuple[str, int]] = {
    "work": ("collect,analytics", 3),
    "work.b": ("collect,analytics", 3),
    "closing": ("aggregate", 1),
    "closing.b": ("aggregate", 1),
    "files": ("persist,manual", 2),
    "sweep": ("maintenance", 1),
}
FEW: Mapping[str, tuple[str, int]] = {
    "work": ("collect,analytics", 2),
    "work.b": ("collect,analytics", 2),
    "rest": ("aggregate,persist,manual,maintenance", 2),
}
"""As many workers as two hosts that share their work need."""
HOSTS: Mapping[str, str] = {
    "work": ALPHA, "closing": ALPHA, "beat-a": ALPHA, "work.b": BETA, "closing.b": BETA, "beat-b": BETA,
    "files": DEPOT, "sweep": DEPOT, "serve": WEB, "flower": WEB,
}  # fmt: skip
"""The host of each process. A process that is not named runs on the one that owns the files."""


def on_hosts(
    interval: int = 5, *, sentinels: bool = False, layout: Mapping[str, tuple[str, int]] = LAYOUT,
    hosts: Mapping[str, str] = HOSTS, application: str = "g6", **more: str,
) -> Setup:  # fmt: skip
    """Return a setup of several hosts."""
    if sentinels:
        more["G6_REDIS__MASTER_NAME"] = MASTER
    return Setup(
        interval=interval, layout=layout, beats=("beat-a", "beat-b"), more=more, hosts=hosts,
        application=application, prepared=watched if sentinels else networked,
    )  # fmt: skip


@dataclass(slots=True)
class HostStack(Stack):
    """Processes on several hosts. `links` are the proxies between each host and Redis."""

    network: Network = field(default_factory=Network)
    links: dict[str, Proxy] = field(default_factory=dict)
    watched: Watched = field(default_factory=Watched)

    def host(self, name: str) -> Host:
        """Return the host of a process."""
        return self.network.hosts[self.setup.hosts.get(name, DEPOT)]

    def _celery(self, name: str, *arguments: str, wrong: str) -> Child:
        application = "tests.chaos.application" if wrong else self.setup.application
        more = {"CHAOS": wrong} if wrong else {}
        return self.start(name, BIN / "celery", "-A", application, *arguments, **more)

    def start(self, name: str, program: Path, *arguments: str, **more: str) -> Child:
        """Start a program on its host, with that host's way to Redis and disk."""
        host = self.host(name)
        child = self.world.start(
            name, *host.enter, str(program), *arguments, **self.surroundings(host), **more
        )
        self.children[name] = child
        return child

    def surroundings(self, host: Host) -> dict[str, str]:
        """Return what differs from host to host in the environment."""
        link = self.links.get(host.name)
        own = {} if link is None else {"G6_REDIS__BROKER_URL": url_of(*link.address)}
        if host.name != FILES_HOST:
            own["G6_DEMO_DIR"] = str(self.world.base / host.name / "rows")
        return own

    def on(self, host: str) -> list[Child]:
        """Return the processes of a host that live."""
        return [
            child
            for name, child in self.children.items()
            if child.alive and self.host(name).name == host
        ]

    def dies(self, host: str) -> None:
        """Let a host die as of a power cut: its cable carries nothing, then its processes are gone."""
        self.network.unplug(host)
        for child in self.on(host):
            child.kill()

    def returns(self, host: str) -> None:
        """Start a host that died again, with its workers and beats."""
        self.network.plug(host)
        for name in (*self.setup.layout, *self.setup.beats):
            if self.host(name).name == host:
                if name in self.setup.beats:
                    self.beat(name)
                else:
                    self.worker(name)

    def signs(self) -> VitalSigns:
        """Return how queues, workers and hosts are, as the heartbeat has it."""
        return RedisVitals(self.client, "g6", QUEUES, self.world.data).read()

    def done_by_workers(self) -> dict[str, int]:
        """Return how many collections and analyses each worker of both hosts ended since it was started."""
        return eventually(lambda: done if len(done := self._done()) > 1 else {}, every=0.5)

    def _done(self) -> dict[str, int]:
        told = self.application.control.inspect(timeout=2.0).stats() or {}
        return {
            worker: sum(stats["total"].get(task, 0) for task in ("g6.collect", "g6.analyse"))
            for worker, stats in told.items()
            if worker.startswith("work")
        }

    def events(self, *types: str) -> list[Any]:
        """Return the events of these types that the bus holds."""
        return [
            each for each in RedisBus(self.client).read("0", count=20_000) if each.type in types
        ]

    def alerts(self, state: str, *, over: bool = False) -> list[Any]:
        """Return the alerts of a state that were raised (or ended) since the fault began."""
        return [
            each for each in self.events("alert")
            if each.document["state"] == state and bool(each.document.get("over")) == over
            and place_on_bus(each.id)[0] / 1000.0 > self.began
        ]  # fmt: skip

    def serve(self) -> str:
        """Start `g6 serve` on the web host; return the address of its readiness."""
        self.start("serve", BIN / "g6", "serve")
        return f"http://127.0.0.1:{Settings().serve.web_port}/readyz"

    @property
    def metrics(self) -> str:
        """The address of the metrics, on the web host."""
        return f"http://127.0.0.1:{Settings().serve.metrics_port}/metrics"

    def restart(self, name: str) -> None:
        """Start a Redis server that Sentinels watch again, on its files."""
        server = self.watched.servers[name]
        self.watched.servers[name] = start_server(self.network.hosts[name], server.directory.parent)

    def role(self, host: Host) -> str:
        """Return what the Redis of a host is: master or slave, empty when it does not answer."""
        try:
            with connect(url_of(host.address), timeout=1.0) as client:
                facts: Any = client.info("replication")
                return str(facts["role"])
        except redis.RedisError:
            return ""

    def asks(self, url: str) -> tuple[int, str]:
        """Ask a page of the web host; return its status (0: nobody answers) and its text."""
        program = (
            "import sys, urllib.error, urllib.request as r\n"
            "try: answer = r.urlopen(sys.argv[1], timeout=8)\n"
            "except urllib.error.HTTPError as error: answer = error\n"
            "print(answer.status); print(answer.read().decode())"
        )
        ended = subprocess.run(
            [*self.network.hosts[WEB].enter, sys.executable, "-c", program, url],
            capture_output=True, text=True, timeout=30, check=False,
        )  # fmt: skip
        status, _, text = ended.stdout.partition("\n")
        return int(status or 0), text


@contextmanager
def networked(base: Path, setup: Setup) -> Iterator[HostStack]:
    """Give a stack of several hosts with one Redis, a proxy before each; end everything afterwards."""
    with ExitStack() as ends:
        network = _network(ends, (REDIS, ALPHA, BETA, DEPOT, WEB))
        server = start_server(network.hosts[REDIS], base)
        ends.callback(server.stop)
        proxies = ends.enter_context(Proxies())
        place = (network.hosts[REDIS].address, PORT)
        links = {
            name: proxies.open(place, network.gateway) for name in network.hosts if name != REDIS
        }
        yield _stack(ends, base, setup, server, network, links)


@contextmanager
def watched(base: Path, setup: Setup) -> Iterator[HostStack]:
    """Give a stack of several hosts with two Redis and three Sentinels; end everything afterwards."""
    with ExitStack() as ends:
        network = _network(ends, (REDIS, SECOND, ALPHA, BETA, DEPOT, WEB))
        hosts = network.hosts
        found = Watched()
        ends.callback(found.stop)
        server = found.start(
            base, (hosts[REDIS], hosts[SECOND]), (hosts[WEB], hosts[DEPOT], hosts[SECOND])
        )
        stack = _stack(ends, base, setup, server, network, {})
        stack.watched = found
        yield stack


def _network(ends: ExitStack, names: Sequence[str]) -> Network:
    network = Network()
    network.open(names)
    ends.callback(network.close)
    return network


def _stack(
    ends: ExitStack, base: Path, setup: Setup, server: HostServer, network: Network,
    links: dict[str, Proxy],
) -> HostStack:  # fmt: skip
    world = World(base)
    world.environment = environment(setup, world, server.url)
    stack = HostStack(setup, world, server, network=network, links=links)
    stack.controls.set("window", {"first": START, "last": None})
    ends.callback(stack.client.close)
    ends.callback(world.end)
    ends.callback(_thaw, stack)
    return stack


def _thaw(stack: HostStack) -> None:
    for child in stack.children.values():
        if child.alive:
            os.killpg(child.pid, signal.SIGCONT)
