"""`g6 data check` finds every kind of damage that is planted, naming file and fix."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from g6.adapters.csv import CsvStore
from g6.adapters.memory.clock import StoppedClock
from g6.adapters.parquet import ParquetHistory, ParquetStore
from g6.adapters.parquet.units import day_overviews
from g6.bootstrap.stored_files.damage_search import lasting
from g6.config import calendar
from g6.domain.cycles.cycle import Unit, parse_z
from g6.domain.reports import GapOpened
from g6.entrypoints.cli.shared.help.fix_commands import SystemOptions
from g6.ports import Event
from g6.ports.history import BusPosition, Finding
from g6.simulation import SimulatedMarket
from tests.unit.entrypoints.cli.conftest import Run, Stored

DAY = "2026-11-18"
CHAIN = f"chain/underlying=FINNIFTY/date={DAY}"
PART, LATER = f"{CHAIN}/053000Z.parquet", f"{CHAIN}/053300Z.parquet"
CSV = f"csv/FINNIFTY/this_month/0/{DAY}.csv"


RERUN, MINE = "g6 rerun --cycle 2026-11-18T05:30:00Z --index NIFTY", "--data-dir 'my rows'"


@pytest.fixture
def directory(stored: Stored, tmp_path: Path) -> Path:
    rows = Path(shutil.copytree(stored.directory, tmp_path / "rows"))
    for cycle, frame in stored.frames.items():
        CsvStore(rows / "csv").write_chain(Unit(cycle, "FINNIFTY"), frame)
    for row in day_overviews(rows, date.fromisoformat(DAY))[0]:
        CsvStore(rows / "csv").write_overview(str(row["timestamp"]), [row])
    ParquetStore(rows).keep_listing(
        SimulatedMarket(calendar()).listing("FINNIFTY", parse_z(f"{DAY}T05:30:00Z")), "NFO"
    )
    told = Event(
        "1-0", f"{DAY}T05:30:01Z", GapOpened("FINNIFTY", "", "MISSING", "provider"), "FINNIFTY"
    )
    ParquetHistory(rows).keep_events([told], BusPosition("1-0", 1))
    return rows


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-200])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    group = pq.read_metadata(path).row_group(0)
    column = next(
        each
        for each in map(group.column, range(group.num_columns))
        if each.path_in_schema == "ce_iv"
    )
    content[column.data_page_offset + column.total_compressed_size - 3] ^= 0xFF
    path.write_bytes(bytes(content))


def renamed_column(path: Path) -> None:
    table = pq.read_table(path, partitioning=None)
    pq.write_table(
        table.rename_columns(
            [name if name != "ce_iv" else "ce_vol" for name in table.column_names]
        ),
        path,
    )


def other_type(path: Path) -> None:
    table = pq.read_table(path, partitioning=None)
    place = table.column_names.index("spot")
    pq.write_table(table.set_column(place, "spot", table.column("spot").cast(pa.string())), path)


def under_another_name(path: Path) -> None:
    shutil.copy(path, path.with_name("054500Z.parquet"))


def doubled(path: Path) -> None:
    table = pq.read_table(path, partitioning=None)
    pq.write_table(pa.concat_tables([table, table]), path)


def removed(path: Path) -> None:
    path.unlink()


def left_over(path: Path) -> None:
    left = path.with_name(f".{path.name}.1-2.tmp")
    left.write_bytes(b"half")
    os.utime(left, (time.time() - 7200,) * 2)


def stray(path: Path) -> None:
    path.with_name("notes.txt").write_text("?")


def torn(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-9])


def zeroed(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\0" * 64)


def cells_lost(path: Path) -> None:
    lines = path.read_text().split("\n")
    lines[1] = lines[1].rpartition(",")[0]
    path.write_text("\n".join(lines))


def line_twice(path: Path) -> None:
    lines = path.read_text().split("\n")
    path.write_text("\n".join([*lines[:2], *lines[1:]]))


def lines_swapped(path: Path) -> None:
    lines = path.read_text().split("\n")
    path.write_text("\n".join([lines[0], lines[2], lines[1], ""]))


def headless(path: Path) -> None:
    path.write_text("\n".join(path.read_text().split("\n")[1:]))


def no_instant(path: Path) -> None:
    path.write_text(path.read_text().replace("2026-11-18T05:30:00Z", "yesterday"))


DAMAGES: list[tuple[str, Callable[[Path], None], str]] = [
    (PART, truncated, "corrupt"), (PART, emptied, "corrupt"), (PART, flipped, "corrupt"), (PART, renamed_column, "schema"),
    (PART, other_type, "schema"), (PART, under_another_name, "misplaced"), (PART, doubled, "duplicate"),
    (PART, removed, "unmatched"), (PART, left_over, "leftover"), (PART, stray, "stray"),
    (f"overview/date={DAY}/053000Z.parquet", truncated, "corrupt"), (f"overview/date={DAY}/053000Z.parquet", removed, "unmatched"),
    (f"instruments/date={DAY}/NFO.parquet", truncated, "corrupt"), (f"events/date={DAY}/day.parquet", truncated, "corrupt"),
    (CSV, torn, "torn"), (CSV, zeroed, "torn"), (CSV, emptied, "torn"), (CSV, cells_lost, "line"), (CSV, no_instant, "line"),
    (CSV, line_twice, "duplicate"), (CSV, lines_swapped, "order"), (CSV, headless, "header"),
]  # fmt: skip


def findings(g6: Run, directory: Path) -> list[dict[str, Any]]:
    answer = g6("data", "check", "--json", "--data-dir", str(directory))
    found: list[dict[str, Any]] = json.loads(answer.out)["findings"]
    assert answer.code == (1 if found else 0)
    return found


def test_what_is_whole_is_said_to_be(g6: Run, directory: Path) -> None:
    assert findings(g6, directory) == []
    assert "is whole" in g6("data", "check", "--data-dir", str(directory)).out
    g6("data", "compact", "--date", DAY, "--data-dir", str(directory))
    assert findings(g6, directory) == []


@pytest.mark.parametrize(
    ("path", "damage", "kind"),
    DAMAGES,
    ids=lambda each: getattr(each, "__name__", str(each).split("/")[0]),
)
def test_every_kind_of_damage_is_found_with_file_and_fix(
    g6: Run, directory: Path, path: str, damage: Callable[[Path], None], kind: str
) -> None:
    damage(directory / path)
    found = findings(g6, directory)
    assert all(each["fix"] for each in found)
    assert kind in {
        each["kind"] for each in found if Path(each["path"]).parent in {*(directory / path).parents}
    }


@pytest.mark.parametrize(
    "path", [f"{CHAIN}/day.parquet", f"overview/date={DAY}/day.parquet"], ids=["chain", "overview"]
)
def test_a_damaged_day_has_one_finding_whose_commands_are_whole(
    g6: Run, directory: Path, path: str
) -> None:
    g6("data", "compact", "--date", DAY, "--data-dir", str(directory))
    truncated(directory / path)
    found = findings(g6, directory)
    # Of each cycle a rerun was printed, which has no quotes any more.
    assert [each for each in found if each["kind"] == "unmatched"] == []
    (corrupt,) = [each for each in found if each["kind"] == "corrupt"]
    assert f"g6 restore BACKUP --date {DAY} --data-dir {directory}" in corrupt["fix"]
    assert f"g6 data repair --from {DAY}" in corrupt["fix"]


def test_a_file_that_is_gone_is_told_with_a_command_for_when_the_quotes_are_gone(
    g6: Run, directory: Path
) -> None:
    removed(directory / PART)
    fixes = [
        each["fix"]
        for each in findings(g6, directory)
        if each["what"].endswith("no chain is stored")
    ]
    assert fixes
    assert all(f"g6 restore BACKUP --date {DAY}" in fix for fix in fixes)


def finding(kind: str, what: str) -> Finding:
    return Finding("rows/a.csv", kind, what, "g6 data mend")


def test_what_a_running_system_was_writing_is_no_damage() -> None:
    always, growing = (
        finding("figure", "line 2: strike is '2x', which is no number"),
        ("its 3 lines", "its 4 lines"),
    )
    answers = iter([
        [always, finding("unmatched", "line 9: a unit being written"), finding("lost", growing[0])],
        [always, finding("unmatched", "line 10: the next unit being written"), finding("lost", growing[1])],
    ])  # fmt: skip
    clock = StoppedClock(parse_z("2026-11-18T05:33:00Z").timestamp())
    damage = lasting([lambda: next(answers), list], clock, 3.0)
    assert damage == [always, finding("lost", growing[1])]
    assert clock.wall() == parse_z("2026-11-18T05:33:03Z").timestamp()


@pytest.mark.parametrize(
    ("said", "printed"),
    [
        (f"{RERUN} --from persist; where its quotes are gone, g6 data repair",
         f"{RERUN} --from persist {MINE}; where its quotes are gone, g6 data repair {MINE}"),
        (f"mv a b && {RERUN}", f"mv a b && {RERUN} {MINE}"),
        (f"g6 data mend --date 2026-11-18 {MINE}", f"g6 data mend --date 2026-11-18 {MINE}"),
    ],
)  # fmt: skip
def test_commands_name_the_directory_that_was_asked_about(said: str, printed: str) -> None:
    named = SystemOptions.of_settings(Path("my rows"), None, None)
    assert named.completed(said) == printed
    assert SystemOptions().completed(said) == said


def test_nobody_writes_and_one_look_is_enough() -> None:
    answers = iter([[finding("unmatched", "line 9: no such unit")]])
    clock = StoppedClock(parse_z("2026-11-18T05:33:00Z").timestamp())
    assert len(lasting([lambda: next(answers)], clock, 0.0)) == 1


def test_a_damaged_panel_is_found(g6: Run, directory: Path) -> None:
    panels = directory / "panels"
    panels.mkdir()
    manifest = {
        "panels": ["indices"],
        "hashes": {"indices.json": "0" * 64},
        "generated_at": "2026-11-18T05:33:00Z",
    }
    (panels / "manifest.json").write_text(json.dumps(manifest))
    (panels / "indices.json").write_text(json.dumps({"panel": "indices", "data": {}}))
    assert [each["kind"] for each in findings(g6, directory)] == ["panel"]


def test_what_a_killed_writer_left_among_the_panels_is_found(g6: Run, directory: Path) -> None:
    panels = directory / "panels"
    panels.mkdir()
    left_over(panels / "indices.json")
    (finding,) = findings(g6, directory)
    assert finding["kind"] == "leftover"
    assert finding["fix"].endswith(f"rm {panels / '.indices.json.1-2.tmp'}")


def test_damage_in_a_compacted_day_points_to_a_backup(g6: Run, directory: Path) -> None:
    g6("data", "compact", "--date", DAY, "--data-dir", str(directory))
    flipped(directory / CHAIN / "day.parquet")
    (corrupt,) = [each for each in findings(g6, directory) if each["kind"] == "corrupt"]
    assert corrupt["path"].endswith("day.parquet")
    assert "backup" in corrupt["fix"]


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is unreadable for root")
def test_an_unreadable_file_is_named(g6: Run, directory: Path) -> None:
    (directory / PART).chmod(0)
    assert "unreadable" in {each["kind"] for each in findings(g6, directory)}


def test_people_read_file_what_and_fix(g6: Run, directory: Path) -> None:
    truncated(directory / PART)
    answer = g6("data", "check", "--date", DAY, "--data-dir", str(directory))
    assert answer.code == 1
    assert "053000Z.parquet: not a whole Parquet file" in answer.out
    assert "g6 rerun --cycle 2026-11-18T05:30:00Z --index FINNIFTY" in answer.out


@pytest.mark.parametrize("damage", [torn, removed, emptied])
def test_the_fix_as_it_is_printed_mends_the_directory_that_was_checked(
    g6: Run, directory: Path, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    """The default directory has rows of its own, which no fix may touch."""
    (tmp_path / "own.json").write_text('{"interval": 60}')
    asked = ("--data-dir", str(directory), "--config", "own.json")
    damage(directory / CSV)
    found = json.loads(g6("data", "check", *asked, "--json").out)["findings"]
    fixes = {finding["fix"] for finding in found}
    assert fixes
    for fix in fixes:
        words = shlex.split(fix)
        assert words[0] == "g6"
        assert words[-4:] == list(asked)
        assert g6(*words[1:]).code == 0
    assert json.loads(g6("data", "check", *asked, "--json").out)["count"] == 0
    assert not (tmp_path / "data").exists()
