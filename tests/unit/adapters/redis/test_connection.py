"""One client, bounded in time, and one table of errors."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import redis
from redis import exceptions as foreign

from g6.adapters.redis.server import (
    EmbeddedServer,
    connect,
    find_server,
    free_port,
    redis_time,
    translated,
)
from g6.adapters.redis.server.connection import ERRORS, translate
from g6.errors import BadConfig, RedisDown, Unavailable

MISTAKES = {
    "RedisError", "DataError", "PubSubError", "WatchError", "LockError", "LockNotOwnedError", "ChildDeadlockedError",
    "NoSuchFieldsetError", "IncorrectPolicyType", "ClusterError", "RedisClusterException", "SlotNotCoveredError",
    "CrossSlotTransactionError", "InvalidPipelineStack", "AskError", "MovedError", "ClusterCrossSlotError",
}  # fmt: skip
"""Errors that only a caller's mistake or a cluster (which cannot be a broker) can cause."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    with EmbeddedServer.start(tmp_path_factory.mktemp("redis"), append_only=False) as running:
        yield running


def test_every_error_of_the_library_has_its_place() -> None:
    classes = {
        name
        for name, kind in vars(foreign).items()
        if isinstance(kind, type) and issubclass(kind, Exception)
    }
    assert classes - MISTAKES == {kind.__name__ for kind in ERRORS}


@pytest.mark.parametrize(
    ("error", "ours"),
    [
        (foreign.ConnectionError("refused"), RedisDown),
        (foreign.TimeoutError("slow"), RedisDown),
        (foreign.BusyLoadingError("loading"), RedisDown),
        (foreign.OutOfMemoryError("full"), RedisDown),
        (
            foreign.ResponseError(
                "MISCONF Errors writing to the AOF file: No space left on device"
            ),
            RedisDown,
        ),
        (
            foreign.ResponseError(
                "ERR Error running script: @user_script: -OOM command not allowed"
            ),
            RedisDown,
        ),
        (foreign.ReadOnlyError("a replica"), RedisDown),
        (foreign.AuthenticationError("WRONGPASS"), Unavailable),
        (foreign.NoPermissionError("NOPERM"), Unavailable),
        (
            foreign.ResponseError(
                "WRONGTYPE Operation against a key holding the wrong kind of value"
            ),
            Unavailable,
        ),
        (foreign.DataError("Invalid input of type: 'dict'"), type(None)),
    ],
)
def test_an_error_says_what_to_do(error: Exception, ours: type) -> None:
    assert type(translate(error)) is ours


def test_a_server_before_7_is_told_from_others() -> None:
    # So Redis 6.2 answers SET with NX and GET, and XGROUP SETID with ENTRIESREAD.
    error = translate(foreign.ResponseError("syntax error"))
    assert isinstance(error, Unavailable)
    assert error.fix == "name a Redis from 7.0 on, or a Valkey"


def test_our_error_keeps_its_cause() -> None:
    @translated
    def fails() -> None:
        raise foreign.TimeoutError("Timeout reading from socket")

    with pytest.raises(RedisDown, match="Timeout reading") as caught:
        fails()
    assert isinstance(caught.value.__cause__, foreign.TimeoutError)


def test_a_mistake_passes_as_it_is() -> None:
    @translated
    def fails() -> None:
        raise foreign.DataError("a dict")

    with pytest.raises(foreign.DataError):
        fails()


@pytest.mark.parametrize(
    "url",
    [
        "http://:s3cret@host",
        "redis://:s3/cret@host:6379/0",
        "sentinel://:s3cret@host:26379",
        "host:6379",
    ],
)
def test_a_wrong_address_is_refused_without_its_secrets(url: str) -> None:
    with pytest.raises(BadConfig) as caught:
        connect(url)
    assert "s3" not in str(caught.value)
    assert caught.value.fix
    assert caught.value.__cause__ is None


def test_the_servers_clock_is_read(server: EmbeddedServer) -> None:
    with connect(server.url) as client:
        assert redis_time(client) > 1.7e9


def test_waits_are_bounded() -> None:
    for url in ("redis://host/0", "rediss://host/0", "unix:///run/redis.sock"):
        options = connect(url, timeout=1.5).connection_pool.connection_kwargs
        assert (options["socket_timeout"], options["socket_connect_timeout"]) == (1.5, 1.5)
        assert options["retry"].get_retries() == 1


def test_a_server_that_is_not_there_is_down() -> None:
    with pytest.raises(RedisDown), connect(f"redis://127.0.0.1:{free_port()}/0") as client:
        redis_time(client)


def test_a_frozen_server_is_down(tmp_path: Path) -> None:
    with (
        EmbeddedServer.start(tmp_path, append_only=False) as server,
        connect(server.url, timeout=0.1) as client,
    ):
        redis_time(client)
        os.kill(server.pid, signal.SIGSTOP)
        with pytest.raises(RedisDown):
            redis_time(client)
        os.kill(server.pid, signal.SIGCONT)


def test_a_full_server_is_down_for_writers(tmp_path: Path) -> None:
    with (
        EmbeddedServer.start(tmp_path, append_only=False, max_memory="3mb") as server,
        connect(server.url) as client,
    ):
        write = translated(client.set)
        with pytest.raises(RedisDown, match="maxmemory"):
            [write(f"key{number}", bytes(100_000)) for number in range(100)]


def test_a_wrong_password_is_for_a_person_to_mend(server: EmbeddedServer) -> None:
    with (
        pytest.raises(Unavailable) as caught,
        connect(f"redis://:s3cret@127.0.0.1:{server.port}/0") as client,
    ):
        redis_time(client)
    assert "s3cret" not in str(caught.value)


def test_a_client_works_over_a_unix_socket(tmp_path: Path) -> None:
    path = tmp_path / "redis.sock"
    command = [
        find_server(),
        "--port",
        "0",
        "--unixsocket",
        str(path),
        "--save",
        "",
        "--dir",
        str(tmp_path),
    ]
    with Process(command), connect(f"unix://{path}?db=2") as client:
        assert eventually_time(client) > 1.7e9


def test_a_client_finds_its_master_through_sentinels(
    server: EmbeddedServer, tmp_path: Path
) -> None:
    port, dead = free_port(), free_port()
    (tmp_path / "sentinel.conf").write_text(
        f"port {port}\nbind 127.0.0.1\nsentinel monitor g6 127.0.0.1 {server.port} 1\n"
    )
    url = f"sentinel://127.0.0.1:{dead};sentinel://127.0.0.1:{port}/3"
    with (
        Process([find_server(), str(tmp_path / "sentinel.conf"), "--sentinel"]),
        connect(url, master_name="g6") as client,
    ):
        assert eventually_time(client) > 1.7e9
        client.set("g6", "here")
    with connect(f"redis://127.0.0.1:{server.port}/3") as direct:
        assert direct.get("g6") == b"here"


class Process(subprocess.Popen[bytes]):
    """A server for one block, ended by its own process id."""

    def __init__(self, command: list[str]) -> None:
        super().__init__(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def __exit__(self, *_: object) -> None:
        self.terminate()
        self.wait(90)


def eventually_time(client: redis.Redis) -> float:
    for _ in range(1000):
        with suppress(RedisDown):
            return redis_time(client)
    return redis_time(client)
