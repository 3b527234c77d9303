"""The shared cache in Redis: bytes that one worker fetched and all need, and claims to fetch."""

from __future__ import annotations

import redis

from g6.adapters.redis.server import Reply, translated


class RedisSharedCache:
    """SharedCache port over the keys `<namespace>:shelf:{name}`.

    Every call raises RedisDown where Redis is away.
    """

    def __init__(self, client: redis.Redis, namespace: str = "g6") -> None:
        self._client = client
        # The key's old word stays: workers of two versions share it during a rolling restart.
        self._prefix = f"{namespace}:shelf:"

    @translated
    def get(self, name: str) -> bytes | None:
        """Return the bytes under `name`, None when there are none or they have expired."""
        content: Reply = self._client.get(self._prefix + name)
        return None if content is None else bytes(content)

    @translated
    def put(self, name: str, content: bytes, seconds: float) -> None:
        """Store `content` under `name` for `seconds`."""
        self._client.set(self._prefix + name, content, px=max(1, round(seconds * 1000)))

    @translated
    def claim(self, name: str, seconds: float) -> bool:
        """Claim what `name` stands for during `seconds`. False when somebody else has it."""
        milliseconds = max(1, round(seconds * 1000))
        return bool(self._client.set(self._prefix + name, b"1", nx=True, px=milliseconds))

    @translated
    def drop(self, name: str) -> None:
        """Remove what is stored under `name`, a claim included."""
        self._client.delete(self._prefix + name)
