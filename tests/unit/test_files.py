import fcntl
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from g6.errors import StoreBusy
from g6.files import (
    ABANDONED_SECONDS,
    being_written,
    clear_abandoned,
    quoted,
    replace,
    replace_together,
    shown,
)

AS_NOBODY = """
import os, sys
from pathlib import Path
from g6.errors import StoreBusy
from g6.files import replace
os.setuid(65534)
try:
    replace(Path(sys.argv[1]), b"new")
except StoreBusy as error:
    print(error)
"""
SMALL = """
import resource, signal, sys
from pathlib import Path
from g6.errors import StoreBusy
from g6.files import replace
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    replace(Path(sys.argv[1]), b"x" * 5000)
except StoreBusy as error:
    print(error)
"""

KILLER = """
import os, random, signal, sys, time
from pathlib import Path
from g6.files import replace
path, die, seen = Path(sys.argv[1]), random.Random(7), set()
reader, writer = os.pipe()
for turn in range(100):
    child = os.fork()
    if child == 0:
        while True:
            replace(path, bytes([turn]) * 300_000)
            os.write(writer, b".")
    os.read(reader, 1)
    until = time.perf_counter() + die.random() * 0.002
    while time.perf_counter() < until:
        pass
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    held = path.read_bytes()
    seen.add((len(held), held.count(held[:1])))
print(seen)
"""


def said(script: str, *arguments: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_a_file_is_replaced_whole_and_nothing_stays_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file"
    replace(path, b"old")
    replace(path, b"new")
    assert path.read_bytes() == b"new"
    assert [each.name for each in path.parent.iterdir()] == ["file"]


def test_a_hundred_writers_killed_in_mid_write_leave_a_whole_file_each(tmp_path: Path) -> None:
    assert said(KILLER, tmp_path / "file").strip() == "{(300000, 300000)}"


def test_a_file_where_a_directory_must_be_is_named_with_the_fix(tmp_path: Path) -> None:
    (tmp_path / "chain").write_text("in the way")
    with pytest.raises(StoreBusy, match=r"cannot write .*chain/part: .*; move away the file"):
        replace(tmp_path / "chain" / "part", b"new")


@pytest.mark.skipif(os.getuid() != 0, reason="needs root to become somebody without rights")
def test_a_directory_without_write_permission_is_named_with_the_fix() -> None:
    with tempfile.TemporaryDirectory() as directory:
        Path(directory).chmod(0o755)
        path = Path(directory) / "part"
        path.write_bytes(b"old")
        answer = said(AS_NOBODY, path)
        assert f"cannot write {path}" in answer
        assert "chown" in answer
        assert path.read_bytes() == b"old"


def test_what_is_there_stays_whole_when_the_disk_takes_no_more(tmp_path: Path) -> None:
    path = tmp_path / "part"
    path.write_bytes(b"old")
    answer = said(SMALL, path)
    assert "ulimit" in answer
    assert path.read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == ["part"]


def left(directory: Path, name: str, age: float) -> Path:
    path = directory / name
    path.write_bytes(b"half")
    os.utime(path, (time.time() - age,) * 2)
    return path


def test_what_killed_writers_left_is_cleared_once_it_is_nobodys(tmp_path: Path) -> None:
    (tmp_path / "chain").mkdir()
    old = left(tmp_path / "chain", ".053000Z.parquet.71-140.tmp", ABANDONED_SECONDS + 1)
    young = left(tmp_path / "chain", ".053100Z.parquet.72-140.tmp", ABANDONED_SECONDS - 60)
    others = left(tmp_path, "notes.tmp", 1e6)
    assert clear_abandoned(tmp_path) == 1
    assert (old.exists(), young.exists(), others.exists()) == (False, True, True)


def test_a_file_that_is_being_written_is_left_alone_however_old_it_is(tmp_path: Path) -> None:
    path = left(tmp_path, ".day.parquet.71-140.tmp", 1e6)
    with path.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert being_written(path)
        assert clear_abandoned(tmp_path) == 0
    assert clear_abandoned(tmp_path) == 1


def test_a_name_in_no_alphabet_is_shown_and_quoted_so_that_a_shell_finds_it(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/it's \xff.parquet"))
    path.write_bytes(b"")
    assert shown(path).endswith("it's \\xff.parquet")
    assert subprocess.run(["bash", "-c", f"test -e {quoted(path)}"], check=False).returncode == 0


def test_files_that_are_replaced_together_are_whole_up_to_the_one_that_is_refused(
    tmp_path: Path,
) -> None:
    (tmp_path / "b").mkdir()
    with pytest.raises(StoreBusy, match="/b: "):
        replace_together(tmp_path, {"a": b"1", "b": b"2", "c": b"3"})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]
    replace_together(tmp_path, {"a": b"4", "c": b"5"})
    assert ((tmp_path / "a").read_bytes(), (tmp_path / "c").read_bytes()) == (b"4", b"5")
