"""When days are folded: the quarter hours of a running day, and a day that is over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

import pytest

from g6 import pipeline
from g6.domain.cycles.cycle import parse_z
from g6.ports.history import FoldReport, LooseDay
from tests.worlds.pipeline import World


class Shelf:
    """History port that has what it is given and writes down what it is asked."""

    def __init__(self, *held: LooseDay) -> None:
        self.held, self.done = held, list[tuple[object, ...]]()
        self.abandoned = 0

    def clear_abandoned(self) -> int:
        return self.abandoned

    def loose_days(self) -> Sequence[LooseDay]:
        return self.held

    def sizes(self) -> Mapping[str, tuple[int, int]]:
        self.done.append(("sizes",))
        return {"chain": (3, 300), "csv": (2, 50)}

    def fold(self, name: str, day: date, before: datetime) -> FoldReport:
        self.done.append(("fold", name, day, before))
        return FoldReport(1)

    def compact(self, name: str, day: date) -> FoldReport:
        self.done.append(("compact", name, day))
        return FoldReport(1)


DAY = date(2026, 11, 18)


def with_shelf(world: World, at: str, *held: LooseDay) -> Shelf:
    shelf = Shelf(*held)
    world.clock.now = parse_z(at).timestamp()
    world.runtime = replace(world.runtime, history=shelf)
    return shelf


def loose(
    name: str = "NIFTY", day: date = DAY, part: str | None = "2026-11-18T05:29:00Z"
) -> LooseDay:
    return LooseDay(name, day, 5, parse_z(part) if part else None)


@pytest.mark.parametrize(
    ("at", "part", "job"),
    [
        ("2026-11-18T05:29:59Z", "2026-11-18T05:15:00Z", None),
        ("2026-11-18T05:30:00Z", "2026-11-18T05:29:59Z", "fold"),
        ("2026-11-18T05:30:00Z", None, None),
        ("2026-11-18T10:14:59Z", None, None),
        ("2026-11-18T10:15:00Z", None, "compact"),
        ("2026-11-19T03:00:00Z", "2026-11-18T10:10:00Z", "compact"),
    ],
)
def test_quarter_hours_are_folded_when_they_are_over_and_days_when_they_are(
    world: World, at: str, part: str | None, job: str | None
) -> None:
    with_shelf(world, at, loose(part=part))
    pipeline.tidy(world.runtime)
    assert world.sender.sent == ([(job, "NIFTY", "2026-11-18")] if job else [])


def test_each_day_of_each_index_is_a_job_of_its_own(world: World) -> None:
    with_shelf(
        world, "2026-11-18T05:30:00Z", loose(day=date(2026, 11, 17)), loose(), loose("overview")
    )
    assert pipeline.tidy(world.runtime) == 3
    assert world.sender.sent == [
        ("compact", "NIFTY", "2026-11-17"), ("fold", "NIFTY", "2026-11-18"), ("fold", "overview", "2026-11-18"),
    ]  # fmt: skip


def test_the_jobs_fold_up_to_the_quarter_hour_that_runs(world: World) -> None:
    shelf = with_shelf(world, "2026-11-18T05:44:10Z", loose())
    pipeline.fold(world.runtime, "NIFTY", "2026-11-18")
    pipeline.compact(world.runtime, "NIFTY", "2026-11-17")
    assert shelf.done == [
        ("fold", "NIFTY", DAY, parse_z("2026-11-18T05:30:00Z")),
        ("compact", "NIFTY", date(2026, 11, 17)),
    ]


def test_without_files_there_is_nothing_to_fold(world: World) -> None:
    assert pipeline.tidy(world.runtime) == 0
    assert (
        pipeline.fold(world.runtime, "NIFTY", "2026-11-18")
        == pipeline.compact(world.runtime, "NIFTY", "2026-11-18")
        == FoldReport()
    )


def test_what_killed_writers_left_is_cleared_and_counted_on_the_way(world: World) -> None:
    shelf = with_shelf(world, "2026-11-18T05:31:00Z")
    pipeline.tidy(world.runtime)
    assert world.reports("job.report") == []
    shelf.abandoned = 70
    pipeline.tidy(world.runtime)
    assert world.reports("job.report") == [{"job": "clear", "files": 70}]
