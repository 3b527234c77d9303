"""Under --json an error is one JSON object on standard error; the exit codes are the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from g6.entrypoints.cli.shared.screen.failures import Failures
from g6.errors.extras import missing
from tests.unit.entrypoints.cli.conftest import Run, Stored


@pytest.mark.parametrize(
    ("words", "code", "exit_code"),
    [
        (("chain", "NIFTTY"), "user_error", 2),
        (("chain", "NIFTY", "--bogus"), "usage", 2),
        (("chain", "NIFTY"), "nothing_to_do", 3),
        (("ps",), "unavailable", 2),
    ],
)
def test_an_error_is_an_object_with_code_message_and_fix(
    g6: Run, tmp_path: Path, words: tuple[str, ...], code: str, exit_code: int
) -> None:
    place = ("--data-dir", str(tmp_path))
    plain = g6(*words, *place)
    answer = g6(*words, *place, "--json")
    assert (plain.code, answer.code, answer.out) == (exit_code, exit_code, "")
    error = json.loads(answer.err)["error"]
    assert (error["code"], error["exit_code"]) == (code, exit_code)
    assert plain.err == f"g6: {error['message']}\n  fix: {error['fix']}\n"


def test_a_json_behind_the_end_of_options_is_no_wish_for_json(g6: Run, tmp_path: Path) -> None:
    answer = g6("chain", "NIFTY", "--data-dir", str(tmp_path / "none"), "--", "--json")
    assert answer.err.startswith("g6: ")


@pytest.mark.parametrize(
    ("words", "near"),
    [
        (("chain", "niftty"), "did you mean NIFTY?"),
        (("data", "gaps", "--index", "BANKNIFTI"), "did you mean BANKNIFTY?"),
        (("plot", "heatmap", "FINNIFTY", "--of", "ivv"), "did you mean iv?"),
        (("chain", "FINNIFTY", "--expiry", "mothly"), "did you mean monthly?"),
        (
            ("plot", "overlays", "FINNIFTY", "--figure", "atm_iv_this_wek"),
            "did you mean atm_iv_this_week?",
        ),
    ],
)
def test_a_mistyped_word_gets_the_nearest_one(
    g6: Run, stored: Stored, words: tuple[str, ...], near: str
) -> None:
    answer = g6(*words, "--data-dir", str(stored.directory))
    assert answer.code in (2, 3)
    assert answer.err.startswith("g6: there is no ")
    assert near in answer.err


@pytest.mark.parametrize("words", [("data", "gaps"), ("chain", "NIFTY"), ("verify",)])
def test_a_directory_that_is_not_there_is_called_so(
    g6: Run, tmp_path: Path, words: tuple[str, ...]
) -> None:
    answer = g6(*words, "--data-dir", str(tmp_path / "none"))
    assert (answer.code, "none is not there" in answer.err) == (3, True)


def test_a_missing_library_is_installed_by_the_pip_of_this_environment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    assert Failures().write("unavailable", str(missing("duckdb")), 2) == 2
    line = capsys.readouterr().err.splitlines()[1]
    pip = line.removeprefix("  fix: ").partition(" ")[0]
    assert pip.endswith("/pip")
    ways = f"{pip} install 'g6[duckdb]', or in a checkout {pip} install -e '.[duckdb]'"
    assert line == f"  fix: {ways}"
