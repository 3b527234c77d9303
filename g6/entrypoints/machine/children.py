"""What a supervisor may do with a process it started, how one is started, and what it shares."""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Protocol

SIGNAL_AT_PARENTS_DEATH = 1
NAME_OF_THREAD = 15
ARGUMENTS_BEGIN = 47
ARGUMENTS_END = 48
"""Of Linux: numbers of `prctl`, and places in `/proc/PID/stat` (counted from 0)."""

CHILD_VARIABLES = {
    "REMAP_SIGTERM": "SIGQUIT",
    "OMP_NUM_THREADS": "1",
    "C_FORCE_ROOT": "1",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
}
"""For workers: the first and the third are Celery's, which reads the first when it is imported.

Arrow reads the fourth when it is imported. What its compiled code allocates for itself comes from a
pool of its own otherwise, whatever pool Python's is told: six folds left 38 MB in a process, and 33
so.
"""
PRELOADED = (
    "celery.apps.beat",
    "celery.apps.worker",
    "celery.events.state",
    "celery.concurrency.prefork",
    "celery.worker.consumer",
    "kombu.transport.redis",
    "g6.entrypoints.workers.app",
)


class Child(Protocol):
    """A process that was started."""

    @property
    def pid(self) -> int:
        """Its process id."""
        ...

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        ...

    @property
    def exit_code(self) -> int | None:
        """As `subprocess` gives it, None while it runs, and where nobody knows."""
        ...

    def send(self, number: signal.Signals) -> None:
        """Send it a signal, unless it has ended."""
        ...

    def wait(self, seconds: float) -> bool:
        """Wait for its end, and return whether it came."""
        ...


@dataclass(frozen=True, slots=True)
class ExecutedChild:
    """A child of this process that is a program of its own."""

    _popen: subprocess.Popen[bytes]

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._popen.pid

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._popen.poll() is None

    @property
    def exit_code(self) -> int | None:
        """As `subprocess` gives it, None while it runs."""
        return self._popen.poll()

    def send(self, number: signal.Signals) -> None:
        """Send it a signal, unless it has ended."""
        self._popen.send_signal(number)

    def wait(self, seconds: float) -> bool:
        """Wait for its end, and return whether it came."""
        try:
            self._popen.wait(max(0.0, seconds))
        except subprocess.TimeoutExpired:
            return False
        return True


def execute(command: Sequence[str], environment: Mapping[str, str], log: int) -> Child:
    """Start a command in a session of its own, its output in the file `log`.

    It ends when this process does.
    """
    from g6.adapters.redis.server import tied  # the fork server does not wait for redis-py

    return ExecutedChild(
        subprocess.Popen(
            tied(command),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=dict(environment),
            start_new_session=True,
        )
    )


def exit_code_of_own(pid: int) -> int | None:
    """Wait for a child of this process, and return its exit code, None where nobody knows."""
    with suppress(ChildProcessError):
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return None


def die_with_parent(parent: int) -> None:
    """Ask the kernel for SIGTERM at the death of the process `parent`, which started this one."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(SIGNAL_AT_PARENTS_DEATH, signal.SIGTERM)
    if os.getppid() != parent:
        raise SystemExit("the parent is gone")


def set_title(title: str) -> None:
    """Show `title` as this process's command in ps and top, as far as the memory there reaches."""
    text = title.encode()
    library = ctypes.CDLL(None)
    library.prctl(NAME_OF_THREAD, text[:15])
    # A forked process has its parent's arguments. Without another title seventeen processes of a
    # machine were one line seventeen times.
    with suppress(OSError, ValueError, IndexError):
        places = Path("/proc/self/stat").read_text("ascii").rpartition(")")[2].split()
        begin = int(places[ARGUMENTS_BEGIN - 2])
        room = int(places[ARGUMENTS_END - 2]) - begin
        if begin and room > 2:
            ctypes.memmove(begin, text[: room - 2] + b"\0", min(len(text), room - 2) + 1)
            # Where the last byte is none, the kernel shows what stands before the first zero.
            ctypes.memmove(begin + room - 1, b".", 1)


def preload(more: Sequence[str] = ()) -> None:
    """Import and warm what the processes of a machine need, and `more`, so that they share it."""
    os.environ.update(CHILD_VARIABLES)
    # A collection writes into every object it visits, and what is written to is shared no more.
    gc.disable()
    for module in PRELOADED:
        import_module(module)
    for module in more:
        with suppress(ImportError):  # whoever needs it says which extra brings it
            import_module(module)
    from g6.bootstrap.processes.bounded_memory import bound_memory, leave_pandas_out
    from g6.bootstrap.processes.running_code import code_at_start
    from g6.bootstrap.processes.warming import warm_up_at_defaults

    code_at_start()  # what they run is what is imported here, whatever the disk has by then
    leave_pandas_out()
    bound_memory()
    warm_up_at_defaults()
    gc.collect()
    gc.freeze()
    gc.enable()
