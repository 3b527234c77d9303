"""Panels: the newest documents for screens and streams."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol


class PanelStore(Protocol):
    """The newest panels; a panel yields only to a newer cycle (or the same one, rerun)."""

    def put(self, cycle: str, panels: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
        """Store panel documents by name, as of `cycle`; return the names that were taken."""
        ...

    def get(self, name: str) -> Mapping[str, Any] | None:
        """Return one panel's document."""
        ...

    def all(self) -> Mapping[str, Mapping[str, Any]]:
        """Return every panel's document by name."""
        ...

    def names(self) -> Sequence[str]:
        """Return the names there are."""
        ...


class PanelArchive(PanelStore, Protocol):
    """A panel store that can be held against its own manifest."""

    def verify(self) -> Mapping[str, str]:
        """Return what is wrong with the stored documents: file -> issue code; empty when all is well."""
        ...
