"""What beat remembers for Redis, on a server that is emptied, away and frozen."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from g6.adapters.redis import lifeline
from g6.adapters.redis.lifeline import RedisLifeline
from g6.adapters.redis.server import EmbeddedServer, connect, free_port


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedServer]:
    with EmbeddedServer.start(tmp_path, port=free_port(), append_only=False) as started:
        yield started


@pytest.fixture
def client(server: EmbeddedServer) -> Iterator[redis.Redis]:
    with connect(server.url) as made:
        yield made


def test_an_emptied_redis_gets_back_the_markets_start(client: redis.Redis) -> None:
    beat = RedisLifeline(client, "g6", origin=lambda: 1000.25)
    beat.record_beat()
    client.flushall()
    beat.record_beat()
    assert float(client.get("g6:clock")) == 1000.25  # type: ignore[arg-type]


def test_a_redis_that_takes_no_writes_is_away(client: redis.Redis) -> None:
    beat = RedisLifeline(client, "g6")
    beat.record_beat()
    full = time.time()
    client.config_set("maxmemory", "1")
    beat.record_beat()
    client.config_set("maxmemory", "0")
    beat.record_beat()
    assert beat.reasons([full]) == ["redis_down"]


def test_a_redis_that_stood_still_was_away(
    client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    beat = RedisLifeline(client, "g6")
    beat.record_beat()
    still = time.time()
    monkeypatch.setattr(lifeline, "SLOW_SECONDS", 0.0)
    beat.record_beat()
    assert beat.reasons([still]) == ["redis_down"]


def test_a_redis_that_is_emptied_while_beat_stands_still_learns_when_the_run_began(
    client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    beat = RedisLifeline(client, "g6")
    beat.record_beat()
    born = beat.first_beat()
    client.flushall()
    monkeypatch.setattr(lifeline, "STOOD_STILL_SECONDS", 0.0)
    beat.record_beat()
    assert beat.first_beat() == born
    assert client.hlen("g6:beats") == 2


def test_a_publish_that_stood_still_or_failed_was_an_outage(
    client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    for wait, ends in ((0.0, True), (1.0, False)):
        client.flushall()
        beat = RedisLifeline(client, "g6", reach=0.0)
        beat.record_beat()
        monkeypatch.setattr(lifeline, "SLOW_SECONDS", wait)
        beat.before_publish()
        still = time.time()
        if ends:
            beat.after_publish()
        beat.before_publish()
        monkeypatch.setattr(lifeline, "SLOW_SECONDS", 1.0)
        beat.record_beat()
        assert beat.reasons([still]) == ["redis_down"]


def test_beats_of_long_ago_are_forgotten(client: redis.Redis) -> None:
    client.hset("g6:beats", mapping={f"{born}.000": f"{born}.500" for born in range(100)})
    beat = RedisLifeline(client, "g6")
    beat.record_beat()
    assert client.hlen("g6:beats") == 1
