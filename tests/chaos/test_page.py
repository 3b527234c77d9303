"""The page of faults tells which runs its rows come from, and which fault has none."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos import faults, report
from tests.chaos.report import Report
from tests.chaos.table import FAULTS, Outcome

BY_NUMBER = {fault.number: fault for fault in FAULTS if fault.full}
assert faults


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "faults.md"
    monkeypatch.setattr(report, "PAGE", path)
    return path


def run_of(*numbers: str) -> Report:
    """Return a run in which these faults were survived."""
    return Report(outcomes=[Outcome(BY_NUMBER[number]) for number in numbers])


def lines(page: Path, beginning: str) -> list[str]:
    """Return the lines of the page that begin so."""
    return [line for line in page.read_text("utf-8").splitlines() if line.startswith(beginning)]


def test_a_page_of_all_faults_has_a_row_and_a_section_of_each(page: Path) -> None:
    run_of(*BY_NUMBER).write()
    for fault in BY_NUMBER.values():
        assert len(lines(page, f"| {fault.number} {fault.name} |")) == 1
        assert len(lines(page, f"## {fault.number}: ")) == 1
    assert not lines(page, "Without a row")


def test_a_fault_that_no_run_had_is_named(page: Path) -> None:
    run_of(*(number for number in BY_NUMBER if number not in ("4b", "32"))).write()
    assert lines(page, "Without a row") == ["Without a row, as no run of them was kept: 4b, 32."]
    run_of("32").add()
    assert lines(page, "Without a row") == ["Without a row, as no run of them was kept: 4b."]
    assert lines(page, "| 32 ")
    run_of("4b").add()
    assert not lines(page, "Without a row")


def test_a_page_names_each_run_by_the_faults_that_it_alone_has(page: Path) -> None:
    run_of(*BY_NUMBER).write()
    run_of("31", "32").add()
    run_of("32", "33").add()
    run_of("7").add()
    added = [line.partition(": ")[0] for line in lines(page, "Added to the page later, ")]
    assert added == [f"Added to the page later, {names}" for names in ("31", "32, 33", "7")]
    assert len(lines(page, "Run with `make chaos`")) == 1
    run_of("31").add()
    added = [line.partition(": ")[0] for line in lines(page, "Added to the page later, ")]
    assert added == [f"Added to the page later, {names}" for names in ("32, 33", "7", "31")]


def test_adding_a_row_writes_the_rest_as_it_was(page: Path) -> None:
    run_of(*BY_NUMBER).write()
    before = page.read_text("utf-8").splitlines()
    run_of("14b").add()
    after = page.read_text("utf-8").splitlines()
    (note,) = lines(page, "Added to the page later, 14b: ")
    place = after.index(note)
    assert after[:place] + after[place + 2 :] == before
