"""Switches in one process's memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from g6.adapters.memory.payload import plain


class MemoryControls:
    """Controls port."""

    def __init__(self) -> None:
        self._held: dict[str, Any] = {}

    def read(self) -> Mapping[str, Any]:
        """Return the switches in force."""
        return dict(self._held)

    def set(self, name: str, value: Any) -> None:
        """Set one switch; None removes it."""
        self._held.pop(name, None)
        if value is not None:
            self._held[name] = plain(value)
