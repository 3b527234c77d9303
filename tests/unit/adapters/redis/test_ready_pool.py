"""The pool that has a connection at hand: one for all commands, and never one that does not work."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator

import pytest
import redis

from g6.adapters.redis.server import EmbeddedServer, ReadyPool, connect
from g6.adapters.redis.server.address import parse_address


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    with EmbeddedServer.start(tmp_path_factory.mktemp("redis"), append_only=False) as running:
        yield running


@pytest.fixture
def client(server: EmbeddedServer) -> Iterator[redis.Redis]:
    """A client that tries nothing twice, so that a connection that does not work shows."""
    host, port = parse_address(server.url).hosts[0]
    pool = ReadyPool(host=host, port=port, retry=None, protocol=2)
    with redis.Redis.from_pool(pool) as client:
        yield client


def connection_id(client: redis.Redis) -> int:
    return int(client.client_id())


def test_one_connection_carries_all_commands(client: redis.Redis) -> None:
    first = connection_id(client)
    client.set("a", "b")
    client.pipeline(transaction=False).get("a").execute()
    assert connection_id(client) == first


def test_a_connection_that_the_server_closed_is_not_used_again(
    client: redis.Redis, server: EmbeddedServer
) -> None:
    closed = connection_id(client)
    assert connect(server.url).client_kill_filter(_id=str(closed)) == 1
    assert connection_id(client) != closed


def test_a_connection_with_an_answer_left_in_it_is_not_used_again(client: redis.Redis) -> None:
    connection = client.connection_pool.get_connection()
    connection.send_command("ECHO", "of the command before")
    assert connection.can_read(timeout=5.0)
    client.connection_pool.release(connection)
    assert client.echo("of this one") == b"of this one"


def test_what_is_disconnected_is_connected_again(client: redis.Redis) -> None:
    before = connection_id(client)
    client.connection_pool.disconnect()
    assert connection_id(client) != before


def test_commands_of_two_threads_do_not_share_a_connection(client: redis.Redis) -> None:
    mine = client.connection_pool.get_connection()
    others: list[int] = []
    thread = threading.Thread(target=lambda: others.append(connection_id(client)))
    thread.start()
    thread.join()
    mine.send_command("CLIENT", "ID")
    assert [mine.read_response()] != others
    client.connection_pool.release(mine)


def test_a_forked_process_has_a_connection_of_its_own(client: redis.Redis) -> None:
    before = connection_id(client)
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        os.write(writing, str(connection_id(client)).encode())
        os._exit(0)
    os.waitpid(pid, 0)
    assert int(os.read(reading, 100)) != before
    # The parent's is still its own.
    assert connection_id(client) == before
    os.close(reading)
    os.close(writing)
