"""Controls: the switches of a running system."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class Controls(Protocol):
    """Switches that reach a running system: read once per unit by collect, stamped into its frame."""

    def read(self) -> Mapping[str, Any]:
        """Return the switches in force, for instance {"greeks": False, "paused": {"*": "token"}}."""
        ...

    def set(self, name: str, value: Any) -> None:
        """Set one switch; None removes it."""
        ...
