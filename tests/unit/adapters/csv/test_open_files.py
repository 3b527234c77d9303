"""Files that stay open hold what files that are opened for each line hold, whoever else writes."""

import os
import random
import resource
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from g6.adapters.csv.lines import put_line, put_lines
from g6.adapters.csv.open_files import OpenFiles
from g6.errors import StoreBusy

DAY = date(2026, 11, 20)
HEADER = "timestamp,index,value"
WIDER = f"{HEADER},ce_iv"
NAME = "NIFTY/this_week/0/2026-11-20.csv"


def line(second: int, value: object = "") -> str:
    return f"2026-11-20T04:{second // 60:02d}:{second % 60:02d}Z,NIFTY,{value or second}"


def names_of_descriptors(below: Path) -> list[str]:
    names = []
    for entry in Path("/proc/self/fd").iterdir():
        try:
            target = entry.readlink()
        except FileNotFoundError:
            continue
        if target.is_relative_to(below):
            names.append(str(target))
    return names


def cut_off(path: Path, _second: int) -> None:
    path.write_bytes(path.read_bytes()[:-3])


def spoil_the_header(path: Path, _second: int) -> None:
    with path.open("r+b") as file:
        file.write(b"\0\0\0\0")


def spoil_the_end(path: Path, _second: int) -> None:
    content = path.read_bytes()
    with path.open("r+b") as file:
        file.seek(len(content) - 6)
        file.write(b"\0\0")


def remove(path: Path, _second: int) -> None:
    path.unlink()


def move_away(path: Path, _second: int) -> None:
    path.rename(path.with_name("away.csv"))


def by_another(path: Path, second: int) -> None:
    put_line(path, HEADER, line(second + 1, "another"))


def mend(path: Path, second: int) -> None:
    put_lines(path, HEADER, {line(second)[:20]: line(second, "mended")})


def empty(path: Path, _second: int) -> None:
    path.write_bytes(b"")


OTHERS: tuple[Callable[[Path, int], None], ...] = (
    cut_off, spoil_the_header, spoil_the_end, remove, move_away, by_another, mend, empty,
)  # fmt: skip


@pytest.mark.parametrize("seed", range(12))
def test_a_file_that_stays_open_gets_the_bytes_of_one_that_is_opened_each_time(
    tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    files = OpenFiles(8)
    opened, closed = tmp_path / "open" / NAME, tmp_path / "closed" / NAME
    second = 100
    for _ in range(40):
        step = chance.random()
        if step < 0.2 and opened.exists() and opened.stat().st_size > 200:
            change = chance.choice(OTHERS)
            change(opened, second)
            change(closed, second)
        else:
            second += chance.choice((1, 1, 1, 1, 0, -3))
            header = chance.choice((HEADER, HEADER, HEADER, HEADER, WIDER))
            text = line(second, chance.choice(("", "", "new")))
            text += ",0.5" if header == WIDER else ""
            assert files.of_day(DAY)(opened, header, text) == put_line(closed, header, text)
        assert opened.exists() == closed.exists()
        if opened.exists():
            assert opened.read_bytes() == closed.read_bytes()


def test_files_beyond_the_bound_are_closed_again(tmp_path: Path) -> None:
    put = OpenFiles(2).of_day(DAY)
    for second in range(3):
        for number in range(5):
            put(tmp_path / f"{number}.csv", HEADER, line(second))
    assert len(names_of_descriptors(tmp_path)) == 2
    whole = [HEADER, line(0), line(1), line(2)]
    for path in tmp_path.iterdir():
        assert path.read_text().splitlines() == whole


def test_the_files_of_a_day_are_closed_when_the_next_one_begins(tmp_path: Path) -> None:
    files = OpenFiles(8)
    files.of_day(DAY)(tmp_path / "first.csv", HEADER, line(1))
    next_day = DAY + timedelta(days=1)
    files.of_day(next_day)(tmp_path / "second.csv", HEADER, line(1))
    files.of_day(DAY)(tmp_path / "first.csv", HEADER, line(2))
    assert names_of_descriptors(tmp_path) == [str(tmp_path / "second.csv")]


def test_nothing_stays_open_behind_files_that_nobody_has(tmp_path: Path) -> None:
    files = OpenFiles(8)
    files.of_day(DAY)(tmp_path / "a.csv", HEADER, line(1))
    del files
    assert names_of_descriptors(tmp_path) == []


def test_a_lock_of_another_writer_is_waited_for_and_the_own_is_given_back(tmp_path: Path) -> None:
    put = OpenFiles(8).of_day(DAY)
    path = tmp_path / "a.csv"
    for second in range(4):
        put(path, HEADER, line(2 * second))
        # It would wait for ever if the file that stays open were locked.
        put_line(path, HEADER, line(2 * second + 1))
    assert path.read_text().splitlines() == [HEADER, *map(line, range(8))]


def test_a_refused_line_leaves_the_file_closed_and_the_next_one_is_put(tmp_path: Path) -> None:
    put = OpenFiles(8).of_day(DAY)
    path = tmp_path / "a" / "a.csv"
    put(path, HEADER, line(1))
    path.unlink()
    path.mkdir()
    with pytest.raises(StoreBusy, match="move away the directory"):
        put(path, HEADER, line(2))
    path.rmdir()
    put(path, HEADER, line(3))
    assert path.read_text().splitlines() == [HEADER, line(3)]


def test_open_files_are_given_up_where_no_descriptor_is_left(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    put = OpenFiles(64).of_day(DAY)
    lowest = os.open(tmp_path, os.O_RDONLY)
    os.close(lowest)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (lowest + 20, hard))
        for second in range(2):
            for number in range(50):
                put(tmp_path / f"{number}.csv", HEADER, line(second))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    for path in tmp_path.iterdir():
        assert path.read_text().splitlines() == [HEADER, line(0), line(1)]


def test_a_file_that_was_written_anew_does_not_stay_on_the_disk(tmp_path: Path) -> None:
    put = OpenFiles(8).of_day(DAY)
    path = tmp_path / "a.csv"
    for second in (1, 2):
        put(path, HEADER, line(second))
    assert names_of_descriptors(tmp_path) == [str(path)]
    put(path, HEADER, line(1, "rerun"))
    assert names_of_descriptors(tmp_path) == []
    put(path, HEADER, line(3))
    assert path.read_text().splitlines() == [HEADER, line(1, "rerun"), line(2), line(3)]
