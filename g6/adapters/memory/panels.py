"""The newest panels in one process's memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from g6.adapters.memory.payload import plain
from g6.domain.cycles.cycle import parse_z


class MemoryPanels:
    """PanelStore port."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[str, dict[str, Any]]] = {}

    def put(self, cycle: str, panels: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
        """Store panel documents by name, as of `cycle`; return the names that were taken."""
        at = parse_z(cycle)
        taken = tuple(
            name for name in panels if name not in self._held or parse_z(self._held[name][0]) <= at
        )
        self._held |= {name: (cycle, plain(panels[name])) for name in taken}
        return taken

    def get(self, name: str) -> Mapping[str, Any] | None:
        """Return one panel's document, None when there is none."""
        return self._held[name][1] if name in self._held else None

    def all(self) -> Mapping[str, Mapping[str, Any]]:
        """Return every panel's document by name."""
        return {name: document for name, (_, document) in self._held.items()}

    def names(self) -> Sequence[str]:
        """Return the names there are, sorted."""
        return sorted(self._held)

    def verify(self) -> Mapping[str, str]:
        """Return nothing: memory keeps what it was given."""
        return {}

    def cycles(self) -> Mapping[str, str]:
        """Return the cycle each panel is of, by name."""
        return {name: cycle for name, (cycle, _) in self._held.items()}
