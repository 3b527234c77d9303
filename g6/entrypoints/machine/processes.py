"""The child processes of one machine: they are started, watched, restarted and ended together."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import psutil

from g6.adapters.data_dir.killed_systems import (
    KilledSystem,
    identity_of,
    killed_systems,
    process_of,
)
from g6.entrypoints.machine.children import Child, execute
from g6.errors import Unavailable
from g6.files import replace

LONGEST_PAUSE = 30.0
KILLED_SECONDS = 5.0
SERVER = "Redis"
"""The embedded server in a roster."""
STEADY = 20.0
"""Seconds a process must have run for its restarts to be forgotten."""
Launch = Callable[[Sequence[str], Mapping[str, str], int], Child]
"""How a process is started: from its command, its environment and the descriptor of its log."""


@dataclass(slots=True)
class Process:
    """One child in a session of its own, with its output in a file.

    It ends when this process does. `again`: start it anew when it has died. `launch`: how.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    again: bool = True
    launch: Launch = execute
    restarts: int = 0
    started: float = 0.0
    _next: float = 0.0
    _child: Child | None = field(default=None, repr=False)

    @property
    def pid(self) -> int:
        """The process id, 0 when it does not run."""
        return self._child.pid if self._child else 0

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._child is not None and self._child.alive

    @property
    def exit_code(self) -> int | None:
        """As `subprocess` gives it, None while it runs, and where nobody knows."""
        return self._child.exit_code if self._child else None

    @property
    def ending(self) -> str:
        """How it ended, in words, empty while it runs."""
        if self._child is None or self._child.alive:
            return ""
        code = self._child.exit_code
        if code is None:
            return "with the fork server"
        return f"signal {-code}" if code < 0 else f"exit code {code}"

    def start(self) -> None:
        """Start it.

        Raises:
            Unavailable: Its log cannot be written.
        """
        try:
            self.log.parent.mkdir(parents=True, exist_ok=True)
            log = self.log.open("ab")
        except OSError as error:
            raise Unavailable(
                f"the log {self.log} cannot be written: {error.strerror}",
                "choose another directory with --data-dir DIR",
            ) from error
        with undisturbed(), log as output:
            self._child = self.launch(self.command, self.environment, output.fileno())
        self.started = time.monotonic()

    def watch(self) -> bool:
        """Start it again if it died and its pause is over, and return whether it was started.

        Pauses double from 0.5 s up to 30 s.
        """
        if self.alive or not self.again:
            return False
        now = time.monotonic()
        if not self._next:
            if now - self.started > STEADY:
                self.restarts = 0
            self._next = now + min(LONGEST_PAUSE, 0.5 * 2**self.restarts)
        if now < self._next:
            return False
        self._next = 0.0
        self.restarts += 1
        self.start()
        return True

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process (its main one decides what its children do)."""
        if self._child is not None:
            self._child.send(number)

    def wait(self, seconds: float) -> None:
        """Wait for its end, and kill its whole session after `seconds`."""
        if self._child is None or self._child.wait(seconds):
            return
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._child.wait(KILLED_SECONDS)

    def last_words(self, lines: int = 3) -> str:
        """Return the end of its output."""
        text = self.log.read_text("utf-8", errors="replace") if self.log.exists() else ""
        return "\n".join(text.strip().splitlines()[-lines:])

    def why_ended(self) -> str:
        """Return its last words, and of one that said nothing how it ended."""
        silence = f"it ended without a word, {self.ending}" if self.ending else "it says nothing"
        return self.last_words() or silence


@contextmanager
def undisturbed() -> Iterator[None]:
    """Put SIGINT and SIGTERM off to the end of the block."""
    # A supervisor that was stopped between fork and the assignment of the Popen left a child behind
    # that nobody knew of and nobody ended.
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    arrived: list[int] = []

    def postpone(number: int, _frame: FrameType | None) -> None:
        arrived.append(number)

    handlers = {
        number: signal.signal(number, postpone) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        if arrived:
            signal.raise_signal(signal.Signals(arrived[0]))


def stop(processes: Sequence[Process], seconds: float) -> None:
    """End all: SIGTERM at once, then SIGKILL to the sessions that still live after `seconds`."""
    for process in processes:
        process.again = False
        process.signal(signal.SIGTERM)
    limit = time.monotonic() + seconds
    for process in processes:
        process.wait(limit - time.monotonic())


@dataclass(frozen=True, slots=True)
class Roster:
    """A file of one supervisor with what it started, for the next one to end what it left behind.

    The kernel ends the children of a supervisor that was killed. The roster is for systems where it
    does not, and for a child that hangs.

    Attributes:
        directory: Where it lies, `.running` of the data directory.
        who: What a person calls this process.
        collects: Whether it brings a system that collects, and not workers for one command.
    """

    directory: Path
    who: str = "g6"
    collects: bool = True

    @property
    def path(self) -> Path:
        """The file of this process."""
        return self.directory / f"{os.getpid()}.json"

    def write(self, processes: Sequence[Process], server_pid: int = 0) -> None:
        """Write down this process, its embedded server and what it runs now.

        Raises:
            StoreBusy: The disk refuses it.
        """
        alive = [process for process in processes if process.alive]
        children = [{"name": process.name, **identity_of(process.pid)} for process in alive]
        if server_pid:
            children.append({"name": SERVER, **identity_of(server_pid)})
        record = {
            "host": socket.gethostname(),
            "who": self.who,
            "collects": self.collects,
            "supervisor": identity_of(os.getpid()),
            "processes": children,
        }
        # For its owner alone: the next supervisor ends what it names.
        replace(self.path, json.dumps(record).encode(), 0o600)

    def close(self) -> None:
        """Forget this process: everything it ran has ended."""
        with suppress(OSError):
            self.path.unlink(missing_ok=True)
            self.directory.rmdir()  # refused while another supervisor's file lies there

    def orphans(self) -> dict[str, int]:
        """Return what supervisors that are gone left running on this host, by name its process."""
        return {
            name: process.pid
            for _, orphans in self._abandoned()
            for name, process in orphans.items()
        }

    def end_orphans(self, seconds: float) -> list[str]:
        """End what supervisors that are gone left running on this host, and return the names.

        Their files go, but for those of systems that collected: until the next of these starts, the
        day is one whose system was killed.
        """
        ended: list[str] = []
        for system, orphans in self._abandoned():
            ended += list(orphans)
            # The server goes last: a worker that cannot say goodbye to it takes longer to end.
            server = [orphans.pop(SERVER)] if SERVER in orphans else []
            _end(list(orphans.values()), seconds)
            _end(server, seconds)
            if self.collects or not system.collects:
                with suppress(OSError):
                    system.roster.unlink(missing_ok=True)
        return ended

    def _abandoned(self) -> Iterator[tuple[KilledSystem, dict[str, psutil.Process]]]:
        """Yield the supervisors that are gone, with those of their children that run."""
        for system in killed_systems(self.directory):
            yield system, _orphans(system.children)


def _orphans(children: Sequence[Mapping[str, object]]) -> dict[str, psutil.Process]:
    """Return by name those of a supervisor's children that still run."""
    orphans: dict[str, psutil.Process] = {}
    for child in children:
        process = process_of(child)
        if process is not None:
            orphans[str(child["name"])] = process
    return orphans


def _end(processes: Sequence[psutil.Process], seconds: float) -> None:
    """End processes that are no children of this one: SIGTERM, then SIGKILL to their sessions."""
    for process in processes:
        with suppress(psutil.Error):
            process.terminate()
    _, stubborn = psutil.wait_procs(processes, seconds)
    for process in stubborn:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    psutil.wait_procs(stubborn, 2.0)
