"""When days are folded: the quarter hours of a running day, and a day that is over."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pytest

from g6 import pipeline
from g6.adapters.parquet import ParquetHistory, ParquetStore
from g6.domain.cycles.cycle import Unit, parse_z
from g6.domain.market.calendar import day_of
from g6.domain.schema.frame import Frame
from g6.ports.history import FoldReport
from tests.worlds.pipeline import World

DAY = date(2026, 11, 18)
ChainOf = Callable[..., Frame]


@dataclass
class Days:
    """Stored days in files, and the world whose jobs fold them."""

    world: World
    directory: Path
    chain_of: ChainOf

    def __post_init__(self) -> None:
        self.history = ParquetHistory(self.directory)
        self.store = ParquetStore(self.directory)
        self.world.runtime = replace(self.world.runtime, history=self.history)

    def part(self, cycle: str, index: str = "NIFTY") -> None:
        """Store the chain of a cycle as a part of its own."""
        self.store.write_chain(Unit(cycle, index), self.chain_of(cycle, index))

    def segment(self, cycle: str) -> None:
        """Store the chain of a cycle as the segment of a quarter hour that is over."""
        self.part(cycle)
        at = parse_z(cycle)
        self.history.fold("NIFTY", day_of(at), at.replace(hour=23))

    def parts(self) -> list[tuple[str, date, str | None]]:
        """Return the days in more than one file, each with its oldest part."""
        return [
            (day.name, day.day, day.oldest_part and f"{day.oldest_part:%H:%M}")
            for day in self.history.loose_days()
        ]

    def tidy(self, at: str) -> int:
        self.world.clock.now = parse_z(at).timestamp()
        return pipeline.tidy(self.world.runtime)


@pytest.fixture
def days(world: World, tmp_path: Path, chain_of: ChainOf) -> Days:
    return Days(world, tmp_path, chain_of)


@pytest.mark.parametrize(
    ("at", "part", "job"),
    [
        ("2026-11-18T05:29:59Z", "2026-11-18T05:15:00Z", None),
        ("2026-11-18T05:30:00Z", "2026-11-18T05:29:59Z", "fold"),
        ("2026-11-19T03:00:00Z", "2026-11-18T10:10:00Z", "compact"),
    ],
)
def test_quarter_hours_are_folded_when_they_are_over(
    days: Days, at: str, part: str, job: str | None
) -> None:
    days.part(part)
    days.tidy(at)
    assert days.world.sender.sent == ([(job, "NIFTY", "2026-11-18")] if job else [])


@pytest.mark.parametrize(
    ("at", "job"),
    [
        ("2026-11-18T05:30:00Z", None),
        ("2026-11-18T10:14:59Z", None),
        ("2026-11-18T10:15:00Z", "compact"),
    ],
)
def test_days_without_parts_are_folded_when_they_are_over(
    days: Days, at: str, job: str | None
) -> None:
    days.segment("2026-11-18T05:14:00Z")
    days.tidy(at)
    assert days.world.sender.sent == ([(job, "NIFTY", "2026-11-18")] if job else [])


def test_each_day_of_each_index_is_a_job_of_its_own(days: Days) -> None:
    days.part("2026-11-17T05:29:00Z")
    days.part("2026-11-18T05:29:00Z")
    cycle = "2026-11-18T05:29:00Z"
    days.store.write_overview(cycle, [{"timestamp": cycle, "underlying": "NIFTY", "status": "OK"}])
    assert days.tidy("2026-11-18T05:30:00Z") == 3
    assert days.world.sender.sent == [
        ("compact", "NIFTY", "2026-11-17"), ("fold", "NIFTY", "2026-11-18"), ("fold", "overview", "2026-11-18"),
    ]  # fmt: skip


def test_the_jobs_fold_up_to_the_quarter_hour_that_runs(days: Days) -> None:
    for cycle in ("2026-11-18T05:29:00Z", "2026-11-18T05:30:00Z", "2026-11-17T05:29:00Z"):
        days.part(cycle)
    days.world.clock.now = parse_z("2026-11-18T05:44:10Z").timestamp()
    pipeline.fold(days.world.runtime, "NIFTY", "2026-11-18")
    pipeline.compact(days.world.runtime, "NIFTY", "2026-11-17")
    assert days.parts() == [("NIFTY", DAY, "05:30")]


def test_without_files_there_is_nothing_to_fold(world: World) -> None:
    assert pipeline.tidy(world.runtime) == 0
    assert (
        pipeline.fold(world.runtime, "NIFTY", "2026-11-18")
        == pipeline.compact(world.runtime, "NIFTY", "2026-11-18")
        == FoldReport()
    )


def test_what_killed_writers_left_is_cleared_and_counted_on_the_way(
    days: Days, tmp_path: Path
) -> None:
    days.tidy("2026-11-18T05:31:00Z")
    assert days.world.reports("job.report") == []
    for number in range(3):
        file = tmp_path / f".file.{number}-1.tmp"
        file.touch()
        os.utime(file, (time.time() - 7200.0,) * 2)
    days.tidy("2026-11-18T05:31:00Z")
    assert days.world.reports("job.report") == [{"job": "clear", "files": 3}]
