"""`g6 maintenance`: leftovers, days that are over, certificates and logs, once and not twice."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path

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
    assert "everything is tidy" in g6("maintenance", "--data-dir", str(directory)).out


def test_a_damaged_day_is_named_and_the_rest_is_done(g6: Run, root: Path, tmp_path: Path) -> None:
    directory = Path(shutil.copytree(root / "tests/data/store", tmp_path / "rows"))
    folded = directory / "chain/underlying=NIFTY/date=2026-11-17/day.parquet"
    folded.write_bytes(folded.read_bytes()[:-50])
    answer = g6("maintenance", "--data-dir", str(directory))
    assert (answer.code, "not done: " in answer.out) == (1, True)
    assert (directory / "certificates/date=2026-11-18/v1.json").is_file()
