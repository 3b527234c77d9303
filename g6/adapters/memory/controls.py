"""Switches in one process's memory."""

from __future__ import annotations

from g6.adapters.memory.payload import plain
from g6.domain.reports import Switches
from g6.domain.schema.json_types import Json


class MemoryControls:
    """Controls port."""

    def __init__(self) -> None:
        self._switches: dict[str, Json] = {}
        self._read: dict[str, Json] = {}
        self._as_read = Switches()

    def read(self) -> Switches:
        """Return the switches in force."""
        # Their JSON was read at every call, which took a sixth of a simulated run.
        if self._switches != self._read:
            self._read = dict(self._switches)
            self._as_read = Switches.from_json(self._read)
        return self._as_read

    def set(self, name: str, value: object) -> None:
        """Set one switch. None removes it."""
        self._switches.pop(name, None)
        if value is not None:
            self._switches[name] = plain(value)
