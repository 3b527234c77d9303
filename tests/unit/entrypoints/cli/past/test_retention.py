"""Pruning: shown first, done only when asked, never of instruments."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import g6 as package
from g6.adapters.csv import CsvStore
from g6.adapters.parquet import ParquetStore
from g6.domain.cycles.cycle import Unit
from g6.domain.schema.frame import Frame
from tests.unit.entrypoints.cli.conftest import Run

CYCLES = ("2026-11-17T04:05:00Z", "2026-11-18T04:05:00Z", "2026-11-20T04:05:00Z")


@pytest.fixture
def directory(tmp_path: Path, chain_of: Callable[..., Frame]) -> Path:
    rows = tmp_path / "rows"
    for cycle in CYCLES:
        for store in (ParquetStore(rows), CsvStore(rows / "csv")):
            store.write_chain(Unit(cycle, "NIFTY"), chain_of(cycle))
            store.write_overview(
                cycle, [{"timestamp": cycle, "underlying": "NIFTY", "status": "OK", "reason": ""}]
            )
    kept = rows / "instruments/date=2026-11-17/NFO.parquet"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"kept for ever")
    return rows


def files(directory: Path) -> set[str]:
    return {
        path.relative_to(directory).as_posix() for path in directory.rglob("*") if path.is_file()
    }


def test_a_plan_lists_files_and_bytes_and_deletes_nothing(g6: Run, directory: Path) -> None:
    before = files(directory)
    told = json.loads(
        g6(
            "retention",
            "plan",
            "--before",
            "2026-11-18",
            "--kinds",
            "chain,overview,csv",
            "--json",
            "--data-dir",
            str(directory),
        ).out
    )
    old = [path for path in before if "2026-11-17" in path and not path.startswith("instruments")]
    assert (told["files"], told["deleted"]) == (len(old), False)
    assert told["bytes"] == sum((directory / path).stat().st_size for path in old)
    assert files(directory) == before


@pytest.mark.parametrize("words", [("retention", "plan", "--keep-days", "90"), ("retention-scan",)])
def test_a_directory_that_is_not_there_is_no_directory_without_old_files(
    g6: Run, tmp_path: Path, words: tuple[str, ...]
) -> None:
    answer = g6(*words, "--data-dir", str(tmp_path / "mistyped"))
    assert (answer.code, answer.out) == (3, "")
    assert "mistyped is not there" in answer.err.replace("\n", "")


def test_what_was_shown_is_deleted_and_nothing_else(g6: Run, directory: Path) -> None:
    before = files(directory)
    options = ("--before", "2026-11-20", "--kinds", "chain,csv", "--data-dir", str(directory))
    answer = g6("retention", "apply", "--yes", *options)
    assert "deleted" in answer.out
    gone = before - files(directory)
    assert gone == {
        path
        for path in before
        if ("2026-11-17" in path or "2026-11-18" in path) and path.startswith(("chain", "csv"))
    }
    assert "0 files" in g6("retention", "plan", *options).out


def test_instruments_cannot_be_chosen(g6: Run, directory: Path) -> None:
    answer = g6(
        "retention",
        "plan",
        "--before",
        "2026-11-20",
        "--kinds",
        "instruments",
        "--data-dir",
        str(directory),
    )
    assert (answer.code, "choose of chain, overview, events, csv" in answer.err) == (2, True)


def test_events_are_pruned_when_they_are_named(g6: Run, directory: Path) -> None:
    kept = directory / "events/date=2026-11-17/day.parquet"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"told")
    g6(
        "retention",
        "apply",
        "--yes",
        "--before",
        "2026-11-18",
        "--kinds",
        "events",
        "--data-dir",
        str(directory),
    )
    assert not kept.exists()
    assert any("2026-11-17" in path for path in files(directory))


def test_which_days_has_to_be_said(g6: Run, directory: Path) -> None:
    assert g6("retention", "plan", "--data-dir", str(directory)).code == 2


def test_without_yes_nothing_goes_where_nobody_answers(g6: Run, directory: Path) -> None:
    before = files(directory)
    assert (
        g6("retention", "apply", "--before", "2026-11-20", "--data-dir", str(directory)).code != 0
    )
    assert files(directory) == before


def test_the_last_days_are_kept(g6: Run, directory: Path) -> None:
    assert (
        "0 files"
        in g6("retention", "plan", "--keep-days", "36500", "--data-dir", str(directory)).out
    )


def test_a_scan_counts_what_find_counts(g6: Run, directory: Path) -> None:
    told = json.loads(g6("retention-scan", "--json", "--data-dir", str(directory)).out)
    held = list((directory / "csv").rglob("*.csv"))
    assert list(told) == [
        "csv_dir",
        "total_files",
        "total_size_mb",
        "oldest_file_utc",
        "newest_file_utc",
        "per_index_counts",
    ]
    assert told["total_files"] == len(held)
    assert told["total_size_mb"] == round(sum(path.stat().st_size for path in held) / 1e6, 3)
    assert told["per_index_counts"] == {"NIFTY": len(held)}
    assert told["oldest_file_utc"].endswith("Z")
    assert "NIFTY" in g6("retention-scan", "--data-dir", str(directory)).out


def test_python_plans_what_the_command_plans(g6: Run, directory: Path) -> None:
    answer = package.ask.pruning_plan(
        before="2026-11-18", kinds=["chain", "csv"], data_dir=directory
    )
    told = g6(
        "retention", "plan", "--before", "2026-11-18", "--kinds", "chain,csv", "--json",
        "--data-dir", str(directory),
    )  # fmt: skip
    assert json.loads(answer.to_json()) == json.loads(told.out)
    assert {file.kind for file in answer.files} == {"chain", "csv"}
    assert str(answer).splitlines()[-1].endswith("would be deleted")
