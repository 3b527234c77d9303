"""Controls: the switches of a running system."""

from __future__ import annotations

from typing import Protocol

from g6.domain.reports import Switches


class Controls(Protocol):
    """Switches that reach a running system.

    Collect reads them once per unit and stamps them into its frame, so that a rerun sees the same.
    """

    def read(self) -> Switches:
        """Return the switches in force."""
        ...

    def set(self, name: str, value: object) -> None:
        """Set the switch of this name, as `Switches.to_json` has it. None removes it."""
        ...
