"""Request slots: one sequence per family, however many ask."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import redis

from g6.adapters.kite.limits import REQUEST_SPACINGS
from g6.adapters.memory.limiter import MemoryLimiter
from g6.adapters.redis.limiter import RedisLimiter
from g6.adapters.redis.server import connect
from g6.ports import Limiter

SPACINGS = {"quote": 60.0, "historical": 20.0, "other": 5.0}
SLACK = 2.0
"""Seconds that may pass between two calls of a test on a busy machine."""


@pytest.fixture(params=["memory", "redis"])
def limiter(request: pytest.FixtureRequest, redis_client: redis.Redis, namespace: str) -> Limiter:
    if request.param == "memory":
        return MemoryLimiter(spacings=SPACINGS)
    return RedisLimiter(redis_client, namespace, spacings=SPACINGS)


def about(seconds: float) -> object:
    return pytest.approx(seconds - SLACK / 2, abs=SLACK / 2)


def test_the_first_request_need_not_wait(limiter: Limiter) -> None:
    assert limiter.reserve("quote") == 0.0


def test_each_request_waits_a_spacing_longer(limiter: Limiter) -> None:
    assert [limiter.reserve("quote") for _ in range(4)] == [
        0.0,
        about(60.0),
        about(120.0),
        about(180.0),
    ]


def test_several_slots_are_reserved_at_once(limiter: Limiter) -> None:
    limiter.reserve("historical", 3)
    assert limiter.reserve("historical") == about(60.0)


def test_families_do_not_wait_for_each_other(limiter: Limiter) -> None:
    limiter.reserve("quote")
    assert limiter.reserve("historical") == 0.0


def test_families_nobody_spaced_share_one_sequence(limiter: Limiter) -> None:
    limiter.reserve("orders")
    assert limiter.reserve("margins") == about(5.0)
    assert limiter.reserve("other") == about(10.0)


def test_eight_askers_get_eight_slots(limiter: Limiter) -> None:
    with ThreadPoolExecutor(8) as pool:
        waits = sorted(pool.map(lambda _: limiter.reserve("quote"), range(8)))
    assert waits == [0.0, *(about(60.0 * n) for n in range(1, 8))]


def test_time_that_passes_frees_slots() -> None:
    now = [1000.0]
    limiter = MemoryLimiter(lambda: now[0], spacings={"quote": 1.0, "other": 1.0})
    limiter.reserve("quote", 3)
    now[0] += 2.25
    assert limiter.reserve("quote") == 0.75
    now[0] += 10.0
    assert limiter.reserve("quote") == 0.0


def test_slots_are_shared_between_clients(
    redis_url: str, redis_client: redis.Redis, namespace: str
) -> None:
    RedisLimiter(redis_client, namespace, spacings=SPACINGS).reserve("quote")
    with connect(redis_url) as other:
        assert RedisLimiter(other, namespace, spacings=SPACINGS).reserve("quote") == about(60.0)


def test_a_slot_from_before_the_clock_went_back_is_forgotten(
    redis_client: redis.Redis, namespace: str
) -> None:
    seconds, _ = redis_client.time()
    redis_client.set(f"{namespace}:slots:quote", (seconds + 3600) * 1_000_000)
    assert RedisLimiter(redis_client, namespace, spacings=REQUEST_SPACINGS).reserve("quote") == 0.0


def test_a_sequence_nobody_uses_leaves_no_key_for_ever(
    redis_client: redis.Redis, namespace: str
) -> None:
    RedisLimiter(redis_client, namespace, spacings=REQUEST_SPACINGS).reserve("quote")
    assert 0 < redis_client.ttl(f"{namespace}:slots:quote") <= 3


def test_the_budget_says_what_is_left(redis_client: redis.Redis, namespace: str) -> None:
    limiter = RedisLimiter(redis_client, namespace, spacings=REQUEST_SPACINGS)
    assert limiter.describe()["quote"] == {
        "spacing_seconds": 1.05,
        "wait_seconds": 0.0,
        "left_per_minute": 57,
    }
    limiter.reserve("quote", 100)
    assert limiter.describe()["quote"]["left_per_minute"] == 0
    assert limiter.describe()["historical"]["left_per_minute"] == 171


def test_spacings_are_a_little_wider_than_the_broker_allows(
    redis_client: redis.Redis, namespace: str
) -> None:
    limiter = RedisLimiter(redis_client, namespace, spacings=REQUEST_SPACINGS)
    assert [limiter.spacing(family) for family in ("quote", "historical", "orders")] == [
        1.05,
        0.35,
        0.1,
    ]


def test_a_slot_that_comes_too_late_is_not_reserved(limiter: Limiter) -> None:
    limiter.reserve("quote")
    assert limiter.reserve("quote", within=5.0) == about(60.0)
    assert limiter.reserve("quote") == about(60.0)


def test_a_slot_that_was_just_taken_is_taken_by_nobody_else(limiter: Limiter) -> None:
    assert limiter.confirm("quote") == 0.0
    assert limiter.confirm("quote") == about(60.0)
    assert limiter.confirm("historical") == 0.0


def test_who_confirms_moves_the_sequence(limiter: Limiter) -> None:
    limiter.confirm("quote")
    assert limiter.reserve("quote") == about(60.0)


def test_a_request_that_left_late_is_followed_a_spacing_later() -> None:
    now = [1000.0]
    limiter = MemoryLimiter(lambda: now[0], spacings={"quote": 1.0, "other": 1.0})
    limiter.confirm("quote")
    now[0] += 0.4
    limiter.confirm_late("quote")
    now[0] += 0.7
    assert limiter.confirm("quote") == pytest.approx(0.3)


def test_a_request_that_left_late_counts_from_then_in_redis_too(
    redis_client: redis.Redis, namespace: str
) -> None:
    limiter = RedisLimiter(redis_client, namespace, spacings=SPACINGS)
    limiter.confirm("quote")
    redis_client.set(f"{namespace}:slots:quote:last", 1)
    limiter.confirm_late("quote")
    assert limiter.confirm("quote") == about(60.0)
