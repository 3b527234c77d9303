"""The newest panels as they leave the machine: no sentence in them names a place of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from g6.domain.documents.stream_events import panel_hash
from g6.domain.schema.json_reading import part
from g6.domain.schema.json_types import Document
from g6.errors.machine_places import hide_places
from g6.ports.panels import PanelStore
from g6.studies.stored.past_panels import OF_ROWS, index_of

__all__ = ["ServedPanels"]


@dataclass(frozen=True, slots=True)
class ServedPanels:
    """The panels of a store without paths and processes of the machine.

    The fix of an alert may be `df DIRECTORY`, and a recording is named by its file. A panel that
    was changed has the hash of what it shows now, by which listeners check theirs.

    Attributes:
        store: The panels as the system wrote them.
    """

    store: PanelStore

    def put(self, panels: Mapping[str, Document]) -> tuple[str, ...]:
        """Store panel documents and return the names of those that were replaced."""
        return self.store.put(panels)

    def get(self, name: str) -> Document | None:
        """Return one panel's document, None when there is none."""
        document = self.store.get(name)
        return None if document is None else _served(name, document)

    def all(self) -> Mapping[str, Document]:
        """Return every panel's document by name."""
        return {name: _served(name, document) for name, document in self.store.all().items()}

    def names(self) -> Sequence[str]:
        """Return the names of all panels, sorted."""
        return self.store.names()


def _served(name: str, document: Document) -> Document:
    # Rows name no place, and of six chains every cell would be looked at.
    if name in OF_ROWS or index_of(name) is not None:
        return document
    data = document.get("data")
    hidden = hide_places(data)
    if hidden == data:
        return document
    meta = {**part(document, "meta"), "hash": panel_hash(hidden)}
    return {**document, "data": hidden, "meta": meta}
