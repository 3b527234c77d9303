"""Keeping operations that end before a change of the file system: no row is lost, and the same call again completes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.property.crash_points.ending import ENDED, ending
from tests.property.crash_points.keeping import OPERATIONS, Operation
from tests.property.crash_points.trials import trials


def few(of: int) -> Iterable[int]:
    """Choose one change of so many; `make crash-points` tries all."""
    return [of * 2 // 3]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_an_operation_that_ends_before_a_change_loses_nothing_and_completes(
    operation: Operation, tmp_path: Path
) -> None:
    tried = list(trials(operation, tmp_path, few))
    assert len(tried) == 2
    assert [trial for trial in tried if trial.wrong] == []


def test_a_process_ends_before_the_change_that_is_named(tmp_path: Path) -> None:
    def write() -> int:
        for number in range(3):
            (tmp_path / f"{number}").write_text("whole")
        (tmp_path / "0").rename(tmp_path / "renamed")
        return 7

    whole = ending(write, tmp_path)
    assert (whole.code, whole.changes) == (7, 4)
    for path in tmp_path.iterdir():
        path.unlink()
    third = ending(write, tmp_path, 3)
    assert (third.code, third.changes, sorted(path.name for path in tmp_path.iterdir())) == (
        ENDED,
        3,
        ["0", "1"],
    )
    last = ending(write, tmp_path, 4)
    assert (last.code, "os.rename" in last.last) == (ENDED, True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0", "1", "2"]
