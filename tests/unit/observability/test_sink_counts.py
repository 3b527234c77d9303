"""What is counted as written is what lies on the disk, sink by sink; a sink that fails is counted with its reason."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import g6
from g6.adapters.csv import CsvStore
from g6.adapters.csv.lines import put_line
from g6.adapters.memory.bus import MemoryBus
from g6.adapters.memory.totals import MemoryTotals
from g6.adapters.parquet import ParquetStore
from g6.adapters.wrapping.tee import Tee
from g6.domain.cycles.cycle import Unit
from g6.domain.schema.frame import FrameName
from g6.domain.schema.words import Stage
from g6.observability.follower import BusFollower
from g6.observability.sample_totals import Totals
from g6.pipeline import analyse, collect, persist

from .test_real_reports import CYCLE, runtime_on

UNIT = Unit(CYCLE, "NIFTY")


@pytest.fixture
def counted(tmp_path: Path):
    """A function that runs one unit into both sinks and returns the totals of its events.

    What it is given happens between the analysis and the writing.
    """

    def run(meanwhile=lambda _runtime: None) -> Totals:
        bus = MemoryBus()
        runtime = replace(
            runtime_on(bus), store=Tee(ParquetStore(tmp_path / "rows"), CsvStore(tmp_path / "csv"))
        )
        for stage in (collect, analyse):
            assert stage(runtime, UNIT, stage.__name__)
        meanwhile(runtime)
        assert persist(runtime, UNIT, "persist")
        follower = BusFollower(bus, MemoryTotals(), runtime.plan.indices)
        follower.catch_up()
        return follower.totals

    return run


def hold_against_the_disk(totals: Totals, directory: Path) -> None:
    """Assert that the rows counted are those on the disk."""
    stored = g6.load("NIFTY", "2026-11-18", data_dir=directory / "rows")
    lines = sum(
        len(path.read_text("utf-8").splitlines()) - 1 for path in (directory / "csv").rglob("*.csv")
    )
    assert totals.value("g6_rows_written_total", "parquet", "NIFTY") == len(stored) > 0
    assert totals.value("g6_rows_written_total", "csv", "NIFTY") == lines > 0


def test_rows_counted_are_the_rows_on_the_disk(counted, tmp_path):
    hold_against_the_disk(counted(), tmp_path)


def test_rows_of_a_try_that_was_killed_before_it_told_are_counted_by_the_next(counted, tmp_path):
    def die_between_file_and_ledger(runtime):
        runtime.ledger.start(UNIT, Stage.PERSIST, "persist", 0.0, 1.0)
        runtime.store.write_chain(UNIT, runtime.frames.get(UNIT, FrameName.CHAIN))

    hold_against_the_disk(counted(die_between_file_and_ledger), tmp_path)


def test_rows_of_a_try_that_was_killed_half_way_are_counted_once(counted, tmp_path):
    def die_after_some_lines(runtime):
        runtime.ledger.start(UNIT, Stage.PERSIST, "persist", 0.0, 1.0)
        lines = CsvStore(tmp_path / "csv").chain_lines(
            UNIT, runtime.frames.get(UNIT, FrameName.CHAIN)
        )
        for path, (header, line) in list(lines.items())[:5]:
            put_line(path, header, line)

    hold_against_the_disk(counted(die_after_some_lines), tmp_path)


def test_a_rerun_that_writes_the_same_again_counts_nothing(counted, tmp_path):
    def store_and_reopen(runtime):
        assert persist(runtime, UNIT, "first")
        runtime.ledger.reopen(UNIT, Stage.PERSIST, runtime.opening(UNIT), 0.0)

    hold_against_the_disk(counted(store_and_reopen), tmp_path)


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
