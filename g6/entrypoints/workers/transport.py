"""Celery's Redis transport, with closed connections, unreadable texts and addresses taken care of.

Kombu's channel looks for its address on a connection that is gone, and fails with an
AttributeError that nobody expects. A worker with a task in hand when its Redis went away (to
acknowledge, reject or put back) ended of it, and waited for its pool for ever. Text in a queue that
is no message at all ended it the same way, by whatever error reading it raised.

Kombu's own reading of an address verifies no certificate of `rediss://`, refuses options that
redis-py takes, and knows neither `unix://` nor a password of Sentinels. Here an address is read as
our own clients read it.

Kombu keeps a message in hand as a record and a line in an index. Here the record is all.
"""

from __future__ import annotations

import json
import math
import time
from contextlib import suppress
from functools import partial
from typing import Any

import structlog
from kombu.transport import TRANSPORT_ALIASES, virtual
from kombu.transport import redis as transport
from kombu.utils.json import dumps, loads
from redis import ConnectionPool, UnixDomainSocketConnection
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import RedisError
from redis.sentinel import Sentinel

from g6.adapters.redis.server import Address, parse_address, ready_again
from g6.adapters.redis.vitals import UNREADABLE
from g6.entrypoints.workers.event_loop import ReaderLoop
from g6.errors.masking import MASK, mask_address

KEPT = 100
"""Unreadable texts that are kept."""
KEPT_BYTES = 1000
"""Of each of them."""
LOGGED_CHARACTERS = 40
TAKEN = "taken"
"""The property of a message in hand: when a worker took it, wall time by Redis' clock."""
_Indexed: Any = transport.QoS
_InMemory: Any = virtual.QoS
MALFORMED = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What reading a text of any shape as a message can raise."""


def install() -> None:
    """Let the URLs of Redis mean these transports in this process.

    It is called before the first connection is made.
    """
    names = {
        "redis": "Transport",
        "rediss": "Transport",
        "unix": "UnixTransport",
        "sentinel": "SentinelTransport",
    }
    TRANSPORT_ALIASES.update({scheme: f"{__name__}:{name}" for scheme, name in names.items()})


class _Reader(transport.PrefixedStrictRedis):
    """The client that a channel takes messages with.

    A text that is no message is answered as if nothing had come.
    """

    def __init__(self, *args: object, channel: _SafeChannel, **options: object) -> None:
        self._channel = channel
        super().__init__(*args, **options)  # type: ignore[no-untyped-call]

    def parse_response(self, connection: object, command_name: str, **options: object) -> Any:
        """Read an answer of the server."""
        answer = super().parse_response(  # type: ignore[no-untyped-call]
            connection, command_name, **options
        )
        if command_name != "BRPOP" or not answer:
            return answer
        queue, text = answer
        reason = self._channel.unreadable(text)
        if not reason:
            return answer
        self._channel.set_aside(queue.decode(), text, reason)
        return None


class OneRecord(_Indexed):  # type: ignore[misc]
    """Messages in hand: one record each, which says when it was taken.

    Kombu keeps the times in an index beside the records, and changes both in a transaction: four
    commands to take a message and four to acknowledge it, which were a third of a cycle's. A
    record that carries its own time is one command each, and whole or absent without any
    transaction. Its place and form are kombu's.
    """

    _looks = 0
    _skew = 0.0

    @staticmethod
    def wall() -> float:
        """Return epoch seconds by this host's clock."""
        return time.time()

    def append(self, message: Any, delivery_tag: str) -> None:
        """Record that a message was taken."""
        delivery = message.delivery_info
        content = message._raw  # noqa: SLF001 - it has no other name
        content["properties"][TAKEN] = self.wall() - self._skew
        record = dumps(  # type: ignore[no-untyped-call]
            [content, delivery["exchange"], delivery["routing_key"]]
        )
        with self.channel.conn_or_acquire() as client:
            client.hset(self.unacked_key, delivery_tag, record)
        _InMemory.append(self, message, delivery_tag)

    def ack(self, delivery_tag: str) -> None:
        """Remove the record of a message that is done."""
        self._forget(delivery_tag)

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        """Remove the record of a message that nobody will do, or put it back."""
        if requeue:
            self.restore_by_tag(delivery_tag, leftmost=True)
            _InMemory.ack(self, delivery_tag)
        else:
            self._forget(delivery_tag)

    def _forget(self, delivery_tag: str) -> None:
        with self.channel.conn_or_acquire() as client:
            client.hdel(self.unacked_key, delivery_tag)
        _InMemory.ack(self, delivery_tag)

    def restore_visible(self, start: int = 0, num: int = 10, interval: int = 10) -> None:
        """Put back what was taken so long ago that its worker must be dead."""
        # Workers that an upgrade ended left their times in the index.
        super().restore_visible(start, num, interval)
        self._looks += 1
        if (self._looks - 1) % (interval or 1):
            return
        with self.channel.conn_or_acquire() as client:
            seconds, micros = client.time()
            now = seconds + micros / 1e6
            # By its own clock a host that is 90 s ahead puts back what all others have in hand, at
            # each look, and others do so with what one that is behind has.
            self._skew = self.wall() - now
            long_ago = now - self.visibility_timeout
            # kombu 5.7 does not prefix the key of hgetall.
            records = client.hgetall(f"{self.channel.global_keyprefix}{self.unacked_key}")
            for tag, record in records.items():
                if _taken_at(record) < long_ago:
                    # Of two that put it back at once one finds it gone.
                    self.restore_by_tag(tag.decode(), client)


def _taken_at(record: bytes) -> float:
    """Return when a message was taken, by its record. One without a time is in kombu's index."""
    with suppress(*MALFORMED):
        return float(json.loads(record)[0]["properties"][TAKEN])
    return math.inf


class _SafeChannel:
    """What the channels add to kombu's."""

    QoS = OneRecord
    # Who looks into kombu's index holds a lock, by default of 300 s: a worker that was killed while
    # it looked kept all others from it for so long. At a load of 40 a message that a worker of an
    # older version had in hand was not back after 90 s. Two that look at once do no harm: of two
    # that put a message back one finds it gone.
    unacked_mutex_expire = 10

    connection: Any
    conn_or_acquire: Any
    _get_publish_topics: Any
    global_keyprefix: str
    Message: Any
    pool: Any
    listeners = 1
    """How many the last message to everybody reached, as the server told."""
    _plain_client: Any = None

    def unreadable(self, text: bytes) -> str:
        """Return what keeps a text from being a message, nothing when it is one."""
        # Kombu reads the text again: 7 of these 13 µs for a message of 1.3 KB, of which a cycle has
        # some twenty. To hand on what is read here would take a copy of its reader.
        try:
            content = loads(text.decode())  # type: ignore[no-untyped-call]
            message = self.Message(content, channel=self)
            delivery = message.delivery_info
            names = (message.delivery_tag, delivery["exchange"], delivery["routing_key"])
        except MALFORMED as error:
            return type(error).__name__
        return "" if all(isinstance(name, str) for name in names) else "delivery_info"

    def set_aside(self, queue: str, text: bytes, reason: str) -> None:
        """Log a text that no worker can read, and keep its beginning beside the queues."""
        beginning = text[:KEPT_BYTES].decode(errors="replace")
        facts = {"queue": queue, "bytes": len(text), "wrong": reason}
        log = structlog.get_logger("g6")
        log.warning("no message", **facts, begins=beginning[:LOGGED_CHARACTERS])
        entry = json.dumps({"at": time.time(), **facts, "text": beginning})
        # Where Redis is away the log has it.
        with (
            suppress(RedisError),
            self.conn_or_acquire() as client,
            client.pipeline() as pipeline,
        ):
            pipeline.lpush(UNREADABLE, entry)
            # kombu 5.7 prefixes the key of lpush, and not that of ltrim.
            pipeline.ltrim(f"{self.global_keyprefix}{UNREADABLE}", 0, KEPT - 1)
            pipeline.execute()

    def _put_fanout(self, exchange: str, message: object, routing_key: str, **options: Any) -> None:
        if options.get("_publish_batch") is not None:
            super()._put_fanout(exchange, message, routing_key, **options)  # type: ignore[misc]
            return
        # Kombu drops the server's answer.
        topics = self._get_publish_topics(exchange, routing_key)
        text = dumps(message)  # type: ignore[no-untyped-call]
        with self.conn_or_acquire() as client:
            self.listeners = sum(client.publish(topic, text) for topic in topics)

    def _create_client(self, asynchronous: bool = False) -> Any:
        # Kombu makes a client for each command: 0.13 ms of processor time, which is the table of
        # 250 parsers of answers, against 0.1 ms for the command. One for each pool is enough.
        if asynchronous:
            return super()._create_client(asynchronous)  # type: ignore[misc]
        if self._plain_client is None or self._plain_client.connection_pool is not self.pool:
            self._plain_client = super()._create_client()  # type: ignore[misc]
        return self._plain_client

    def _get_pool(self, asynchronous: bool = False) -> Any:
        pool = super()._get_pool(asynchronous)  # type: ignore[misc]
        # Those that wait for messages keep their connections. Sentinels have pools of their own.
        if asynchronous or type(pool) is not ConnectionPool:
            return pool
        return ready_again(pool)

    def _get_client(self) -> Any:
        return partial(_Reader, channel=self, global_keyprefix=self.global_keyprefix)

    @property
    def address(self) -> Address:
        """The address of Redis, read as our own clients read it.

        Raises:
            ConnectionLost: The connection is closed.
        """
        if self.connection is None or self.connection.client is None:
            raise ConnectionLost("this connection to the broker is closed")
        connection = self.connection.client
        return parse_address(";".join(connection.alt) or connection.hostname)

    def _connparams(self, asynchronous: bool = False) -> dict[str, Any]:
        address = self.address
        parameters: dict[str, Any] = super()._connparams(asynchronous)  # type: ignore[misc]
        for name in ("host", "port", "username", "password"):
            parameters.pop(name, None)
        return parameters | address.parameters


class Channel(_SafeChannel, transport.Channel):
    """A channel of one Redis."""


class UnixChannel(_SafeChannel, transport.Channel):
    """A channel of one Redis behind a socket of this machine."""

    connection_class: Any = UnixDomainSocketConnection

    def _connparams(self, asynchronous: bool = False) -> dict[str, Any]:
        parameters = super()._connparams(asynchronous)
        for name in list(parameters):
            if name.startswith(("socket_keepalive", "socket_connect")):
                del parameters[name]
        return parameters


class SentinelChannel(_SafeChannel, transport.SentinelChannel):
    """A channel of the master that Sentinels name.

    The Sentinels themselves may ask for a password and for TLS.
    """

    master_name: str

    def _sentinel_managed_pool(self, asynchronous: bool = False) -> Any:
        address = self.address
        parameters = self._connparams(asynchronous)
        timeouts = {name: parameters[name] for name in ("socket_timeout", "socket_connect_timeout")}
        sentinels = Sentinel(  # type: ignore[no-untyped-call]
            list(address.hosts),
            sentinel_kwargs=timeouts | address.sentinel_parameters,
            **parameters,
        )
        if asynchronous:
            self._async_sentinel_manager = sentinels
        else:
            self._sentinel_manager = sentinels
        master = sentinels.master_for(  # type: ignore[no-untyped-call]
            self.master_name, **address.login
        )
        return master.connection_pool


class _SafeTransport:
    """What the transports add to kombu's.

    The address stays whole, for `parse_address` to read, and is shown masked.
    """

    can_parse_url = True

    def register_with_event_loop(self, connection: Any, loop: Any) -> None:
        """Have a worker's loop wait for messages."""
        super().register_with_event_loop(connection, ReaderLoop(loop))  # type: ignore[misc]

    def as_uri(
        self,
        uri: str,
        include_password: bool = False,
        mask: str = MASK,  # noqa: ARG002 - the house has one mask
    ) -> str:
        """Return the address as it may be shown."""
        return uri if include_password else mask_address(uri)


class Transport(_SafeTransport, transport.Transport):
    """For redis:// and rediss://."""

    Channel = Channel


class UnixTransport(_SafeTransport, transport.Transport):
    """For unix://."""

    Channel = UnixChannel


class SentinelTransport(_SafeTransport, transport.SentinelTransport):
    """For sentinel://."""

    Channel = SentinelChannel
