"""Chain memories in one process's memory."""

from __future__ import annotations

from datetime import date

from g6.domain.quotes.chain_memory import ChainMemory


class MemoryChainMemories:
    """ChainMemories port. An index keeps the newest day that was stored."""

    def __init__(self) -> None:
        self._memories: dict[str, tuple[date, ChainMemory]] = {}

    def recall(self, index: str, day: date) -> ChainMemory | None:
        """Return the memory of an index on a session day, None when there is none."""
        stored_day, memory = self._memories.get(index, (None, None))
        return memory if stored_day == day else None

    def keep(self, index: str, day: date, memory: ChainMemory) -> None:
        """Store the memory of an index on a session day."""
        self._memories[index] = day, memory
