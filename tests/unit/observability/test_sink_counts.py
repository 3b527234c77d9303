"""What is counted as written is what lies on the disk, sink by sink; a sink that fails is counted with its reason."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import g6
from g6.adapters.csv import CsvStore
from g6.adapters.memory.bus import MemoryBus
from g6.adapters.memory.totals import MemoryTotals
from g6.adapters.parquet import ParquetStore
from g6.adapters.wrapping.tee import Tee
from g6.domain.cycles.cycle import Unit
from g6.observability.follower import BusFollower
from g6.pipeline import analyse, collect, persist

from .test_real_reports import CYCLE, runtime_on


@pytest.fixture
def counted(tmp_path: Path):
    """A function that runs one unit into both sinks and returns the totals that were made of its events."""

    def run() -> MemoryTotals:
        bus = MemoryBus()
        runtime = replace(
            runtime_on(bus), store=Tee(ParquetStore(tmp_path / "rows"), CsvStore(tmp_path / "csv"))
        )
        for stage in (collect, analyse, persist):
            assert stage(runtime, Unit(CYCLE, "NIFTY"), stage.__name__)
        follower = BusFollower(bus, MemoryTotals(), runtime.plan.indices)
        follower.catch_up()
        return follower.totals

    return run


def test_rows_counted_are_the_rows_on_the_disk(counted, tmp_path):
    totals = counted()
    stored = g6.load("NIFTY", "2026-11-18", data_dir=tmp_path / "rows")
    lines = sum(
        len(path.read_text("utf-8").splitlines()) - 1 for path in (tmp_path / "csv").rglob("*.csv")
    )
    assert totals.value("g6_rows_written_total", "parquet", "NIFTY") == len(stored) > 0
    assert totals.value("g6_rows_written_total", "csv", "NIFTY") == lines > 0


def test_a_sink_that_fails_is_counted_and_the_other_has_its_rows(counted, tmp_path):
    (tmp_path / "csv").write_text("in the way", "utf-8")
    totals = counted()
    assert totals.value("g6_rows_written_total", "parquet", "NIFTY") == len(
        g6.load("NIFTY", "2026-11-18", data_dir=tmp_path / "rows")
    )
    errors = {
        key: value
        for key, value in totals.state.items()
        if key.startswith("g6_write_errors_total") and value
    }
    assert len(errors) == 1
    assert "csv" in next(iter(errors))
