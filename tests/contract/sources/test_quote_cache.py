"""What every quote cache must keep: the newest row of each symbol, by index and day, and how the feeds are."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest
import redis
from numpy.typing import NDArray

from g6.adapters.memory.quote_cache import MemoryQuoteCache
from g6.adapters.redis.quote_cache import RedisQuoteCache
from g6.domain.quotes.tick import NO_FEED, NOBODY, REST, STREAM, Feed, blank
from g6.ports import QuoteCache

DAY, NEXT = date(2026, 11, 20), date(2026, 11, 23)
CALL, PUT = "NIFTY26N2426000CE", "NIFTY26N2426000PE"


@pytest.fixture(params=["memory", "redis"])
def cache(request: pytest.FixtureRequest, namespace: str) -> QuoteCache:
    if request.param == "memory":
        return MemoryQuoteCache()
    return RedisQuoteCache(request.getfixturevalue("redis_client"), namespace)


def ticks(
    *last: float, received: float = 100.0, feed: int = 0, source: int = STREAM
) -> NDArray[Any]:
    rows = blank(len(last))
    rows["last"], rows["received"], rows["feed"], rows["source"] = last, received, feed, source
    rows["bid"][:, 0], rows["bid_quantity"][:, 0] = rows["last"] - 0.05, 65
    return rows


def last(cache: QuoteCache, *symbols: str, day: date = DAY) -> list[float]:
    return cache.get(day, "NIFTY", symbols)[0]["last"].tolist()


def test_a_row_comes_back_as_it_was_put(cache: QuoteCache) -> None:
    rows = ticks(120.05, 80.5)
    cache.put(DAY, {"NIFTY": ((CALL, PUT), rows)})
    found, _ = cache.get(DAY, "NIFTY", [PUT, CALL])
    assert found.tobytes() == rows[::-1].tobytes()


def test_a_newer_row_replaces_the_older(cache: QuoteCache) -> None:
    cache.put(DAY, {"NIFTY": ((CALL, PUT), ticks(1.0, 2.0))})
    cache.put(DAY, {"NIFTY": ((PUT,), ticks(3.0))})
    assert last(cache, CALL, PUT) == [1.0, 3.0]


def test_what_nobody_put_is_blank(cache: QuoteCache) -> None:
    cache.put(DAY, {"NIFTY": ((CALL,), ticks(1.0))})
    found, _ = cache.get(DAY, "NIFTY", [PUT, CALL])
    assert found["source"].tolist() == [NOBODY, STREAM]
    assert np.isnan(found["last"][0])
    assert found["feed"][0] == NO_FEED


def test_indices_do_not_see_each_others_rows(cache: QuoteCache) -> None:
    cache.put(DAY, {"NIFTY": ((CALL,), ticks(1.0)), "SENSEX": ((CALL,), ticks(2.0))})
    assert last(cache, CALL) == [1.0]
    assert cache.get(DAY, "SENSEX", [CALL])[0]["last"].tolist() == [2.0]


def test_another_day_knows_nothing_of_this_one(cache: QuoteCache) -> None:
    cache.put(DAY, {"NIFTY": ((CALL,), ticks(1.0))})
    cache.subscribe(DAY, "NIFTY", {CALL: 7})
    assert np.isnan(last(cache, CALL, day=NEXT)).all()
    assert cache.subscriptions(NEXT) == {}


def test_an_answer_bridges_what_is_older_than_its_question(cache: QuoteCache) -> None:
    cache.put(DAY, {"NIFTY": ((CALL,), ticks(1.0, received=100.0))})
    cache.bridge(
        DAY, "NIFTY", [CALL, PUT], ticks(2.0, 3.0, received=101.5, feed=NO_FEED, source=REST), 101.0
    )
    assert last(cache, CALL, PUT) == [2.0, 3.0]


def test_a_tick_that_came_after_the_question_outlasts_its_answer(cache: QuoteCache) -> None:
    cache.put(DAY, {"NIFTY": ((CALL,), ticks(1.0, received=101.2))})
    cache.bridge(DAY, "NIFTY", [CALL], ticks(2.0, received=101.5, source=REST), 101.0)
    assert last(cache, CALL) == [1.0]


def test_a_bridged_row_keeps_its_feed(cache: QuoteCache) -> None:
    cache.put(DAY, {"NIFTY": ((CALL,), ticks(1.0, feed=2))})
    cache.bridge(
        DAY, "NIFTY", [CALL, PUT], ticks(2.0, 3.0, received=102.0, feed=NO_FEED, source=REST), 101.0
    )
    found, _ = cache.get(DAY, "NIFTY", [CALL, PUT])
    assert found["feed"].tolist() == [2, NO_FEED]
    assert found["source"].tolist() == [REST, REST]


def test_wishes_add_up_over_the_day(cache: QuoteCache) -> None:
    cache.subscribe(DAY, "NIFTY", {CALL: 7})
    cache.subscribe(DAY, "NIFTY", {PUT: 8, CALL: 7})
    cache.subscribe(DAY, "SENSEX", {"BSE:SENSEX": 265})
    assert cache.subscriptions(DAY) == {"NIFTY": {CALL: 7, PUT: 8}, "SENSEX": {"BSE:SENSEX": 265}}


def test_asking_for_nothing_is_no_wish(cache: QuoteCache) -> None:
    cache.subscribe(DAY, "NIFTY", {})
    assert cache.subscriptions(DAY) == {}
    assert cache.get(DAY, "NIFTY", [])[0].shape == (0,)


def test_feeds_are_read_with_the_rows(cache: QuoteCache) -> None:
    feeds = {
        0: Feed("open", 1.5, 2.5, 3.0, 2900, reconnects={"mute": 1}),
        1: Feed("down", reason="closed"),
    }
    cache.put_feeds(feeds)
    assert cache.get(DAY, "NIFTY", [CALL])[1] == feeds
    assert cache.feeds() == feeds


def test_a_feed_that_is_not_told_of_is_forgotten(cache: QuoteCache) -> None:
    cache.put_feeds({0: Feed("open"), 1: Feed("open")})
    cache.put_feeds({1: Feed("down")})
    assert cache.feeds() == {1: Feed("down")}


def test_a_chain_is_one_round_trip(redis_client: redis.Redis, namespace: str) -> None:
    cache = RedisQuoteCache(redis_client, namespace)
    symbols = [f"NIFTY26N24{strike}CE" for strike in range(700)]
    cache.put(DAY, {"NIFTY": (symbols, ticks(*range(700)))})
    before = redis_client.info("commandstats")
    cache.get(DAY, "NIFTY", symbols)
    after = redis_client.info("commandstats")
    spent = {
        name: after[name]["calls"] - before.get(name, {"calls": 0})["calls"]
        for name in after
        if name != "cmdstat_info"
    }
    assert {name: n for name, n in spent.items() if n} == {"cmdstat_hmget": 1, "cmdstat_hgetall": 1}


def test_a_row_of_another_shape_counts_as_none(redis_client: redis.Redis, namespace: str) -> None:
    redis_client.hset(f"{namespace}:quotes:{DAY}:NIFTY", CALL, b"short")
    assert np.isnan(last(RedisQuoteCache(redis_client, namespace), CALL)).all()


def test_rows_leave_after_the_next_day(redis_client: redis.Redis, namespace: str) -> None:
    cache = RedisQuoteCache(redis_client, namespace)
    cache.put(DAY, {"NIFTY": ((CALL,), ticks(1.0))})
    cache.subscribe(DAY, "NIFTY", {CALL: 7})
    for name in (f"quotes:{DAY}:NIFTY", f"wanted:{DAY}"):
        assert 35 * 3600 < redis_client.ttl(f"{namespace}:{name}") <= 36 * 3600
