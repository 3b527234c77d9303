"""The sender: the pipeline's only way to send a task."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from g6.domain.cycles.cycle import Unit
from g6.domain.schema.words import Stage


class Sender(Protocol):
    """Sends tasks. The ledger keeps the truth, so a message may be lost or come twice."""

    # Workers silently drop a task id that expired once, for up to three hours (celery 5.7,
    # measured), so an id is never sent a second time.
    def stages(self, unit: Unit, stages: Iterable[Stage], *, manual: bool = False) -> str:
        """Send a chain of stages for a unit with a fresh task id.

        Args:
            unit: The unit of work.
            stages: Stages in their order.
            manual: Whether they go to the queue of reruns.

        Returns:
            The id of the first task.
        """
        ...

    def aggregate(self, cycle: str) -> None:
        """Send the aggregate of a cycle."""
        ...

    def publish(self, cycle: str) -> None:
        """Send the persistence of a cycle's overview and panels."""
        ...

    def job(self, name: str, *arguments: str) -> None:
        """Send a job that may outlast a cycle, on one day of one index, such as `fold`."""
        ...
