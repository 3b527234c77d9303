import json
import random
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from g6.adapters.csv.lines import LineWrite, put_line
from g6.errors import StoreBusy

HEADER = "timestamp,index,value"
START = datetime(2026, 11, 20, 4, 5, tzinfo=UTC)
WRITER = """
import sys
from pathlib import Path
from g6.adapters.csv.lines import put_line
first, step, count = map(int, sys.argv[2:])
for i in range(first, first + step * count, step):
    put_line(Path(sys.argv[1]), "timestamp,index,value", f"2026-11-20T04:{i // 60:02d}:{i % 60:02d}Z,NIFTY,{i - 300}")
"""
KILLER = """
import json, os, random, signal, sys, time
from pathlib import Path
from g6.adapters.csv.lines import put_line
path, rounds, die = Path(sys.argv[1]), int(sys.argv[2]), random.Random(7)
header, order, killed = "timestamp,index,value", 600, 0
reader, writer = os.pipe()
def name(i):
    return f"2026-11-20T{5 + i // 3600:02d}:{i // 60 % 60:02d}:{i % 60:02d}Z,NIFTY,{i}"
for turn in range(rounds):
    child = os.fork()
    if child == 0:
        while True:
            put_line(path, header, name(order if order % 3 else order - 5))
            os.write(writer, b".")
            order += 1
    os.read(reader, 1)
    until = time.perf_counter() + die.random() * 0.002
    while time.perf_counter() < until:
        pass
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    killed += 1
    order += 20
put_line(path, header, name(order + 100))
print(json.dumps({"killed": killed, "written": rounds}))
"""
SMALL = """
import resource, signal, sys
from pathlib import Path
from g6.adapters.csv.lines import put_line
from g6.errors import StoreBusy
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
path = Path(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 10,) * 2)
try:
    put_line(path, "timestamp,index,value", "2026-11-20T05:00:00Z,NIFTY,longer than ten bytes")
except StoreBusy as error:
    print(error)
"""


def line(i: int, value: object = "") -> str:
    return f"{(START + timedelta(seconds=i)).strftime('%Y-%m-%dT%H:%M:%SZ')},NIFTY,{value or i}"


def lines(path: Path) -> list[str]:
    text = path.read_text()
    assert text.endswith("\n")
    return text.splitlines()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "NIFTY" / "this_week" / "0" / "2026-11-20.csv"
    for i in range(5):
        put_line(found, HEADER, line(i))
    return found


def test_lines_stand_below_one_header_in_order(path: Path) -> None:
    assert lines(path) == [HEADER, *map(line, range(5))]


def test_a_line_that_is_there_changes_nothing_wherever_it_stands(path: Path) -> None:
    before = path.read_bytes()
    for i in (0, 2, 4, 4):
        assert put_line(path, HEADER, line(i)) == LineWrite(0, 0, 0)
    assert path.read_bytes() == before


@pytest.mark.parametrize("i", [0, 3, 4])
def test_a_rerun_replaces_the_line_of_its_instant(path: Path, i: int) -> None:
    assert put_line(path, HEADER, line(i, "new")).rows == 1
    assert lines(path) == [HEADER, *(line(each, "new" if each == i else "") for each in range(5))]


def test_a_line_that_comes_late_finds_its_place(path: Path) -> None:
    put_line(path, HEADER, line(9))
    put_line(path, HEADER, line(7))
    assert lines(path)[-3:] == [line(4), line(7), line(9)]


def test_a_fraction_of_a_second_stands_after_the_whole_second(path: Path) -> None:
    fraction = line(4, "half").replace("Z", ".500000Z")
    put_line(path, HEADER, fraction)
    put_line(path, HEADER, line(5))
    put_line(path, HEADER, line(4, "new"))
    assert lines(path)[-3:] == [line(4, "new"), fraction, line(5)]


@pytest.mark.parametrize("seed", range(100))
def test_a_line_torn_at_any_byte_is_cut_off_counted_and_written_again(
    path: Path, seed: int
) -> None:
    whole = path.read_bytes()
    cut = random.Random(seed).randrange(len(whole))
    path.write_bytes(whole[:cut])
    kept = whole[:cut].count(b"\n")
    put = put_line(path, HEADER, line(9))
    assert put.repaired == int(whole[:cut] != b"" and not whole[:cut].endswith(b"\n"))
    assert lines(path) == [HEADER, *map(line, range(max(kept - 1, 0))), line(9)]


def test_blocks_of_zeros_that_a_power_cut_left_are_torn_lines(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"\0" * 100)
    assert put_line(path, HEADER, line(9)).repaired == 1
    assert lines(path)[-2:] == [line(4), line(9)]


def test_a_torn_line_is_repaired_when_its_own_cycle_comes_again(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[:-3])
    assert put_line(path, HEADER, line(4)).repaired == 1
    assert path.read_bytes() == whole


def test_a_file_gains_the_columns_that_are_switched_on_later(path: Path) -> None:
    put_line(path, HEADER + ",ce_iv", line(7) + ",0.12")
    assert lines(path)[0] == HEADER + ",ce_iv"
    assert lines(path)[-2:] == [line(4) + ",", line(7) + ",0.12"]


def test_a_file_keeps_the_columns_that_are_switched_off_later(path: Path) -> None:
    put_line(path, HEADER + ",ce_iv", line(7) + ",0.12")
    put_line(path, HEADER, line(8))
    assert lines(path)[-2:] == [line(7) + ",0.12", line(8) + ","]


def test_eight_writers_at_once_lose_and_double_nothing(path: Path) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(path), str(300 + i), "8", "20"])
        for i in range(8)
    ]
    assert [writer.wait(90) for writer in writers] == [0] * 8
    assert lines(path) == [HEADER, *map(line, range(160))]


def test_a_hundred_writers_killed_in_mid_write_leave_whole_lines_behind(path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLER, str(path), "100"],
        capture_output=True,
        text=True,
        check=True,
        timeout=100,
    )
    facts = json.loads(done.stdout)
    found = lines(path)
    assert facts["killed"] == 100
    assert found == sorted(set(found), key=lambda each: (each != HEADER, each))
    assert all(each.count(",") == 2 for each in found)
    assert facts["written"] <= len(found) - 1


def test_a_disk_that_takes_a_part_of_a_line_keeps_none_of_it(path: Path) -> None:
    whole = path.read_bytes()
    done = subprocess.run(
        [sys.executable, "-c", SMALL, str(path)], capture_output=True, text=True, check=True
    )
    assert f"cannot write {path}" in done.stdout
    assert path.read_bytes() == whole


def test_a_directory_in_the_place_of_a_file_is_named_with_the_fix(path: Path) -> None:
    (path.parent / "2026-11-21.csv").mkdir()
    with pytest.raises(StoreBusy, match=r"2026-11-21\.csv: .*move away the directory"):
        put_line(path.parent / "2026-11-21.csv", HEADER, line(1))
