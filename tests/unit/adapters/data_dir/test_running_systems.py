"""The systems that run elsewhere on this machine are known by the directories that they own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from g6.adapters.data_dir.running_systems import RunningSystem, running_systems
from g6.bootstrap.wiring import redis_url
from g6.config import load
from g6.errors import Unavailable

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="the open files of another process are looked at"
)
OWN = """
import sys
from pathlib import Path
from g6.adapters.clocks import WallClock
from g6.adapters.data_dir.owner import System, owned
system = System.of_its_own("g6")
with owned(Path(sys.argv[1]), sys.argv[2] or None, system, WallClock(), who="g6 up") as tell:
    tell("redis://127.0.0.1:1/0")
    print("owned", flush=True)
    sys.stdin.read()
"""


@contextmanager
def system(directory: Path, kind: str = "sim") -> Iterator[int]:
    """Own a directory in another process for the block, and give its process id."""
    command = [sys.executable, "-c", OWN, str(directory), kind]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        try:
            assert process.stdout.readline() == b"owned\n"
            yield process.pid
        finally:
            process.stdin.close()


def of_test(directory: Path) -> list[RunningSystem]:
    """Return the systems below a directory of this test: others may run beside it."""
    return [one for one in running_systems() if one.directory.is_relative_to(directory)]


def test_a_system_is_known_while_it_lives(tmp_path: Path) -> None:
    with system(tmp_path / "rows") as pid:
        assert of_test(tmp_path) == [RunningSystem(tmp_path / "rows", "g6 up", pid)]
    assert of_test(tmp_path) == []


def test_a_directory_of_csv_files_alone_is_none(tmp_path: Path) -> None:
    with system(tmp_path / "csv", kind=""):
        assert of_test(tmp_path) == []


def test_who_looks_at_another_directory_is_told_where_g6_runs(tmp_path: Path) -> None:
    here = tmp_path / "here"
    with system(tmp_path / "my rows") as pid, pytest.raises(Unavailable) as refused:
        redis_url(load(None, {"data_dir": here, "demo_dir": here}, {}))
    sentence = f"G6 runs in {tmp_path}/my rows (process {pid}): add --data-dir '{tmp_path}/my rows'"
    assert sentence in str(refused.value)
    assert "g6 overview" not in refused.value.fix


def test_who_asks_after_a_demo_is_told_of_its_rows_wherever_g6_runs(tmp_path: Path) -> None:
    here = tmp_path / "here"
    (here / "chain" / "underlying=NIFTY" / "date=2026-11-18").mkdir(parents=True)
    with system(tmp_path / "rows") as pid, pytest.raises(Unavailable) as refused:
        redis_url(load(None, {"data_dir": here, "demo_dir": here}, {}))
    assert refused.value.fix.startswith("g6 overview shows what is stored there; start one")
    assert f"(process {pid})" in refused.value.fix


def test_a_system_of_a_namespace_is_found_by_its_base_directory() -> None:
    running = RunningSystem(Path("/rows/second"), "g6 up", 1, "second")
    assert running.options == ("--data-dir", "/rows", "--set", "namespace=second")
