"""The fork server: one process that has G6 imported, and forks the others of a machine from itself.

Each `python -m celery` imports the same modules and keeps them for itself. Forked from one process
that has imported and warmed them, the processes of a machine share these pages until they write
to them, and are there in a tenth of the time. What both is worth is measured by `make footprint`.

The stdlib's own fork server of multiprocessing starts a second helper process, imports the caller's
main module into every child, and cannot freeze its objects before a fork.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from io import TextIOWrapper
from pathlib import Path
from typing import Any, NamedTuple, Self

from g6.entrypoints.machine.children import (
    CHILD_VARIABLES,
    Child,
    ExecutedChild,
    die_with_parent,
    execute,
    exit_code_of_own,
    preload,
    set_title,
)

PIECE_BYTES = 65536
ANSWER_SECONDS = 30.0
"""Seconds after which a fork server that does not answer is given up."""
SERVER = (sys.executable, "-m", "g6.entrypoints.machine.fork_server")
ROOM = "." * 120
"""An argument that says nothing. The title of a forked process is written over the arguments."""


@dataclass(slots=True)
class ForkedChild:
    """A process whose parent, and reaper, is the fork server.

    Attributes:
        pid: Its process id.
        exit_code: As `subprocess` gives it, None while it runs, and where nobody knows.
    """

    pid: int
    _exit_code_of: Callable[[int], int | None]
    _descriptor: int = -1
    exit_code: int | None = None

    @classmethod
    def follow(cls, pid: int, exit_code_of: Callable[[int], int | None]) -> ForkedChild:
        """Return the child with the process id `pid`."""
        try:
            return cls(pid, exit_code_of, os.pidfd_open(pid))
        except ProcessLookupError:  # it has ended, and the fork server has reaped it
            return cls(pid, exit_code_of, exit_code=exit_code_of(pid))

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return not self.wait(0.0)

    def send(self, number: signal.Signals) -> None:
        """Send it a signal, unless it has ended."""
        if self._descriptor >= 0:
            # A descriptor never names a later process with the same number.
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._descriptor, number)

    def wait(self, seconds: float) -> bool:
        """Wait for its end, and return whether it came."""
        if self._descriptor < 0:
            return True
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        if not poll.poll(1000.0 * max(0.0, seconds)):
            return False
        os.close(self._descriptor)
        self._descriptor = -1
        self.exit_code = self._exit_code_of(self.pid)
        return True


@dataclass(slots=True)
class ForkServer:
    """This process's end of its fork server. Where none can be had, processes are executed.

    Attributes:
        by_fork: Fork the server from this process, whose imports it then shares, if this process
            has one thread. Else it is a program of its own.
        modules: What this system's processes need beside what every system's do.
    """

    by_fork: bool = False
    modules: Sequence[str] = ()
    _door: socket.socket | None = field(default=None, init=False)
    _server: Child | None = field(default=None, init=False)

    def __enter__(self) -> Self:
        self.begin()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def begin(self) -> None:
        """Start the fork server, unless it runs."""
        if not _is_supported() or (self._server and self._server.alive):
            return
        self.close()
        if self.by_fork and threading.active_count() == 1:
            preload(self.modules)
            self._door, there = socket.socketpair()
            self._server = _fork_server(self._door, there)
        else:
            self._door, there = socket.socketpair()
            self._server = _execute_server(there)
        there.close()
        self._door.settimeout(ANSWER_SECONDS)

    def launch(self, command: Sequence[str], environment: Mapping[str, str], log: int) -> Child:
        """Start `python -m MODULE …` in a session of its own, its output in the file `log`.

        Args:
            command: The interpreter, `-m`, the module and its arguments.
            environment: The variables of the process.
            log: Descriptor of its log file.
        """
        if list(command[:2]) == [sys.executable, "-m"]:
            self.begin()
            pid = self._ask(Request(command[2], list(command[3:]), environment), [log])
            if pid is not None:
                return ForkedChild.follow(pid, self._exit_code_of)
        return execute(command, environment, log)

    def close(self) -> None:
        """End the fork server. What it forked ends with it."""
        if self._door is not None:
            self._door.close()
            self._door = None
        if self._server is not None:
            self._server.send(signal.SIGTERM)
            self._server.wait(ANSWER_SECONDS)
            self._server = None

    def _exit_code_of(self, pid: int) -> int | None:
        return self._ask(pid, [])

    def _ask(self, question: Request | int, descriptors: Sequence[int]) -> int | None:
        """Return the fork server's answer, None where it has none or does not answer."""
        if self._door is None:
            return None
        line = json.dumps(question).encode() + b"\n"
        try:
            # A message with descriptors may be sent in part, so it is one byte that JSON skips.
            socket.send_fds(self._door, [b" "], descriptors)
            self._door.sendall(line)
            answer = self._door.recv(PIECE_BYTES)
        except OSError:
            answer = b""
        if not answer:
            # It died or hangs. The next process is asked of another one.
            self.close()
            return None
        number: int | None = json.loads(answer)
        return number


def _fork_server(here: socket.socket, there: socket.socket) -> Child:
    """Fork the server from this process, which has imported everything."""
    parent = os.getpid()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        with _own_end():
            here.close()
            _become_server(there, parent)
    return ForkedChild.follow(pid, exit_code_of_own)


def _become_server(door: socket.socket, parent: int) -> None:
    os.setsid()
    with Path(os.devnull).open("r+b") as nowhere:
        os.dup2(nowhere.fileno(), 0)
        os.dup2(nowhere.fileno(), 1)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    die_with_parent(parent)
    Forker(door).serve()


def _execute_server(there: socket.socket) -> Child:
    popen = subprocess.Popen(
        [*SERVER, str(there.fileno()), str(os.getpid()), ROOM],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        env=child_environment({}),
        pass_fds=[there.fileno()],
        start_new_session=True,
    )
    return ExecutedChild(popen)


@contextmanager
def _own_end() -> Iterator[None]:
    """End a forked process with its block.

    What stands above it on the stack is its parent's: blocks that would end the parent's work.
    """
    code: object = 1
    try:
        yield
        code = 0
    except SystemExit as end:
        code = end.code
        if isinstance(code, str):
            sys.stderr.write(f"{code}\n")
    finally:
        kind, error, trace = sys.exc_info()
        # An end that was asked for is still handled above: it is no error.
        if kind is not None and error is not None and not isinstance(error, SystemExit):
            sys.excepthook(kind, error, trace)
        # As the end of an interpreter does it: threads, then what imports registered, then buffers.
        for thread in threading.enumerate():
            if thread is not threading.main_thread() and not thread.daemon:
                thread.join()
        atexit._run_exitfuncs()  # noqa: SLF001 - it has no public name
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 1 if code else 0)


class Request(NamedTuple):
    """A process to be forked: `python -m module arguments`, and its environment."""

    module: str
    arguments: Sequence[str]
    environment: Mapping[str, str]


def child_environment(own: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a machine's process: this one's, what all of them need, its own."""
    return {**os.environ, **CHILD_VARIABLES, **own}


def _is_supported() -> bool:
    """Tell whether processes can be forked and followed by descriptors here: on Linux."""
    if sys.platform != "linux" or not hasattr(os, "pidfd_open"):
        return False
    try:
        os.close(os.pidfd_open(os.getpid()))
    except OSError:  # a container may forbid it
        return False
    return True


@dataclass(slots=True)
class Forker:
    """The fork server's side: it forks what is asked for, and keeps the exit codes."""

    door: socket.socket
    exit_codes: dict[int, int] = field(default_factory=dict)

    def serve(self) -> None:
        """Answer questions until the other end of the door closes."""
        signal.signal(signal.SIGCHLD, lambda *_: self.reap())
        # Neither what the supervisor registered for its own end, nor what it has to collect.
        atexit._clear()  # noqa: SLF001 - it has no public name
        gc.disable()
        parent = os.getpid()
        while line := self._line():
            question, descriptors = line
            if isinstance(question, int):
                self.reap()
                self._answer(self.exit_codes.pop(question, None))
                continue
            ours, theirs = os.pipe()
            pid = os.fork()
            if pid == 0:
                with _own_end():
                    os.setsid()
                    os.close(theirs)
                    os.close(ours)
                    self.door.close()
                    _become(Request(*question), descriptors[0], parent)
            os.close(theirs)
            # Until it leads a session of its own, nobody could kill that.
            os.read(ours, 1)
            os.close(ours)
            os.close(descriptors[0])
            self._answer(pid)

    def reap(self) -> None:
        """Keep the exit codes of children that have ended."""
        with suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return
                self.exit_codes[pid] = os.waitstatus_to_exitcode(status)

    def _answer(self, number: int | None) -> None:
        self.door.sendall(json.dumps(number).encode())

    def _line(self) -> tuple[Any, Sequence[int]] | None:
        """Return the next question with its descriptors, None at the end."""
        line, descriptors, _, _ = socket.recv_fds(self.door, PIECE_BYTES, 1)
        while line and not line.endswith(b"\n"):
            piece = self.door.recv(PIECE_BYTES)
            if not piece:
                return None
            line += piece
        return (json.loads(line), descriptors) if line else None


def _become(request: Request, log: int, parent: int) -> None:
    """Turn this child of the fork server into the process that was asked for."""
    for number in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    die_with_parent(parent)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    # A forked process goes on with its server's buffers, and PYTHONUNBUFFERED is read at a start
    # alone: lines of a log came when 8 KB were full, and never of a process that was killed.
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)
    os.environ.clear()
    os.environ.update(request.environment)
    set_title(" ".join(("g6", *(request.arguments or [request.module.rpartition(".")[2]]))))
    sys.argv = [request.module, *request.arguments]
    gc.enable()
    runpy.run_module(request.module, run_name="__main__", alter_sys=True)


def main() -> None:
    """Import and warm what the processes of a machine need, then fork them as they are asked for.

    The arguments are the descriptor of the door, the process id of the supervisor, and room for
    the titles of the processes.
    """
    descriptor, parent = (int(word) for word in sys.argv[1:3])
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    die_with_parent(parent)
    preload()
    Forker(socket.socket(fileno=descriptor)).serve()


if __name__ == "__main__":
    main()
