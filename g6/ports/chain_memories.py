"""Chain memories: the facts of an index's whole chain that outlast a cycle."""

from __future__ import annotations

from datetime import date
from typing import Protocol

from g6.domain.quotes.chain_memory import ChainMemory


class ChainMemories(Protocol):
    """What the cycles of a session saw of an index's whole chain, between one cycle and the next; forgotten after the session."""

    def recall(self, index: str, day: date) -> ChainMemory | None:
        """Return the memory of an index on a session day, None when there is none (any more)."""
        ...

    def keep(self, index: str, day: date, memory: ChainMemory) -> None:
        """Keep the memory of an index on a session day; what was kept before is replaced."""
        ...
