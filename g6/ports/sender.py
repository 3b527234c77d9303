"""The sender: the pipeline's only way to send a task."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from g6.domain.cycles.cycle import Unit


class Sender(Protocol):
    """Moves work: the pipeline's only way to send a task."""

    def stages(self, unit: Unit, stages: Iterable[str], *, manual: bool = False) -> str:
        """Send a chain of stages for a unit with a fresh task id; return the id of the first."""
        ...

    def aggregate(self, cycle: str) -> None:
        """Send the aggregate of a cycle."""
        ...

    def publish(self, cycle: str) -> None:
        """Send the persistence of a cycle's overview and panels."""
        ...

    def job(self, name: str, *arguments: str) -> None:
        """Send a job that takes longer than a cycle, on one day of one index: `fold`, `compact`, …"""
        ...
