"""Celery's Redis transport, except that a closed connection says so, and that what is no message is set aside.

Kombu's channel looks for its address on a connection that is gone and fails with an AttributeError, which nobody expects: a worker
with a task in hand when its broker goes away (to acknowledge, reject or put back) ended of it, and waited for its pool for ever.
Text in a queue that is no message at all ended it the same way, by whatever error reading it raised.
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
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import RedisError

from g6.adapters.redis.vitals import UNREADABLE

KEPT, KEPT_BYTES, SAID_CHARACTERS = 100, 1000, 40
"""Unreadable texts that are kept, the bytes of each, and the characters of it that are logged."""
MALFORMED = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What reading a text of any shape as a message can raise."""


def install() -> None:
    """Let the URLs of Redis brokers mean these transports in this process, before the first connection is made."""
    TRANSPORT_ALIASES.update(dict.fromkeys(("redis", "rediss"), f"{__name__}:Transport"), sentinel=f"{__name__}:SentinelTransport")


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


class _Told:
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
        with suppress(RedisError), self.conn_or_acquire() as client, client.pipeline() as pipeline:  # the log has it
            pipeline.lpush(UNREADABLE, entry)
            pipeline.ltrim(f"{self.global_keyprefix}{UNREADABLE}", 0, KEPT - 1)  # which kombu does not prefix
            pipeline.execute()

    def _get_client(self) -> Any:
        return partial(_Reader, channel=self, global_keyprefix=self.global_keyprefix)

    def _connparams(self, asynchronous: bool = False) -> dict[str, Any]:
        if self.connection is None or self.connection.client is None:
            raise ConnectionLost("this connection to the broker is closed")
        found: dict[str, Any] = super()._connparams(asynchronous)  # type: ignore[misc]
        return found


class Channel(_Told, transport.Channel):
    """A channel of one Redis."""


class SentinelChannel(_Told, transport.SentinelChannel):
    """A channel of the master that Sentinels name."""


class Transport(transport.Transport):
    """For redis:// and rediss://."""

    Channel = Channel


class SentinelTransport(transport.SentinelTransport):
    """For sentinel://."""

    Channel = SentinelChannel
