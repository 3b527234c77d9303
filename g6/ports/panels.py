"""Panels: the newest documents for screens and streams."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from g6.domain.schema.json_types import Document


class PanelStore(Protocol):
    """The newest panels. A panel yields only to one of the same or a newer cycle."""

    # A copy of Redis' panels was put as of the cycle that was being stored. Newer panels among them
    # counted as that old, and a copy that had stood still put older ones in their place.
    def put(self, panels: Mapping[str, Document]) -> tuple[str, ...]:
        """Store panel documents and return the names of those that were replaced.

        Each is of the cycle that it names itself (`updated_at`). A rerun of a past cycle replaces
        none.
        """
        ...

    def get(self, name: str) -> Document | None:
        """Return one panel's document, None when there is none."""
        ...

    def all(self) -> Mapping[str, Document]:
        """Return every panel's document by name."""
        ...

    def names(self) -> Sequence[str]:
        """Return the names of all panels, sorted."""
        ...


class PanelArchive(PanelStore, Protocol):
    """A panel store that can be checked against its own manifest."""

    def verify(self) -> Mapping[str, str]:
        """Return the issue code of each damaged document by file, empty when all are whole."""
        ...
