"""Planted bugs are found by the simulation; all of them by `make planted`, some here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.planted.__main__ import RESULTS, chosen_bugs, hunt, planted, write_rows
from tests.planted.bugs import BUGS, Edit
from tests.simulate.__main__ import NONE

ROOT = Path(__file__).resolve().parents[2]
QUICK = (
    "the sweep forgets the last index",
    "persist is done before it has written",
    "an aggregate is sent twice",
    "a claim is not atomic",
)
EDITS = [(bug.name, edit) for bug in BUGS for edit in bug.edits]


@pytest.mark.parametrize(("name", "edit"), EDITS, ids=[name for name, _ in EDITS])
def test_the_text_that_a_bug_replaces_is_there_once(name: str, edit: Edit) -> None:
    assert (ROOT / edit.path).read_text("utf-8").count(edit.before) == 1


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", QUICK)
def test_a_planted_bug_is_found_and_shrunk(name: str) -> None:
    (bug,) = [bug for bug in BUGS if bug.name == name]
    finding = hunt(bug, 300, with_unit_tests=False)
    assert 0 < finding.schedules <= 300
    assert len(finding.deviations) <= 15


def test_bugs_are_chosen_by_words_of_their_names() -> None:
    assert [bug.name for bug in chosen_bugs("renewed,twin")] == [
        "a lease is not renewed",
        "a claim lets a twin in",
    ]
    assert chosen_bugs("") == list(BUGS)
    with pytest.raises(SystemExit, match="no bug has 'nonsense' in its name; --list shows them"):
        chosen_bugs("nonsense")


def test_a_row_that_is_measured_again_takes_the_place_of_the_older_one(tmp_path: Path) -> None:
    path = tmp_path / "planted.json"
    first, second = BUGS[0].name, BUGS[1].name
    write_rows(path, [{"bug": second, "schedules": 9}, {"bug": "gone since", "schedules": 1}])
    write_rows(path, [{"bug": second, "schedules": 2}, {"bug": first, "schedules": 7}])
    rows = json.loads(path.read_text("utf-8"))
    assert [(row["bug"], row["schedules"]) for row in rows] == [(first, 7), (second, 2)]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", ["a claim is not atomic", "a rerun loses its attempt"])
def test_the_command_of_a_finding_replays_it_in_another_clone(name: str) -> None:
    (bug,) = [bug for bug in BUGS if bug.name == name]
    finding = hunt(bug, 300, with_unit_tests=False)
    command = [
        *(sys.executable, "-m", "tests.simulate", "--json", "--seed", str(finding.seed)),
        *("--deviations", ",".join(finding.deviations) or NONE),
    ]
    digests = set()
    for environment in (
        {"PYTHONHASHSEED": "1", "LC_ALL": "C", "TZ": "UTC"},
        {"PYTHONHASHSEED": "271828", "LC_ALL": "C.UTF-8", "TZ": "Asia/Kolkata"},
    ):
        with planted(bug) as root:
            answer = subprocess.run(
                command, cwd=root, capture_output=True, text=True, check=False,
                env={**os.environ, **environment, "PYTHONPATH": str(root)},
            )  # fmt: skip
        assert answer.returncode == 1, answer.stderr
        document = json.loads(answer.stdout)
        assert document["problems"][0] == finding.problem
        digests.add(document["digest"])
    assert len(digests) == 1


def test_a_row_without_unit_tests_keeps_what_they_said(tmp_path: Path) -> None:
    path = tmp_path / "planted.json"
    name = BUGS[0].name
    write_rows(path, [{"bug": name, "unit_test": "test_it", "schedules": 9}])
    write_rows(path, [{"bug": name, "unit_test": None, "schedules": 4}])
    (row,) = json.loads(path.read_text("utf-8"))
    assert (row["unit_test"], row["schedules"]) == ("test_it", 4)


def test_the_table_is_of_the_bugs_that_there_are_and_each_was_found() -> None:
    rows = json.loads(RESULTS.read_text("utf-8"))
    assert [row["bug"] for row in rows] == [bug.name for bug in BUGS]
    assert all(0 < row["schedules"] <= 10_000 for row in rows)
    assert all(len(row["deviations"]) <= 15 for row in rows)
