"""What a session saw of whole chains: kept by index and day, whole, and not for ever."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
import redis

from g6.adapters.memory.chain_memories import MemoryChainMemories
from g6.adapters.redis.chain_memories import KEPT_SECONDS, RedisChainMemories
from g6.domain.quotes.chain_memory import ChainMemory
from g6.ports import ChainMemories

DAY, NEXT = date(2026, 11, 18), date(2026, 11, 19)


def memory(first: float = 23_000.0) -> ChainMemory:
    return ChainMemory(
        expiry=np.array(["2026-11-23", "2026-11-23", "2026-12-01"], dtype="datetime64[D]"),
        strike=np.array([first, first + 50, first]),
        oi=np.array([[65.0, np.nan, 0.0], [1.5, 2.0**40, np.nan]]),
        volume=np.array([[0.0, 1.0, 2.0], [np.nan, 4.0, 5.0]]),
        answered_at=np.array([1.795e9, np.nan, 1.795e9 + 0.5]),
        asked_at=np.array([1.795e9, 1.795e9, np.nan]),
        collected=np.array([True, False, False]),
    )


@pytest.fixture(params=["memory", "redis"])
def memories(
    request: pytest.FixtureRequest, redis_client: redis.Redis, namespace: str
) -> ChainMemories:
    return (
        MemoryChainMemories()
        if request.param == "memory"
        else RedisChainMemories(redis_client, namespace)
    )


def test_nothing_is_remembered_of_what_was_not_kept(memories: ChainMemories) -> None:
    memories.keep("NIFTY", DAY, memory())
    assert memories.recall("BANKNIFTY", DAY) is None
    assert memories.recall("NIFTY", NEXT) is None


def test_what_was_kept_comes_back_whole(memories: ChainMemories) -> None:
    memories.keep("NIFTY", DAY, memory())
    found = memories.recall("NIFTY", DAY)
    assert found is not None
    for name in ChainMemory.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(found, name), getattr(memory(), name), err_msg=name)


def test_the_newest_replaces_what_was_kept_before(memories: ChainMemories) -> None:
    memories.keep("NIFTY", DAY, memory())
    memories.keep("NIFTY", DAY, memory(first=24_000.0))
    found = memories.recall("NIFTY", DAY)
    assert found is not None
    assert found.strike.tolist() == [24_000.0, 24_050.0, 24_000.0]


def test_a_memory_can_be_learnt_from_and_kept_again(memories: ChainMemories) -> None:
    memories.keep("NIFTY", DAY, memory())
    found = memories.recall("NIFTY", DAY)
    assert found is not None
    memories.keep("NIFTY", DAY, found)
    again = memories.recall("NIFTY", DAY)
    assert again is not None
    np.testing.assert_array_equal(again.oi, memory().oi)


def test_no_key_stays_for_ever(redis_client: redis.Redis, namespace: str) -> None:
    RedisChainMemories(redis_client, namespace).keep("NIFTY", DAY, memory())
    (key,) = redis_client.scan_iter(f"{namespace}:*")
    assert 0 < redis_client.ttl(key) <= KEPT_SECONDS


def test_a_damaged_memory_is_none(redis_client: redis.Redis, namespace: str) -> None:
    memories = RedisChainMemories(redis_client, namespace)
    memories.keep("NIFTY", DAY, memory())
    (key,) = redis_client.scan_iter(f"{namespace}:*")
    stored = bytes(redis_client.get(key) or b"")
    redis_client.set(key, stored[:-80])
    assert memories.recall("NIFTY", DAY) is None
