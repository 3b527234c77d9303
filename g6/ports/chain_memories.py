"""Chain memories: the facts of an index's whole chain that outlast a cycle."""

from __future__ import annotations

from datetime import date
from typing import Protocol

from g6.domain.quotes.chain_memory import ChainMemory


class ChainMemories(Protocol):
    """The quotes of an index's whole chain that the cycles of one session have seen.

    Below an interval of 30 seconds a cycle asks for a window of strikes and a few others. The
    memory carries the others to the next cycle, and is forgotten after the session.
    """

    # Below 30 s ratios and max pain were made of 21 strikes: a put-call ratio of 0.795 instead of
    # 0.948. With the memory every strike is asked for within 60 s (27 of 324 each cycle of 5 s).
    def recall(self, index: str, day: date) -> ChainMemory | None:
        """Return the memory of an index on a session day, None when there is none."""
        ...

    def keep(self, index: str, day: date, memory: ChainMemory) -> None:
        """Store the memory of an index on a session day, in place of the one before."""
        ...
