"""Commands of g6, each in a fork of one process that has imported what they need.

The doctor takes 2.3 s of processor time as a command of its own, nearly all of it for imports, and
the tests of one run call a few hundred commands. A fork is a process of its own too: it gets the
arguments, the environment, the directory and the standard streams of whoever asks, and ends with
the command's code. Who asks is a test, or the small program `g6` that a shell finds on its PATH. A
command whose environment changes how Python itself starts is executed.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path

from tests.waiting import eventually

ROOT = Path(__file__).resolve().parents[2]
AT_IMPORT = ("g6.celery", "celeryconfig", "__main__")
"""Modules that read the environment when they are imported: each command imports its own."""
LEAKS = ("G6_", "NO_COLOR", "FORCE_COLOR", "CELERY_", "KITE_", "PYTEST_", "COV_", "PYTHON")
PROGRAM = """#!{python} -IS
import json, os, signal, socket, sys

if path := os.environ.get("PYTHONPATH"):
    line = "import sys; from g6.entrypoints.cli import main; sys.exit(main())"
    os.environ["PYTHONPATH"] = os.pathsep.join((path, {root!r}))
    os.execv({python!r}, [{python!r}, "-c", line, *sys.argv[1:]])
door = socket.socket(socket.AF_UNIX)
door.connect({address!r})
for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, lambda number, _: door.send(bytes([number])))
question = json.dumps([sys.argv[1:], dict(os.environ), os.getcwd()]).encode()
socket.send_fds(door, [len(question).to_bytes(4, "big")], [0, 1, 2])
door.sendall(question)
code = int.from_bytes(door.recv(4), "big", signed=True)
if code < 0:
    signal.signal(-code, signal.SIG_DFL)
    os.kill(os.getpid(), -code)
sys.exit(code)
"""
"""Asks for a fork with its own streams, hands on signals, and ends as the fork ended."""


@dataclass(frozen=True, slots=True)
class WarmCommands:
    """The program `g6`, whose commands are forks of one process.

    Attributes:
        program: Where it lies.
    """

    program: Path

    def g6(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        directory: Path,
        seconds: float = 60.0,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command of g6 to its end."""
        return subprocess.run(
            [str(self.program), *arguments],
            cwd=directory,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )


@contextmanager
def warm_commands() -> Iterator[WarmCommands]:
    """Run the process until the block ends."""
    # The path of a socket has 107 bytes.
    with tempfile.TemporaryDirectory(prefix="g6-") as directory:
        address = str(Path(directory) / "door")
        clean = {name: text for name, text in os.environ.items() if not name.startswith(LEAKS)}
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.e2e.warm_commands", address],
            cwd=ROOT,
            env=clean | {"PYTHONUTF8": "1", "OMP_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
        )
        try:
            eventually(Path(address).exists)
            program = Path(directory) / "g6"
            text = PROGRAM.format(python=sys.executable, root=str(ROOT), address=address)
            program.write_text(text, "utf-8")
            program.chmod(0o755)
            yield WarmCommands(program)
        finally:
            # It ends with its standard input, and so with whoever asks.
            child.communicate()


@cache
def warm() -> WarmCommands:
    """Return the commands of this process of tests, which last as long as it does."""
    lasting = ExitStack()
    atexit.register(lasting.close)
    return lasting.enter_context(warm_commands())


@dataclass(slots=True)
class Fork:
    """A command that runs: its process, and who waits for its end."""

    pid: int
    door: socket.socket
    modules: Path

    def read(self) -> None:
        """Hand on the signals that came; who asks and is gone takes the command along."""
        numbers = b""
        with suppress(OSError):
            numbers = self.door.recv(16)
        for number in numbers or [signal.SIGKILL]:
            os.kill(self.pid, number)

    def end(self) -> None:
        """Say how it ended, and import what it needed for those that come."""
        _, status = os.waitpid(self.pid, 0)
        code = os.waitstatus_to_exitcode(status)
        with suppress(OSError):
            self.door.sendall(code.to_bytes(4, "big", signed=True))
        self.door.close()
        with suppress(FileNotFoundError):
            _import_all(self.modules.read_text("utf-8").splitlines())
            self.modules.unlink()


def _import_all(names: Sequence[str]) -> None:
    """Import what is not imported yet."""
    missing = [name for name in names if name not in sys.modules]
    for name in missing:
        if not name.startswith(AT_IMPORT):
            with suppress(ImportError):
                import_module(name)
    if missing:
        # A collection would write into every page that the forks share.
        gc.freeze()


def _asked(door: socket.socket) -> tuple[list[int], list[str], dict[str, str], str]:
    """Return the streams, arguments, environment and directory of a question."""
    head, streams, _, _ = socket.recv_fds(door, 4, 3)
    text = b""
    while len(text) < int.from_bytes(head, "big"):
        text += door.recv(65536)
    arguments, environment, directory = json.loads(text)
    return streams, arguments, environment, directory


def _run(streams: Sequence[int], arguments: Sequence[str], modules: Path) -> None:
    """Run one command in this process, which ends with it."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    sys.argv = ["g6", *arguments]
    code = 1
    try:
        code = import_module("g6.entrypoints.cli").main() or 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:  # noqa: BLE001 - what stands above on the stack is the asked process
        traceback.print_exc()
    # As the end of an interpreter does it: threads, then what imports registered, then buffers.
    for thread in threading.enumerate():
        if thread is not threading.main_thread() and not thread.daemon:
            thread.join()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    modules.write_text("\n".join(sys.modules), "utf-8")
    os._exit(code)


def _begin(listening: socket.socket, number: int) -> Fork:
    """Take a question, and fork what runs it."""
    door, _ = listening.accept()
    streams, arguments, environment, directory = _asked(door)
    modules = Path(listening.getsockname()).with_name(f"modules-{number}")
    pid = os.fork()
    if pid == 0:
        os.setpgid(0, 0)
        listening.close()
        door.close()
        os.environ.clear()
        os.environ.update(environment)
        time.tzset()
        os.chdir(directory)
        _run(streams, arguments, modules)
    for stream in streams:
        os.close(stream)
    return Fork(pid, door, modules)


def main() -> None:
    """Fork a command for each question, until the standard input ends."""
    import_module("g6.entrypoints.cli")
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(sys.argv[1])
    listening.listen()
    waiting = selectors.DefaultSelector()
    waiting.register(0, selectors.EVENT_READ)
    waiting.register(listening, selectors.EVENT_READ)
    forks: dict[int, Fork] = {}
    count = 0
    while True:
        for key, _ in waiting.select():
            if key.fd == 0:
                for fork in forks.values():
                    os.kill(fork.pid, signal.SIGKILL)
                shutil.rmtree(Path(sys.argv[1]).parent, ignore_errors=True)
                return
            if key.fd == listening.fileno():
                count += 1
                fork = _begin(listening, count)
                ended = os.pidfd_open(fork.pid)
                forks[ended] = fork
                waiting.register(ended, selectors.EVENT_READ)
                waiting.register(fork.door, selectors.EVENT_READ, fork)
            elif key.fd in forks:
                fork = forks.pop(key.fd)
                waiting.unregister(key.fd)
                waiting.unregister(fork.door)
                os.close(key.fd)
                fork.end()
            elif isinstance(key.data, Fork) and key.data.door.fileno() >= 0:
                key.data.read()


if __name__ == "__main__":
    main()
