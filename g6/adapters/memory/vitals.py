"""Vitals in one process's memory: the signs that its owner sets."""

from __future__ import annotations

from g6.domain.reports import VitalSigns


class MemoryVitals:
    """Vitals port. It reads `signs`, at first those of a system without queues and workers."""

    def __init__(self, signs: VitalSigns | None = None) -> None:
        self.signs = signs or VitalSigns()

    def read(self) -> VitalSigns:
        """Return `signs`."""
        return self.signs
