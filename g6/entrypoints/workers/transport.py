"""Celery's Redis transport, except that a closed connection says so, and that what is no message is set aside.

Kombu's channel looks for its address on a connection that is gone and fails with an AttributeError,
which nobody expects: a worker with a task in hand when its broker goes away (to acknowledge, reject
or put back) ended of it, and waited for its pool for ever. Text in a queue that is no message at
all ended it the same way, by whatever error reading it raised.

Kombu's own reading of an address verifies no certificate of `rediss://`, refuses options that
redis-py takes, and knows neither `unix://` nor a password of Sentinels; here it is read as our own
clients read it.
"""

from __future__ import annotations

import json
import time
from contextlib import suppress
from functools import partial
from typing import Any

import structlog
from kombu.transport import TRANSPORT_ALIASES
from kombu.transport import redis as transport
from kombu.utils.json import loads
from redis import UnixDomainSocketConnection
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import RedisError
from redis.sentinel import Sentinel

from g6.adapters.redis.server import Address, parse_address
from g6.adapters.redis.vitals import UNREADABLE
from g6.masking import MASK, mask_address

KEPT, KEPT_BYTES, SAID_CHARACTERS = 100, 1000, 40
"""Unreadable texts that are kept, the bytes of each, and the characters of it that are logged."""
MALFORMED = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What reading a text of any shape as a message can raise."""


def install() -> None:
    """Let the URLs of Redis brokers mean these transports in this process, before the first connection is made."""
    names = {
        "redis": "Transport",
        "rediss": "Transport",
        "unix": "UnixTransport",
        "sentinel": "SentinelTransport",
    }
    TRANSPORT_ALIASES.update({scheme: f"{__name__}:{name}" for scheme, name in names.items()})


class _Reader(transport.PrefixedStrictRedis):
    """The client that a channel takes messages with: a text that is none is answered as if nothing had come."""

    def __init__(self, *args: Any, channel: Any, **options: Any) -> None:
        self._channel = channel
        super().__init__(*args, **options)  # type: ignore[no-untyped-call]

    def parse_response(self, connection: Any, command_name: str, **options: Any) -> Any:
        """Read an answer of the server."""
        found = super().parse_response(connection, command_name, **options)  # type: ignore[no-untyped-call]
        if command_name == "BRPOP" and found:
            queue, text = found
            if wrong := self._channel.unreadable(text):
                self._channel.set_aside(queue.decode(), text, wrong)
                return None
        return found


class _TellingChannel:
    """What both channels add."""

    connection: Any
    conn_or_acquire: Any
    global_keyprefix: str
    Message: Any

    def unreadable(self, text: bytes) -> str:
        """Return what keeps a text from being a message, nothing when it is one."""
        try:
            message = self.Message(loads(text.decode()), channel=self)  # type: ignore[no-untyped-call]
            told = message.delivery_info
            names = (message.delivery_tag, told["exchange"], told["routing_key"])
        except MALFORMED as error:
            return type(error).__name__
        return "" if all(isinstance(name, str) for name in names) else "delivery_info"

    def set_aside(self, queue: str, text: bytes, wrong: str) -> None:
        """Log a text that no worker can read, and keep its beginning in a short list beside the queues."""
        begins = text[:KEPT_BYTES].decode(errors="replace")
        told = {"queue": queue, "bytes": len(text), "wrong": wrong}
        structlog.get_logger("g6").warning("no message", **told, begins=begins[:SAID_CHARACTERS])
        entry = json.dumps({"at": time.time(), **told, "text": begins})
        with (
            suppress(RedisError),
            self.conn_or_acquire() as client,
            client.pipeline() as pipeline,
        ):  # the log has it
            pipeline.lpush(UNREADABLE, entry)
            pipeline.ltrim(
                f"{self.global_keyprefix}{UNREADABLE}", 0, KEPT - 1
            )  # which kombu does not prefix
            pipeline.execute()

    def _get_client(self) -> Any:
        return partial(_Reader, channel=self, global_keyprefix=self.global_keyprefix)

    @property
    def address(self) -> Address:
        """What the broker's address says, read as our own clients read it.

        Errors: ConnectionLost when there is none any more.
        """
        if self.connection is None or self.connection.client is None:
            raise ConnectionLost("this connection to the broker is closed")
        asked = self.connection.client
        return parse_address(";".join(asked.alt) or asked.hostname)

    def _connparams(self, asynchronous: bool = False) -> dict[str, Any]:
        address = self.address
        found: dict[str, Any] = super()._connparams(asynchronous)  # type: ignore[misc]
        for name in ("host", "port", "username", "password"):
            found.pop(name, None)
        return found | address.parameters


class Channel(_TellingChannel, transport.Channel):
    """A channel of one Redis."""


class UnixChannel(_TellingChannel, transport.Channel):
    """A channel of one Redis behind a socket of this machine."""

    connection_class: Any = UnixDomainSocketConnection

    def _connparams(self, asynchronous: bool = False) -> dict[str, Any]:
        found = super()._connparams(asynchronous)
        return {
            name: value
            for name, value in found.items()
            if not name.startswith(("socket_keepalive", "socket_connect"))
        }


class SentinelChannel(_TellingChannel, transport.SentinelChannel):
    """A channel of the master that Sentinels name.

    The Sentinels themselves may ask for a password and for TLS.
    """

    master_name: str

    def _sentinel_managed_pool(self, asynchronous: bool = False) -> Any:
        address, found = self.address, self._connparams(asynchronous)
        bounded = {name: found[name] for name in ("socket_timeout", "socket_connect_timeout")}
        sentinels = Sentinel(
            list(address.hosts), sentinel_kwargs=bounded | address.sentinel_parameters, **found
        )  # type: ignore[no-untyped-call]
        if asynchronous:
            self._async_sentinel_manager = sentinels
        else:
            self._sentinel_manager = sentinels
        return sentinels.master_for(self.master_name, **address.login).connection_pool  # type: ignore[no-untyped-call]


class _Address:
    """What the transports add: the address stays whole, for `parse_address` to read, and is shown masked."""

    can_parse_url = True

    def as_uri(self, uri: str, include_password: bool = False, mask: str = MASK) -> str:  # noqa: ARG002 - the house has one mask
        """Return the address as it may be shown."""
        return uri if include_password else mask_address(uri)


class Transport(_Address, transport.Transport):
    """For redis:// and rediss://."""

    Channel = Channel


class UnixTransport(_Address, transport.Transport):
    """For unix://."""

    Channel = UnixChannel


class SentinelTransport(_Address, transport.SentinelTransport):
    """For sentinel://."""

    Channel = SentinelChannel
