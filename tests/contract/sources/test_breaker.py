"""The breaker's state in Redis, where all workers find it."""

from __future__ import annotations

import pybreaker
import pytest
import redis

from g6.adapters.clocks import WallClock
from g6.adapters.redis.shared_cache import RedisSharedCache
from g6.adapters.wrapping.resilient import Breaker
from g6.errors import BreakerOpen
from tests.unit.adapters.resilient.test_breaker import fails
from tests.worlds.guards import Answers


def test_workers_share_it_through_redis(redis_client: redis.Redis, namespace: str) -> None:
    def worker() -> Breaker:
        return Breaker(
            "kite", lambda: pybreaker.CircuitRedisStorage("closed", redis_client, namespace=namespace),
            RedisSharedCache(redis_client, namespace), WallClock(), failures=2, seconds=60.0,
        )  # fmt: skip

    fails(worker(), 2)
    with pytest.raises(BreakerOpen):
        worker().call(Answers(1))
    redis_client.set(f"{namespace}:pybreaker:opened_at", 1)
    assert worker().call(Answers(7)) == 7
    assert worker().state() == "closed"
