"""Switches that reach a running system, in one Redis hash."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import redis

from g6.adapters.redis.payload import decode, encode
from g6.adapters.redis.server import translated


class RedisControls:
    """Controls port over the hash `<namespace>:controls`; values are JSON."""

    def __init__(self, client: redis.Redis, namespace: str = "g6") -> None:
        self._client, self._key = client, f"{namespace}:controls"

    @translated
    def read(self) -> Mapping[str, Any]:
        """Return the switches in force. Errors: RedisDown."""
        held: Any = self._client.hgetall(self._key)
        return {name.decode(): decode(value) for name, value in held.items()}

    @translated
    def set(self, name: str, value: Any) -> None:
        """Set one switch; None removes it. Errors: RedisDown."""
        if value is None:
            self._client.hdel(self._key, name)
        else:
            self._client.hset(self._key, name, encode(value))
