"""Panels: the newest documents for screens and streams."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from g6.domain.reports.json_types import Document


class PanelStore(Protocol):
    """The newest panels. A panel yields only to one of the same or a newer cycle."""

    def put(self, cycle: str, panels: Mapping[str, Document]) -> tuple[str, ...]:
        """Store panel documents as of `cycle` and return the names that were replaced.

        A rerun of a past cycle replaces none.
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
