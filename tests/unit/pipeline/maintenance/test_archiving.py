"""Events kept for good: each once, from where the last time ended, what was trimmed before counted."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

import g6
from g6 import pipeline
from g6.adapters.memory.bus import MemoryBus
from g6.adapters.parquet import ParquetHistory
from g6.domain.reports import Event, parse_report
from g6.pipeline.maintenance.archiving import PAGE
from g6.ports.history import BusPosition
from tests.worlds.pipeline import World

CYCLE, DAY = "2026-11-18T05:30:00Z", "2026-11-18"


@pytest.fixture
def kept(world: World, tmp_path: Path) -> World:
    world.runtime = replace(
        world.runtime, history=ParquetHistory(tmp_path), bus=MemoryBus(length=5)
    )
    return world


def tell(world: World, count: int = 1, **payload: Any) -> None:
    for _ in range(count):
        told = {"index": "NIFTY", "cycle": CYCLE, "reason": "provider"} | payload
        world.runtime.bus.publish(parse_report("gap.opened", told), key="NIFTY")


def types(directory: Path, index: str = "NIFTY") -> list[str]:
    return [str(word) for word in g6.load(index, DAY, kind="events", data_dir=directory)["type"]]


def test_each_event_is_kept_once_and_reading_goes_on_after_the_last(
    kept: World, tmp_path: Path
) -> None:
    tell(kept)
    assert (pipeline.keep_events(kept.runtime), pipeline.keep_events(kept.runtime)) == (1, 0)
    tell(kept, 2)
    assert pipeline.keep_events(kept.runtime) == 2
    assert types(tmp_path) == ["gap.opened"] * 3


def test_what_was_trimmed_before_it_was_kept_is_counted(kept: World, tmp_path: Path) -> None:
    tell(kept)
    pipeline.keep_events(kept.runtime)
    tell(kept, 8)
    pipeline.keep_events(kept.runtime)
    rows = g6.load("NIFTY", (DAY, "2100-01-01"), kind="events", data_dir=tmp_path)
    (dropped,) = rows[rows["type"] == "events.dropped"]["payload"]
    assert json.loads(dropped) == {"count": 3}


def test_a_position_that_was_lost_costs_no_event_and_doubles_none(
    kept: World, tmp_path: Path
) -> None:
    tell(kept, 3)
    pipeline.keep_events(kept.runtime)
    (tmp_path / "events/.position.json").unlink()
    tell(kept)
    pipeline.keep_events(kept.runtime)
    assert types(tmp_path) == ["gap.opened"] * 4


def test_an_event_stands_under_its_cycle_with_the_time_it_was_told_at(
    kept: World, tmp_path: Path
) -> None:
    tell(kept)
    pipeline.keep_events(kept.runtime)
    row = g6.load("NIFTY", DAY, kind="events", data_dir=tmp_path, tz="UTC").iloc[0]
    assert row["timestamp"].isoformat() == "2026-11-18T05:30:00+00:00"
    assert row["observed_at"] > row["timestamp"]
    assert json.loads(row["payload"])["reason"] == "provider"


def test_reports_of_units_pass_and_events_of_the_system_are_everybodys(
    kept: World, tmp_path: Path
) -> None:
    kept.runtime.bus.publish(
        parse_report("unit.report", {"cycle": CYCLE, "index": "NIFTY"}), key="NIFTY"
    )
    kept.runtime.bus.publish(parse_report("cycle.report", {"cycle": CYCLE}))
    tell(kept)
    pipeline.keep_events(kept.runtime)
    assert types(tmp_path, "SENSEX") == ["cycle.report"]
    assert types(tmp_path) == ["cycle.report", "gap.opened"]


class CountingBus(MemoryBus):
    """A bus that counts how often it was read."""

    reads = 0

    def read(self, after: str, *, count: int = 500, block_seconds: float = 0.0) -> Sequence[Event]:
        self.reads += 1
        return super().read(after, count=count, block_seconds=block_seconds)


class WatchingHistory(ParquetHistory):
    """A history that looks how often the bus was read before it is given the first event."""

    def __init__(self, directory: Path, bus: CountingBus) -> None:
        super().__init__(directory)
        self.bus = bus
        self.reads_before = 0

    def keep_events(self, batch: Iterable[Event], upto: BusPosition) -> None:
        events = iter(batch)
        first = next(events)
        self.reads_before = self.bus.reads
        super().keep_events(chain([first], events), upto)


def test_events_are_kept_while_they_are_read_and_are_never_all_in_memory(
    world: World, tmp_path: Path
) -> None:
    bus = CountingBus()
    history = WatchingHistory(tmp_path, bus)
    world.runtime = replace(world.runtime, history=history, bus=bus)
    tell(world, 3 * PAGE)
    assert pipeline.keep_events(world.runtime) == 3 * PAGE
    assert types(tmp_path) == ["gap.opened"] * (3 * PAGE)
    assert history.reads_before == 1
    assert bus.reads > 3


def test_without_a_store_nothing_is_kept(world: World) -> None:
    world.runtime = replace(world.runtime, history=None)
    assert pipeline.keep_events(world.runtime) == 0
