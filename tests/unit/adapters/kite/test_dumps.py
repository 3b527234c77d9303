"""DumpCache are downloaded once, kept, and replaced by the newest good one when they are bad."""

from __future__ import annotations

from datetime import UTC, date, datetime
from math import inf
from pathlib import Path

import pytest

from g6.adapters.clocks import ScaledClock
from g6.adapters.kite.dump_cache import DumpCache
from g6.adapters.memory.shared_cache import MemorySharedCache
from g6.domain.reports import ProviderState
from g6.errors import BadDump, ProviderBusy, ProviderRefused
from tests.unit.adapters.kite.test_dump import CALL, PUT, dump

DAY, BEFORE = date(2026, 11, 20), date(2026, 11, 19)
OLD = CALL.replace("2026-11-23", "2026-11-19").replace("26000CE", "25000CE")


class World:
    def __init__(self, base: Path) -> None:
        self.base, self.shelf = base, MemorySharedCache()
        self.raw: bytes | Exception = dump(CALL, PUT)
        self.asked: list[str] = []
        self.told: list[ProviderState] = []
        self.now = datetime(2026, 11, 20, 3, 30, tzinfo=UTC)

    def ask(self, exchange: str) -> bytes:
        self.asked.append(exchange)
        if isinstance(self.raw, Exception):
            raise self.raw
        return self.raw

    def process(self, *, shelf: MemorySharedCache | None = None) -> DumpCache:
        return DumpCache(
            self.base, shelf or self.shelf, self.ask, ScaledClock(inf, self.now), self.told.append
        )


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_one_worker_downloads_for_all(world: World) -> None:
    first, second = world.process(), world.process()
    assert first.columns("NFO", DAY) == second.columns("NFO", DAY)
    first.columns("NFO", DAY)
    assert world.asked == ["NFO"]
    assert first.hits == {"download": 1, "memory": 1}
    assert second.hits == {"shelf": 1}


def test_a_second_start_of_the_day_downloads_nothing(world: World) -> None:
    world.process().columns("NFO", DAY)
    again = world.process(shelf=MemorySharedCache())
    again.columns("NFO", DAY)
    assert (world.asked, again.hits) == (["NFO"], {"disk": 1})


def test_before_the_brokers_dump_is_made_nothing_is_kept_for_the_day(world: World) -> None:
    world.now = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)
    world.process().columns("NFO", DAY)
    assert list(world.base.rglob("*.gz")) == []


@pytest.mark.parametrize(
    "bad",
    [
        dump(CALL, PUT)[:-30],
        dump(CALL.replace("11-23", "11-12")),
        ProviderBusy("down"),
        ProviderRefused("no entitlement"),
    ],
)
def test_the_newest_good_dump_stands_in_for_a_bad_one_and_a_person_is_told(
    world: World, bad: bytes | Exception
) -> None:
    world.raw, world.now = dump(OLD, PUT), datetime(2026, 11, 19, 4, 0, tzinfo=UTC)
    world.process().columns("NFO", BEFORE)
    world.raw, world.now = bad, datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
    found = world.process().columns("NFO", DAY)
    assert found["symbol"] == ["NIFTY26NOV26000PE"]
    assert "2026-11-19 serves" in world.told[0].sentence
    other = world.process()
    assert other.columns("NFO", DAY) == found
    assert other.hits == {"shelf": 1}


@pytest.mark.parametrize(
    ("bad", "reason"),
    [(dump(CALL, PUT)[:-30], "row 3"), (ProviderRefused("no entitlement"), "no entitlement")],
)
def test_a_bad_dump_of_a_first_day_is_told_once_and_not_downloaded_for_every_unit(
    world: World, bad: bytes | Exception, reason: str
) -> None:
    world.raw = bad
    workers = [world.process(), world.process()]
    for _ in range(3):
        for worker in workers:
            with pytest.raises(BadDump, match=reason):
                worker.columns("NFO", DAY)
    assert world.asked == ["NFO"]
    assert len(world.told) == 1
    assert "no earlier one is on disk" in world.told[0].sentence
    assert "g6 check kite" in world.told[0].fix
    assert reason in workers[1].facts()["NFO"]


def test_a_check_asks_again_for_a_dump_that_was_refused_and_all_go_on(world: World) -> None:
    world.raw = dump(CALL, PUT)[:-30]
    with pytest.raises(BadDump):
        world.process().columns("NFO", DAY)
    world.raw = dump(CALL, PUT)
    world.process().refresh("NFO", DAY)
    worker = world.process()
    assert worker.columns("NFO", DAY)["symbol"] == ["NIFTY26NOV26000CE", "NIFTY26NOV26000PE"]
    assert (worker.refused("NFO", DAY), worker.facts()) == ("", {})


def test_rows_that_are_left_out_are_told_once_and_known_to_every_worker(world: World) -> None:
    world.raw = dump(CALL, PUT.replace(",65,", ",65.5,"))
    world.process().columns("NFO", DAY)
    worker = world.process()
    worker.columns("NFO", DAY)
    assert [fact.state for fact in world.told] == ["instruments"]
    assert (
        "1 row is left out: line 3 cannot be read: '65.5' is not a whole number"
        in worker.facts()["NFO"]
    )


def test_a_damaged_file_is_downloaded_again(world: World) -> None:
    world.process().columns("NFO", DAY)
    for path in world.base.rglob("*.gz"):
        path.write_bytes(b"rubbish")
    world.process(shelf=MemorySharedCache()).columns("NFO", DAY)
    assert world.asked == ["NFO", "NFO"]


def test_old_dumps_go_after_a_few_days(world: World) -> None:
    for day in range(1, 9):
        on = date(2026, 11, day)
        world.now = datetime(2026, 11, day, 4, 0, tzinfo=UTC)
        world.process().columns("NFO", on)
    assert len(list(world.base.rglob("*.gz"))) == 5
