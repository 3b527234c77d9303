"""The clock of a replay, over a real server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import redis

from g6.adapters.redis.clocks.feed_clock import FeedClock

FIRST = datetime(2026, 8, 19, 5, 57, tzinfo=UTC)


def test_an_instant_came_when_it_was_first_sent(redis_client: redis.Redis, namespace: str) -> None:
    feeding, working = (FeedClock(redis_client, namespace, FIRST) for _ in range(2))
    sent = feeding.send(FIRST)
    assert working.wall_of(FIRST) == sent == feeding.send(FIRST)


def test_the_market_stands_at_the_newest_instant(redis_client: redis.Redis, namespace: str) -> None:
    clock = FeedClock(redis_client, namespace, FIRST)
    assert clock.market() == FIRST
    later = FIRST + timedelta(seconds=97, microseconds=500)
    clock.send(later)
    assert clock.market() == later


def test_an_instant_that_was_not_sent_would_come_now(
    redis_client: redis.Redis, namespace: str
) -> None:
    clock = FeedClock(redis_client, namespace, FIRST)
    before = clock.wall()
    assert before <= clock.wall_of(FIRST) <= clock.wall()
