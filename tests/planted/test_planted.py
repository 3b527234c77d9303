"""Planted bugs are found by the simulation; all of them by `make planted`, some here."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.planted.__main__ import (
    RESULTS,
    chosen_bugs,
    hunt,
    planted,
    simulator_id,
    unmeasured,
    write_rows,
)
from tests.planted.bugs import BUGS, UNMEASURED, Bug, Edit
from tests.simulate.__main__ import NONE

ROOT = Path(__file__).resolve().parents[2]
FOUND_HERE = "persist is done before it has written"
"""A bug that few schedules show. The others are hunted by `make planted`."""
EDITS = [(bug.name, edit) for bug in BUGS for edit in bug.edits]


@pytest.mark.parametrize(("name", "edit"), EDITS, ids=[name for name, _ in EDITS])
def test_the_text_that_a_bug_replaces_is_there_once(name: str, edit: Edit) -> None:
    assert (ROOT / edit.path).read_text("utf-8").count(edit.before) == 1


@pytest.mark.timeout(300)
def test_a_planted_bug_is_found_and_shrunk() -> None:
    finding = hunt(bug_named(FOUND_HERE), 300)
    assert 0 < finding.schedules <= 300
    assert len(finding.deviations) <= 15


@pytest.mark.timeout(300)
def test_every_schedule_of_the_table_fails_with_its_bug_and_with_it_alone() -> None:
    """Faults that this code had once are among the bugs: their schedules are its regressions."""
    answer = subprocess.run(
        [sys.executable, "-m", "tests.planted", "--replay"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert answer.stdout, answer.stderr
    assert json.loads(answer.stdout) == {"hidden": [], "failing": []}


def test_a_bug_is_measured_again_where_its_row_is_of_another_simulator(tmp_path: Path) -> None:
    path = tmp_path / "planted.json"
    first, second, third = BUGS[:3]
    row = {"simulator": simulator_id(), "unit_test": "test_it"}
    rows = [
        {"bug": first.name, **row},
        {"bug": second.name, **row, "simulator": "older"},
        {"bug": third.name, **row, "unit_test": None},
    ]
    path.write_text(json.dumps(rows))
    assert unmeasured([first, second, third], path) == [second, third]


def bug_named(name: str) -> Bug:
    """Return the bug of a name."""
    (bug,) = [bug for bug in BUGS if bug.name == name]
    return bug


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
def test_the_command_of_a_finding_replays_it_in_another_clone() -> None:
    bug = bug_named("a rerun loses its attempt")
    finding = hunt(bug, 300)
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
    with planted(bug) as root:
        alone = subprocess.run(
            [sys.executable, "-m", "tests.simulate", "--seed", str(finding.seed)],
            cwd=root, capture_output=True, text=True, check=False,
            env={**os.environ, "PYTHONPATH": str(root)},
        )  # fmt: skip
    assert alone.returncode == 1, alone.stderr
    replay = ["python", *command[1:3], *command[4:]]
    assert alone.stdout.splitlines()[-1].strip() == shlex.join(replay)


@pytest.mark.parametrize("cycles", ["0", "-3"])
def test_a_simulation_of_no_cycle_is_refused(cycles: str) -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "tests.simulate", "--cycles", cycles],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert answer.returncode == 2
    assert "write 1 or more" in answer.stderr


def test_a_row_without_unit_tests_keeps_what_they_said(tmp_path: Path) -> None:
    path = tmp_path / "planted.json"
    name = BUGS[0].name
    write_rows(path, [{"bug": name, "unit_test": "test_it", "schedules": 9}])
    write_rows(path, [{"bug": name, "unit_test": None, "schedules": 4}])
    (row,) = json.loads(path.read_text("utf-8"))
    assert (row["unit_test"], row["schedules"]) == ("test_it", 4)


def test_the_table_is_of_the_bugs_that_there_are_and_each_was_found() -> None:
    rows = json.loads(RESULTS.read_text("utf-8"))
    assert [row["bug"] for row in rows] == [bug.name for bug in BUGS if bug.name not in UNMEASURED]
    assert all(0 < row["schedules"] <= 10_000 for row in rows)
    assert all(len(row["deviations"]) <= 15 for row in rows)
