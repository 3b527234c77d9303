"""Backups: whole while others write, incremental, verified, and brought back."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rich.console import Console

import g6 as package
from g6.adapters.csv import CsvStore
from g6.adapters.data_dir.backup_sources import BackupListing, SourceFile, source_files
from g6.adapters.data_dir.backups import BackupContent, BackupFolder
from g6.adapters.parquet import ParquetHistory, ParquetStore
from g6.bootstrap.stored_files.backup_folders import reverted_cycles
from g6.bootstrap.stored_files.certified_days import stored_days
from g6.bootstrap.stored_files.directory_certificates import issue_certificates
from g6.config import load
from g6.domain.cycles.cycle import Unit, isoformat_z, parse_z, quarter_hour_of
from g6.domain.schema.frame import Frame
from g6.entrypoints.cli.past.keeping import backup_commands
from g6.errors import StoreBusy
from tests.unit.entrypoints.cli.conftest import Run

FIRST, DAY = "2026-11-17", "2026-11-18"


@pytest.fixture
def directory(root: Path, tmp_path: Path) -> Path:
    rows = Path(shutil.copytree(root / "tests/data/store", tmp_path / "rows"))
    settle(rows)
    return rows


def settle(directory: Path) -> None:
    """Make every new file a minute older: what is younger than ten seconds may be half of a cycle.

    One that was settled stays as it is: it may be listed by now.
    """
    for path in directory.rglob("*.parquet"):
        facts = path.stat()
        if facts.st_mtime > time.time() - 30.0:
            os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns - 60_000_000_000))


def contents(directory: Path) -> dict[str, bytes]:
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file()
    }


def test_what_is_backed_up_comes_back_to_the_byte(g6: Run, directory: Path, tmp_path: Path) -> None:
    (directory / ".token").write_text("secret")
    (directory / "logs").mkdir()
    (directory / "logs/g6.log").write_text("line")
    before = contents(directory)
    del before[".token"], before["logs/g6.log"]
    place = str(tmp_path / "backup")
    told = json.loads(g6("backup", place, "--json", "--data-dir", str(directory)).out)
    assert (told["files"], told["files_copied"]) == (len(before), len(set(before.values())))
    answer = g6("restore", place, "--json", "--data-dir", str(tmp_path / "new"))
    assert json.loads(answer.out)["written"] == len(before)
    restored = contents(tmp_path / "new")
    restored.pop(".owner.json", None)
    assert restored == before
    assert g6("data", "check", "--data-dir", str(tmp_path / "new")).code == 0


def test_marks_of_recomputed_and_rewritten_days_come_back(
    g6: Run, directory: Path, tmp_path: Path
) -> None:
    marks = (
        directory / f"chain/underlying=NIFTY/date={DAY}/.recomputed",
        directory / f"certificates/date={DAY}/.rewritten-NIFTY",
    )
    for mark in marks:
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()
    place, new = str(tmp_path / "backup"), tmp_path / "new"
    assert g6("backup", place, "--data-dir", str(directory)).code == 0
    assert g6("restore", place, "--data-dir", str(new)).code == 0
    assert all((new / mark.relative_to(directory)).is_file() for mark in marks)


def test_a_second_backup_copies_what_is_new(g6: Run, directory: Path, tmp_path: Path) -> None:
    place = str(tmp_path / "backup")
    backup = ("backup", place, "--json", "--data-dir", str(directory))
    first = json.loads(g6(*backup).out)
    (directory / "configs").mkdir(exist_ok=True)
    (directory / "configs/new.json").write_text("{}")
    second = json.loads(g6(*backup).out)
    assert (second["files"], second["files_copied"]) == (first["files"] + 1, 1)
    assert g6("backup", place, "--check").code == 0


def test_a_backup_that_was_broken_off_goes_on(g6: Run, directory: Path, tmp_path: Path) -> None:
    place = tmp_path / "backup"
    backup = ("backup", str(place), "--json", "--data-dir", str(directory))
    told = json.loads(g6(*backup).out)
    objects = sorted(path for path in (place / "objects").rglob("*") if path.is_file())
    # Its list is written last.
    for path in (place / "snapshots").iterdir():
        path.unlink()
    for path in objects[::2]:
        path.unlink()
    again = json.loads(g6(*backup).out)
    assert (again["files"], again["files_copied"]) == (told["files"], len(objects[::2]))


def test_a_damaged_content_is_never_written_and_all_others_are(
    g6: Run, directory: Path, tmp_path: Path
) -> None:
    place = tmp_path / "backup"
    g6("backup", str(place), "--data-dir", str(directory))
    largest = max((place / "objects").rglob("*"), key=lambda path: path.stat().st_size)
    largest.write_bytes(largest.read_bytes()[:-1] + b"?")
    new = tmp_path / "new"
    restore = ("restore", str(place), "--data-dir", str(new))
    answer = g6(*restore, "--json")
    facts = json.loads(answer.out)
    (snapshot,) = (place / "snapshots").iterdir()
    files = json.loads(snapshot.read_text())["files"]
    damaged = [name for name, file in files.items() if file["sha256"] == largest.name]
    assert (answer.code, facts["damaged"]) == (1, damaged)
    assert facts["written"] == len(files) - len(damaged) > 0
    assert contents(new).keys() - {".owner.json"} == files.keys() - set(damaged)
    answer = g6(*restore)
    assert answer.code == 1
    assert f"not written, damaged in the backup: {damaged[0]}" in answer.out
    assert f"fix: g6 backup {place} --check" in answer.out
    # An object that is gone is damaged too.
    largest.unlink()
    assert json.loads(g6(*restore, "--json").out)["damaged"] == damaged


def test_a_damaged_content_is_set_aside_and_copied_again(
    g6: Run, directory: Path, tmp_path: Path
) -> None:
    place = tmp_path / "backup"
    backup = ("backup", str(place), "--json", "--data-dir", str(directory))
    g6(*backup)
    rotten = max((place / "objects").rglob("*"), key=lambda path: path.stat().st_size)
    whole = rotten.read_bytes()
    rotten.write_bytes(whole[:-1] + b"?")
    for words in ("is not what was backed up", "was damaged"):
        answer = g6("backup", str(place), "--check")
        assert (answer.code, words in answer.out) == (1, True), answer.out
        assert f"it is now {rotten}.damaged" in answer.out
        assert f"fix: g6 backup {place} copies them again while {directory} has" in answer.out
    assert json.loads(g6(*backup).out)["files_copied"] == 1
    assert rotten.read_bytes() == whole
    assert g6("backup", str(place), "--check").code == 0


def test_a_check_reads_every_backup_and_goes_on_where_it_was(
    g6: Run, directory: Path, tmp_path: Path
) -> None:
    place = tmp_path / "backup"
    backup = ("backup", str(place), "--data-dir", str(directory))
    config = directory / "configs/one.json"
    config.parent.mkdir(exist_ok=True)
    config.write_text("first")
    assert g6(*backup).code == 0
    config.write_text("second")
    # The names of backups are their seconds.
    first, first_list = next((path, path.read_text()) for path in (place / "snapshots").iterdir())
    assert g6(*backup).code == 0
    if first.read_text() == first_list:  # the second backup is of the next second
        first.unlink()
    first.with_name("20200101T000000Z.json").write_text(first_list)
    check = ("backup", str(place), "--check")
    told = json.loads(g6(*check, "--json").out)
    assert (told["read"], told["damaged"]) == (told["contents"], {})
    assert "by an earlier check" in g6(*check, "--within", "1").out
    again = json.loads(g6(*check, "--within", "1", "--json").out)
    assert (again["read"], again["contents"]) == (0, told["contents"])
    # What was never read comes first, and a content of an older backup alone is read as well.
    digest = hashlib.sha256(b"first").hexdigest()
    (place / "objects" / digest[:2] / digest).write_bytes(b"frist")
    checked = json.loads((place / "checked.json").read_text())
    del checked["read"][digest]
    (place / "checked.json").write_text(json.dumps(checked))
    answer = g6(*check, "--within", "1", "--json")
    told = json.loads(answer.out)
    assert (answer.code, told["read"]) == (1, 1)
    assert list(told["damaged"]) == ["configs/one.json of 20200101T000000Z"]
    (place / "snapshots/20200102T000000Z.json").write_text("{")
    assert "snapshots/20200102T000000Z.json: is no list" in g6(*check).out


def test_one_damaged_file_of_a_day_is_brought_back(
    g6: Run, directory: Path, tmp_path: Path
) -> None:
    place = str(tmp_path / "backup")
    g6("backup", place, "--data-dir", str(directory))
    broken = directory / "chain/underlying=NIFTY/date=2026-11-17/day.parquet"
    whole = broken.read_bytes()
    broken.write_bytes(whole[:-9])
    restore = ("restore", place, "--date", "2026-11-17", "--data-dir", str(directory))
    answer = g6(*restore)
    assert (answer.code, "another file: chain/underlying=NIFTY" in answer.out) == (1, True)
    assert g6(*restore, "--overwrite").code == 0
    assert broken.read_bytes() == whole


def test_rows_of_later_reruns_are_named_and_stay_until_they_are_to_be_reverted(
    g6: Run, directory: Path, tmp_path: Path
) -> None:
    place, where = str(tmp_path / "backup"), ("--data-dir", str(directory))
    cycle = "2026-11-17T05:31:00Z"
    assert g6("data", "compact", "--date", FIRST, *where).code == 0
    settle(directory)
    assert g6("backup", place, *where).code == 0
    store = ParquetStore(directory)
    rows = store.read_overview(cycle)
    day = directory / f"overview/date={FIRST}/day.parquet"
    before = day.read_bytes()
    store.write_overview(cycle, [{**row, "spot": 1.0} for row in rows])
    assert g6("data", "compact", "--date", FIRST, *where).code == 0
    restore = ("restore", place, "--date", FIRST, "--overwrite", *where)
    answer = g6(*restore)
    assert answer.code == 1
    assert f"with rows of {cycle} that the backup has otherwise or not: overview" in answer.out
    assert "--overwrite --revert goes back" in answer.out
    told = json.loads(g6(*restore, "--json").out)
    assert told["newer"] == {f"overview/date={FIRST}/day.parquet": [cycle]}
    assert {row["spot"] for row in ParquetStore(directory).read_overview(cycle)} == {1.0}
    assert g6(*restore, "--revert").code == 0
    assert day.read_bytes() == before
    refused = g6("restore", place, "--revert", *where)
    assert (refused.code, "belongs to --overwrite" in refused.err) == (2, True)


def test_a_file_of_the_same_rows_and_a_damaged_one_revert_nothing(directory: Path) -> None:
    path = directory / f"chain/underlying=NIFTY/date={FIRST}/day.parquet"
    whole = path.read_bytes()
    table = pq.read_table(path, partitioning=None)
    again = tmp_bytes(table.take(list(reversed(range(len(table))))), "snappy")
    name = "chain/day.parquet"
    assert list(reverted_cycles(name, again, whole)) == []
    assert list(reverted_cycles(name, whole[:-9], whole)) == []
    assert list(reverted_cycles(name, b"", whole)) == []
    fewer = tmp_bytes(table.slice(0, len(table) - 1), "zstd")
    assert len(reverted_cycles(name, whole, fewer)) == 1
    assert list(reverted_cycles("certificates/newest.json", b"{}", b"[]")) == []
    head = b"timestamp,ce\n"
    line = b"2026-11-18T05:30:00Z,1\n"
    assert list(reverted_cycles("a.csv", head + line, head)) == ["2026-11-18T05:30:00Z"]
    assert list(reverted_cycles("a.csv", head + line[:-3], head + line)) == []


def tmp_bytes(table: pa.Table, compression: str) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression=compression)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def test_a_rerun_of_one_index_beside_a_damaged_overview_loses_nothing_once_it_is_restored(
    g6: Run, directory: Path, tmp_path: Path
) -> None:
    place, where = str(tmp_path / "backup"), ("--data-dir", str(directory))
    day, cycle = "2026-11-17", "2026-11-17T05:31:00Z"
    assert g6("backup", place, *where).code == 0
    before = package.load(["NIFTY", "MIDCPNIFTY"], day, "overview", data_dir=directory)
    broken = directory / f"overview/date={day}/day.parquet"
    row = next(
        row for row in ParquetStore(directory).read_overview(cycle) if row["underlying"] == "NIFTY"
    )
    broken.write_bytes(broken.read_bytes()[:-9])
    # As a rerun of one index whose cycle is forgotten writes it.
    ParquetStore(directory).write_overview(cycle, [{**row, "spot": 1.0}])
    assert g6("data", "compact", "--date", day, *where).code == 1
    broken.rename(broken.with_name(".day.parquet.damaged"))
    assert g6("restore", place, "--date", day, *where).code == 0

    def rows() -> list[tuple[object, ...]]:
        table = package.load(["NIFTY", "MIDCPNIFTY"], day, "overview", data_dir=directory)
        return sorted(zip(table["underlying"], table["timestamp"], table["spot"], strict=True))

    units = sorted(zip(before["underlying"], before["timestamp"], strict=True))
    assert [row[:2] for row in rows()] == units
    assert [row[0] for row in rows() if row[2] == 1.0] == ["NIFTY"]
    told = package.sql(
        "select count(*) as n, count(distinct underlying) as i from overview where date = '2026-11-17'",
        engine="arrow",
        data_dir=directory,
    ).to_pylist()
    assert told == [{"n": len(before), "i": 2}]
    assert g6("data", "compact", "--date", day, *where).code == 0
    assert [row[:2] for row in rows()] == units
    assert [row[0] for row in rows() if row[2] == 1.0] == ["NIFTY"]


def test_a_cycle_that_is_being_stored_comes_with_the_next_backup(
    directory: Path,
) -> None:
    now = time.time()
    young = directory / f"chain/underlying=NIFTY/date={DAY}/053100Z.parquet"
    os.utime(young, (now, now))
    listing = source_files(directory, directory / "csv", now)
    assert listing.left_out == {f"{DAY}T05:31:00Z"}
    names = [file.name for file in listing.files]
    assert not [name for name in names if "053100Z" in name]
    assert [name for name in names if "053000Z" in name]
    assert not listing.has_line_of(f"{DAY}T05:31:00Z")
    assert listing.has_line_of(f"{DAY}T05:30:00Z")


def test_it_is_whole_while_cycles_are_stored_and_folded(
    g6: Run, tmp_path: Path, chain_of: Callable[..., Frame]
) -> None:
    directory = tmp_path / "rows"
    store, csv = ParquetStore(directory), CsvStore(directory / "csv")
    history = ParquetHistory(directory)
    first = parse_z(f"{DAY}T04:00:00Z")
    stop = threading.Event()
    stored = threading.Event()

    def collect() -> None:
        for number in range(400):
            if stop.is_set():
                return
            cycle = isoformat_z(first + timedelta(seconds=20 * number))
            for rows in (store, csv):
                rows.write_chain(Unit(cycle, "NIFTY"), chain_of(cycle))
                row = {"timestamp": cycle, "underlying": "NIFTY", "status": "OK", "reason": ""}
                rows.write_overview(cycle, [row])
            if number % 10 == 9:
                settle(directory / "chain")
                settle(directory / "overview")
                quarter = quarter_hour_of(parse_z(cycle))
                for name in ("NIFTY", "overview"):
                    history.fold(name, date.fromisoformat(DAY), quarter)
            if number == 30:
                stored.set()

    collector = threading.Thread(target=collect)
    collector.start()
    try:
        stored.wait(90)
        for number in range(3):
            place = str(tmp_path / f"backup{number}")
            assert g6("backup", place, "--data-dir", str(directory)).code == 0
    finally:
        stop.set()
        collector.join()
    for number in range(3):
        new = str(tmp_path / f"new{number}")
        assert g6("restore", str(tmp_path / f"backup{number}"), "--data-dir", new).code == 0
        answer = g6("data", "check", "--json", "--data-dir", new)
        kinds = {finding["kind"] for finding in json.loads(answer.out)["findings"]}
        assert not kinds, answer.out
        assert len(package.load("NIFTY", DAY, "overview", data_dir=new)) >= 10


class Beside(BackupFolder):
    """Backups beside which something else happens once it has been listed what is to be copied."""

    def __init__(self, directory: Path, act: Callable[[], object], times: int = 1) -> None:
        super().__init__(directory)
        self._act = act
        self._times = times
        self._listing: BackupListing | None = None

    def copy(
        self, file: SourceFile, listing: BackupListing, contents: Mapping[str, BackupContent]
    ) -> tuple[BackupContent, bool] | None:
        if listing is not self._listing and self._times:
            self._listing = listing
            self._times -= 1
            self._act()
        return super().copy(file, listing, contents)


@pytest.mark.parametrize("act", ["put", "back", "apply", "computed"])
def test_a_day_that_moves_beside_a_backup_is_listed_anew(
    g6: Run, directory: Path, tmp_path: Path, act: str
) -> None:
    where = ("--data-dir", str(directory))
    put = ("archive", "put", str(tmp_path / "cold"), "--date", DAY, *where)
    kinds = "chain,overview,csv"
    words = {
        "put": put,
        "back": ("archive", "back", "--date", DAY, *where),
        "apply": ("retention", "apply", "--before", DAY, "--kinds", kinds, "--yes", *where),
    }
    settings = load("", {"demo_dir": directory}, {})
    history = stored_days(settings)
    assert g6("data", "compact", *where).code == 0
    if act == "back":
        assert g6(*put).code == 0

    def moves() -> None:
        if act in words:
            assert g6(*words[act]).code == 0
            return
        day = history.read_day("NIFTY", date.fromisoformat(DAY), ["rate"])
        rate = day.columns["rate"] + 0.01
        assert history.write_day("NIFTY", date.fromisoformat(DAY), {"rate": rate}, day.headers)
        issue_certificates(settings, [date.fromisoformat(DAY)])

    folder = Beside(tmp_path / "backup", moves)
    listing, copied = backup_commands._copy_all(folder, settings, Console(quiet=True))
    folder.finish("20261118T103000Z", directory, copied.files, listing.left_out)
    new = tmp_path / "new"
    assert g6("restore", str(tmp_path / "backup"), "--data-dir", str(new)).code == 0
    for days in (DAY, (FIRST, DAY)):
        table = package.load("NIFTY", days, engine="arrow", data_dir=new)
        assert table.equals(package.load("NIFTY", days, engine="arrow", data_dir=directory))
    assert (new / f"chain/underlying=NIFTY/date={DAY}/day.cold").exists() == (act == "put")
    assert g6("data", "check", "--data-dir", str(new)).code == 0
    assert not (directory / ".exporting").exists()


def test_files_that_move_at_every_listing_are_said_and_no_list_is_written(
    g6: Run, directory: Path, tmp_path: Path
) -> None:
    assert g6("data", "compact", "--data-dir", str(directory)).code == 0
    moved = directory / f"chain/underlying=NIFTY/date={DAY}/day.parquet"
    folder = Beside(tmp_path / "backup", lambda: os.utime(moved), times=99)
    settings = load("", {"demo_dir": directory}, {})
    with pytest.raises(StoreBusy, match="when g6 archive, g6 retention, g6 recompute"):
        backup_commands._copy_all(folder, settings, Console(quiet=True))
    assert folder.names() == []


def test_lines_that_are_written_while_a_backup_copies_come_with_the_next_one(
    g6: Run, tmp_path: Path, chain_of: Callable[..., Frame]
) -> None:
    directory = tmp_path / "rows"
    stores = ParquetStore(directory), CsvStore(directory / "csv")

    def collect(cycle: str) -> None:
        for store in stores:
            store.write_chain(Unit(cycle, "NIFTY"), chain_of(cycle))
            row = {"timestamp": cycle, "underlying": "NIFTY", "status": "OK", "reason": ""}
            store.write_overview(cycle, [row])

    collect(f"{DAY}T04:00:00Z")
    for path in directory.rglob("*.*"):
        facts = path.stat()
        os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns - 60_000_000_000))
    folder = Beside(tmp_path / "backup", lambda: collect(f"{DAY}T04:01:00Z"))
    settings = load("", {"demo_dir": directory}, {})
    listing, copied = backup_commands._copy_all(folder, settings, Console(quiet=True))
    folder.finish("20261118T103000Z", directory, copied.files, listing.left_out)
    new = tmp_path / "new"
    assert g6("restore", str(tmp_path / "backup"), "--data-dir", str(new)).code == 0
    assert len(package.load("NIFTY", DAY, "overview", data_dir=new)) == 1
    assert g6("data", "check", "--data-dir", str(new)).code == 0


def test_a_place_in_the_data_directory_is_refused(g6: Run, directory: Path) -> None:
    answer = g6("backup", str(directory / "backup"), "--data-dir", str(directory))
    assert (answer.code, "lies in the data directory" in answer.err) == (2, True)
    answer = g6("restore", str(directory / "none"), "--data-dir", str(directory))
    assert (answer.code, "no backup is in" in answer.err) == (3, True)


def test_a_place_below_the_csv_files_is_refused(g6: Run, directory: Path, tmp_path: Path) -> None:
    base, place = tmp_path / "lines", tmp_path / "lines/backup"
    setting = f"storage.csv.base_dir={base}"
    answer = g6("backup", str(place), "--set", setting, "--data-dir", str(directory))
    assert (answer.code, "lies in the directory of CSV files" in answer.err) == (2, True)
    assert not place.exists()
    beside = str(tmp_path / "beside")
    assert g6("backup", beside, "--set", setting, "--data-dir", str(directory)).code == 0


@pytest.mark.parametrize(
    ("name", "sha256"),
    [
        ("../../x", ""),
        ("{outside}/x", ""),
        ("chain/../../x", ""),
        ("csv/../../x", ""),
        ("csv/{outside}/x", ""),
        ("csv", ""),
        ("events/x", "../../../x"),
        ("events/x", "A" * 64),
    ],
)
def test_a_list_that_names_a_place_outside_is_refused(
    g6: Run, tmp_path: Path, name: str, sha256: str
) -> None:
    place, new, outside = tmp_path / "backup", tmp_path / "rows/new", tmp_path / "outside"
    name = name.format(outside=outside)
    content = b"rows"
    whole = hashlib.sha256(content).hexdigest()
    (place / "objects" / whole[:2]).mkdir(parents=True)
    (place / "objects" / whole[:2] / whole).write_bytes(content)
    files = {name: {"sha256": sha256 or whole, "bytes": len(content), "changed": 0}}
    document = {"form": "g6-backup-v1", "source": "rows", "left_out": [], "files": files}
    (place / "snapshots").mkdir()
    (place / "snapshots/20261118T103000Z.json").write_text(json.dumps(document))
    before = contents(tmp_path)
    answer = g6("restore", str(place), "--data-dir", str(new))
    assert (answer.code, repr(name) in answer.err) == (2, True), answer.err
    assert contents(tmp_path) == before


def test_csv_files_that_grow_beside_no_parquet_are_kept_up_to_one_cycle(
    g6: Run, tmp_path: Path, chain_of: Callable[..., Frame]
) -> None:
    store = CsvStore(tmp_path / "rows/csv")
    first = parse_z(f"{DAY}T04:00:00Z")
    cycles: list[str] = []

    def collect() -> None:
        cycles.append(isoformat_z(first + timedelta(seconds=20 * len(cycles))))
        store.write_chain(Unit(cycles[-1], "NIFTY"), chain_of(cycles[-1]))
        row = {"timestamp": cycles[-1], "underlying": "NIFTY", "status": "OK", "reason": ""}
        store.write_overview(cycles[-1], [row])

    for count in (0, 2):
        collect()
        folder = Beside(tmp_path / "backup", collect, times=99)
        settings = load("", {"demo_dir": tmp_path / "rows"}, {})
        listing, copied = backup_commands._copy_all(folder, settings, Console(quiet=True))
        name = f"2026111{len(cycles)}T103000Z"
        folder.finish(name, settings.directory, copied.files, listing.left_out)
        new = tmp_path / f"new{len(cycles)}"
        words = ("restore", str(tmp_path / "backup"), "--snapshot", name)
        assert g6(*words, "--data-dir", str(new)).code == 0
        files = sorted(new.rglob("*.csv"))
        assert len(files) > 3
        for path in files:
            lines = path.read_text().splitlines()[1:]
            assert [line.partition(",")[0] for line in lines] == cycles[:count]
    words = ("backup", str(tmp_path / "whole"), "--data-dir", str(tmp_path / "rows"))
    assert g6(*words).code != 0
    assert g6(*words, "--set", "storage.parquet.enabled=false").code == 0


def test_young_csv_files_of_a_compacted_day_are_kept_whole(tmp_path: Path) -> None:
    lines = f"timestamp,ce\n{DAY}T04:00:00Z,1\n{DAY}T04:00:20Z,2\n"
    for name, text in (
        (f"chain/underlying=NIFTY/date={DAY}/day.parquet", "rows"),
        (f"csv/NIFTY/this_week/0/{DAY}.csv", lines),
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
    # A backup behind `g6 sample` cut them at the last cycle but one: no file of Parquet names one.
    assert source_files(tmp_path, tmp_path / "csv", time.time()).newest is None
    shutil.rmtree(tmp_path / "chain")
    assert source_files(tmp_path, tmp_path / "csv", time.time()).newest == f"{DAY}T04:00:00Z"
