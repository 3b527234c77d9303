"""The checklist of a day: what is due when, what is to be done, and with which command."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path

import pytest
from rich.console import Console

from g6.adapters.parquet import ParquetStore
from g6.bootstrap.reading.study_readers import archive_reader, past_reader
from g6.config import load
from g6.domain.cycles.cycle import parse_z
from g6.domain.documents.machine_facts import DumpHealth, MachineFacts
from g6.domain.reports import LoginFacts
from g6.domain.schema.layout import KIND_OF_ROWS
from g6.ports.readers import ArchiveReader, PastReader
from g6.rendering import parts
from g6.studies.checks.trading_day import DayChecklist, DayItem, DayParameters, answer
from tests.worlds.well_machine import WELL

STORE = Path(__file__).resolve().parents[2] / "data" / "store"
MORNING = parse_z("2026-11-18T03:20:00Z")
NOON = parse_z("2026-11-18T05:31:30Z")
EVENING = parse_z("2026-11-18T11:00:00Z")
SUNDAY = parse_z("2026-11-22T05:00:00Z")


@dataclass(slots=True)
class Looked:
    """A machine of planted facts beside a store of real files."""

    at: datetime = MORNING
    found: MachineFacts = WELL
    directory: Path = STORE
    exchanges: Sequence[str] = field(default_factory=lambda: ["NSE"])
    start: str = "g6 live"
    was_killed: bool = False

    @property
    def machine(self) -> Looked:
        return self

    def facts(self) -> MachineFacts:
        return self.found

    def wait(self, seconds: float) -> None:
        raise AssertionError(seconds)

    @property
    def past(self) -> PastReader:
        return past_reader(self._settings())

    @property
    def archive(self) -> ArchiveReader:
        return archive_reader(self._settings())

    def _settings(self):  # type: ignore[no-untyped-def]
        return load("", {"data_dir": self.directory, "demo_dir": self.directory}, {})


def asked(day: date | None = None, **changes: object) -> DayChecklist:
    return answer(Looked(**changes), DayParameters(day))  # type: ignore[arg-type]


def item(document: DayChecklist, what: str) -> DayItem:
    (found,) = [item for item in document.items if item.what == what]
    return found


def shown(document: DayChecklist) -> str:
    console = Console(width=120)
    with console.capture() as written:
        parts.print_parts(console, parts.parts_of("day", document))
    return written.get()


def test_a_closed_day_is_one_sentence() -> None:
    document = asked(at=SUNDAY)
    assert document.passes
    assert shown(document) == (
        "Sun 22 Nov 2026: the exchanges are closed; "
        "the next session opens Mon 23 Nov 2026 09:15 IST\n"
    )


def test_in_the_morning_of_a_machine_that_is_well_nothing_is_to_do() -> None:
    document = asked()
    assert document.passes
    text = shown(document)
    assert "Wed 18 Nov 2026: session from 09:15 to 15:40 IST" in text
    assert "nothing to do now" in text
    assert {item.what for item in document.items} >= {
        "token",
        "instruments",
        "disk",
        "clock",
        "calendar",
        "completeness",
        "gaps",
        "compaction",
    }
    assert item(document, "gaps").ok is None


@pytest.mark.parametrize(
    ("what", "facts", "fix"),
    [
        ("token", replace(WELL, login=LoginFacts("missing")), "g6 login"),
        ("token", replace(WELL, login=LoginFacts("valid", None, 3600.0)), "g6 login"),
        (
            "instruments",
            replace(WELL, dumps=DumpHealth({"NFO": None}, date(2026, 11, 18))),
            "g6 expiries --refresh",
        ),
        (
            "disk",
            replace(WELL, directory=replace(WELL.directory, free_bytes=1e6)),
            "g6 data compact",
        ),
        (
            "clock",
            replace(WELL, vitals=replace(WELL.vitals, clock_skew_seconds={"a": 3.0})),
            "timedatectl",
        ),
    ],
)
def test_before_the_open_what_is_missing_has_its_command(
    what: str, facts: MachineFacts, fix: str
) -> None:
    document = asked(found=facts)
    assert not document.passes
    assert item(document, what).ok is False
    assert fix in item(document, what).fix
    assert "fix: " in shown(document)


def test_nobody_who_collects_is_told_from_five_minutes_before_the_open_on() -> None:
    idle = replace(WELL, drivers=())
    assert item(asked(found=idle), "collection").ok is None
    late = item(asked(found=idle, at=parse_z("2026-11-18T03:41:00Z")), "collection")
    assert (late.ok, late.fix) == (False, "g6 live")


@pytest.fixture
def live(tmp_path: Path) -> Path:
    """Return a directory of the same rows as a live market has them."""
    shutil.copytree(STORE, tmp_path / "live")
    (tmp_path / "live" / KIND_OF_ROWS).write_text("live\n")
    return tmp_path / "live"


def test_after_the_close_what_is_not_whole_has_its_command(live: Path) -> None:
    document = asked(at=EVENING, directory=live)
    days = "--from 2026-11-18 --to 2026-11-18"
    assert item(document, "completeness").fix == f"g6 data gaps {days}"
    assert item(document, "gaps").fix == f"g6 data repair {days}"
    assert item(document, "compaction").fix == "g6 data compact --date 2026-11-18"
    assert "not collected" in item(document, "gaps").seen
    assert "several files" in item(document, "compaction").seen


def test_what_a_simulated_market_never_collected_is_no_gap() -> None:
    document = asked(at=EVENING)
    gaps = item(document, "gaps")
    assert gaps.seen == "none; not collected: G6 started at 11:00, ended at 11:01 of 15:40"
    assert gaps.ok is None
    seen = "4 of 4 units OK, collected from 11:00 to 11:01 IST"
    assert (item(document, "completeness").ok, item(document, "completeness").seen) == (True, seen)


def test_a_day_that_its_system_left_by_a_kill_has_a_gap_up_to_the_close(tmp_path: Path) -> None:
    document = asked(at=EVENING, was_killed=True, start="g6 up")
    gaps = item(document, "gaps")
    assert (gaps.ok, gaps.fix) == (False, "g6 up")
    assert gaps.seen == (
        "2 of 558 cycles together: not collected 558 (nothing after 11:01); G6 was killed"
    )
    assert item(document, "completeness").ok is False
    assert not document.passes


def test_a_simulated_market_that_went_on_to_a_later_day_left_a_gap(tmp_path: Path) -> None:
    directory = tmp_path / "rows"
    shutil.copytree(STORE, directory)
    row = {"timestamp": "2026-11-19T03:45:00Z", "underlying": "NIFTY", "status": "OK"}
    ParquetStore(directory).write_overview(row["timestamp"], [row])
    document = asked(date(2026, 11, 18), at=parse_z("2026-11-19T03:45:00Z"), directory=directory)
    assert item(document, "gaps").ok is False
    assert "nothing after 11:01" in item(document, "gaps").seen
    (directory / KIND_OF_ROWS).write_text("replay\n")
    document = asked(date(2026, 11, 18), at=parse_z("2026-11-19T03:45:00Z"), directory=directory)
    assert item(document, "gaps").ok is None


def test_a_live_day_that_ended_early_says_after_which_cycle_nothing_came(live: Path) -> None:
    gaps = item(asked(at=EVENING, directory=live), "gaps")
    assert gaps.ok is False
    assert "G6 started at 11:00, nothing after 11:01" in gaps.seen


def test_the_hours_of_a_stored_day_are_those_of_the_indices_it_has_rows_of() -> None:
    """The calendar is asked for the exchanges of the rows, not for those of the settings."""
    assert asked(at=EVENING, exchanges=[]).closes == "2026-11-18T10:10:00Z"


def test_in_the_session_a_day_in_several_files_is_nothing_to_do(live: Path) -> None:
    assert item(asked(at=NOON, directory=live), "compaction").ok is None
    assert "so far" in item(asked(at=NOON, directory=live), "completeness").seen


def test_an_alert_that_is_raised_is_no_day_that_passes() -> None:
    full = replace(WELL, alerts=(("rows are not stored (parquet): disk full", "g6 data size"),))
    document = asked(found=full, at=NOON)
    alert = item(document, "alert")
    assert (alert.ok, alert.fix) == (False, "g6 data size")
    assert "disk full" in alert.seen
    assert not document.passes


def test_what_the_store_refuses_is_no_whole_day() -> None:
    document = asked(at=NOON, found=replace(WELL, refused_since="2026-11-18T05:32:00Z"))
    for what in ("completeness", "gaps"):
        assert item(document, what).ok is False
        assert item(document, what).seen.endswith("; not stored: the cycles from 11:02 on")


def test_a_past_day_asks_nothing_of_the_machine() -> None:
    document = asked(date(2026, 11, 17), at=EVENING, found=replace(WELL, drivers=()))
    assert {item.when for item in document.items} == {"after the close"}
    assert item(document, "compaction").ok


def test_a_day_of_which_nothing_is_stored_is_not_well(tmp_path: Path) -> None:
    document = asked(at=EVENING, directory=tmp_path)
    assert item(document, "completeness").seen == "nothing of the day is stored"
    assert item(document, "completeness").fix == "g6 live"
    assert not document.passes


def test_a_year_that_nobody_knows_is_to_be_entered() -> None:
    document = asked(date(2031, 1, 6), at=MORNING)
    assert not document.passes
    assert item(document, "calendar").fix
