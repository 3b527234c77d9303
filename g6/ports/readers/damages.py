"""What the study of stored damage reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Protocol

from g6.ports.history import Finding

DamageSearch = Callable[[], list[Finding]]
"""Looks at a part of the directory and returns the damage in it."""


class DamageReader(Protocol):
    """Searches the files of one data directory for damage, and changes nothing."""

    @property
    def place(self) -> str:
        """Return where the rows are, as a person names it on the command line."""
        ...

    def searches(self, day: date | None) -> Sequence[DamageSearch]:
        """Return a search for each part of the directory, or of one session day."""
        ...

    def lasting(self, searches: Iterable[DamageSearch]) -> Sequence[Finding]:
        """Return the damage that searches find, twice where a running system writes meanwhile."""
        ...
