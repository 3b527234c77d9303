"""What a study of participants reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from g6.domain.quotes.participants import ParticipantDay


class ParticipantReader(Protocol):
    """Reads the kept open interest by participant."""

    @property
    def place(self) -> str:
        """Return the directory that is read, as people write it."""
        ...

    def days(self) -> Sequence[ParticipantDay]:
        """Return every kept day, the oldest first.

        Raises:
            BadInput: A file is damaged.
        """
        ...
