"""The bus: events in order, with ids that grow, to anybody who asks from where he stopped."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

import numpy as np
import pytest
import redis

from g6.adapters.clocks import WallClock
from g6.adapters.memory.bus import MemoryBus
from g6.adapters.redis.bus import RedisBus
from g6.adapters.redis.server import connect
from g6.adapters.wrapping.throttled_bus import ThrottledBus
from g6.domain.cycles.cycle import parse_z
from g6.domain.reports import EventMeta, SubscriberPosition, parse_report
from g6.domain.reports.events import trace_of
from g6.ports import Bus
from tests.waiting import eventually

Make = Callable[[int], Bus]


@pytest.fixture(params=["memory", "redis", "throttled memory", "throttled redis"])
def make(request: pytest.FixtureRequest, redis_client: redis.Redis, namespace: str) -> Make:
    def bare(length: int) -> Bus:
        if request.param.endswith("memory"):
            return MemoryBus(namespace, length=length)
        return RedisBus(redis_client, namespace, length=length)

    if request.param.startswith("throttled"):
        return lambda length: ThrottledBus(bare(length), WallClock())
    return bare


@pytest.fixture
def bus(make: Make) -> Bus:
    return make(20_000)


def numbers(bus: Bus, after: str, **how: float) -> list[int]:
    return [event.document["n"] for event in bus.read(after, **how)]  # type: ignore[arg-type]


def test_who_publishes_may_have_fewer_events_left_the_newest(bus: Bus) -> None:
    for n in range(999):
        bus.publish(parse_report("alert", {"n": n}))
    bus.publish(parse_report("alert", {"n": 999}), left=400)
    left = numbers(bus, "0", count=1_000)
    # Redis drops whole nodes of its stream, of a hundred events at most.
    assert 400 <= len(left) <= 500
    assert left == list(range(1_000 - len(left), 1_000))
    assert bus.bounds()[2] == 1_000


def test_a_bus_is_not_trimmed_to_more_than_it_holds(make: Make) -> None:
    bus = make(100)
    for n in range(1_000):
        bus.publish(parse_report("alert", {"n": n}), left=900)
    assert len(numbers(bus, "0", count=1_000)) <= 200


def test_an_event_comes_back_in_its_envelope(bus: Bus) -> None:
    name = bus.publish(
        parse_report("unit.report", {"status": "OK", "seconds": {"quotes": 0.25}}),
        key="NIFTY",
        meta=EventMeta("a1"),
    )
    (event,) = bus.read("0")
    assert (event.id, event.type, event.key) == (name, "unit.report", "NIFTY")
    assert event.document == {"status": "OK", "seconds": {"quotes": 0.25}}
    assert event.meta == EventMeta("a1")
    assert parse_z(event.ts).year >= 2026


def test_an_event_carries_the_trace_of_the_cycle_that_it_is_about(bus: Bus, namespace: str) -> None:
    cycle = "2026-11-20T05:30:00Z"
    bus.publish(parse_report("gap.opened", {"cycle": cycle, "index": "NIFTY", "status": "MISSING"}))
    bus.publish(parse_report("alert", {"state": "clock"}))
    traces = [event.meta.trace for event in bus.read("0")]
    assert traces == [trace_of(namespace, cycle), ""]


def test_events_are_read_in_the_order_they_were_published(bus: Bus) -> None:
    for n in range(10):
        bus.publish(parse_report("alert", {"n": n}))
    assert numbers(bus, "0") == list(range(10))


def test_a_reader_goes_on_where_it_stopped(bus: Bus) -> None:
    for n in range(10):
        bus.publish(parse_report("alert", {"n": n}))
    first = bus.read("0", count=4)
    assert numbers(bus, first[-1].id) == list(range(4, 10))


def test_nothing_new_is_an_empty_answer(bus: Bus) -> None:
    last = bus.publish(parse_report("alert", {"n": 0}))
    assert list(bus.read(last)) == []
    assert list(bus.read("$")) == []
    assert list(bus.read(last, block_seconds=0.02)) == []


@pytest.mark.parametrize("after", ["0", "$"])
def test_a_waiting_reader_gets_what_comes(bus: Bus, after: str) -> None:
    got: list[int] = []
    reader = threading.Thread(target=lambda: got.extend(numbers(bus, after, block_seconds=10.0)))
    reader.start()
    while reader.is_alive():
        bus.publish(parse_report("alert", {"n": 7}))
        reader.join(0.01)
    assert got[0] == 7


def test_waiting_may_take_longer_than_the_socket_allows(redis_url: str, namespace: str) -> None:
    with connect(redis_url, timeout=2.0) as client:
        assert (
            list(RedisBus(client, namespace, slice_seconds=0.5).read("0", block_seconds=2.5)) == []
        )


def test_old_events_are_trimmed_by_length(make: Make) -> None:
    bus = make(100)
    for n in range(400):
        bus.publish(parse_report("alert", {"n": n}))
    left = numbers(bus, "0", count=1000)
    assert left == list(range(400 - len(left), 400))
    assert 100 <= len(left) <= 200


def test_bounds_tell_the_oldest_the_newest_and_how_many_there_ever_were(make: Make) -> None:
    bus = make(100)
    names = [bus.publish(parse_report("alert", {"n": n})) for n in range(400)]
    oldest = bus.read("0", count=1)[0].id
    assert bus.bounds() == (oldest, names[-1], 400)


def test_what_holds_the_events_has_a_word_of_its_own(bus: Bus) -> None:
    assert bus.server_id()
    assert bus.server_id() == bus.server_id()


def test_bounds_of_a_bus_that_nobody_used(bus: Bus) -> None:
    assert bus.bounds() == ("0-0", "0-0", 0)
    assert list(bus.read("0-0")) == []


def test_what_json_cannot_say_is_null_and_numpy_is_plain(bus: Bus) -> None:
    bus.publish(
        parse_report(
            "unit.report",
            {
                "iv": math.nan,
                "far": [math.inf],
                "n": np.int64(3),
                "x": np.float32(0.5),
                "word": "₹",
            },
        ),
    )
    assert bus.read("0")[0].document == {"iv": None, "far": [None], "n": 3, "x": 0.5, "word": "₹"}


def test_two_clients_share_one_stream(
    redis_url: str, redis_client: redis.Redis, namespace: str
) -> None:
    with connect(redis_url) as other:
        ids = [
            RedisBus(client, namespace).publish(parse_report("alert", {"n": n}))
            for n, client in enumerate([redis_client, other] * 5)
        ]
    assert [event.id for event in RedisBus(redis_client, namespace).read("0")] == ids


def test_a_bus_knows_how_far_each_subscriber_has_come(bus: Bus) -> None:
    assert dict(bus.positions()) == {}
    first = bus.publish(parse_report("alert", {"n": 0}))
    bus.publish(parse_report("alert", {"n": 1}))
    bus.remember("screen", SubscriberPosition(first, 1))
    bus.remember("archive", SubscriberPosition("0-0", 0))
    assert bus.positions() == {
        "screen": SubscriberPosition(first, 1),
        "archive": SubscriberPosition("0-0", 0),
    }
    bus.remember("screen", SubscriberPosition(bus.bounds()[1], 2))
    bus.forget("archive")
    assert bus.positions() == {"screen": SubscriberPosition(bus.bounds()[1], 2)}


def test_a_subscriber_is_remembered_before_there_is_an_event(bus: Bus) -> None:
    bus.forget("screen")
    bus.remember("screen", SubscriberPosition("0-0", 0))
    assert bus.positions() == {"screen": SubscriberPosition("0-0", 0)}


def test_a_subscriber_may_not_know_how_many_events_lie_before_it(bus: Bus) -> None:
    last = bus.publish(parse_report("alert", {"n": 0}))
    bus.remember("screen", SubscriberPosition(last, None))
    assert bus.positions()["screen"].accounted is None


def test_a_reader_begins_at_an_instant(bus: Bus) -> None:
    bus.publish(parse_report("alert", {"n": 0}))
    eventually(lambda: time.time() > parse_z(bus.read("0")[0].ts).timestamp() + 0.003)
    between = time.time()
    bus.publish(parse_report("alert", {"n": 1}))
    assert numbers(bus, bus.id_before(between)) == [1]
    assert numbers(bus, bus.id_before(0.0)) == [0, 1]
    assert numbers(bus, bus.id_before(between + 3600.0)) == []


def test_redis_own_tool_shows_the_lag_of_a_subscriber(
    redis_client: redis.Redis, namespace: str
) -> None:
    bus = RedisBus(redis_client, namespace)
    names = [bus.publish(parse_report("alert", {"n": n})) for n in range(9)]
    bus.remember("screen", SubscriberPosition(names[3], 4))
    (group,) = redis_client.xinfo_groups(f"{namespace}:events")
    assert (group["name"], group["lag"]) == (b"screen", 5)
    assert bus.positions()["screen"].lag(bus.bounds()[2]) == 5
