"""A shelf in Redis: bytes that one worker fetched and all need, and claims to be the one who fetches."""

from __future__ import annotations

from typing import Any

import redis

from g6.adapters.redis.server import translated


class RedisSharedCache:
    """Shelf port over the keys `<namespace>:shelf:{name}`. Every call raises RedisDown where Redis is away."""

    def __init__(self, client: redis.Redis, namespace: str = "g6") -> None:
        self._client, self._prefix = client, f"{namespace}:shelf:"

    @translated
    def get(self, name: str) -> bytes | None:
        """Return what lies under `name`, None when nothing does (any more)."""
        held: Any = self._client.get(self._prefix + name)
        return held if held is None else bytes(held)

    @translated
    def put(self, name: str, content: bytes, seconds: float) -> None:
        """Lay `content` under `name` for `seconds`."""
        self._client.set(self._prefix + name, content, px=max(1, round(seconds * 1000)))

    @translated
    def claim(self, name: str, seconds: float) -> bool:
        """Become the only one to do what `name` says, for `seconds`; False when somebody else is."""
        return bool(
            self._client.set(self._prefix + name, b"1", nx=True, px=max(1, round(seconds * 1000)))
        )

    @translated
    def drop(self, name: str) -> None:
        """Forget what lies under `name`, a claim too."""
        self._client.delete(self._prefix + name)
