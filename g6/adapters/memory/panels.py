"""The newest panels in one process's memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from g6.adapters.memory.payload import plain
from g6.domain.cycles.cycle import parse_z
from g6.domain.schema.json_types import Document


class MemoryPanels:
    """PanelStore port."""

    def __init__(self) -> None:
        self._panels: dict[str, tuple[str, Document]] = {}

    def put(self, panels: Mapping[str, Document]) -> tuple[str, ...]:
        """Store panel documents, each as of its own cycle, and return the names of the replaced."""
        replaced = []
        for name, document in panels.items():
            cycle = str(document["updated_at"])
            older, _ = self._panels.get(name, (cycle, None))
            # As text 04:05:00.5Z would stand before 04:05:00Z.
            if parse_z(older) <= parse_z(cycle):
                self._panels[name] = cycle, plain(document)
                replaced.append(name)
        return tuple(replaced)

    def get(self, name: str) -> Document | None:
        """Return one panel's document, None when there is none."""
        _, document = self._panels.get(name, ("", None))
        return document

    def all(self) -> Mapping[str, Document]:
        """Return every panel's document by name."""
        return {name: document for name, (_, document) in self._panels.items()}

    def names(self) -> Sequence[str]:
        """Return the names of all panels, sorted."""
        return sorted(self._panels)

    def verify(self) -> Mapping[str, str]:
        """Return nothing: memory damages no document."""
        return {}

    def cycles(self) -> Mapping[str, str]:
        """Return the cycle that each panel is of, by name."""
        return {name: cycle for name, (cycle, _) in self._panels.items()}
