"""Subscriptions: some events by type and key, each at least once, and what went by is counted."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import redis

from g6.adapters.clocks import WallClock
from g6.adapters.memory.bus import MemoryBus
from g6.adapters.redis.bus import RedisBus
from g6.domain.reports import EventSelection, SubscriberCounts, parse_report
from g6.pipeline.subscription import Subscription
from g6.ports import Bus

Make = Callable[[int], Bus]


class Wall(WallClock):
    """A clock whose hands are moved."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def wall(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture(params=["memory", "redis"])
def make(request: pytest.FixtureRequest, redis_client: redis.Redis, namespace: str) -> Make:
    if request.param == "memory":
        return lambda length: MemoryBus(namespace, length=length)
    return lambda length: RedisBus(redis_client, namespace, length=length)


@pytest.fixture
def bus(make: Make) -> Bus:
    return make(20_000)


@pytest.fixture
def clock() -> Wall:
    return Wall()


def publish(bus: Bus, *numbers: int, type: str = "alert", key: str = "") -> None:
    for number in numbers:
        bus.publish(parse_report(type, {"n": number, "state": "s"}), key=key)


def drain(subscription: Subscription, count: int = 500) -> list[int]:
    numbers: list[int] = []
    while True:
        page = subscription.read(count=count)
        subscription.acknowledge(page)
        numbers += [event.document.get("n", -1) for event in page.events]
        if not page.events and not page.counts.filtered:
            return numbers


def counts(bus: Bus) -> list[SubscriberCounts]:
    return [event.payload for event in bus.read("0") if isinstance(event.payload, SubscriberCounts)]


def test_a_subscriber_that_nobody_knows_begins_now(bus: Bus, clock: Wall) -> None:
    publish(bus, 1, 2)
    subscription = Subscription(bus, clock, "screen")
    publish(bus, 3)
    assert drain(subscription) == [3]


def test_one_that_asks_for_the_past_gets_what_is_left_of_it(bus: Bus, clock: Wall) -> None:
    publish(bus, 1, 2)
    assert drain(Subscription(bus, clock, "screen", since=0.0)) == [1, 2]


def test_it_goes_on_where_it_stopped(bus: Bus, clock: Wall) -> None:
    publish(bus, 1, 2, 3)
    before = Subscription(bus, clock, "screen", since=0.0)
    page = before.read(count=2)
    before.acknowledge(page)
    assert drain(Subscription(bus, clock, "screen")) == [3]


def test_a_page_that_was_not_acknowledged_comes_again(bus: Bus, clock: Wall) -> None:
    publish(bus, 1, 2)
    killed = Subscription(bus, clock, "screen", since=0.0)
    killed.acknowledge(killed.read(count=1))
    assert [event.document["n"] for event in killed.read().events] == [2]
    assert drain(Subscription(bus, clock, "screen")) == [2]


def test_it_takes_types_and_keys(bus: Bus, clock: Wall) -> None:
    publish(bus, 1, key="NIFTY")
    publish(bus, 2, key="SENSEX")
    publish(bus, 3, type="panel.full", key="NIFTY")
    wanted = EventSelection.of(["alert"], ["NIFTY"])
    assert drain(Subscription(bus, clock, "screen", wanted, since=0.0)) == [1]


def test_what_went_by_is_told_now_and_then(bus: Bus, clock: Wall) -> None:
    wanted = EventSelection.of(["alert"])
    subscription = Subscription(bus, clock, "screen", wanted, since=0.0)
    publish(bus, 1, 2, type="panel.full")
    drain(subscription)
    assert counts(bus) == []
    clock.sleep(11.0)
    drain(subscription)
    assert counts(bus) == [SubscriberCounts("screen", filtered=2)]
    clock.sleep(11.0)
    drain(subscription)
    assert len(counts(bus)) == 1


def test_trimmed_before_it_was_read_is_counted_to_the_event(make: Make, clock: Wall) -> None:
    bus = make(100)
    publish(bus, 0)
    subscription = Subscription(bus, clock, "screen", since=0.0)
    assert drain(subscription) == [0]
    publish(bus, *range(1, 701))
    numbers = drain(subscription)
    subscription.tell()
    (told,) = counts(bus)
    assert told.trimmed == 700 - len(numbers) > 0
    assert numbers == list(range(701 - len(numbers), 701))


def test_a_page_at_a_time_counts_what_was_trimmed_as_well(make: Make, clock: Wall) -> None:
    bus = make(100)
    publish(bus, 0)
    subscription = Subscription(bus, clock, "screen", since=0.0)
    drain(subscription)
    publish(bus, *range(1, 701))
    numbers = drain(subscription, count=7)
    subscription.tell()
    assert counts(bus)[0].trimmed + len(numbers) == 700


def test_a_bus_that_was_emptied_is_a_new_one(
    redis_client: redis.Redis, namespace: str, clock: Wall
) -> None:
    bus = RedisBus(redis_client, namespace)
    publish(bus, 1, 2, 3)
    subscription = Subscription(bus, clock, "screen", since=0.0)
    assert drain(subscription) == [1, 2, 3]
    redis_client.delete(f"{namespace}:events")
    publish(bus, 4, 5)
    assert drain(subscription) == [4, 5]
    subscription.tell()
    assert counts(bus) == []
