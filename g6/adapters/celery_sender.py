"""A sender of tasks by name through a Celery application."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from celery import Celery
from celery import chain as celery_chain

from g6.domain.cycles.cycle import Unit
from g6.domain.schema.words import STAGES, QueueName, Stage

TASKS = {stage: f"g6.{stage}" for stage in STAGES}


class CelerySender:
    """Sender port over Celery."""

    def __init__(self, app: Celery) -> None:
        self._app = app

    def stages(self, unit: Unit, stages: Iterable[Stage], *, manual: bool = False) -> str:
        """Send a chain of stages and return the id of the first task."""
        options = {"queue": QueueName.MANUAL.value} if manual else {}
        first, *later = stages
        # Collect takes the unit's two names. Each later link takes the list that the one before
        # returns.
        names = (unit.cycle, unit.index)
        arguments = names if first == Stage.COLLECT else (list(names),)
        links = [self._app.signature(TASKS[first], args=arguments).set(**options)]
        links += [self._app.signature(TASKS[name]).set(**options) for name in later]
        # Fresh at every sending: workers drop an id that expired once, for up to three hours
        # (celery 5.7, measured).
        task_id = str(uuid.uuid4())
        links[0].set(task_id=task_id)
        (celery_chain(*links) if len(links) > 1 else links[0]).apply_async()
        return task_id

    def aggregate(self, cycle: str) -> None:
        """Send the aggregate of a cycle."""
        self._app.signature("g6.aggregate", args=(cycle,)).apply_async()

    def publish(self, cycle: str) -> None:
        """Send the persistence of a cycle's overview and panels."""
        self._app.signature("g6.publish", args=(cycle,)).apply_async()

    def job(self, name: str, *arguments: str) -> None:
        """Send a job that may outlast a cycle."""
        self._app.signature(f"g6.{name}", args=arguments).apply_async()
