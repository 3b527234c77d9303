"""What the study of this machine reads."""

from __future__ import annotations

from typing import Protocol

from g6.domain.documents.machine_facts import MachineFacts


class MachineReader(Protocol):
    """Looks at this machine and at the system that runs on it, and changes nothing."""

    def facts(self) -> MachineFacts:
        """Return what is found, errors as sentences."""
        ...

    def wait(self, seconds: float) -> None:
        """Wait before the next look."""
        ...
