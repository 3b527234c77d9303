"""What a session saw of whole chains, in Redis: one Arrow stream per index and day, as long as its strikes are listed."""

from __future__ import annotations

from datetime import date
from typing import Any

import redis

from g6.adapters.redis.frames import decode, encode
from g6.adapters.redis.server import translated
from g6.domain.quotes.chain_memory import ChainMemory

KEPT_SECONDS = 36 * 3600
"""A session's memory is of no use to the next; the key goes by itself."""


class RedisChainMemories:
    """ChainMemories port over the keys `<ns>:chain_memory:{day}:{index}`: some forty bytes a listed strike."""

    def __init__(self, client: redis.Redis, namespace: str = "g6") -> None:
        self._client, self._ns = client, namespace

    @translated
    def recall(self, index: str, day: date) -> ChainMemory | None:
        """Return the memory of an index on a session day, None when there is none. Errors: RedisDown."""
        held: Any = self._client.get(self._key(index, day))
        return None if held is None else ChainMemory.parse(decode(bytes(held)))

    @translated
    def keep(self, index: str, day: date, memory: ChainMemory) -> None:
        """Keep the memory of an index on a session day. Errors: RedisDown."""
        self._client.set(
            self._key(index, day), encode(memory.to_frame()).to_pybytes(), ex=KEPT_SECONDS
        )

    def _key(self, index: str, day: date) -> str:
        return f"{self._ns}:chain_memory:{day}:{index}"
