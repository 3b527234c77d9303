"""Chain memories in Redis: one Arrow stream per index and session day."""

from __future__ import annotations

from datetime import date

import redis

from g6.adapters.redis.frames import decode, encode
from g6.adapters.redis.server import Reply, translated
from g6.domain.quotes.chain_memory import ChainMemory

KEPT_SECONDS = 36 * 3600
"""A session's memory is of no use to the next session. Its key expires by itself."""


class RedisChainMemories:
    """ChainMemories port over `<ns>:chain_memory:{day}:{index}`, about forty bytes a strike."""

    def __init__(self, client: redis.Redis, namespace: str = "g6") -> None:
        self._client = client
        self._ns = namespace

    @translated
    def recall(self, index: str, day: date) -> ChainMemory | None:
        """Return the memory of an index on a session day, None when none can be read.

        Raises:
            RedisDown: Redis does not answer.
        """
        stream: Reply = self._client.get(self._key(index, day))
        if stream is None:
            return None
        # A damaged one would end every stage of the day. Without it the next chain begins one.
        try:
            return ChainMemory.parse(decode(bytes(stream)))
        except (LookupError, ValueError):
            return None

    @translated
    def keep(self, index: str, day: date, memory: ChainMemory) -> None:
        """Store the memory of an index on a session day.

        Raises:
            RedisDown: The memory is not stored.
        """
        self._client.set(
            self._key(index, day), encode(memory.to_frame()).to_pybytes(), ex=KEPT_SECONDS
        )

    def _key(self, index: str, day: date) -> str:
        return f"{self._ns}:chain_memory:{day}:{index}"
