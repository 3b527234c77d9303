"""A shelf: bytes for all, until they are too old; and one who fetches them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import redis

from g6.adapters.memory.shared_cache import MemorySharedCache
from g6.adapters.redis.shared_cache import RedisSharedCache
from g6.ports import SharedCache
from tests.waiting import eventually


@pytest.fixture(params=["memory", "redis"])
def shelf(request: pytest.FixtureRequest, redis_client: redis.Redis, namespace: str) -> SharedCache:
    return (
        MemorySharedCache()
        if request.param == "memory"
        else RedisSharedCache(redis_client, namespace)
    )


def test_what_was_laid_there_is_found_and_nothing_else(shelf: SharedCache) -> None:
    shelf.put("dump", b"\x00rows", 60.0)
    assert (shelf.get("dump"), shelf.get("other")) == (b"\x00rows", None)


def test_it_is_gone_after_its_time(shelf: SharedCache) -> None:
    shelf.put("dump", b"rows", 0.02)
    eventually(lambda: shelf.get("dump") is None)


def test_one_alone_claims(shelf: SharedCache) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(lambda _: shelf.claim("fetch", 60.0), range(8))) == [False] * 7 + [
            True
        ]


def test_a_claim_that_lapsed_or_was_dropped_can_be_claimed(shelf: SharedCache) -> None:
    assert shelf.claim("fetch", 0.02)
    eventually(lambda: shelf.claim("fetch", 60.0))
    shelf.drop("fetch")
    assert shelf.claim("fetch", 60.0)


def test_to_drop_nothing_is_nothing(shelf: SharedCache) -> None:
    shelf.drop("never there")
    assert shelf.claim("never there", 60.0)
