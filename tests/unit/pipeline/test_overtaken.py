"""Who stood still while a unit was run again leaves nothing older in the place of what is newest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from billiard.exceptions import SoftTimeLimitExceeded

from g6 import pipeline
from g6.adapters.memory.frames import MemoryFrames
from g6.adapters.memory.sender import MemorySender
from g6.adapters.memory.store import MemoryStore
from g6.domain.cycles.cycle import Unit
from g6.domain.schema.frame import Frame
from g6.domain.schema.json_reading import part
from g6.domain.schema.overview_row import OverviewRow
from g6.errors import FrameMissing, RedisDown, StoreBusy
from g6.pipeline.runtime import OVERTAKEN_SECONDS
from g6.ports import WriteReport
from tests.worlds.pipeline import BANKNIFTY, FIRST, NIFTY, World

ERRORS = [
    SoftTimeLimitExceeded(),
    RedisDown("Redis: away"),
    StoreBusy("no space", {"csv": "no space left on device"}),
]


class StillStore(MemoryStore):
    """A store of which one write stands still: something happens before it, and it may fail after.

    `writes` counts the chains and the overviews that were written.
    """

    def __init__(self) -> None:
        super().__init__()
        self.still = ""
        self.meanwhile: Callable[[], object] = lambda: None
        self.error: Exception | None = None
        self.writes = 0

    def stand_still(
        self, what: str, meanwhile: Callable[[], object], error: Exception | None = None
    ) -> None:
        """Let the next write of a chain or of an overview stand still."""
        self.still = what
        self.meanwhile = meanwhile
        self.error = error

    def write_chain(self, unit: Unit, frame: Frame) -> WriteReport:
        return self._write("chain", partial(super().write_chain, unit, frame))

    def write_overview(self, cycle: str, rows: Sequence[OverviewRow]) -> WriteReport:
        return self._write("overview", partial(super().write_overview, cycle, rows))

    def _write(self, what: str, write: Callable[[], WriteReport]) -> WriteReport:
        self.writes += 1
        if what != self.still:
            return write()
        self.still = ""
        self.meanwhile()
        report = write()
        if self.error is not None:
            raise self.error
        return report


@pytest.fixture
def store(world: World) -> StillStore:
    """The store of a world, of which a write may stand still."""
    store = StillStore()
    world.store = store
    world.runtime = replace(world.runtime, store=store)
    return store


def settings_of_chain(world: World, unit: Unit = NIFTY) -> object:
    frame = world.store.read_chain(unit)
    assert frame is not None
    return part(frame.header, "stamp")["config_id"]


def run_again(world: World, rate: float, unit: Unit = NIFTY) -> str:
    """Run a unit again under another rate, and return the name of these settings."""
    world.settle_on(greeks__risk_free_rate=rate)
    pipeline.rerun(world.runtime, unit)
    world.drain()
    return world.runtime.plan.config_id


def swept(world: World) -> dict[str, int]:
    counts = pipeline.sweep(world.runtime)
    world.drain()
    return counts


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_a_persist_that_is_struck_after_its_write_leaves_the_newest_chain(
    world: World, store: StillStore, error: Exception
) -> None:
    """A time limit struck before the look: the row was of the newer settings, the chain of the older."""
    world.run(BANKNIFTY)
    world.run(NIFTY, "collect", "analyse")
    store.stand_still("chain", lambda: run_again(world, 0.12), error)
    with pytest.raises(type(error)):
        world.run(NIFTY, "persist", task="slow")
    assert settings_of_chain(world) == world.runtime.plan.config_id


def test_a_look_that_stood_still_itself_leaves_the_chain_of_the_newest_rerun(
    world: World, store: StillStore
) -> None:
    world.run(BANKNIFTY)
    world.run(NIFTY, "collect", "analyse")

    def first_rerun() -> None:
        run_again(world, 0.12)
        store.stand_still("chain", lambda: run_again(world, 0.02))

    store.stand_still("chain", first_rerun)
    assert world.run(NIFTY, "persist", task="slow") == [False]
    assert settings_of_chain(world) == world.runtime.plan.config_id


def test_a_persist_that_fails_and_was_not_overtaken_writes_nothing_more(
    world: World, store: StillStore
) -> None:
    world.run(NIFTY, "collect", "analyse")
    store.stand_still("chain", lambda: None, RedisDown("Redis: away"))
    with pytest.raises(RedisDown):
        world.run(NIFTY, "persist")
    assert store.writes == 1


def killed_persist(world: World, store: StillStore) -> str:
    """Kill a persist between its write and its look, and return the settings of the rerun meanwhile."""
    world.run(BANKNIFTY)
    world.run(NIFTY, "collect", "analyse")
    older = world.frames.get(NIFTY, "chain")
    world.begin(NIFTY, "persist", task="killed")
    world.drain()
    newest = run_again(world, 0.12)
    store.write_chain(NIFTY, older)
    assert settings_of_chain(world) != newest
    return newest


def test_the_message_of_a_killed_persist_leaves_the_newest_chain(
    world: World, store: StillStore
) -> None:
    newest = killed_persist(world, store)
    assert world.run(NIFTY, "persist", task="killed") == [True]
    assert settings_of_chain(world) == newest


def test_a_sweep_has_the_newest_rows_written_once_more_when_a_killed_writer_is_gone(
    world: World, store: StillStore
) -> None:
    """Its message was lost with it."""
    newest = killed_persist(world, store)
    rows = world.rows()
    store.write_overview(FIRST, [row | {"spot": 1.0} for row in rows.values()])
    patience = world.runtime.timing.hard + world.runtime.timing.lease
    assert patience > OVERTAKEN_SECONDS
    world.later(patience)
    assert swept(world)["fired_again"] == 0
    world.later(0.1)
    assert swept(world)["fired_again"] == 1
    assert settings_of_chain(world) == newest
    assert world.rows() == rows
    assert world.ledger.open_cycles() == []
    count = store.writes
    world.later(patience)
    assert swept(world)["fired_again"] == 0
    assert store.writes == count


class DyingSender(MemorySender):
    """A sender whose process is killed before it sends anything."""

    def stages(self, *arguments: Any, **named: Any) -> None:
        raise Killed


class Killed(BaseException):
    """A process that is gone."""


def test_a_sweep_that_is_killed_before_it_sends_leaves_the_rows_to_the_next(
    world: World, store: StillStore
) -> None:
    """It had cleared its mark by then, and the older chain stayed."""
    newest = killed_persist(world, store)
    world.later(world.runtime.timing.hard + world.runtime.timing.lease + 0.1)
    with pytest.raises(Killed):
        pipeline.sweep(replace(world.runtime, sender=DyingSender()))
    assert settings_of_chain(world) != newest
    world.later(2.0)
    assert swept(world)["fired_again"] == 1
    assert settings_of_chain(world) == newest


def test_a_doubled_message_of_a_stored_unit_writes_nothing(world: World, store: StillStore) -> None:
    world.cycle()
    count = store.writes
    assert world.run(NIFTY, "persist", task="twin") == [True]
    assert store.writes == count


def test_a_failed_rerun_leaves_no_chain_of_its_settings(world: World, store: StillStore) -> None:
    world.cycle()
    before = settings_of_chain(world)
    world.settle_on(greeks__risk_free_rate=0.12)
    pipeline.rerun(world.runtime, NIFTY)
    world.frames.expire(NIFTY, "quotes", 0.0)
    world.drain()
    count = store.writes
    assert world.run(NIFTY, "persist", task="late") == [True]
    assert (settings_of_chain(world), store.writes) == (before, count)


@pytest.mark.parametrize("error", [None, *ERRORS], ids=lambda error: type(error).__name__)
def test_a_publish_that_is_struck_after_its_write_leaves_the_newest_rows(
    world: World, store: StillStore, error: Exception | None
) -> None:
    for unit in (NIFTY, BANKNIFTY):
        world.run(unit)
    pipeline.aggregate(world.runtime, FIRST)
    world.sender.sent.clear()
    newest = {}

    def second_rerun() -> None:
        run_again(world, 0.02)
        newest.update(world.rows())

    def first_rerun() -> None:
        run_again(world, 0.12)
        store.stand_still("overview", second_rerun)

    store.stand_still("overview", first_rerun, error)
    with suppress(SoftTimeLimitExceeded, RedisDown, StoreBusy):
        assert not pipeline.publish(world.runtime, FIRST)
    assert newest
    assert world.rows() == newest


def test_the_chain_of_an_analysis_that_was_overtaken_is_not_stored_under_the_row_of_a_rerun(
    world: World,
) -> None:
    """It was put where the frames of the rerun had been evicted, and nothing told it from them."""
    world.cycle()
    before = settings_of_chain(world)
    older = world.frames.get(NIFTY, "chain")
    rows = world.rows()
    world.settle_on(greeks__risk_free_rate=0.12)
    pipeline.rerun(world.runtime, NIFTY)
    world.sender.sent.clear()
    world.run(NIFTY, "analyse", task="rerun")
    world.frames.expire(NIFTY, "quotes", 0.0)
    world.frames.put(NIFTY, "chain", older, 900.0)
    world.run(NIFTY, "persist", task="rerun")
    world.drain()
    assert (settings_of_chain(world), world.rows()) == (before, rows)
    assert world.reports("cycle.report")[-1]["failures"] == {"NIFTY": "frame_missing"}


def test_no_chain_is_made_of_quotes_that_are_of_other_settings_than_the_row(world: World) -> None:
    """A rerun put its quotes, and Redis was away when it would have opened the unit."""
    world.cycle()
    world.settle_on(greeks__risk_free_rate=0.12)
    pipeline.rerun(world.runtime, NIFTY)
    world.sender.sent.clear()
    world.run(NIFTY, "analyse", task="rerun")
    before = settings_of_chain(world)
    quotes = world.frames.get(NIFTY, "quotes")
    stamp = {**part(quotes.header, "stamp"), "config_id": "settings of nobody"}
    world.frames.put(
        NIFTY, "quotes", Frame({**quotes.header, "stamp": stamp}, quotes.columns), 900.0
    )
    world.frames.expire(NIFTY, "chain", 0.0)
    world.run(NIFTY, "persist", task="rerun")
    world.drain()
    assert settings_of_chain(world) == before
    assert world.reports("cycle.report")[-1]["failures"] == {"NIFTY": "frame_missing"}


class StillFrames(MemoryFrames):
    """Frames that are put while something else happens, and then a time limit strikes."""

    meanwhile: Callable[[], object] | None = None

    def put(self, unit: Unit, name: str, frame: Frame, seconds: float) -> int:
        meanwhile = self.meanwhile
        self.meanwhile = None
        if meanwhile is None:
            return super().put(unit, name, frame, seconds)
        meanwhile()
        super().put(unit, name, frame, seconds)
        raise SoftTimeLimitExceeded


def test_a_collection_that_is_struck_after_it_put_older_quotes_withdraws_them(world: World) -> None:
    """A rerun took them, and the row changed though nothing else had."""
    frames = StillFrames(world.clock.wall)
    world.frames = frames
    world.runtime = replace(world.runtime, frames=frames)

    def other() -> None:
        world.later(world.runtime.timing.lease + 0.1)
        assert world.run(NIFTY, task="other") == [True, True, True]

    frames.meanwhile = other
    with pytest.raises(SoftTimeLimitExceeded):
        world.run(NIFTY, "collect", task="slow")
    with pytest.raises(FrameMissing):
        frames.get(NIFTY, "quotes")
    assert world.store.read_chain(NIFTY) is not None
