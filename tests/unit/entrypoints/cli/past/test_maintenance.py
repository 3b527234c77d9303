"""`g6 maintenance`: leftovers, days that are over, certificates and logs, once and not twice."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path

import pytest

from tests.unit.entrypoints.cli.conftest import Run


def test_it_does_everything_once(g6: Run, root: Path, tmp_path: Path) -> None:
    directory = Path(shutil.copytree(root / "tests/data/store", tmp_path / "rows"))
    yesterday = time.time() - 90_000
    leftover = directory / "chain/underlying=NIFTY/date=2026-11-18/.053000Z.parquet.1-2.tmp"
    leftover.write_bytes(b"half")
    logs = directory / "logs"
    logs.mkdir()
    (logs / "beat.log").write_text("line\n")
    for day in range(1, 21):
        (logs / f"beat-2026-11-{day:02}.log").write_text("line\n")
    for path in (leftover, logs / "beat.log"):
        os.utime(path, (yesterday, yesterday))
    command = ("maintenance", "--json", "--data-dir", str(directory))
    first = json.loads(g6(*command).out)
    assert {step["step"]: step["done"] for step in first} == {
        "leftovers": 1,
        "compaction": 3,
        "certificates": 2,
        "logs": 1,
    }
    assert len(list(logs.glob("beat-*.log"))) == 14
    again = json.loads(g6(*command).out)
    assert [step["done"] for step in again] == [0, 0, 0, 0]
    tidy = g6("maintenance", "--data-dir", str(directory)).out
    assert f"everything is tidy in {directory}" in tidy.replace("\n", "")


@pytest.mark.parametrize(
    "words",
    [
        ("maintenance",),
        ("data", "compact"),
        ("data", "mend"),
        ("data", "repair"),
        ("retention", "apply", "--keep-days", "90"),
    ],
)
def test_a_host_without_the_directory_is_told_so_and_where_to_go(
    g6: Run, tmp_path: Path, words: tuple[str, ...]
) -> None:
    there = tmp_path / "rows"
    answer = g6(*words, "--data-dir", str(there))
    said = " ".join(answer.err.split())
    assert (answer.code, answer.out) == (3, "")
    assert f"{there} is not on this host" in said.replace("\n", "")
    assert "command line" in said
    assert "go to the host whose worker serves the queue persist" in said
    assert f"(g6 {' '.join(words[:2])}" in said
    assert "with --data-dir DIR" in said
    assert not there.exists()


def test_a_damaged_day_is_named_and_the_rest_is_done(g6: Run, root: Path, tmp_path: Path) -> None:
    directory = Path(shutil.copytree(root / "tests/data/store", tmp_path / "rows"))
    folded = directory / "chain/underlying=NIFTY/date=2026-11-17/day.parquet"
    folded.write_bytes(folded.read_bytes()[:-50])
    answer = g6("maintenance", "--data-dir", str(directory))
    assert (answer.code, "not done: " in answer.out) == (1, True)
    assert (directory / "certificates/date=2026-11-18/v1.json").is_file()
