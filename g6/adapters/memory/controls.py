"""Switches in one process's memory."""

from __future__ import annotations

from g6.adapters.memory.payload import plain
from g6.domain.reports import Switches
from g6.domain.schema.json_types import Json


class MemoryControls:
    """Controls port."""

    def __init__(self) -> None:
        self._switches: dict[str, Json] = {}

    def read(self) -> Switches:
        """Return the switches in force."""
        return Switches.from_json(self._switches)

    def set(self, name: str, value: object) -> None:
        """Set one switch. None removes it."""
        self._switches.pop(name, None)
        if value is not None:
            self._switches[name] = plain(value)
