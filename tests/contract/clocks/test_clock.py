"""Clocks: two faces of time that agree with each other."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import redis

from g6.adapters.clocks import ScaledClock, WallClock
from g6.adapters.memory.clock import StoppedClock
from g6.adapters.redis.clocks.shared_clock import SharedClock
from g6.adapters.redis.server import connect
from g6.ports import Clock

OPEN = datetime(2026, 11, 18, 3, 45, tzinfo=UTC)
SLACK = 5.0
"""Wall seconds that a line of a test may take on a busy machine."""


def shared(client: redis.Redis, namespace: str) -> Clock:
    clock = SharedClock(client, namespace, OPEN, 60.0)
    clock.set_origin(time.time() - 10.0)
    return clock


MAKE: dict[str, Callable[[redis.Redis, str], Clock]] = {
    "wall": lambda _client, _namespace: WallClock(),
    "stopped": lambda _client, _namespace: StoppedClock(OPEN.timestamp()),
    "scaled": lambda _client, _namespace: ScaledClock(time.time() - 10.0, OPEN, 60.0),
    "shared": shared,
}


@pytest.fixture(params=MAKE)
def clock(request: pytest.FixtureRequest, redis_client: redis.Redis, namespace: str) -> Clock:
    return MAKE[request.param](redis_client, namespace)


def test_the_market_is_told_in_utc(clock: Clock) -> None:
    assert clock.market().utcoffset() == timedelta(0)


def test_the_markets_instant_is_reached_now(clock: Clock) -> None:
    assert clock.wall_of(clock.market()) == pytest.approx(clock.wall(), abs=SLACK)


def test_later_in_the_market_is_later_on_the_wall(clock: Clock) -> None:
    at = clock.market()
    assert clock.wall_of(at + timedelta(minutes=1)) > clock.wall_of(at)


def test_no_face_goes_back(clock: Clock) -> None:
    wall, market = clock.wall(), clock.market()
    assert clock.wall() >= wall
    assert clock.market() >= market


def test_live_both_faces_coincide() -> None:
    assert WallClock().market().timestamp() == pytest.approx(WallClock().wall(), abs=SLACK)
    assert WallClock().wall_of(OPEN) == OPEN.timestamp()


def test_a_faster_market_reaches_its_minute_in_a_second() -> None:
    clock = ScaledClock(1000.0, OPEN, 60.0)
    assert clock.market_at(1010.0) == OPEN + timedelta(minutes=10)
    assert clock.wall_of(OPEN + timedelta(minutes=1)) == 1001.0


def test_a_market_stands_before_its_origin() -> None:
    assert ScaledClock(1000.0, OPEN, 60.0).market_at(900.0) == OPEN


def test_a_stopped_clock_moves_when_told() -> None:
    clock = StoppedClock(OPEN.timestamp())
    clock.sleep(90.0)
    assert clock.market() == OPEN + timedelta(seconds=90)
    assert clock.wall() == OPEN.timestamp() + 90.0


def test_a_shared_market_stands_until_it_is_started(
    redis_client: redis.Redis, namespace: str
) -> None:
    clock = SharedClock(redis_client, namespace, OPEN, 60.0)
    assert clock.market() == OPEN
    assert clock.wall_origin() is None
    assert clock.wall_of(OPEN + timedelta(hours=1)) == pytest.approx(time.time() + 60.0, abs=SLACK)


def test_a_shared_market_runs_in_every_process_once_it_is_started(
    redis_url: str, redis_client: redis.Redis, namespace: str
) -> None:
    waiting = SharedClock(redis_client, namespace, OPEN, 60.0)
    assert waiting.market() == OPEN
    with connect(redis_url) as other:
        assert SharedClock(other, namespace, OPEN, 60.0).set_origin(1000.0) == 1000.0
    assert waiting.wall_of(OPEN + timedelta(minutes=2)) == 1002.0
    assert waiting.market() > OPEN


def test_a_market_is_started_once(redis_client: redis.Redis, namespace: str) -> None:
    assert SharedClock(redis_client, namespace, OPEN).set_origin(1000.0) == 1000.0
    assert SharedClock(redis_client, namespace, OPEN).set_origin(2000.0) == 1000.0


def test_a_market_started_for_later_stands_until_then(
    redis_client: redis.Redis, namespace: str
) -> None:
    clock = SharedClock(redis_client, namespace, OPEN, 60.0)
    clock.set_origin(time.time() + 3600.0)
    assert clock.market() == OPEN


def test_waiting_takes_its_time_on_the_wall(clock: Clock) -> None:
    before = clock.wall()
    clock.sleep(0.02)
    assert clock.wall() >= before + 0.02
