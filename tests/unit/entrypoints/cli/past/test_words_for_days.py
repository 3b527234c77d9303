"""Days and instants are taken alike: latest and today as days, -5m as an argument."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.entrypoints.cli.conftest import Run

STORE = Path(__file__).resolve().parents[5] / "tests" / "data" / "store"


@pytest.mark.parametrize("words", [("data", "ls", "--date"), ("data", "gaps", "--from")])
def test_the_latest_day_is_a_day(g6: Run, words: tuple[str, ...]) -> None:
    answered = g6(*words, "latest", "--data-dir", str(STORE))
    assert answered.code == 0, answered.err


def test_a_day_that_is_none_is_told_the_words(g6: Run) -> None:
    answered = g6("data", "ls", "--date", "lately", "--data-dir", str(STORE))
    assert answered.code == 2
    assert "write it as 2026-11-20, 20 Nov, latest, today, yesterday or -3d" in answered.err


def test_the_latest_day_is_written_as_a_page(g6: Run, tmp_path: Path) -> None:
    index = next(STORE.glob("chain/underlying=*")).name.partition("=")[2]
    out = tmp_path / "day.html"
    words = ("page", "export", "latest", "--index", index, "--instants", "2")
    answered = g6(*words, "--out", str(out), "--data-dir", str(STORE))
    assert answered.code == 0, answered.err
    assert out.stat().st_size > 1000


def test_minutes_ago_are_an_argument_and_no_option(g6: Run) -> None:
    answered = g6("trace", "-5m", "--data-dir", str(STORE))
    assert "No such option" not in answered.err
    assert "no G6 runs on" in answered.err


def test_the_sizes_of_nothing_are_no_table_of_zeros(g6: Run, tmp_path: Path) -> None:
    answered = g6("data", "size", "--data-dir", str(tmp_path / "none"))
    assert (answered.code, answered.out) == (3, "")
    assert "nothing is stored in" in answered.err
