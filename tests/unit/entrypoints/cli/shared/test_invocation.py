"""What a person is told to type is what this shell runs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from g6.entrypoints.cli.run.demonstration import next_steps
from g6.entrypoints.cli.shared.shell.invocation import as_typed, seconds_since_start

BIN = Path(sys.executable).parent


def test_a_program_on_the_path_is_typed_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(BIN))
    assert (as_typed("g6"), as_typed("python")) == ("g6", "python")


def test_a_program_below_the_working_directory_is_typed_from_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.chdir(BIN.parent.parent)
    assert as_typed("g6") == f"{BIN.parent.name}/{BIN.name}/g6"


def test_any_other_is_typed_by_its_whole_path(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.chdir(tmp_path)
    assert as_typed("g6") == str(BIN / "g6")


def test_there_is_one_next_step_a_person_each_on_one_line_and_the_shell_takes_it(
    tmp_path: Path,
) -> None:
    steps = next_steps("NIFTY", tmp_path / "a directory")
    assert len(steps) <= 5
    assert len({step.split()[0] for step in steps}) == len(steps)
    for step in steps:
        assert "\n" not in step
        command = step.partition(" ")[2].strip()
        subprocess.run(["sh", "-n", "-c", command], check=True)


def test_the_age_of_this_process_is_told_in_seconds() -> None:
    script = "from g6.entrypoints.cli.shared.shell.invocation import seconds_since_start as s; print(s())"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert 0.0 < float(done.stdout) < seconds_since_start() + 60.0
