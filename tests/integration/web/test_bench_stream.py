"""`g6 bench stream`: every listener hears of every cycle, and the exit code says what was late."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from g6.entrypoints.cli import main

QUICK = ("bench", "stream", "--listeners", "3", "--seconds", "0.5", "--rate", "8", "--json")


def test_a_bench_counts_what_every_listener_heard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([*QUICK, "--budget-p95-ms", "60000"]) == 0
    speed = json.loads(capsys.readouterr().out)
    assert (speed["listeners"], speed["cycles"], speed["lost"]) == (3, 4, 0)
    assert 0 < speed["p50_ms"] <= speed["p95_ms"] <= speed["p99_ms"]
    # A difference of two kilobytes and the end of the cycle, the text before and after in neither.
    assert 2_048 < speed["bytes_per_cycle"] < 4_096
    assert speed["bytes_per_listener"] == pytest.approx(4 * speed["bytes_per_cycle"])
    assert speed["within_budget"] is True
    assert list(tmp_path.iterdir()) == []


def test_a_budget_that_nothing_can_keep_is_exceeded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([*QUICK, "--budget-p95-ms", "0.001"]) == 1
    assert json.loads(capsys.readouterr().out)["within_budget"] is False
