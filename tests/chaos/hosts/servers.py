"""Redis on a host of its own, alone or with a replica and Sentinels."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import redis

from g6.adapters.redis.server import EmbeddedServer, connect, find_server
from tests.chaos.hosts.network import Host
from tests.waiting import eventually

PORT, SENTINEL_PORT = 6379, 26379
MASTER = "g6"
PASSWORD = "between-hosts"
DOWN_MILLISECONDS = 1500
"""Silence after which a Sentinel takes a master for dead."""


def url_of(address: str, port: int = PORT) -> str:
    """Return the address of a Redis on a host."""
    return f"redis://:{PASSWORD}@{address}:{port}/0"


@dataclass(slots=True)
class HostServer(EmbeddedServer):
    """A Redis that runs on a host."""

    place: str = ""

    @property
    def url(self) -> str:
        """Where the server is, or who knows."""
        return self.place


def start_server(host: Host, base: Path, *words: str) -> HostServer:
    """Start a Redis on a host and wait until it answers."""
    directory = base / f"redis-{host.name}"
    directory.mkdir(exist_ok=True)
    settings = {
        "bind": "0.0.0.0",  # noqa: S104 - of a namespace
        "port": str(PORT), "protected-mode": "no", "requirepass": PASSWORD, "masterauth": PASSWORD,
        "dir": str(directory), "logfile": str(directory / "server.log"), "save": "", "appendonly": "yes",
        "appendfsync": "everysec", "maxmemory-policy": "noeviction", "repl-diskless-sync-delay": "0",
    }  # fmt: skip
    options = [word for name, value in settings.items() for word in (f"--{name}", value)]
    process = _spawn([*host.enter, find_server(), *options, *words])
    url = url_of(host.address)
    eventually(lambda: _answers(url))
    return HostServer(directory, PORT, process, place=url)


def _spawn(command: Sequence[str]) -> subprocess.Popen[bytes]:
    null = subprocess.DEVNULL
    return subprocess.Popen(command, stdin=null, stdout=null, stderr=null, start_new_session=True)


def _answers(url: str) -> bool:
    try:
        with connect(url, timeout=1.0) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


@dataclass(slots=True)
class Watched:
    """A master, its replica, and three Sentinels that watch them."""

    servers: dict[str, HostServer] = field(default_factory=dict)
    sentinels: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    url: str = ""

    def start(self, base: Path, two: Sequence[Host], three: Sequence[Host]) -> HostServer:
        """Start everything; return the master, whose address is the Sentinels'."""
        first, second = two
        self.servers[first.name] = start_server(first, base)
        self.servers[second.name] = start_server(
            second, base, "--replicaof", first.address, str(PORT)
        )
        for host in three:
            self.sentinels[host.name] = self._sentinel(host, base, first.address)
        hosts = ";".join(f"sentinel://{host.address}:{SENTINEL_PORT}" for host in three)
        self.url = hosts.replace("sentinel://", f"sentinel://:{PASSWORD}@", 1) + "/0"
        eventually(lambda: self.master() == first.address and self._knows_all(three[0]))
        self.servers[first.name].place = self.url
        return self.servers[first.name]

    def _sentinel(self, host: Host, base: Path, master: str) -> subprocess.Popen[bytes]:
        directory = base / f"sentinel-{host.name}"
        directory.mkdir()
        file = directory / "sentinel.conf"
        file.write_text(
            f"port {SENTINEL_PORT}\nbind 0.0.0.0\nprotected-mode no\ndir {directory}\nlogfile {directory / 'server.log'}\n"
            f"sentinel monitor {MASTER} {master} {PORT} 2\nsentinel auth-pass {MASTER} {PASSWORD}\n"
            f"sentinel down-after-milliseconds {MASTER} {DOWN_MILLISECONDS}\nsentinel failover-timeout {MASTER} 6000\n"
        )  # fmt: skip
        return _spawn([*host.enter, find_server(), str(file), "--sentinel"])

    def _asked(self, host: str, *words: str) -> list[object]:
        with connect(f"redis://{host}:{SENTINEL_PORT}/0", timeout=1.0) as client:
            answer = client.execute_command("SENTINEL", *words)
            return answer if isinstance(answer, list) else []

    def _knows_all(self, host: Host) -> bool:
        others = self._asked(host.address, "sentinels", MASTER)
        replicas = self._asked(host.address, "replicas", MASTER)
        return len(others) == len(self.sentinels) - 1 and len(replicas) == 1

    def master(self) -> str:
        """Return the address of the master by the first Sentinel that answers, empty when none does."""
        for part in self.url.rpartition("/")[0].split(";"):
            host = part.rpartition("@")[2].removeprefix("sentinel://").partition(":")[0]
            try:
                found = self._asked(host, "get-master-addr-by-name", MASTER)
            except redis.RedisError:
                continue
            if found and isinstance(found[0], bytes):
                return found[0].decode()
        return ""

    def stop(self) -> None:
        """End everything."""
        for process in self.sentinels.values():
            process.kill()
            process.wait(10)
        for server in self.servers.values():
            server.stop()
