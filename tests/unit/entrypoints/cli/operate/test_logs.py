"""`g6 logs` over files as the processes of a run leave them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from g6.bootstrap.reading.log_reading import DirectoryLogs
from g6.studies.now.log_lines import LogParameters, answer
from tests.unit.entrypoints.cli.conftest import Run

CYCLE = "2026-11-18T05:30:00Z"


def entry(clock: str, event: str, level: str = "info", **more: Any) -> str:
    return json.dumps(
        {"event": event, "level": level, "ts": f"2026-11-18T05:{clock}.250000Z", **more}
    )


LINES = {
    "g6": (
        entry("30:01", "cycle", cycle=CYCLE, status="PARTIAL", not_ok={"SENSEX": "MISSING late"}),
        entry("30:02", "gap.opened", "warning", cycle=CYCLE, index="SENSEX", trace="abc"),
        entry("31:01", "cycle", cycle="2026-11-18T05:31:00Z", status="OK"),
    ),
    "persist": (
        entry("30:01", "stage failed", "error", index="NIFTY", exception="Traceback\n  boom"),
        "Traceback (most recent call last)",
        "ValueError: boom",
    ),
    "serve": ("metrics on http://127.0.0.1:9108/metrics",),
}


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    directory = tmp_path / "rows" / "logs"
    directory.mkdir(parents=True)
    for name, lines in LINES.items():
        (directory / f"{name}.log").write_text("".join(f"{line}\n" for line in lines), "utf-8")
    (directory / "g6-2026-11-17.log").write_text(entry("10:00", "startup") + "\n", "utf-8")
    return directory


def events(g6: Run, logs: Path, *options: str) -> list[str]:
    answered = g6("logs", "--json", "--data-dir", str(logs.parent), *options)
    assert answered.code == 0, answered.err
    return [json.loads(line)["event"] for line in answered.out.splitlines()]


def test_lines_of_all_processes_stand_in_one_order(g6: Run, logs: Path) -> None:
    assert events(g6, logs) == [
        "metrics on http://127.0.0.1:9108/metrics",
        "startup",
        "cycle",
        "stage failed",
        "Traceback (most recent call last)",
        "ValueError: boom",
        "gap.opened",
        "cycle",
    ]


@pytest.mark.parametrize(
    ("options", "count"),
    [
        (("--index", "sensex"), 2),
        (("--index", "NIFTY"), 1),
        (("--level", "WARNING"), 4),
        (("--level", "ERROR"), 3),
        (("--cycle", CYCLE), 2),
        (("--since", "2026-11-18 11:00:02"), 2),
        (("--lines", "3"), 3),
    ],
)
def test_only_what_is_asked_for_is_shown(
    g6: Run, logs: Path, options: tuple[str, ...], count: int
) -> None:
    assert len(events(g6, logs, *options)) == count


def test_people_read_the_time_in_india_and_a_traceback_as_it_is(g6: Run, logs: Path) -> None:
    answered = g6("logs", "--data-dir", str(logs.parent), "--level", "ERROR", "--lines", "3")
    assert "18 Nov 11:00:01 error   persist  stage failed index=NIFTY\nTraceback\n" in answered.out


def test_what_is_left_out_is_counted(g6: Run, logs: Path) -> None:
    answered = g6("logs", "--data-dir", str(logs.parent), "--lines", "2")
    assert "6 older lines are not shown" in answered.err


def test_lines_that_nobody_wrote_end_with_a_sentence_and_3(g6: Run, logs: Path) -> None:
    answered = g6("logs", "--data-dir", str(logs.parent), "--index", "BANKEX")
    assert (answered.code, answered.out) == (3, "")
    assert "no line of the logs is like that" in answered.err


def test_without_a_log_there_is_nothing_to_show(g6: Run, tmp_path: Path) -> None:
    answered = g6("logs", "--data-dir", str(tmp_path / "none"))
    assert answered.code == 3
    assert "no log is in" in answered.err


def test_who_follows_reads_each_line_once_also_over_a_rotation(logs: Path) -> None:
    reader = DirectoryLogs(logs)
    assert len(answer(reader, LogParameters()).lines) == 8
    assert answer(reader, LogParameters()).mark == ""
    path = logs / "g6.log"
    with path.open("a", encoding="utf-8") as file:
        file.write(entry("32:01", "before") + "\n" + '{"event": "half a li')
    (line,) = answer(reader, LogParameters()).lines
    assert line.event == "before"
    with path.open("a", encoding="utf-8") as file:
        file.write('ne"}\n')
    path.rename(logs / "g6-2026-11-18.log")
    path.write_text(entry("33:01", "after") + "\n", "utf-8")
    seen = [line.event for line in answer(reader, LogParameters()).lines]
    assert sorted(seen) == ["after", "half a line"]
