"""A full disk, a directory that may not be written, a clock that is set back: nothing whole is damaged."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pytest

import g6
from g6.adapters.csv import CsvStore
from g6.adapters.parquet import ParquetHistory, ParquetStore
from g6.adapters.redis.server import EmbeddedServer, connect
from g6.adapters.wrapping.tee import Tee
from g6.domain.cycles.cycle import Unit
from g6.domain.schema.frame import Frame
from g6.errors import StoreBusy

ChainOf = Callable[..., Frame]
CYCLES = [f"2026-11-20T04:{minute:02d}:00Z" for minute in range(5, 11)]
DAY = date(2026, 11, 20)
pytestmark = pytest.mark.services  # CI may mount a file system: a skip there is a failure


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with a megabyte on it."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "g6-test", str(disk)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("may not mount a file system here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def filled(disk: Path) -> Path:
    """Take up what is left."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (65536, 4096, 1):
            try:
                while file.write(b"x" * size):
                    pass
            except OSError:
                continue
    return ballast


def written(directory: Path, chain_of: ChainOf) -> ParquetStore:
    store = ParquetStore(directory)
    for seed, cycle in enumerate(CYCLES[:4]):
        store.write_chain(Unit(cycle, "NIFTY"), chain_of(cycle, strikes=3, seed=seed))
    return store


def test_a_full_disk_is_named_with_the_fix_and_leaves_every_row(
    small_disk: Path, chain_of: ChainOf
) -> None:
    store = written(small_disk, chain_of)
    ballast = filled(small_disk)
    before = g6.load("NIFTY", DAY, engine="arrow", data_dir=small_disk)
    with pytest.raises(StoreBusy, match=r"041000Z\.parquet.*No space left.*set data_dir"):
        store.write_chain(Unit(CYCLES[5], "NIFTY"), chain_of(CYCLES[5], strikes=3))
    with pytest.raises(StoreBusy, match="No space left"):
        ParquetHistory(small_disk).compact("NIFTY", DAY)
    assert g6.load("NIFTY", DAY, engine="arrow", data_dir=small_disk).equals(before)
    ballast.unlink()
    store.write_chain(Unit(CYCLES[5], "NIFTY"), chain_of(CYCLES[5], strikes=3))
    assert ParquetHistory(small_disk).compact("NIFTY", DAY).rows == before.num_rows + 6


def test_a_full_disk_of_one_sink_does_not_keep_the_other_from_writing(
    small_disk: Path, tmp_path: Path, chain_of: ChainOf
) -> None:
    filled(small_disk)
    both = Tee(ParquetStore(tmp_path / "rows"), CsvStore(small_disk / "csv"))
    done = both.write_chain(Unit(CYCLES[0], "NIFTY"), chain_of(CYCLES[0]))
    assert done.rows == {"parquet": 10}
    assert "No space left" in done.errors["csv"]


def test_lines_that_were_there_stay_whole_on_a_full_disk(
    small_disk: Path, chain_of: ChainOf
) -> None:
    store = CsvStore(small_disk / "csv")
    store.write_chain(Unit(CYCLES[0], "NIFTY"), chain_of(CYCLES[0]))
    files = {path: path.read_bytes() for path in (small_disk / "csv").rglob("*.csv")}
    filled(small_disk)
    for cycle in CYCLES[1:]:
        try:
            store.write_chain(Unit(cycle, "NIFTY"), chain_of(cycle))
        except StoreBusy:
            continue
    for path, content in files.items():
        assert path.read_bytes().startswith(content)
        assert path.read_bytes().endswith(b"\n")


def test_a_directory_that_is_mounted_read_only_is_named(
    small_disk: Path, chain_of: ChainOf
) -> None:
    store = written(small_disk, chain_of)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(StoreBusy, match="Read-only file system; mount the file system writable"):
        store.write_chain(Unit(CYCLES[5], "NIFTY"), chain_of(CYCLES[5]))
    assert store.read_chain(Unit(CYCLES[0], "NIFTY")) is not None


def test_a_clock_that_is_set_back_doubles_no_row_and_keeps_the_order(
    tmp_path: Path, chain_of: ChainOf
) -> None:
    both = Tee(ParquetStore(tmp_path), CsvStore(tmp_path / "csv"))
    for turn, cycle in enumerate([*CYCLES, *CYCLES[2:4], CYCLES[5]]):
        both.write_chain(Unit(cycle, "NIFTY"), chain_of(cycle, seed=turn))
        both.write_overview(
            cycle, [{"timestamp": cycle, "underlying": "NIFTY", "status": "OK", "reason": ""}]
        )
    table = g6.load("NIFTY", DAY, engine="arrow", tz="UTC", data_dir=tmp_path)
    assert np.all(np.diff(table.column("timestamp").to_numpy().astype(np.int64)) >= 0)
    assert table.num_rows == 10 * len(CYCLES)
    for path in (tmp_path / "csv").rglob("*.csv"):
        instants = [line.partition(",")[0] for line in path.read_text().splitlines()[1:]]
        assert instants == sorted(set(instants))


def test_rows_of_a_clock_that_was_set_back_are_those_of_the_second_time(
    tmp_path: Path, chain_of: ChainOf
) -> None:
    store = written(tmp_path, chain_of)
    store.write_chain(Unit(CYCLES[1], "NIFTY"), chain_of(CYCLES[1], strikes=3, seed=77))
    read = store.read_chain(Unit(CYCLES[1], "NIFTY"))
    assert read is not None
    np.testing.assert_array_equal(
        read.columns["ce_bid"], chain_of(CYCLES[1], strikes=3, seed=77).columns["ce_bid"]
    )


def test_the_embedded_server_outlives_a_full_disk_without_its_file_and_takes_it_up_again(
    tmp_path: Path,
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=32m", "g6-test", str(disk)],
        capture_output=True,
        check=False,
    ).returncode:
        pytest.skip("may not mount a file system here")
    try:
        with EmbeddedServer.start(disk / ".broker") as server, connect(server.url) as client:
            assert server.outlive_disk(1.0) is None
            client.set("before", "x" * 1000)
            ballast = filled(disk)
            told = server.outlive_disk(2.0)
            assert told is not None
            assert "has 0.0 MB left: Redis goes on without its append-only file" in told.sentence
            for place in range(200):
                client.set(f"key-{place}", "x" * 10_000)
            assert client.get("before") == b"x" * 1000
            assert server.outlive_disk(3.0) is None
            ballast.unlink()
            again = server.outlive_disk(4.0)
            assert again is not None
            assert "writes its append-only file" in again.sentence
        with EmbeddedServer.start(disk / ".broker") as server, connect(server.url) as client:
            assert client.dbsize() == 201
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_server_begins_without_its_file_on_a_disk_that_is_full(small_disk: Path) -> None:
    (small_disk / ".broker").mkdir()
    filled(small_disk)
    with EmbeddedServer.start(small_disk / ".broker") as server, connect(server.url) as client:
        told = server.outlive_disk(1.0)
        assert told is not None
        assert "without its append-only file" in told.sentence
        assert client.set("key", "value")
