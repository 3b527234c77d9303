"""Controls: the switches of a running system."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class Controls(Protocol):
    """Switches that reach a running system.

    Collect reads them once per unit and stamps them into its frame, so that a rerun sees the same.
    """

    def read(self) -> Mapping[str, Any]:
        """Return the switches in force, such as {"greeks": False, "paused": {"*": "token"}}."""
        ...

    def set(self, name: str, value: Any) -> None:
        """Set one switch. None removes it."""
        ...
