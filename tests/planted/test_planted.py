"""Planted bugs are found by the simulation; all of them by `make planted`, some here."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.planted.__main__ import hunt
from tests.planted.bugs import BUGS, Bug

ROOT = Path(__file__).resolve().parents[2]
QUICK = ("the sweep forgets the last index", "persist is done before it has written")


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_the_text_that_a_bug_replaces_is_there_once(bug: Bug) -> None:
    assert (ROOT / bug.path).read_text("utf-8").count(bug.before) == 1


@pytest.mark.parametrize("name", QUICK)
def test_a_planted_bug_is_found_and_shrunk(name: str) -> None:
    (bug,) = [bug for bug in BUGS if bug.name == name]
    finding = hunt(bug, 300, with_unit_tests=False)
    assert 0 < finding.schedules <= 300
    assert finding.deviations <= 15
