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
from g6.domain.reports import VitalSigns
from g6.entrypoints.workers.life_sign import lives

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


def test_a_process_signs_under_a_name_of_its_own_and_takes_the_place_of_its_sign_before(
    client: redis.Redis, vitals: RedisVitals
) -> None:
    for instance in ("", "1", "2", "2"):
        vitals.sign_process("beat", os.getpid(), instance)
    assert vitals.read().beats == {
        f"beat-1@{HERE}": True,
        f"beat-2@{HERE}": True,
        f"beat@{HERE}": True,
    }
    signs = VitalSigns(processes=[one for one in vitals.read().processes if one.instance == "2"])
    assert lives("beat-2", HERE, signs)
    assert lives("beat", HERE, signs)
    assert not lives("beat-1", HERE, signs)
    assert not lives("beat-2", "elsewhere", signs)
    assert client.hlen("g6:processes") == 3


def test_a_process_that_signs_off_is_gone_and_one_that_took_its_place_stays(
    client: redis.Redis, vitals: RedisVitals
) -> None:
    for instance in ("", "2"):
        vitals.sign_process("beat", os.getpid(), instance)
    vitals.sign_off("beat", os.getppid(), "2")
    assert vitals.read().beats == {f"beat-2@{HERE}": True, f"beat@{HERE}": True}
    vitals.sign_off("beat", os.getpid(), "2")
    assert vitals.read().beats == {f"beat@{HERE}": True}
    vitals.sign_off("beat", os.getpid())
    vitals.sign_off("beat", os.getpid())
    assert client.hlen("g6:processes") == 0


def test_a_worker_that_signs_out_is_gone_and_one_that_took_its_place_stays(
    vitals: RedisVitals,
) -> None:
    vitals.sign_in("cycle@here", os.getpid(), ("collect",))
    vitals.sign_out("cycle@here", os.getppid())
    assert list(vitals.read().workers) == ["cycle@here"]
    for _ in range(2):
        vitals.sign_out("cycle@here", os.getpid())
    assert vitals.read().workers == {}


def test_a_host_without_the_data_directory_says_so(client: redis.Redis, tmp_path: Path) -> None:
    has = RedisVitals(client, "g6", ("collect",), tmp_path)
    lacks = RedisVitals(client, "g6", ("collect",), tmp_path / "away")
    assert (has.read().lacking_directory, lacks.read().lacking_directory) == ("", HERE)
    assert lacks.read().disk_free_bytes is None


def test_facts_of_a_later_version_are_passed_over(client: redis.Redis, vitals: RedisVitals) -> None:
    vitals.sign_process("beat", os.getpid())
    ((name, text),) = client.hgetall("g6:processes").items()  # type: ignore[union-attr]
    client.hset("g6:processes", name, json.dumps(json.loads(text) | {"colour": "blue"}))
    assert [process.role for process in vitals.read().processes] == ["beat"]
