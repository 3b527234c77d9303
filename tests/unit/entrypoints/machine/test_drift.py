"""What changed since a start: what the file and the environment say now, and nothing that only the command line said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from g6.config import Settings, load
from g6.entrypoints.machine import drift
from g6.entrypoints.workers.driving import start_record


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "g6.json"
    path.write_text('{"interval": 60, "greeks": {"risk_free_rate": 0.06}}')
    return path


def started(
    file: Path | str, overrides: dict[str, Any] | None = None, environ: dict[str, str] | None = None
) -> dict[str, Any]:
    """Return what a start with these settings writes down, as it comes back from Redis."""
    record: dict[str, Any] = json.loads(
        json.dumps(start_record(load(file, overrides or {}, environ or {}), "g6 up"))
    )
    return record


def now(
    file: Path | str, overrides: dict[str, Any] | None = None, environ: dict[str, str] | None = None
) -> Settings:
    return load(file, overrides or {}, environ or {})


def test_the_same_file_needs_no_restart(file: Path) -> None:
    assert drift.restart_reasons(started(file), now(file)) == []


def test_a_changed_file_does_and_says_what_changed(file: Path) -> None:
    record = started(file)
    file.write_text('{"interval": 30, "greeks": {"risk_free_rate": 0.06}}')
    assert drift.restart_reasons(record, now(file)) == [f"interval: 60 [{file}] -> 30 [{file}]"]


def test_a_setting_taken_out_of_the_file_is_a_change(file: Path) -> None:
    record = started(file)
    file.write_text('{"interval": 60}')
    assert drift.restart_reasons(record, now(file)) == [
        f"greeks.risk_free_rate: 0.06 [{file}] -> 0.055 [default]"
    ]


def test_the_file_of_the_start_counts_whatever_file_who_asks_has(file: Path) -> None:
    record = started(file)
    assert drift.restart_reasons(record, now("")) == []
    file.write_text('{"interval": 30, "greeks": {"risk_free_rate": 0.06}}')
    assert len(drift.restart_reasons(record, now(""))) == 1


@pytest.mark.parametrize("elsewhere", [7, 45, 86400])
def test_an_interval_of_the_command_line_moves_no_start_of_the_market(
    file: Path, elsewhere: int
) -> None:
    file.write_text('{"provider": {"name": "sim"}}')
    record = started(file, {"interval": 5})
    assert drift.restart_reasons(record, now(file, environ={"G6_INTERVAL": str(elsewhere)})) == []


def test_what_was_said_on_a_command_line_is_no_change(file: Path) -> None:
    record = started(file, {"market.speed": 12.0, "interval": 30, "data_dir": "/rows"})
    assert drift.restart_reasons(record, now(file, {"data_dir": "/elsewhere"})) == []
    assert {each.path for each in drift.differences(record, now(file))} == {
        "market.speed",
        "interval",
        "data_dir",
    }


def test_a_variable_that_this_shell_lacks_is_no_change_and_another_value_is(file: Path) -> None:
    record = started(file, None, {"G6_QUALITY__MIN_OI": "5"})
    assert drift.restart_reasons(record, now(file)) == []
    assert len(drift.restart_reasons(record, now(file, None, {"G6_QUALITY__MIN_OI": "6"}))) == 1


def test_a_start_outside_a_session_that_was_moved_is_no_change(tmp_path: Path) -> None:
    from g6.entrypoints.machine.market_start import aligned

    path = tmp_path / "early.json"
    path.write_text('{"market": {"start": "2026-11-18T01:00:00Z"}}')
    record: dict[str, Any] = json.loads(
        json.dumps(start_record(aligned(load(path, {}, {})), "g6 up"))
    )
    assert drift.restart_reasons(record, now(path)) == []


def test_a_file_that_would_not_start_any_more_is_said(file: Path) -> None:
    record = started(file)
    file.write_text('{"interval": ')
    (sentence,) = drift.restart_reasons(record, now(""))
    assert sentence.startswith("the configuration is wrong now: ")


def test_secrets_are_neither_shown_nor_compared(file: Path) -> None:
    record = started(file, None, {"G6_SERVE__TOKEN": "hunter2-hunter2-hunter2"})
    assert (
        drift.restart_reasons(record, now(file, None, {"G6_SERVE__TOKEN": "swordfish-swordfish"}))
        == []
    )
    assert "hunter2" not in json.dumps(record)


def test_nothing_is_said_where_nobody_wrote_it_down(file: Path) -> None:
    assert drift.restart_reasons(None, now(file)) == []


def test_a_child_whose_environment_repeats_the_start_hears_of_the_file_alone(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = started(file, {"market.seed": 9}, {"G6_QUALITY__MIN_OI": "70"})
    monkeypatch.setenv("G6_INTERVAL", "60")
    monkeypatch.setenv("G6_QUALITY__MIN_OI", "70")
    assert drift.restart_reasons_in_child(record) == []
    file.write_text('{"interval": 30, "greeks": {"risk_free_rate": 0.06}}')
    assert drift.restart_reasons_in_child(record) == [f"interval: 60 [{file}] -> 30 [{file}]"]
    file.write_text("{")
    (sentence,) = drift.restart_reasons_in_child(record)
    assert sentence.startswith("the configuration is wrong now: ")
    assert drift.restart_reasons_in_child(None) == []
    assert drift.restart_reasons_in_child(record | {"host": "another"}) == []


def test_what_only_the_terminal_of_who_asks_says_needs_no_restart(file: Path) -> None:
    assert drift.restart_reasons(started(file), now(file, {}, {"NO_COLOR": "1"})) == []


def test_a_market_that_went_on_after_its_directory_needs_no_restart(file: Path) -> None:
    record = started(file)
    record["values"]["market.start"] = "2026-11-18T05:36:00Z"
    assert drift.restart_reasons(record, now(file)) == []
