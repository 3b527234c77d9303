"""What a host tells of itself in Redis, by Redis' clock, and what a reader makes of it."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from g6.adapters.redis.server import EmbeddedServer, connect
from g6.adapters.redis.vitals import FORGOTTEN_SECONDS, RedisVitals

HERE = socket.gethostname()


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[redis.Redis]:
    directory = tmp_path_factory.mktemp("redis")
    with (
        EmbeddedServer.start(directory, append_only=False) as server,
        connect(server.url) as found,
    ):
        yield found


@pytest.fixture
def vitals(client: redis.Redis, tmp_path: Path) -> RedisVitals:
    client.flushall()
    return RedisVitals(client, "g6", ("collect",), tmp_path)


def test_a_sign_of_life_tells_the_clock_of_its_host(
    client: redis.Redis, vitals: RedisVitals
) -> None:
    vitals.sign_in("work@here", os.getpid(), ("collect",))
    vitals.sign_process("beat", os.getpid())
    told = json.loads(client.hgetall("g6:clocks")[HERE.encode()])  # type: ignore[index]
    assert abs(told["skew"]) < 0.2
    signs = vitals.read()
    assert signs.workers["work@here"].up
    assert [process.up for process in signs.processes] == [True]
    assert list(signs.clock_skew_seconds) == [HERE]


def test_a_reader_tells_the_clocks_of_all_hosts_that_live(
    client: redis.Redis, vitals: RedisVitals
) -> None:
    now = time.time()
    told = {"late": (-20.0, now), "gone": (5.0, now - 60), "old": (5.0, now - FORGOTTEN_SECONDS - 5)}  # fmt: skip
    for host, (skew, at) in told.items():
        client.hset("g6:clocks", host, json.dumps({"skew": skew, "at": at}))
    skews = vitals.read().clock_skew_seconds
    assert skews["late"] == -20.0
    assert skews.keys() == {"late", HERE}
    assert client.hkeys("g6:clocks") == [b"late", b"gone"]


def test_facts_of_a_later_version_are_passed_over(client: redis.Redis, vitals: RedisVitals) -> None:
    vitals.sign_process("beat", os.getpid())
    ((name, text),) = client.hgetall("g6:processes").items()  # type: ignore[union-attr]
    client.hset("g6:processes", name, json.dumps(json.loads(text) | {"colour": "blue"}))
    assert [process.role for process in vitals.read().processes] == ["beat"]
