"""The supervisor's children: watched, started again, ended in time; every one of them ended by these tests themselves."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from g6.entrypoints.machine.processes import Process, Roster, stop, undisturbed
from g6.errors import Unavailable
from tests.waiting import eventually

Make = Callable[..., Process]
SLEEP = "import time; time.sleep(60)"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(60)"
FAMILY = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]).pid, flush=True)
time.sleep(60)
"""


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[Process] = []

    def start(code: str, name: str = "child", **options: bool) -> Process:
        process = Process(
            name,
            [sys.executable, "-c", code],
            os.environ,
            tmp_path / "logs" / f"{name}.log",
            **options,
        )
        process.start()
        made.append(process)
        return process

    yield start
    stop([process for process in made if process.alive], 0.0)


def gone(process: Process) -> bool:
    return not process.alive


def test_a_process_runs_in_a_session_of_its_own_with_its_output_in_a_file(make: Make) -> None:
    process = make("print('hello', flush=True); import time; time.sleep(60)")
    assert process.alive
    assert os.getsid(process.pid) == process.pid
    eventually(lambda: process.log.read_text() == "hello\n")


def test_its_last_words_are_the_end_of_its_output(make: Make) -> None:
    process = make("print('one\\ntwo\\nthree\\nfour')")
    eventually(lambda: gone(process))
    assert process.last_words(2) == "three\nfour"


def test_who_is_killed_without_a_word_is_told_by_its_signal(make: Make) -> None:
    process = make(SLEEP)
    assert process.why_ended() == "it says nothing"
    process.signal(signal.SIGKILL)
    eventually(lambda: gone(process))
    assert process.why_ended() == "it ended without a word, signal 9"


def test_a_process_that_never_spoke_has_no_last_words(tmp_path: Path) -> None:
    assert Process("x", ["true"], {}, tmp_path / "none.log").last_words() == ""


def test_a_process_that_died_is_started_again_after_its_pause(make: Make) -> None:
    process = make("raise SystemExit(1)")
    first = process.pid
    eventually(lambda: gone(process))
    assert not process.watch()
    eventually(process.watch)
    assert (process.restarts, process.pid == first) == (1, False)


def test_pauses_grow_while_it_keeps_dying(make: Make) -> None:
    process = make("raise SystemExit(1)")
    pauses = []
    for _ in range(2):
        eventually(lambda: gone(process))
        process.watch()
        pauses.append(process._next)
        eventually(process.watch)
    process.restarts = 20
    eventually(lambda: gone(process))
    process.watch()
    assert process._next - process.started <= 31.0


def test_one_that_lives_is_left_alone(make: Make) -> None:
    process = make(SLEEP)
    assert not process.watch()
    assert process.restarts == 0


def test_one_that_shall_not_come_back_stays_away(make: Make) -> None:
    process = make("pass", again=False)
    eventually(lambda: gone(process))
    assert not process.watch()


def test_stop_ends_all_of_them_and_they_stay_ended(make: Make) -> None:
    processes = [make(SLEEP, name) for name in ("one", "two")]
    stop(processes, 10.0)
    assert not any(process.alive or process.watch() for process in processes)


def test_one_that_does_not_hear_is_killed(make: Make) -> None:
    process = make(DEAF)
    eventually(lambda: "ready" in process.last_words())
    stop([process], 0.2)
    assert not process.alive


def test_the_children_of_one_that_is_killed_end_with_it(make: Make) -> None:
    process = make(FAMILY)
    eventually(lambda: process.last_words().isdigit())
    child = int(process.last_words())
    stop([process], 0.2)
    eventually(
        lambda: (
            not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE
        )
    )


def test_stopping_what_never_started_is_nothing(tmp_path: Path) -> None:
    never = Process("x", ["true"], {}, tmp_path / "x.log")
    stop([never], 0.1)
    assert (never.alive, never.pid, never.again) == (False, 0, False)


@pytest.fixture
def interruptible() -> Iterator[None]:
    """A shell lets what it starts in the background ignore SIGINT."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_a_signal_while_a_child_is_born_is_heard_afterwards() -> None:
    reached = []

    def born() -> None:
        with undisturbed():
            signal.raise_signal(signal.SIGINT)
            reached.append("the end of the block")

    with pytest.raises(KeyboardInterrupt):
        born()
    assert reached == ["the end of the block"]


SUPERVISOR = """
import os, sys, time
from pathlib import Path
from g6.entrypoints.machine.processes import Process, Roster
base = Path(sys.argv[1])
child = Process("child", [sys.executable, "-c", sys.argv[2]], os.environ, base / "child.log")
child.start()
Roster(base / "running").write([child])
print(child.pid, flush=True)
time.sleep(60)
"""


def killed_supervisor(base: Path, code: str) -> psutil.Process:
    """Start a supervisor with one child, wait until the child runs, kill the supervisor; return the child."""
    with subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, str(base), code], stdout=subprocess.PIPE
    ) as supervisor:
        assert supervisor.stdout is not None
        child = psutil.Process(int(supervisor.stdout.readline()))
        eventually(lambda: (base / "child.log").read_text() == "ready\n")
        supervisor.kill()
    return child


def runs(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel is asked on Linux")
def test_a_child_ends_with_a_supervisor_that_was_killed(tmp_path: Path) -> None:
    child = killed_supervisor(tmp_path, "import time; print('ready', flush=True); time.sleep(60)")
    eventually(lambda: not runs(child))


def test_a_child_that_does_not_hear_is_ended_by_the_next_supervisor(tmp_path: Path) -> None:
    child = killed_supervisor(tmp_path, DEAF)
    assert runs(child)
    assert Roster(tmp_path / "running").end_orphans(0.1) == ["child"]
    eventually(lambda: not runs(child))
    assert list((tmp_path / "running").iterdir()) == []


def test_what_a_living_supervisor_runs_is_left_alone_and_so_is_a_later_process_of_the_same_number(
    make: Make, tmp_path: Path
) -> None:
    child = make(SLEEP)
    roster = Roster(tmp_path / "running")
    roster.write([child])
    assert roster.end_orphans(0.1) == []
    record = json.loads(roster.path.read_text())
    gone = {"supervisor": {"pid": record["supervisor"]["pid"], "started": 1.0}}
    other = {"processes": [record["processes"][0] | {"started": 1.0}]}
    roster.path.write_text(json.dumps(record | gone | other))
    assert roster.end_orphans(0.1) == []
    assert child.alive


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"host": 3}', '{"host": "elsewhere", "supervisor": {"pid": 1}}']
)
def test_a_record_that_cannot_be_read_ends_nothing(tmp_path: Path, content: str) -> None:
    (tmp_path / "4711.json").write_text(content)
    assert Roster(tmp_path).end_orphans(0.1) == []


def test_a_log_that_cannot_be_written_is_said_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("a file")
    with pytest.raises(Unavailable, match="cannot be written"):
        Process("x", ["true"], {}, tmp_path / "logs" / "x.log").start()
