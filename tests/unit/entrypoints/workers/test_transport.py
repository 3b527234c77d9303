"""What is asked of a connection that is gone, and what is taken off a queue that is no message."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from kombu import Connection, Exchange, Queue
from kombu.transport import TRANSPORT_ALIASES, resolve_transport
from kombu.transport.redis import Mutex

from g6.adapters.redis.server import EmbeddedServer, ReadyPool, connect
from g6.entrypoints.workers import transport

PREFIX = "g6:celery:"
INFO = {"exchange": "", "routing_key": "work"}
NO_MESSAGES: dict[str, bytes] = {
    "text": b"garbage",
    "no text": b"\xff\xfe\x00",
    "a number": b"7",
    "a list": b"[1, 2]",
    "nested too deep": b"[" * 5000,
    "no properties": b'{"body": "x"}',
    "no tag": json.dumps({"properties": {"delivery_info": INFO}}).encode(),
    "no way": json.dumps({"properties": {"delivery_tag": "t"}}).encode(),
    "half a way": json.dumps(
        {"properties": {"delivery_tag": "t", "delivery_info": {"exchange": "x"}}}
    ).encode(),
    "a tag that is none": json.dumps(
        {"properties": {"delivery_tag": {}, "delivery_info": INFO}}
    ).encode(),
    "a body that is none": json.dumps(
        {
            "body": "abc",
            "properties": {"delivery_tag": "t", "delivery_info": INFO, "body_encoding": "base64"},
        }
    ).encode(),
    "a decimal that is none": b'{"__type__": "decimal", "__value__": "x"}',
}


def test_each_kind_of_redis_url_has_its_transport() -> None:
    transport.install()
    kinds = {scheme: resolve_transport(scheme) for scheme in ("redis", "rediss", "sentinel")}
    assert kinds == {
        "redis": transport.Transport,
        "rediss": transport.Transport,
        "sentinel": transport.SentinelTransport,
    }
    assert TRANSPORT_ALIASES["memory"] == "kombu.transport.memory:Transport"


@pytest.mark.parametrize("gone", ["connection", "client"])
def test_a_channel_whose_connection_is_gone_says_what_everybody_expects(gone: str) -> None:
    connection = Connection(
        "redis://127.0.0.1:1/0", transport="g6.entrypoints.workers.transport:Transport"
    )
    made = transport.Channel.__new__(transport.Channel)
    made.connection = None
    if gone == "client":
        made.connection = connection.transport
        made.connection.client = None
    with pytest.raises(connection.connection_errors, match="closed"):
        made._connparams()


@pytest.mark.parametrize("kind", ["Transport", "UnixTransport"])
def test_a_channel_has_a_connection_at_hand_for_what_it_sends(kind: str) -> None:
    url = "unix:///tmp/none" if kind == "UnixTransport" else "redis://127.0.0.1:1/0"
    connection = Connection(url, transport=f"g6.entrypoints.workers.transport:{kind}")
    made = getattr(transport, kind).Channel.__new__(getattr(transport, kind).Channel)
    made.connection = connection.transport
    assert type(made._get_pool()) is ReadyPool


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    with EmbeddedServer.start(tmp_path_factory.mktemp("broker"), append_only=False) as started:
        yield started


@pytest.fixture
def held(server: EmbeddedServer) -> Iterator[redis.Redis]:
    with connect(server.url) as client:
        client.flushall()
        yield client


def taken(url: str) -> list[Any]:
    """Return the bodies of the next messages of queue `work`."""
    transport.install()
    found: list[Any] = []
    options = {"global_keyprefix": PREFIX}
    with Connection(url, transport_options=options) as connection, connection.SimpleQueue("work"):
        connection.Producer().publish("a message", routing_key="work")

        def take(body: Any, message: Any) -> None:
            found.append(body)
            message.ack()

        with connection.Consumer(
            Queue("work", exchange=Exchange(""), routing_key="work"), callbacks=[take]
        ):
            while not found:
                connection.drain_events(timeout=90)
    return found


def test_what_is_no_message_is_set_aside_and_the_next_message_is_taken(
    server: EmbeddedServer, held: redis.Redis
) -> None:
    held.lpush(f"{PREFIX}work", *NO_MESSAGES.values())
    assert taken(server.url) == ["a message"]
    texts: Any = held.lrange(f"{PREFIX}unreadable", 0, -1)
    kept = [json.loads(each) for each in reversed(texts)]
    assert [each["bytes"] for each in kept] == [len(text) for text in NO_MESSAGES.values()]
    assert {each["queue"] for each in kept} == {"work"}
    assert all(each["wrong"] for each in kept)
    assert not held.llen(f"{PREFIX}work")
    assert not held.exists(f"{PREFIX}unacked")


def test_no_more_than_the_beginnings_of_the_last_are_kept(
    server: EmbeddedServer, held: redis.Redis
) -> None:
    for _ in range(transport.KEPT + 5):
        held.lpush(f"{PREFIX}work", b"x" * 5000)
    taken(server.url)
    kept: Any = held.lrange(f"{PREFIX}unreadable", 0, -1)
    assert len(kept) == transport.KEPT
    assert len(json.loads(kept[0])["text"]) == transport.KEPT_BYTES


def test_a_message_in_hand_is_one_record_that_says_when_it_was_taken(
    server: EmbeddedServer, held: redis.Redis
) -> None:
    transport.install()
    options = {"global_keyprefix": PREFIX, "visibility_timeout": 30}
    with Connection(server.url, transport_options=options) as connection:
        channel = connection.default_channel
        connection.SimpleQueue("work").put("a message")
        message = channel.basic_get("work")
        ((tag, record),) = held.hgetall(f"{PREFIX}unacked").items()
        assert tag.decode() == message.delivery_tag
        assert not held.exists(f"{PREFIX}unacked_index")
        channel.qos.restore_visible()
        assert not held.llen(f"{PREFIX}work")
        content, *way = json.loads(record)
        content["properties"][transport.TAKEN] -= 31.0
        held.hset(f"{PREFIX}unacked", tag, json.dumps([content, *way]))
        channel.qos.restore_visible(interval=1)
        assert not held.exists(f"{PREFIX}unacked")
        again = channel.basic_get("work")
        assert again.payload == "a message"
        assert again.headers["redelivered"]
        channel.basic_ack(again.delivery_tag)
        assert not held.exists(f"{PREFIX}unacked")


class Ahead(transport.OneRecord):
    """The messages that a host has in hand whose clock is 90 s ahead."""

    @staticmethod
    def wall() -> float:
        return time.time() + 90.0


class Behind(transport.OneRecord):
    """Likewise for one that is 90 s behind."""

    @staticmethod
    def wall() -> float:
        return time.time() - 90.0


@pytest.mark.parametrize("wrong", [Ahead, Behind])
def test_a_host_whose_clock_is_wrong_neither_takes_from_others_nor_is_taken_from(
    server: EmbeddedServer, held: redis.Redis, wrong: type[transport.OneRecord]
) -> None:
    transport.install()
    options = {"global_keyprefix": PREFIX, "visibility_timeout": 30}
    with Connection(server.url, transport_options=options) as connection:
        channel = connection.default_channel
        queue = connection.SimpleQueue("work")
        queue.put("of a host whose clock is right")
        first = channel.basic_get("work")
        hand = wrong(channel)
        hand.restore_visible(interval=1)
        queue.put("of the other")
        message = channel.basic_get("work", no_ack=True)
        hand.append(message, message.delivery_tag)
        channel.qos.restore_visible(interval=1)
        assert held.hlen(f"{PREFIX}unacked") == 2
        assert not held.llen(f"{PREFIX}work")
        hand.ack(message.delivery_tag)
        channel.basic_ack(first.delivery_tag)


def test_a_message_in_hand_of_a_worker_before_an_upgrade_comes_back(
    server: EmbeddedServer, held: redis.Redis
) -> None:
    transport.install()
    with Connection(server.url, transport_options={"global_keyprefix": PREFIX}) as connection:
        channel = connection.default_channel
        connection.SimpleQueue("work").put("a message")
        content = json.loads(held.rpop(f"{PREFIX}work"))
        tag = content["properties"]["delivery_tag"]
        held.hset(f"{PREFIX}unacked", tag, json.dumps([content, "", "work"]))
        held.zadd(f"{PREFIX}unacked_index", {tag: 1.0})
        channel.qos.restore_visible(interval=1)
        assert channel.basic_get("work").payload == "a message"
        assert not held.exists(f"{PREFIX}unacked_index")


def test_a_worker_that_dies_while_it_looks_for_lost_messages_keeps_others_from_it_for_10_s(
    server: EmbeddedServer, held: redis.Redis
) -> None:
    transport.install()
    with Connection(server.url, transport_options={"global_keyprefix": PREFIX}) as connection:
        hand = connection.default_channel.qos
        with connection.default_channel.conn_or_acquire() as client:
            looking = Mutex(client, hand.unacked_mutex_key, hand.unacked_mutex_expire)
            looking.__enter__()
            (lock,) = held.keys("*unacked_mutex")
            assert 0 < held.pttl(lock) <= 10_000
            looking.__exit__(None, None, None)
