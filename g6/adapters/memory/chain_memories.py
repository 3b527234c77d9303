"""What a session saw of whole chains, in one process's memory."""

from __future__ import annotations

from datetime import date

from g6.domain.quotes.chain_memory import ChainMemory

__all__ = ["MemoryChainMemories"]


class MemoryChainMemories:
    """ChainMemories port; an index keeps the newest day that it was given."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[date, ChainMemory]] = {}

    def recall(self, index: str, day: date) -> ChainMemory | None:
        """Return the memory of an index on a session day, None when there is none (any more)."""
        kept, memory = self._held.get(index, (None, None))
        return memory if kept == day else None

    def keep(self, index: str, day: date, memory: ChainMemory) -> None:
        """Keep the memory of an index on a session day."""
        self._held[index] = day, memory
