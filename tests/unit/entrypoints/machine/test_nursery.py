"""Children that a helper forks: they end, are killed, and end with whoever asked for them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import psutil
import pytest

from g6.config import Settings, load
from g6.entrypoints.machine.ticker_children import Nursery
from tests.waiting import eventually

pytestmark = pytest.mark.skipif(
    not hasattr(os, "pidfd_open"), reason="processes are followed by descriptors"
)


def ends_with_three(settings: Settings, url: str) -> None:
    raise SystemExit(3 if (settings.interval, url) == (60, "redis://here") else 4)


def goes_on(_: Settings, __: str) -> None:
    signal.pause()


def test_a_child_runs_its_target_with_settings_and_its_exit_code_is_known() -> None:
    with Nursery() as nursery:
        child = nursery.new_child(ends_with_three, load("", {}, {}), "redis://here")
        child.start()
        child.join(90)
        assert child.exitcode == 3


def test_a_child_that_goes_on_has_no_exit_code_until_it_is_killed() -> None:
    with Nursery() as nursery:
        child = nursery.new_child(goes_on, load("", {}, {}), "")
        child.start()
        child.join(0.01)
        assert child.exitcode is None
        child.kill()
        assert child.exitcode not in (None, 0)
        assert not psutil.pid_exists(child.pid)


ABANDONED = """
import os, sys
from g6.config import load
from g6.entrypoints.machine.ticker_children import Nursery
from tests.unit.entrypoints.machine.test_nursery import goes_on
with Nursery() as nursery:
    child = nursery.new_child(goes_on, load("", {}, {}), "")
    child.start()
    print(child.pid, flush=True)
    sys.stdin.read()
"""


def test_children_of_a_killed_process_end_too() -> None:
    command = [sys.executable, "-c", ABANDONED]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        assert psutil.pid_exists(pid)
        process.kill()
    eventually(lambda: not psutil.pid_exists(pid))
