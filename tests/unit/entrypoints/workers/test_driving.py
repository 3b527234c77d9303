"""Driving a namespace: whose past it goes on with, whom it refuses, and what it leaves behind."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
import redis

from g6.adapters.clocks import WallClock
from g6.adapters.redis.controls import RedisControls
from g6.adapters.redis.server import EmbeddedServer, RedisNamespace, connect
from g6.adapters.redis.vitals import RedisVitals
from g6.config import load
from g6.domain.schema.words import QueueName
from g6.entrypoints.workers.driving import Driver
from g6.errors import Unavailable

FIRST = datetime(2026, 11, 18, 5, 30, tzinfo=UTC)
WINDOW = {"first": "2026-11-18T05:30:00Z", "last": "2026-11-18T05:31:00Z"}
SIM = {"provider.name": "sim"}
LIVE = {"provider.name": "kite"}
REPLAY = {"provider.name": "replay"}
LEDGER = ("g6:newest", "g6:walked", "g6:cycle:2026-11-18T05:30:00Z", "g6:celery:persist")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    with EmbeddedServer.start(tmp_path_factory.mktemp("redis"), append_only=False) as started:
        yield started


@pytest.fixture
def client(server: EmbeddedServer) -> Iterator[redis.Redis]:
    with connect(server.url) as connected:
        connected.flushall()
        yield connected


@pytest.fixture
def somebody() -> Iterator[subprocess.Popen[bytes]]:
    """A process that lives, for records that name one."""
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
        yield process
        process.kill()


def driver(client: redis.Redis, chosen: dict[str, Any], *, bounded: bool = False) -> Driver:
    url = "redis://:hunter2@127.0.0.1:7000/0"
    vitals = RedisVitals(client, "g6", tuple(QueueName), Path())
    return Driver(
        load("", chosen, {}),
        url,
        RedisNamespace(client),
        RedisControls(client),
        vitals,
        WallClock(),
        "g6 run",
        bounded,
    )


def left_by(client: redis.Redis, kind: str) -> None:
    """Leave what a run of a kind of market leaves when it is killed."""
    for name in LEDGER:
        client.rpush(name, b"1") if ":celery:" in name else client.set(name, b"1")
    if kind != "live":
        client.set("g6:clock", b"1")
    RedisNamespace(client).set_kind(kind)


def drives(client: redis.Redis, pid: int) -> None:
    RedisNamespace(client).add_driver(
        {"pid": pid, "host": socket.gethostname(), "who": "g6 up", "bounded": False, "run": []}
    )


def there(client: redis.Redis, *names: str) -> bool:
    return bool(client.exists(*names))


@pytest.mark.parametrize("before", ["sim", "replay"])
@pytest.mark.parametrize("chosen", [SIM, REPLAY])
def test_a_simulated_run_and_a_replay_begin_on_a_clean_slate(
    client: redis.Redis, before: str, chosen: dict[str, Any]
) -> None:
    left_by(client, before)
    driver(client, chosen).begin(fresh=True)
    assert not there(client, "g6:clock", *LEDGER)
    assert client.get("g6:kind") == chosen["provider.name"].encode()


def test_a_live_market_never_goes_on_with_a_simulated_ones_past(client: redis.Redis) -> None:
    left_by(client, "sim")
    driver(client, LIVE).begin(fresh=False)
    assert not there(client, "g6:clock", *LEDGER)


def test_a_live_market_goes_on_with_its_own_past(client: redis.Redis) -> None:
    left_by(client, "live")
    driver(client, LIVE).begin(fresh=False)
    assert all(there(client, name) for name in LEDGER)


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("chosen", [SIM, REPLAY])
def test_a_live_ledger_is_no_place_to_rehearse(
    client: redis.Redis, chosen: dict[str, Any], known: bool
) -> None:
    left_by(client, "live")
    if not known:
        client.delete("g6:kind")  # an older release wrote none
    with pytest.raises(Unavailable, match="holds the ledger of a live market") as refused:
        driver(client, chosen).begin(fresh=True)
    assert "127.0.0.1:7000/0" in str(refused.value)
    assert "hunter2" not in str(refused.value)
    assert refused.value.fix.endswith("--set namespace=NAME")
    assert all(there(client, name) for name in LEDGER)


def test_other_namespaces_of_the_server_are_left_alone(client: redis.Redis) -> None:
    left_by(client, "sim")
    client.set("g6-shadow:newest", b"1")
    client.set("other", b"1")
    made = driver(client, SIM, bounded=True)
    made.begin(fresh=True)
    made.leave()
    assert client.ttl("g6-shadow:newest") == client.ttl("other") == -1
    assert not there(client, "g6:newest")


@pytest.mark.parametrize("chosen", [SIM, REPLAY])
def test_what_a_bounded_run_leaves_binds_no_later_start_and_ends_within_the_hour(
    client: redis.Redis, chosen: dict[str, Any]
) -> None:
    made = driver(client, chosen, bounded=True)
    made.begin(fresh=True)
    made.open_window(FIRST, FIRST)
    left_by(client, chosen["provider.name"])
    client.set("g6:frame:2026-11-18T05:30:00Z:NIFTY:quotes", b"1", ex=60)
    client.xadd("g6:events", {"type": "x"})
    made.leave()
    left = {name.decode(): client.ttl(name) for name in client.scan_iter("*")}
    assert set(left) == {
        "g6:cycle:2026-11-18T05:30:00Z", "g6:frame:2026-11-18T05:30:00Z:NIFTY:quotes", "g6:events", "g6:kind",
    }  # fmt: skip
    assert all(0 < seconds <= 3600 for seconds in left.values())
    assert left["g6:frame:2026-11-18T05:30:00Z:NIFTY:quotes"] <= 60


def test_a_bounded_live_run_leaves_its_ledger_and_takes_its_window(client: redis.Redis) -> None:
    made = driver(client, LIVE, bounded=True)
    made.begin(fresh=False)
    made.open_window(FIRST, FIRST)
    left_by(client, "live")
    made.leave()
    assert all(there(client, name) for name in LEDGER)
    assert RedisControls(client).read().window is None
    assert not there(client, "g6:drivers")


def test_the_window_of_a_killed_run_binds_no_later_start(client: redis.Redis) -> None:
    RedisControls(client).set("window", WINDOW)
    driver(client, LIVE).begin(fresh=False)
    assert RedisControls(client).read().window is None


def test_beside_a_live_system_a_bounded_run_closes_no_window(
    client: redis.Redis, somebody: subprocess.Popen[bytes]
) -> None:
    drives(client, somebody.pid)
    made = driver(client, LIVE, bounded=True)
    made.begin(fresh=False)
    made.open_window(FIRST, FIRST)
    assert RedisControls(client).read().window is None
    made.leave()
    assert there(client, "g6:newest") is False


def test_the_same_simulated_run_twice_at_a_time_is_one_run(
    client: redis.Redis, somebody: subprocess.Popen[bytes]
) -> None:
    first = driver(client, SIM, bounded=True)
    first.begin(fresh=True)
    first.open_window(FIRST, FIRST)
    left_by(client, "sim")
    (record,) = RedisNamespace(client).drivers()
    RedisNamespace(client).remove_driver(record)
    RedisNamespace(client).add_driver(
        {**record, "pid": somebody.pid}
    )  # what the first says, as another process
    second = driver(client, SIM, bounded=True)
    second.begin(fresh=True)
    second.leave()
    assert all(there(client, name) for name in ("g6:clock", *LEDGER))
    with pytest.raises(Unavailable, match="market's clock this run would share"):
        driver(client, SIM | {"market.seed": 8}, bounded=True).begin(fresh=True)


def test_two_bounded_live_runs_at_a_time_have_both_their_instants(
    client: redis.Redis, somebody: subprocess.Popen[bytes]
) -> None:
    drives(client, somebody.pid)
    RedisControls(client).set("window", WINDOW)
    made = driver(client, LIVE, bounded=True)
    made.begin(fresh=False)
    made.open_window(FIRST + timedelta(minutes=1), FIRST + timedelta(minutes=2))
    assert RedisControls(client).read().to_json()["window"] == {
        "first": "2026-11-18T05:30:00Z",
        "last": "2026-11-18T05:32:00Z",
    }
    made.leave()
    assert RedisControls(client).read().to_json()["window"] == WINDOW


def test_two_bounded_live_runs_that_begin_together_have_both_their_instants(
    client: redis.Redis, somebody: subprocess.Popen[bytes]
) -> None:
    """Each window is opened seconds after its run has begun: the second one replaced the first."""
    one = driver(client, LIVE, bounded=True)
    one.begin(fresh=False)
    RedisNamespace(client).add_driver(
        {"pid": somebody.pid, "host": socket.gethostname(), "bounded": True, "run": []}
    )
    RedisControls(client).set("window", WINDOW)
    one.open_window(FIRST, FIRST + timedelta(minutes=4))
    assert RedisControls(client).read().to_json()["window"] == {
        "first": "2026-11-18T05:30:00Z",
        "last": "2026-11-18T05:34:00Z",
    }
    one.leave()
    assert RedisControls(client).read().to_json()["window"] == WINDOW


def test_a_live_system_that_began_while_a_bounded_run_started_is_not_bound_by_it(
    client: redis.Redis, somebody: subprocess.Popen[bytes]
) -> None:
    one = driver(client, LIVE, bounded=True)
    one.begin(fresh=False)
    drives(client, somebody.pid)
    one.open_window(FIRST, FIRST)
    assert RedisControls(client).read().window is None


def test_a_clock_that_somebody_lives_by_is_not_started_anew(
    client: redis.Redis, somebody: subprocess.Popen[bytes]
) -> None:
    left_by(client, "sim")
    drives(client, somebody.pid)
    with pytest.raises(
        Unavailable, match=rf"driven by another G6 \(process {somebody.pid}, g6 up\)"
    ) as refused:
        driver(client, SIM).begin(fresh=True)
    assert f"kill -TERM {somebody.pid}" in refused.value.fix
    somebody.kill()
    somebody.wait()
    driver(client, SIM).begin(fresh=True)


def test_a_worker_that_lives_by_an_earlier_clock_is_named(
    client: redis.Redis, somebody: subprocess.Popen[bytes]
) -> None:
    left_by(client, "sim")
    signed = {
        "pid": somebody.pid,
        "host": socket.gethostname(),
        "at": time.time(),
        "resident_bytes": 1,
        "cpu_ratio": 0,
    }
    client.hset("g6:workers", "cycle@here", json.dumps(signed))
    with pytest.raises(Unavailable, match=rf"cycle@here \(process {somebody.pid}\)"):
        driver(client, SIM).begin(fresh=True)
    somebody.kill()
    somebody.wait()
    driver(client, SIM).begin(fresh=True)


def test_a_beat_says_that_it_drives_unless_its_parent_does(client: redis.Redis) -> None:
    drives(client, os.getppid())
    assert driver(client, SIM).join() is False
    # A fork server stands between a supervisor and its beat.
    client.delete("g6:drivers")
    drives(client, psutil.Process(os.getppid()).ppid())
    assert driver(client, SIM).join() is False
    client.delete("g6:drivers")
    assert driver(client, SIM).join() is True
    assert [each["pid"] for each in RedisNamespace(client).drivers()] == [os.getpid()]


def test_a_start_writes_its_settings_down_without_secrets(client: redis.Redis) -> None:
    driver(
        client,
        SIM
        | {"serve.token": "hunter2-hunter2-hunter2", "redis.broker_url": "redis://:hunter2@h/0"},
    ).begin(fresh=True)
    record = RedisNamespace(client).settings() or {}
    assert "hunter2" not in json.dumps(record)
    assert record["values"]["interval"] == 60
    assert record["origins"]["provider.name"] == "command line"


def test_a_mark_is_the_same_for_whoever_asks(client: redis.Redis) -> None:
    assert (
        RedisNamespace(client).mark()
        == RedisNamespace(client).mark()
        != RedisNamespace(client, "shadow").mark()
    )


def test_a_beat_that_drives_is_listed_once(client: redis.Redis) -> None:
    vitals = RedisVitals(client, "g6", tuple(QueueName), Path())
    driver(client, SIM).begin(fresh=True)
    assert [process.role for process in vitals.read().processes] == ["g6 run"]
    vitals.sign_process("beat", os.getpid())
    assert [process.role for process in vitals.read().processes] == ["beat"]
