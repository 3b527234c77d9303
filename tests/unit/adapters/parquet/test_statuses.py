"""How cycles ended, as the files say it, however they are folded."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

from g6.adapters.parquet import ParquetHistory, ParquetStore
from g6.adapters.parquet.maintenance.sizes import sizes
from g6.adapters.parquet.statuses import statuses
from g6.domain.cycles.gaps import StatusReason

FIRST, SECOND = date(2026, 11, 17), date(2026, 11, 18)
CYCLES = tuple(f"{day}T05:{minute}:00Z" for day in (FIRST, SECOND) for minute in (30, 31))
ENDED = {"NIFTY": ("OK", ""), "SENSEX": ("MISSING", "provider")}


def written(directory: Path) -> Path:
    for cycle in CYCLES:
        rows = [
            {"timestamp": cycle, "underlying": index, "status": status, "reason": reason}
            for index, (status, reason) in ENDED.items()
        ]
        ParquetStore(directory).write_overview(cycle, rows)
    return directory


def rows_of(directory: Path) -> list[tuple[date, dict[str, dict[datetime, StatusReason]]]]:
    return [
        (day, {index: dict(outcomes.items()) for index, outcomes in by_index.items()})
        for day, by_index in statuses(directory, None, None)
    ]


def test_status_and_reason_are_found_by_day_index_and_instant(tmp_path: Path) -> None:
    found = dict(statuses(written(tmp_path), None, None))
    for day in (FIRST, SECOND):
        instants = [
            datetime(day.year, day.month, day.day, 5, minute, tzinfo=UTC) for minute in (30, 31)
        ]
        assert {index: dict(outcomes.items()) for index, outcomes in found.pop(day).items()} == {
            index: dict.fromkeys(instants, ended) for index, ended in ENDED.items()
        }
    assert found == {}


def test_a_day_says_the_same_in_parts_in_segments_and_in_one_file(tmp_path: Path) -> None:
    directory = written(tmp_path)
    loose = rows_of(directory)
    history = ParquetHistory(directory)
    history.fold("overview", FIRST, datetime(2026, 11, 18, tzinfo=UTC))
    history.compact("overview", SECOND)
    assert rows_of(directory) == loose


def test_only_the_days_asked_for_are_read(tmp_path: Path) -> None:
    directory = written(tmp_path)
    next((directory / f"overview/date={FIRST}").iterdir()).write_bytes(b"not Parquet")
    assert [day for day, _ in statuses(directory, SECOND, None)] == [SECOND]


def test_sizes_count_files_by_kind_and_follow_no_link(tmp_path: Path) -> None:
    directory = tmp_path / "rows"
    for name, length in (
        ("chain/underlying=NIFTY/a", 3),
        ("csv/b", 5),
        ("logs/c", 7),
        ("overview.txt", 11),
    ):
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_bytes(b"x" * length)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/d").write_bytes(b"not below")
    (directory / "csv/link").symlink_to(tmp_path / "elsewhere")
    found = sizes(directory)
    assert {kind: held for kind, held in found.items() if held != (0, 0)} == {
        "chain": (1, 3),
        "csv": (1, 5),
        "other": (2, 18),
    }
    assert sizes(tmp_path / "none")["chain"] == (0, 0)
