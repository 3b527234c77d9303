"""What the screen of all indices reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from g6.domain.documents.board_facts import BoardFacts
from g6.domain.reports import CycleReport
from g6.domain.schema.json_types import Document


class BoardReader(Protocol):
    """Reads a running system, a server of one, or what is stored."""

    def facts(self) -> BoardFacts:
        """Return the state of now. What keeps it from being read is said in it.

        Raises:
            Unavailable: There is nothing that could be read.
        """
        ...

    def strikes(self, index: str, cycle: str) -> Sequence[Document]:
        """Return strikes around ATM of the nearest expiry, as panels have them.

        Args:
            index: The underlying's name.
            cycle: The newest cycle, or a stored one.
        """
        ...

    def cycles(self, cycle: str) -> Sequence[str]:
        """Return the stored cycles of the session day of a cycle, oldest first."""
        ...

    def day_before(self, cycle: str) -> str | None:
        """Return the last cycle of the stored day before that of a cycle, None without one."""
        ...

    def report(self, cycle: str) -> CycleReport | None:
        """Return a stored cycle, None where it is not stored."""
        ...

    def build_up(self, index: str, cycle: str = "") -> str:
        """Return the word for what the index's future did of late, empty where it is not known.

        Args:
            index: The underlying's name.
            cycle: The stored cycle up to which it is said, empty for now.
        """
        ...
