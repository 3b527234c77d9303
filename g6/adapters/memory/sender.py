"""A sender in one process's memory, which records instead of sending."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count
from typing import Any

from g6.domain.cycles.cycle import Unit
from g6.domain.schema.words import Stage


class MemorySender:
    """Sender port that records, in order, what it is asked to send, for its owner to run."""

    def __init__(self) -> None:
        self.sent: list[tuple[Any, ...]] = []
        """What was sent: ("stages", task id, unit, stages, manual) or (job, *arguments)."""
        self._ids = count(1)

    def stages(self, unit: Unit, stages: Iterable[Stage], *, manual: bool = False) -> str:
        """Record a chain of stages under a fresh task id and return the id."""
        # Counted over what waits, a task had the id of one that had been sent before.
        task = f"task-{next(self._ids)}"
        self.sent.append(("stages", task, unit, tuple(stages), manual))
        return task

    def aggregate(self, cycle: str) -> None:
        """Record the aggregate of a cycle."""
        self.sent.append(("aggregate", cycle))

    def publish(self, cycle: str) -> None:
        """Record the persistence of a cycle's overview and panels."""
        self.sent.append(("publish", cycle))

    def job(self, name: str, *arguments: str) -> None:
        """Record a job."""
        self.sent.append((name, *arguments))
