"""Celery's Redis transport, except that a closed connection says so.

Kombu's channel looks for its address on a connection that is gone and fails with an AttributeError, which nobody expects: a worker
with a task in hand when its broker goes away (to acknowledge, reject or put back) ended of it, and waited for its pool for ever.
"""

from __future__ import annotations

from typing import Any

from kombu.transport import TRANSPORT_ALIASES
from kombu.transport import redis as transport
from redis.exceptions import ConnectionError as ConnectionLost


def install() -> None:
    """Let the URLs of Redis brokers mean these transports in this process, before the first connection is made."""
    TRANSPORT_ALIASES.update(dict.fromkeys(("redis", "rediss"), f"{__name__}:Transport"), sentinel=f"{__name__}:SentinelTransport")


class _Told:
    """What both channels add."""

    connection: Any

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
