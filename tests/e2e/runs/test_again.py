"""The same run again on a Redis of one's own: done again where the market is simulated or recorded, and nothing is left over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from g6.adapters.redis.server import EmbeddedServer, connect
from tests.e2e.running import SMALL, START, World, clean_environment
from tests.worlds.ledger_check import check

ONE = ("run", "--indices", "NIFTY", "--interval", "60", "--speed", "6", *SMALL)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    with EmbeddedServer.start(tmp_path_factory.mktemp("redis"), append_only=False) as started:
        yield started


@pytest.fixture
def ours(tmp_path: Path, server: EmbeddedServer) -> Iterator[World]:
    world = World(tmp_path, clean_environment(G6_REDIS__BROKER_URL=server.url))
    with connect(server.url) as client:
        client.flushall()
        yield world
        world.end()
        binding = [
            name for name in client.scan_iter("*") if client.ttl(name) < 0 and name != b"g6:system"
        ]
        assert binding == []  # the mark of a run that was refused binds nobody


def recorded(path: Path) -> Path:
    """Write a recording of two instants."""
    rows = [
        {
            "timestamp": datetime(2026, 8, 19, 5, minute, tzinfo=UTC), "symbol": "NIFTY50", "expiry": "2026-08-25",
            "spot": 24_000.0, "strike": float(strike), "option_type": side, "ltp": 60.0 + abs(strike - 24_000),
            "volume_contracts": 9.0 + minute, "oi_contracts": 100.0,
        }
        for minute in (40, 41)
        for strike in range(23_800, 24_250, 50)
        for side in ("CE", "PE")
    ]  # fmt: skip
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


def test_a_second_simulated_run_goes_on_after_the_first(ours: World) -> None:
    for _ in range(2):
        done = ours.g6(*ONE, "--cycles", "1")
        assert done.returncode == 0, done.stdout + done.stderr
    assert "has cycles until Wed 18 Nov 2026 11:00 IST: the market goes on" in done.stdout
    assert ours.cycles() == ["2026-11-18T05:30:00Z", "2026-11-18T05:31:00Z"]


def test_a_second_simulated_run_of_one_start_collects_what_the_first_did(ours: World) -> None:
    for _ in range(2):
        done = ours.g6(*ONE, "--start", "2026-11-18T05:30:00Z", "--cycles", "2")
        assert (done.returncode, "2 of 2 cycles closed: 2 OK" in done.stdout) == (0, True), (
            done.stdout + done.stderr
        )
    assert ours.cycles() == ["2026-11-18T05:30:00Z", "2026-11-18T05:31:00Z"]


def test_of_two_runs_at_once_each_cycle_is_written_once(ours: World) -> None:
    words = (*ONE, "--start", START, "--once")
    first = ours.start("first", "g6", *words, "--data-dir", ours.data)
    second = ours.g6(*words)
    codes = {first.popen.wait(80), second.returncode}
    # Who comes second is told why, or has nothing left to collect.
    assert 0 in codes
    assert codes <= {0, 2, 3}, first.said + second.stderr
    assert ours.cycles() == [START]
    assert check(ours.data, START, START, 60, ["NIFTY"]).problems == []


def test_the_same_recording_is_replayed_again_and_never_into_simulated_rows(
    ours: World, tmp_path: Path
) -> None:
    replay = (
        "run",
        "--provider",
        "replay",
        "--recording",
        recorded(tmp_path / "day.parquet"),
        "--speed",
        "max",
    )
    for _ in range(2):
        done = ours.g6(*replay)
        assert (done.returncode, "2 of 2 cycles closed" in done.stdout) == (0, True), (
            done.stdout + done.stderr
        )
    refused = ours.g6(*ONE, "--once")
    assert refused.returncode == 2
    assert "holds rows of a replay market; this run's are of a sim market" in refused.stderr
