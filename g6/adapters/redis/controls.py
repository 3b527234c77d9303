"""Switches that reach a running system, in one Redis hash."""

from __future__ import annotations

import redis

from g6.adapters.redis.payload import decode, encode
from g6.adapters.redis.server import Reply, translated
from g6.domain.reports import Switches


class RedisControls:
    """Controls port over the hash `<namespace>:controls`. Values are JSON."""

    def __init__(self, client: redis.Redis, namespace: str = "g6") -> None:
        self._client = client
        self._key = f"{namespace}:controls"

    @translated
    def read(self) -> Switches:
        """Return the switches in force.

        Raises:
            RedisDown: Redis does not answer.
        """
        fields: Reply = self._client.hgetall(self._key)
        return Switches.from_json({name.decode(): decode(value) for name, value in fields.items()})

    @translated
    def set(self, name: str, value: object) -> None:
        """Set one switch. None removes it.

        Raises:
            RedisDown: The switch is not set.
        """
        if value is None:
            self._client.hdel(self._key, name)
        else:
            self._client.hset(self._key, name, encode(value))
