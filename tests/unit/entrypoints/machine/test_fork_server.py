"""The fork server: what it forks is a process of its own, followed to its end, and ended with it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from g6.entrypoints.machine.children import Child
from g6.entrypoints.machine.fork_server import ForkedChild, ForkServer, child_environment
from tests.waiting import eventually

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux")

STAYS = ("http.server", "0", "--bind", "127.0.0.1")
"""A module that runs until it is ended, and writes an address first."""


@pytest.fixture(scope="module")
def forks() -> Iterator[ForkServer]:
    with ForkServer() as server:
        yield server


def launch(forks: ForkServer, log: Path, *words: str, **environment: str) -> Child:
    with log.open("ab") as output:
        return forks.launch(
            [sys.executable, "-m", *words],
            child_environment({"PYTHONUNBUFFERED": "1", **environment}),
            output.fileno(),
        )


def test_a_forked_process_runs_in_a_session_of_its_own_with_its_output_in_a_file(
    forks: ForkServer, tmp_path: Path
) -> None:
    child = launch(forks, tmp_path / "log", *STAYS)
    assert isinstance(child, ForkedChild)
    assert (child.alive, child.exit_code, os.getsid(child.pid)) == (True, None, child.pid)
    eventually(lambda: "Serving HTTP" in (tmp_path / "log").read_text())
    child.send(signal.SIGTERM)
    assert child.wait(90)
    assert (child.alive, child.exit_code) == (False, -signal.SIGTERM)


def test_ps_shows_what_each_process_is_for(forks: ForkServer, tmp_path: Path) -> None:
    child = launch(forks, tmp_path / "log", *STAYS)
    eventually(lambda: psutil.Process(child.pid).cmdline()[:2] == ["g6", "0"])
    child.send(signal.SIGKILL)
    assert child.wait(90)


def test_the_code_of_its_end_is_known(forks: ForkServer, tmp_path: Path) -> None:
    for words, code in ((("platform",), 0), (("calendar", "no-year"), 2), (("nowhere",), 1)):
        child = launch(forks, tmp_path / words[0], *words)
        assert child.wait(90)
        assert (words, child.exit_code) == (words, code)
    # An end that was asked for is no error: each stop of g6 up left a traceback in every log.
    assert "Traceback" not in (tmp_path / "platform").read_text()
    assert "Traceback" not in (tmp_path / "calendar").read_text()
    assert "No module named" in (tmp_path / "nowhere").read_text()


def test_each_process_has_the_environment_that_was_asked_for(
    forks: ForkServer, tmp_path: Path
) -> None:
    child = launch(forks, tmp_path / "log", "site", HOME=str(tmp_path / "home"))
    assert child.wait(90)
    assert f"{tmp_path}/home" in (tmp_path / "log").read_text()


def test_what_arrow_allocates_for_itself_comes_from_the_pool_that_gives_freed_memory_back(
    forks: ForkServer, tmp_path: Path
) -> None:
    child = launch(forks, tmp_path / "log", *STAYS)
    assert isinstance(child, ForkedChild)
    areas = Path(f"/proc/{child.pid}/maps").read_text("ascii").splitlines()
    child.send(signal.SIGKILL)
    assert child.wait(90)
    # Arrow's own allocator, mimalloc, reserves a gigabyte at its first allocation.
    sizes = []
    for area in areas:
        begin, end = area.partition(" ")[0].split("-")
        sizes.append(int(end, 16) - int(begin, 16))
    assert max(sizes) < 2**29


def test_a_command_that_is_no_module_is_executed(forks: ForkServer, tmp_path: Path) -> None:
    with (tmp_path / "log").open("ab") as output:
        child = forks.launch(["true"], os.environ, output.fileno())
    assert child.wait(90)
    assert not isinstance(child, ForkedChild)
    assert child.exit_code == 0


def test_what_it_forked_ends_with_it_and_the_next_process_is_asked_of_another(
    tmp_path: Path,
) -> None:
    with ForkServer() as forks:
        first = launch(forks, tmp_path / "log", *STAYS)
        server = psutil.Process(first.pid).ppid()
        os.kill(server, signal.SIGKILL)
        assert first.wait(90)
        second = launch(forks, tmp_path / "log", *STAYS)
        assert second.alive
    assert second.wait(90)


SUPERVISOR = """
import os, sys
from g6.entrypoints.machine.fork_server import ForkServer, child_environment
with ForkServer(by_fork=True) as forks, open(sys.argv[1], "ab") as log:
    child = forks.launch(
        [sys.executable, "-m", "http.server", "0", "--bind", "127.0.0.1"],
        child_environment({}),
        log.fileno(),
    )
    print(child.pid, flush=True)
    input()
    print("the block went on in the supervisor alone", flush=True)
"""


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, str(tmp_path / "log")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        process.kill()


def ended(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def test_a_server_forked_from_its_supervisor_ends_with_the_block_and_goes_on_with_nothing_else(
    supervisor: subprocess.Popen[str],
) -> None:
    assert supervisor.stdout is not None
    child = psutil.Process(int(supervisor.stdout.readline()))
    output, _ = supervisor.communicate("\n", timeout=90)
    assert output == "the block went on in the supervisor alone\n"
    eventually(lambda: ended(child))


def test_both_end_with_a_supervisor_that_was_killed(supervisor: subprocess.Popen[str]) -> None:
    assert supervisor.stdout is not None
    child = psutil.Process(int(supervisor.stdout.readline()))
    server = child.parent()
    assert server is not None
    assert server.ppid() == supervisor.pid
    supervisor.kill()
    eventually(lambda: ended(child) and ended(server))
