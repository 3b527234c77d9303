"""A recording through real workers: as many rows as it has instants, with exactly those."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from g6.domain.cycles.cycle import isoformat_z

FIRST = datetime(2026, 8, 19, 5, 57, 3, tzinfo=UTC)

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run `g6 run --provider replay` with rows below `tmp_path/data`."""

    def start(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        command = [
            sys.executable,
            "-m",
            "g6.entrypoints.cli",
            "run",
            "--provider",
            "replay",
            "--data-dir",
            str(tmp_path / "data"),
        ]
        return subprocess.run(
            [*command, *map(str, arguments)],
            cwd=tmp_path,
            env=dict(os.environ),
            capture_output=True,
            text=True,
            timeout=110,
            check=False,
        )

    return start


def _overview(directory: Path) -> list[dict[str, object]]:
    parts = sorted(directory.glob("overview/*/*.parquet"))
    return [row for part in parts for row in pq.read_table(part, partitioning=None).to_pylist()]


def _small(path: Path) -> list[datetime]:
    """Write a recording of three instants, off the grid and unevenly spaced."""
    instants = [FIRST + timedelta(seconds=seconds) for seconds in (0, 41, 3_600)]
    rows = [
        {
            "timestamp": at, "symbol": "NIFTY50", "expiry": expiry, "strike": float(strike), "option_type": side,
            "spot": 24_000.0, "ltp": 60.0 + abs(strike - 24_000), "volume_contracts": 10.0 + at.minute, "oi_contracts": 100.0,
        }
        for at in instants
        for expiry in ("2026-08-25", "2026-09-01", "2026-09-08")
        for strike in range(23_800, 24_250, 50)
        for side in ("CE", "PE")
    ]  # fmt: skip
    pq.write_table(pa.Table.from_pylist(rows), path)
    return instants


def test_a_recording_becomes_one_row_per_instant(run: Run, tmp_path: Path) -> None:
    instants = _small(tmp_path / "day.parquet")
    done = run("--recording", tmp_path / "day.parquet", "--speed", "max", "--json")
    assert done.returncode == 0, done.stderr
    rows = _overview(tmp_path / "data")
    assert [(row["timestamp"], row["status"], row["expiries_collected"]) for row in rows] == [
        (at, "OK", 3) for at in instants
    ]
    reports = [json.loads(line) for line in done.stdout.splitlines()]
    assert [report["cycle"] for report in reports] == [isoformat_z(at) for at in instants]


def test_a_corrupt_recording_ends_the_run_before_anything_is_written(
    run: Run, tmp_path: Path
) -> None:
    (tmp_path / "torn.json").write_text('{"records": {"data": [', "utf-8")
    done = run("--recording", tmp_path / "torn.json")
    assert done.returncode == 2
    assert "torn.json, row 1: is not whole JSON" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "data").exists()


def test_the_recorded_sample_closes_thirty_whole_cycles(
    run: Run, shared: Path, tmp_path: Path
) -> None:
    sample = next(iter(sorted((shared / "data/recorded").glob("*.parquet"))), None)
    if sample is None:
        pytest.skip("needs the recorded sample in ../shared/data/recorded")
    done = run("--recording", sample, "--speed", "max")
    assert done.returncode == 0, done.stderr
    rows = _overview(tmp_path / "data")
    minutes = sorted(
        {
            datetime.fromisoformat(text)
            for text in pq.read_table(sample, columns=["timestamp"]).column(0).to_pylist()
        }
    )
    assert [row["timestamp"] for row in rows] == minutes
    assert len(rows) == 30
    assert {(row["status"], row["expected_mask"]) for row in rows} == {("OK", 7)}
