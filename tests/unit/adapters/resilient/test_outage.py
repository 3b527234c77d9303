"""An outage is told when it has lasted, again now and then, and when it is over."""

from __future__ import annotations

from g6.adapters.memory.shared_cache import MemorySharedCache
from g6.adapters.wrapping.resilient import Outage
from g6.domain.reports import ProviderState
from g6.errors import ProviderBusy

DOWN = ProviderBusy("down", "server")


class World:
    def __init__(self) -> None:
        self.now, self.told = 1000.0, list[ProviderState]()
        self.shelf = MemorySharedCache(lambda: self.now)

    def worker(self) -> Outage:
        return Outage(
            "kite", self.shelf, self.told.append, threshold=30.0, every=300.0, wall=lambda: self.now
        )

    def states(self) -> list[str]:
        return [each.state for each in self.told]


def test_a_short_one_is_not_told() -> None:
    world = World()
    world.worker().failed(DOWN)
    world.now += 20
    world.worker().failed(DOWN)
    world.worker().answered()
    assert world.told == []


def test_a_long_one_is_told_once_by_all_workers_and_so_is_its_end() -> None:
    world = World()
    for _ in range(20):
        world.worker().failed(DOWN)
        world.now += 10
    world.worker().answered()
    world.worker().answered()
    assert world.states() == ["outage", "answers"]
    assert "200 s" in world.told[1].sentence


def test_while_it_lasts_it_is_told_now_and_then() -> None:
    world = World()
    for _ in range(100):
        world.worker().failed(DOWN)
        world.now += 10
    assert world.states() == ["outage"] * 4


def test_an_answer_begins_the_count_anew() -> None:
    world = World()
    world.worker().failed(DOWN)
    world.now += 25
    world.worker().answered()
    world.now += 10
    world.worker().failed(DOWN)
    assert world.told == []


def test_while_a_stream_feeds_the_count_begins_with_its_last_frame() -> None:
    world = World()
    frames = [1000.0]
    outage = Outage(
        "kite",
        world.shelf,
        world.told.append,
        threshold=30.0,
        wall=lambda: world.now,
        last_sign=lambda: frames[-1],
    )
    outage.failed(DOWN)
    world.now += 90
    frames.append(world.now)
    world.now += 6
    outage.failed(DOWN)
    assert world.told == []
    world.now += 30
    outage.failed(DOWN)
    assert world.told[0].sentence.startswith("kite has not answered for 36 s")
    outage.answered()
    assert world.told[1].sentence == "kite answers again after 36 s"
