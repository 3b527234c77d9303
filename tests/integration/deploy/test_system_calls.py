"""What runs under a unit gets along with the system calls that it leaves. No systemd ran it."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.deploy import filtered
from tests.integration.deploy.deployed import FOLDER, ROOT

pytestmark = pytest.mark.services
UNIT = FOLDER / "systemd/g6-worker@.service"
PROGRAM = ROOT / "tests/integration/deploy/filtered.py"


@pytest.fixture(autouse=True)
def needed() -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("needs systemd-analyze: make test-services")
    try:
        ctypes.CDLL(filtered.LIBRARY)
    except OSError:
        pytest.skip(f"needs {filtered.LIBRARY}, which systemd comes with")


def under(unit: Path, *command: str, at: Path) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, str(PROGRAM), str(unit), *command]
    return subprocess.run(
        words, cwd=at, capture_output=True, text=True, timeout=150, check=False
    )  # fmt: skip


def test_a_call_that_no_set_of_the_unit_holds_is_refused_and_a_listed_one_is_not(
    tmp_path: Path,
) -> None:
    program = (
        "import os, socket\n"
        "print(os.getpid() > 0, socket.socket(socket.AF_INET).fileno() > 0)\n"
        "for tried in (lambda: os.nice(1), lambda: socket.socket(socket.AF_NETLINK),\n"
        "              lambda: os.sched_setaffinity(0, {0}), lambda: os.chroot('.')):\n"
        "    try:\n"
        "        tried()\n"
        "        print('done')\n"
        "    except PermissionError:\n"
        "        print('refused')\n"
    )
    done = under(UNIT, sys.executable, "-c", program, at=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["True", "True", *4 * ["refused"]]


def test_units_of_all_kinds_leave_the_same_calls() -> None:
    filters = set()
    for path in sorted((FOLDER / "systemd").glob("*.service")):
        lines = path.read_text("utf-8").splitlines()
        filters.add(tuple(line for line in lines if line.startswith(("SystemCall", "RestrictA"))))
    assert len(filters) == 1


def test_workers_beat_and_their_redis_collect_under_the_filter_of_a_unit(tmp_path: Path) -> None:
    program = str(Path(sys.executable).parent / "g6")
    rows = str(tmp_path / "rows")
    command = (program, "run", "--cycles", "2", "--indices", "NIFTY", "--data-dir", rows)
    done = under(UNIT, *command, "--set", "provider.name=sim", "--interval", "1", at=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 of 2 cycles closed: 2 OK" in done.stdout + done.stderr
