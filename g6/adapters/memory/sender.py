"""A sender in one process's memory: it writes down what it is to send."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from g6.domain.cycles.cycle import Unit


class MemorySender:
    """Sender port that runs nothing: it writes down what it was asked to send, in order, for its owner to run."""

    def __init__(self) -> None:
        self.sent: list[tuple[Any, ...]] = []
        """`("stages", task id, unit, stages, manual)`, `("aggregate", cycle)`, `("publish", cycle)` or `(job, *arguments)`."""

    def stages(self, unit: Unit, stages: Iterable[str], *, manual: bool = False) -> str:
        """Write down a chain of stages under a fresh task id; return the id."""
        task = f"task-{len(self.sent) + 1}"
        self.sent.append(("stages", task, unit, tuple(stages), manual))
        return task

    def aggregate(self, cycle: str) -> None:
        """Write down the aggregate of a cycle."""
        self.sent.append(("aggregate", cycle))

    def publish(self, cycle: str) -> None:
        """Write down the persistence of a cycle's overview and panels."""
        self.sent.append(("publish", cycle))

    def job(self, name: str, *arguments: str) -> None:
        """Write down a job."""
        self.sent.append((name, *arguments))
