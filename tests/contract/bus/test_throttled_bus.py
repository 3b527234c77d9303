"""A publisher that outruns every subscriber waits, is counted, and loses nothing by it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import redis

from g6.adapters.clocks import WallClock
from g6.adapters.memory.bus import MemoryBus
from g6.adapters.redis.bus import RedisBus
from g6.adapters.wrapping.throttled_bus import LONGEST_SECONDS, UNHEARD_EVENTS, ThrottledBus
from g6.domain.reports import SubscriberPosition, parse_report
from g6.ports import Bus

LENGTH = 800


class Waiting(WallClock):
    """A clock that does not wait: it lets a subscriber read on instead."""

    def __init__(self) -> None:
        self.slept = 0.0
        self.meanwhile: Callable[[], None] = lambda: None

    def sleep(self, seconds: float) -> None:
        self.slept += seconds
        self.meanwhile()


@pytest.fixture(params=["memory", "redis"])
def bare(request: pytest.FixtureRequest, redis_client: redis.Redis, namespace: str) -> Bus:
    if request.param == "memory":
        return MemoryBus(namespace, length=LENGTH)
    return RedisBus(redis_client, namespace, length=LENGTH)


@pytest.fixture
def clock() -> Waiting:
    return Waiting()


@pytest.fixture
def bus(bare: Bus, clock: Waiting) -> ThrottledBus:
    return ThrottledBus(bare, clock)


def publish(bus: Bus, count: int) -> None:
    for _ in range(count):
        bus.publish(parse_report("alert", {"state": "s"}))


def read(bus: Bus, count: int, name: str = "screen") -> None:
    """Let a subscriber read on by some events."""
    before = bus.positions().get(name, SubscriberPosition())
    events = bus.read(before.id, count=count)
    if events:
        accounted = (before.accounted or 0) + len(events)
        bus.remember(name, SubscriberPosition(events[-1].id, accounted))


def throttled(bus: Bus) -> list[float]:
    events = bus.read("0", count=10_000)
    return [event.meta.throttled_seconds for event in events if event.meta.throttled_seconds]


def test_where_the_stream_is_trimmed_to_fewer_events_a_publisher_waits_sooner(
    bare: Bus, clock: Waiting
) -> None:
    bus = ThrottledBus(bare, clock, LENGTH // 4)
    assert bus.length == LENGTH // 4
    bus.remember("screen", SubscriberPosition())
    publish(bus, LENGTH // 8 + 1)
    assert clock.slept > 0.0


def test_without_a_subscriber_nobody_waits(bus: ThrottledBus, clock: Waiting) -> None:
    publish(bus, 2 * LENGTH)
    assert clock.slept == 0.0
    assert throttled(bus) == []


def test_with_one_that_keeps_up_nobody_waits(bus: ThrottledBus, clock: Waiting) -> None:
    bus.remember("screen", SubscriberPosition())
    for _ in range(20):
        publish(bus, 50)
        read(bus, 50)
    assert clock.slept == 0.0


def test_a_publisher_waits_for_the_one_that_is_furthest_on(
    bus: ThrottledBus, clock: Waiting
) -> None:
    bus.remember("screen", SubscriberPosition())
    bus.remember("dead", SubscriberPosition())
    clock.meanwhile = lambda: read(bus, 30)
    publish(bus, LENGTH - 50)
    waits = throttled(bus)
    assert waits
    assert sum(waits) == pytest.approx(clock.slept)
    assert max(waits) <= LONGEST_SECONDS + 1e-9


def test_no_event_is_lost_by_waiting(bus: ThrottledBus, clock: Waiting) -> None:
    bus.remember("screen", SubscriberPosition())
    clock.meanwhile = lambda: read(bus, 5)
    publish(bus, 600)
    assert bus.bounds()[2] == 600


def test_one_that_does_not_move_is_waited_for_once(bus: ThrottledBus, clock: Waiting) -> None:
    bus.remember("screen", SubscriberPosition())
    publish(bus, LENGTH // 2 + 3 * UNHEARD_EVENTS)
    assert clock.slept == pytest.approx(LONGEST_SECONDS)
    assert len(throttled(bus)) <= 1


def test_one_that_moves_again_is_waited_for_again(bus: ThrottledBus, clock: Waiting) -> None:
    bus.remember("screen", SubscriberPosition())
    publish(bus, LENGTH // 2 + 10)
    slept = clock.slept
    clock.meanwhile = lambda: read(bus, 1)
    read(bus, 1)
    publish(bus, UNHEARD_EVENTS + 10)
    assert clock.slept > slept
