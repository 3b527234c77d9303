"""A disk that refuses writes is the reason that is told: alert, heartbeat, readiness, panel, and one count for each refusal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from g6 import pipeline
from g6.adapters.memory.store import MemoryStore
from g6.adapters.memory.totals import MemoryTotals
from g6.domain.cycles.cycle import Unit, parse_z
from g6.domain.documents.readiness import readiness
from g6.domain.documents.system_facts import SystemFacts
from g6.domain.reports import Heartbeat
from g6.domain.schema.frame import Frame
from g6.errors import FrameMissing, StoreBusy
from g6.observability.follower import BusFollower
from g6.ports import WriteReport
from tests.worlds.pipeline import FIRST, NIFTY, SECOND, World

SAID = "cannot write /data/chain/part: No space left on device; free space on this disk"


class Full(MemoryStore):
    """A store on a disk that is full while `full`."""

    full = True

    def write_chain(self, unit: Unit, frame: Frame) -> WriteReport:
        if self.full:
            raise StoreBusy(SAID, {"parquet": SAID, "csv": SAID})
        return super().write_chain(unit, frame)

    def write_overview(self, cycle: str, rows: Sequence[Mapping[str, Any]]) -> WriteReport:
        if self.full:
            raise StoreBusy(SAID, {"parquet": SAID, "csv": SAID})
        return super().write_overview(cycle, rows)


@pytest.fixture
def disk(world: World) -> Full:
    store = Full()
    world.runtime = replace(world.runtime, store=store)
    return store


def analysed(world: World, unit: Unit = NIFTY) -> None:
    for stage in (pipeline.collect, pipeline.analyse):
        assert stage(world.runtime, unit, stage.__name__)


def refused(world: World, unit: Unit = NIFTY) -> None:
    with pytest.raises(StoreBusy):
        pipeline.persist(world.runtime, unit, "persist")


def test_every_try_that_sinks_refuse_is_counted_for_each_of_them(world: World, disk: Full) -> None:
    analysed(world)
    refused(world)
    refused(world)
    follower = BusFollower(world.bus, MemoryTotals(), world.runtime.plan.indices)
    follower.catch_up()
    assert follower.totals is not None
    for sink in ("parquet", "csv"):
        assert follower.totals.value("g6_write_errors_total", sink, "disk_full") == 2


def test_a_refusal_is_told_once_and_at_once_with_the_disk_as_the_reason(
    world: World, disk: Full
) -> None:
    analysed(world)
    refused(world)
    refused(world)
    (alert,) = world.reports("alert")
    assert alert["state"] == "disk"
    assert (
        "rows are not stored (csv, parquet): cannot write /data/chain/part: No space left"
        in alert["sentence"]
    )
    assert alert["fix"] == "free space on this disk"
    for _ in range(60):
        world.later(2.0)
        pipeline.heartbeat(world.runtime)
    assert len([each for each in world.reports("alert") if each["state"] == "disk"]) == 1


def test_heartbeat_readiness_and_panel_say_that_it_is_the_disk(world: World, disk: Full) -> None:
    analysed(world)
    refused(world)
    pipeline.heartbeat(world.runtime)
    beat = world.reports("heartbeat")[-1]
    seen = SystemFacts(
        wall=world.clock.now, market=parse_z(FIRST), step=60.0, interval=60, indices=("NIFTY",), provider="sim",
        beat=Heartbeat.from_json(beat), beat_at=parse_z(FIRST).timestamp(),
    )  # fmt: skip
    (missing,) = readiness(seen)
    assert missing == (
        "disk: rows are not stored: cannot write /data/chain/part: No space left on device; "
        "fix: free space on this disk"
    )
    world.clock.now = parse_z(SECOND).timestamp()
    for index in world.runtime.plan.indices:
        analysed(world, Unit(SECOND, index))
    assert pipeline.aggregate(world.runtime, SECOND)
    (alert,) = [
        each
        for each in (world.panels.get("alerts") or {})["data"]["alerts"]
        if each["name"] == "disk"
    ]
    assert alert["severity"] == "critical"
    assert "No space left" in alert["reason"]


def test_it_is_over_when_the_unit_is_stored_and_what_may_be_missing_is_named(
    world: World, disk: Full
) -> None:
    analysed(world)
    refused(world)
    disk.full = False
    world.later(5.0)
    assert pipeline.persist(world.runtime, NIFTY, "persist")
    told = world.reports("alert")[-1]
    assert "writes are taken again after 5 seconds" in told["sentence"]
    assert told["fix"] == f"g6 rerun --since {FIRST} --until {FIRST} --from persist"
    pipeline.heartbeat(world.runtime)
    assert world.reports("heartbeat")[-1]["refused"] == []


def test_the_command_for_what_is_missing_names_the_directory_of_the_rows(
    world: World, disk: Full
) -> None:
    world.runtime = replace(world.runtime, data_option="--data-dir /data")
    analysed(world)
    refused(world)
    disk.full = False
    assert pipeline.persist(world.runtime, NIFTY, "persist")
    fix = world.reports("alert")[-1]["fix"]
    assert fix == f"g6 rerun --since {FIRST} --until {FIRST} --from persist --data-dir /data"


def test_a_refusal_that_nobody_repeats_is_forgotten(world: World, disk: Full) -> None:
    analysed(world)
    refused(world)
    world.later(601.0)
    pipeline.heartbeat(world.runtime)
    assert world.reports("heartbeat")[-1]["refused"] == []
    assert not [
        name for name in world.runtime.controls.read().to_json() if name.startswith("refused:")
    ]


class NoParquet(MemoryStore):
    """A store of two sinks, one of which refuses."""

    refuses = "parquet"

    def write_chain(self, unit: Unit, frame: Frame) -> WriteReport:
        return replace(super().write_chain(unit, frame), errors={self.refuses: SAID})


class NoCsv(NoParquet):
    """A store of two sinks, the other of which refuses."""

    refuses = "csv"


def test_quotes_that_csv_alone_refused_live_as_long_as_those_that_are_stored(world: World) -> None:
    """What CSV lacks is written from Parquet, and the frames of two days would fill Redis."""
    world.runtime = replace(world.runtime, store=NoCsv())
    analysed(world)
    assert pipeline.persist(world.runtime, NIFTY, "persist")
    assert world.reports("alert"), "the refusal is told"
    assert len(world.frames.get(NIFTY, "quotes"))
    world.later(world.runtime.persisted_seconds + 1.0)
    with pytest.raises(FrameMissing):
        world.frames.get(NIFTY, "quotes")


def test_quotes_that_parquet_refused_live_as_long_as_those_that_nobody_stored(
    world: World,
) -> None:
    world.runtime = replace(world.runtime, store=NoParquet())
    analysed(world)
    refused(world)
    world.later(world.runtime.persisted_seconds + 1.0)
    assert len(world.frames.get(NIFTY, "quotes"))
    world.later(world.runtime.quotes_seconds)
    with pytest.raises(FrameMissing):
        world.frames.get(NIFTY, "quotes")


def test_what_parquet_refused_and_csv_took_is_tried_again(world: World) -> None:
    """On a full disk CSV found room in its last blocks, and the units counted as stored."""
    sound = world.runtime
    world.runtime = replace(sound, store=NoParquet())
    analysed(world)
    refused(world)
    world.later(sound.timing.lease + 0.1)
    world.runtime = sound
    assert pipeline.sweep(sound)["sent_again"] >= 1
    world.drain()
    assert sound.store.read_chain(NIFTY) is not None
