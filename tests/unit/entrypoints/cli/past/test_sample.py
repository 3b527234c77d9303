"""`g6 sample` writes days, says what it skipped, and prints lines that run."""

from __future__ import annotations

import json

from tests.unit.entrypoints.cli.conftest import Run

HOURLY = ("--days", "1", "--interval", "3600", "--indices", "NIFTY", "--processes", "1")


def test_days_are_written_and_the_next_lines_say_where(g6: Run) -> None:
    answer = g6("sample", *HOURLY)
    assert answer.code == 0
    assert "2026-11-17 NIFTY: 7 OK, " in answer.err
    assert "1 day of indices, 7 cycles, " in answer.out
    assert "g6 chain NIFTY --data-dir data/demo" in answer.out
    assert g6("chain", "NIFTY", "--data-dir", "data/demo").code == 0
    again = g6("sample", *HOURLY, "--json")
    assert "NIFTY: 1 day there already (2026-11-17), skipped" in again.err
    assert json.loads(again.out)["there_already"] == [{"day": "2026-11-17", "index": "NIFTY"}]


def test_a_day_that_is_not_made_makes_the_exit_code_one(g6: Run) -> None:
    g6("sample", *HOURLY)
    answer = g6("sample", *HOURLY, "--seed", "8")
    assert answer.code == 1
    assert "another configuration" in answer.out
