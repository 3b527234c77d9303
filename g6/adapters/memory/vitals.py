"""Vitals in one process's memory: the signs that its owner sets."""

from __future__ import annotations

from g6.domain.reports import VitalSigns


class MemoryVitals:
    """Vitals port. It reads `signs`, at first those of a system without queues and workers.

    `signed` has the worker and the pid of each sign of life, in their order, and `signed_out` has
    those of workers that took it back.
    """

    def __init__(self, signs: VitalSigns | None = None) -> None:
        self.signs = signs or VitalSigns()
        self.signed: list[tuple[str, int]] = []
        self.signed_out: list[tuple[str, int]] = []

    def read(self) -> VitalSigns:
        """Return `signs`."""
        return self.signs

    def sign_in(self, worker: str, pid: int) -> None:
        """Take a worker's sign of life."""
        self.signed.append((worker, pid))

    def sign_out(self, worker: str, pid: int) -> None:
        """Take a worker's sign of life back."""
        self.signed_out.append((worker, pid))
