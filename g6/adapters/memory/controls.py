"""Switches in one process's memory."""

from __future__ import annotations

from collections.abc import Mapping

from g6.adapters.memory.payload import plain
from g6.domain.reports import Switches
from g6.domain.schema.json_types import Json


class MemoryControls:
    """Controls port."""

    def __init__(self) -> None:
        self._switches: dict[str, Json] = {}
        # Names that were set or taken back since everything was forgotten.
        self._ordered: set[str] = set()
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
        self._ordered.add(name)
        if value is not None:
            self._switches[name] = plain(value)

    def empty(self) -> None:
        """Forget every switch, as a Redis does that was emptied."""
        self._switches.clear()
        self._ordered.clear()

    def give_back(self, switches: Mapping[str, object]) -> None:
        """Set what was in force before everything was forgotten.

        What was set or taken back since then stays: a pause that was ended in between came back.
        """
        for name, value in switches.items():
            if name not in self._ordered:
                self._switches[name] = plain(value)
        self._ordered.clear()
