"""Messages of tasks, sent without what every sender would do anew.

Celery has the queue of each message declared again, and writes its arguments out for Flower by a
walk that is made for endless ones: a third of the 160 us that sending the next link of a chain
takes. Workers declare the queues that they serve, and a list of Redis needs nobody to declare it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from celery.app.amqp import AMQP
from kombu.connection import Connection

from g6.entrypoints.workers.event_loop import EventLoop


class RedisConnection(Connection):
    """A connection of Celery's to Redis, whose workers have this loop."""

    requires_hub = EventLoop


class TaskMessages(AMQP):  # type: ignore[misc]
    """Celery's messages with these two shortened."""

    Connection = RedisConnection

    def as_task_v2(
        self,
        task_id: str,
        name: str,
        args: Any = None,
        kwargs: Any = None,
        *others: Any,
        **options: Any,
    ) -> Any:
        """Return a message, whose arguments are written out as Celery writes short ones."""
        text = repr(args or ())
        if not kwargs and len(text) < self.argsrepr_maxsize:
            options = {"argsrepr": text, "kwargsrepr": "{}"} | options
        return super().as_task_v2(task_id, name, args, kwargs, *others, **options)

    def _create_task_sender(self) -> Callable[..., Any]:
        return partial(super()._create_task_sender(), declare=())
