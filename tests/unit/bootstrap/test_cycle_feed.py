"""Feeds of cycles: a running system's as they close, stored ones at a speed, each once and in order."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import g6
from g6.adapters.parquet import ParquetStore
from g6.bootstrap.reading.cycle_feed import CycleTables, FeedStart, RunningPorts, closing_cycles
from g6.domain.cycles.cycle import Unit
from g6.errors import NothingToDo, Unavailable, UserError
from g6.pipeline import persist
from tests.worlds.pipeline import FIRST, SECOND, World, after

THIRD = after(FIRST, 120)
INDICES = ("NIFTY", "BANKNIFTY")


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A system whose store is Parquet below the test's directory."""
    world = World()
    world.store = ParquetStore(tmp_path)  # type: ignore[assignment]
    world.settle_on()
    return world


def feed(world: World, directory: Path, *indices: str, start: str = "") -> Iterator[CycleTables]:
    ports = RunningPorts(world.bus, world.frames, world.store)
    return closing_cycles(ports, directory, indices, FeedStart.of(start), "Asia/Kolkata")


def units(tables: Iterator[CycleTables], count: int) -> list[tuple[str, str]]:
    return [(each.unit.cycle, each.unit.index) for each in islice(tables, count)]


def test_cycles_that_close_from_now_on_come_with_the_rows_of_load(
    world: World, tmp_path: Path
) -> None:
    world.cycle(FIRST)
    running = feed(world, tmp_path, "NIFTY")
    world.cycle(SECOND)
    tables = next(running)
    assert (tables.unit.cycle, tables.unit.index) == (SECOND, "NIFTY")
    query = {"engine": "arrow", "data_dir": tmp_path, "as_of": SECOND}
    loaded = g6.load("NIFTY", **query)
    is_of_second = pa.compute.equal(loaded["timestamp"].cast(pa.int64()), _micros(SECOND))
    assert tables.chain.to_pylist() == loaded.filter(is_of_second).to_pylist()
    overview = g6.load("NIFTY", kind="overview", **query)
    assert tables.overview.to_pylist() == overview.to_pylist()[-1:]


def _micros(cycle: str) -> int:
    return int(pd.Timestamp(cycle).timestamp() * 1e6)


def test_after_a_place_nothing_is_lost_and_nothing_comes_twice(
    world: World, tmp_path: Path
) -> None:
    world.cycle(FIRST)
    running = feed(world, tmp_path, start=f"{FIRST} BANKNIFTY")
    world.cycle(SECOND)
    world.cycle(THIRD)
    later = [(cycle, name) for cycle in (SECOND, THIRD) for name in sorted(INDICES)]
    assert units(running, 5) == [(FIRST, "NIFTY"), *later]


def test_a_cycle_that_closed_after_a_newer_one_comes_to_a_program_that_begins_anew(
    world: World, tmp_path: Path
) -> None:
    world.cycle(SECOND)
    world.cycle(FIRST)
    running = feed(world, tmp_path, "NIFTY", start=f"{SECOND} NIFTY")
    world.cycle(THIRD)
    assert units(running, 2) == [(THIRD, "NIFTY"), (FIRST, "NIFTY")]


def test_events_that_are_gone_are_made_up_for_by_the_store(world: World, tmp_path: Path) -> None:
    for cycle in (FIRST, SECOND):
        world.cycle(cycle)
    world.bus._events.clear()
    running = feed(world, tmp_path, "NIFTY", start=FIRST)
    world.cycle(THIRD)
    assert units(running, 2) == [(SECOND, "NIFTY"), (THIRD, "NIFTY")]


def test_a_chain_that_left_redis_comes_from_the_store(world: World, tmp_path: Path) -> None:
    running = feed(world, tmp_path, "NIFTY")
    world.cycle(FIRST)
    world.frames._frames.clear()
    assert next(running).chain.num_rows > 0


def test_a_chain_that_is_not_stored_yet_comes_from_redis(world: World, tmp_path: Path) -> None:
    world.cycle(FIRST)
    (path,) = tmp_path.glob("chain/underlying=NIFTY/*/*.parquet")
    path.unlink()
    running = feed(world, tmp_path, "NIFTY", start="2026-11-18T05:29:00Z")
    assert next(running).chain.num_rows > 0
    persist(world.runtime, Unit(FIRST, "NIFTY"), "again")


def test_an_index_without_a_chain_comes_with_its_reason(world: World, tmp_path: Path) -> None:
    running = feed(world, tmp_path, "NIFTY")
    world.controls.set("paused", {"NIFTY": "paused"})
    world.cycle(FIRST)
    tables = next(running)
    assert (tables.chain.num_rows, tables.overview["status"].to_pylist()) == (0, ["SKIPPED"])


@pytest.mark.parametrize(
    ("engine", "kind"), [("pandas", pd.DataFrame), ("polars", pl.DataFrame), ("arrow", pa.Table)]
)
def test_stored_days_are_played_by_the_same_program(
    world: World, tmp_path: Path, engine: str, kind: type
) -> None:
    for cycle in (FIRST, SECOND, THIRD):
        world.cycle(cycle)
    listen = {"speed": "max", "engine": engine, "data_dir": tmp_path}
    cycles = list(g6.listen("NIFTY", "latest", **listen))  # type: ignore[call-overload]
    assert [cycle.id for cycle in cycles] == [f"{at} NIFTY" for at in (FIRST, SECOND, THIRD)]
    assert isinstance(cycles[0].chain, kind)
    assert isinstance(cycles[0].overview, kind)
    assert f"{cycles[0].instant:%H:%M} {cycles[0].status}" == "11:00 OK"
    rest = g6.listen("*", "latest", after=cycles[1].id, **listen)  # type: ignore[call-overload]
    assert {cycle.id for cycle in rest} >= {f"{THIRD} NIFTY", f"{THIRD} BANKNIFTY"}
    rows = sum(len(cycle.chain) for cycle in cycles)
    assert rows == g6.load("NIFTY", data_dir=tmp_path, engine="arrow").num_rows


def test_a_stored_day_keeps_its_pace(world: World, tmp_path: Path) -> None:
    for cycle in (FIRST, SECOND):
        world.cycle(cycle)
    before = pd.Timestamp.now()
    list(g6.listen("NIFTY", "latest", speed=600, engine="arrow", data_dir=tmp_path))
    # A minute of the market at six hundred times its pace: never less, on any machine.
    assert (pd.Timestamp.now() - before).total_seconds() >= 0.1


def test_a_place_of_an_index_that_is_not_listened_to_loses_none_after_it() -> None:
    place = FeedStart.of(f"{FIRST} BANKNIFTY")
    assert list(place.following(FIRST, ["NIFTY", "SENSEX"])) == ["NIFTY", "SENSEX"]
    assert list(place.following(FIRST, ["BANKEX", "BANKNIFTY"])) == []
    assert list(place.following(SECOND, ["BANKEX"])) == ["BANKEX"]
    assert list(FeedStart.of(FIRST).following(FIRST, ["NIFTY"])) == []


def test_what_cannot_be_listened_to_is_told_why(world: World, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="no G6 runs on") as caught:
        g6.listen("NIFTY", data_dir=tmp_path)
    assert 'day="latest"' in caught.value.fix
    with pytest.raises(UserError, match="no index 'NFTY'"):
        g6.listen("NFTY", "latest", data_dir=tmp_path)
    with pytest.raises(UserError, match="goes nowhere"):
        g6.listen("NIFTY", "latest", speed=0, data_dir=tmp_path)
    with pytest.raises(UserError, match="no id of a cycle"):
        g6.listen("NIFTY", "latest", after="yesterday", data_dir=tmp_path)
    with pytest.raises(NothingToDo):
        next(g6.listen("NIFTY", "latest", data_dir=tmp_path / "none"))
