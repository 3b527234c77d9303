"""`g6 data ls`, `size` and `compact`."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path

import pytest

import g6 as package
from g6.adapters.parquet import ParquetHistory
from tests.unit.entrypoints.cli.conftest import Run, Stored

DAY = "2026-11-18"


@pytest.fixture
def directory(stored: Stored, tmp_path: Path) -> Path:
    return Path(shutil.copytree(stored.directory, tmp_path / "rows"))


def test_days_are_listed_as_the_disk_has_them(g6: Run, directory: Path) -> None:
    answer = g6("data", "ls", "--json", "--data-dir", str(directory))
    listed = {each["name"]: each for each in json.loads(answer.out)}
    part = directory / "chain/underlying=FINNIFTY" / f"date={DAY}"
    assert listed["FINNIFTY"]["bytes"] == sum(path.stat().st_size for path in part.iterdir())
    assert (listed["FINNIFTY"]["parts"], listed["FINNIFTY"]["state"]) == (2, "2 parts")
    assert listed["overview"]["day"] == DAY


def test_the_list_is_a_table_for_people(g6: Run, directory: Path) -> None:
    answer = g6("data", "ls", "--date", DAY, "--data-dir", str(directory))
    assert "FINNIFTY" in answer.out
    assert "2 parts" in answer.out


def test_a_directory_without_rows_has_nothing_to_list(g6: Run, tmp_path: Path) -> None:
    answer = g6("data", "ls", "--data-dir", str(tmp_path / "none"))
    assert answer.code == 3
    assert "nothing is stored" in answer.err


def test_a_word_that_is_no_day_is_told_how_days_are_written(g6: Run, directory: Path) -> None:
    answer = g6("data", "ls", "--date", "18.11.2026", "--data-dir", str(directory))
    assert (answer.code, "write it as 2026-11-20" in answer.err) == (2, True)


def test_sizes_are_those_of_the_disk(g6: Run, directory: Path) -> None:
    told = json.loads(g6("data", "size", "--json", "--data-dir", str(directory)).out)
    files = [path for path in directory.rglob("*") if path.is_file()]
    assert told["total"] == {
        "files": len(files),
        "bytes": sum(path.stat().st_size for path in files),
    }
    assert told["chain"]["files"] == 2
    assert "total" in g6("data", "size", "--data-dir", str(directory)).out


def test_days_that_are_over_are_compacted_and_load_the_same(g6: Run, directory: Path) -> None:
    before = package.load("FINNIFTY", DAY, engine="arrow", data_dir=directory)
    answer = g6("data", "compact", "--json", "--data-dir", str(directory))
    done = json.loads(answer.out)
    assert [(each["name"], each["files_before"], each["gone"]) for each in done] == [
        ("FINNIFTY", 2, 2),
        ("overview", 2, 2),
    ]
    assert "compacting: 2 of 2" in answer.err
    assert (
        package.load("FINNIFTY", DAY, engine="arrow", data_dir=directory).to_pylist()
        == before.to_pylist()
    )


def test_compacting_goes_on_where_it_was_stopped(
    g6: Run, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compact = ParquetHistory.compact

    def stopped(self: ParquetHistory, name: str, day: date) -> object:
        if name == "overview":
            raise KeyboardInterrupt
        return compact(self, name, day)

    monkeypatch.setattr(ParquetHistory, "compact", stopped)
    assert g6("data", "compact", "--data-dir", str(directory)).code == 130
    monkeypatch.setattr(ParquetHistory, "compact", compact)
    done = json.loads(g6("data", "compact", "--json", "--data-dir", str(directory)).out)
    assert [each["name"] for each in done] == ["overview"]


def test_compacting_again_finds_nothing_to_do(g6: Run, directory: Path) -> None:
    assert (
        "2 files into 1" in g6("data", "compact", "--date", DAY, "--data-dir", str(directory)).out
    )
    assert (
        "every day that is over is compacted"
        in g6("data", "compact", "--data-dir", str(directory)).out
    )


def test_a_day_that_cannot_be_compacted_is_said_and_the_others_go_on(
    g6: Run, directory: Path
) -> None:
    for part in (directory / "chain/underlying=FINNIFTY" / f"date={DAY}").iterdir():
        part.write_bytes(b"PAR1 and nothing")
    answer = g6("data", "compact", "--data-dir", str(directory))
    assert "2 damaged left alone" in answer.out
    assert len(list((directory / "overview" / f"date={DAY}").iterdir())) == 1
