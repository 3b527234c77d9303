"""Switches in one process's memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from g6.adapters.memory.payload import plain


class MemoryControls:
    """Controls port."""

    def __init__(self) -> None:
        self._switches: dict[str, Any] = {}

    def read(self) -> Mapping[str, Any]:
        """Return the switches in force."""
        return dict(self._switches)

    def set(self, name: str, value: Any) -> None:
        """Set one switch. None removes it."""
        self._switches.pop(name, None)
        if value is not None:
            self._switches[name] = plain(value)
