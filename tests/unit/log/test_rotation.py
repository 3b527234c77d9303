"""Log files begin anew by size and by day, whoever has them open, and old ones go."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from g6.log.rotation import LogFileHandler, Rotation, log_files, rotate_by_copy

NOON = datetime(2026, 11, 18, 6, 30, tzinfo=UTC).timestamp()
DAY = 86_400.0


OPENED: list[LogFileHandler] = []


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    while OPENED:
        OPENED.pop().close()


def handler(path: Path, now: float = NOON, **rotation: int) -> LogFileHandler:
    OPENED.append(LogFileHandler(path, Rotation(**rotation), lambda: now))
    return OPENED[-1]


def write(to: LogFileHandler, text: str) -> None:
    to.emit(logging.LogRecord("g6", logging.INFO, "", 0, text, None, None))


def aged(path: Path, at: float) -> None:
    os.utime(path, (at, at))


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def test_a_file_that_is_too_large_begins_anew_and_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "g6.log"
    own = handler(path, most_bytes=40)
    for number in range(12):
        write(own, f"line {number:02d} of twelve")
        aged(path, NOON)
    own.close()
    assert path.stat().st_size <= 60
    lines = [line for file in log_files(path.parent) for line in file.path.read_text().splitlines()]
    assert lines == [f"line {number:02d} of twelve" for number in range(12)]


def test_a_new_day_in_india_begins_a_new_file(tmp_path: Path) -> None:
    path = tmp_path / "g6.log"
    write(handler(path), "yesterday")
    aged(path, NOON)
    write(handler(path, NOON + DAY), "today")
    assert names(tmp_path) == ["g6-2026-11-18.log", "g6.log"]
    assert path.read_text() == "today\n"


def test_only_so_many_earlier_files_are_kept_and_those_of_others_stay(tmp_path: Path) -> None:
    path = tmp_path / "g6.log"
    (tmp_path / "persist-2026-01-01.log").write_text("old\n")
    for number in range(5):
        own = handler(path, NOON + number * DAY, keep_files=2)
        write(own, f"day {number}")
        aged(path, NOON + number * DAY)
    assert names(tmp_path) == [
        "g6-2026-11-20.log",
        "g6-2026-11-21.log",
        "g6.log",
        "persist-2026-01-01.log",
    ]


def test_two_processes_that_append_follow_each_others_rotation(tmp_path: Path) -> None:
    path = tmp_path / "g6.log"
    first = handler(path)
    second = handler(path, NOON + DAY)
    write(first, "of the first")
    aged(path, NOON)
    write(second, "of the second")
    write(first, "again of the first")
    assert path.read_text() == "of the second\nagain of the first\n"


def test_a_file_that_another_program_has_open_is_copied_and_cut(tmp_path: Path) -> None:
    path = tmp_path / "beat.log"
    with path.open("ab", buffering=0) as output:
        output.write(b"before\n")
        aged(path, NOON)
        assert rotate_by_copy(path, Rotation(), NOON + DAY)
        output.write(b"after\n")
    assert path.read_text() == "after\n"
    assert (tmp_path / "beat-2026-11-18.log").read_text() == "before\n"


@pytest.mark.parametrize("content", ["", "short\n"])
def test_a_file_that_is_empty_or_short_and_of_today_stays(tmp_path: Path, content: str) -> None:
    path = tmp_path / "beat.log"
    path.write_text(content)
    aged(path, NOON if content else NOON - DAY)
    assert not rotate_by_copy(path, Rotation(), NOON + 60.0)
    assert names(tmp_path) == ["beat.log"]


def test_a_directory_that_cannot_be_written_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("a file in its place")
    write(handler(tmp_path / "logs" / "g6.log"), "lost")
    assert (tmp_path / "logs").read_text() == "a file in its place"
