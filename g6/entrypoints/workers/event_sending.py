"""Celery's events: sent once, sent together, and those of tasks only where somebody listens.

A worker that ends while Redis is away does not wait for it.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from contextlib import suppress
from typing import Any

from celery.app.events import Events as CeleryEvents
from celery.events.dispatcher import EventDispatcher
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

GATHERED_SECONDS = 0.5
"""Seconds that the event of a sent message waits for others, as those of workers do."""
QUIET_SECONDS = 3.0
"""Seconds for which no events of tasks are made once some reached nobody.

Flower, which is nearly always what listens, misses as much where it is started beside workers.
"""
SENT = "task-sent"
TOGETHER = "task.multi"


class EventSender(EventDispatcher):  # type: ignore[misc]
    """Sends each event once. One that cannot be sent waits in the buffer for the next connection.

    Celery 5.7 sends the signs of life of a worker again and again until the broker takes them, and
    holds a lock meanwhile. In a cold shutdown its pool has them sent by a thread of their own. With
    a server that was gone for good this thread never came back, and the main one waited for the
    lock: two of three workers outlived a killed `g6 up` so.
    """

    _quiet_until = 0.0

    @property
    def is_quiet(self) -> bool:
        """Whether nobody has listened to the last events of tasks."""
        return time.monotonic() < self._quiet_until

    def send(self, type: str, **options: Any) -> Any:
        """Send an event, or keep it. One of a task that nobody would hear is not made."""
        if self.is_quiet and type.startswith("task-"):
            return None
        return super().send(type, **(options | {"retry": False}))

    def publish(self, type: str, fields: Any, producer: Any, **options: Any) -> Any:
        """Send the event of a message that was sent, or gather it where others will follow."""
        gathered = self.app.events.gathered
        if gathered is None or type != SENT:
            return super().publish(type, fields, producer, **options)
        if not self.app.events.sender.is_quiet:
            gathered.add(self._prepare_event(type, fields))
        return None

    def publish_together(self, events: Any, producer: Any) -> None:
        """Send events of one kind as one message, as workers send theirs."""
        self._publish(events, producer, TOGETHER)

    def _publish(self, event: Any, producer: Any, routing_key: str, **options: Any) -> None:
        super()._publish(event, producer, routing_key, **options)
        if routing_key == TOGETHER:
            # `channel` without the underline would connect where Redis is away.
            channel = getattr(producer, "_channel", None)
            is_heard = getattr(channel, "listeners", 1) > 0
            self._quiet_until = 0.0 if is_heard else time.monotonic() + QUIET_SECONDS


class SentEvents:
    """Events of sent messages, published by a thread of their own.

    Celery publishes each in a message and a round trip of its own, between the end of a stage and
    its acknowledgement: a sixth of the commands that carry a cycle. What a killed process had
    gathered in the last half second is lost. Flower then learns of the task when it is taken.
    """

    def __init__(self, app: Any, wait: float = GATHERED_SECONDS) -> None:
        self._app = app
        self._wait = wait
        self._events: deque[Any] = deque()
        self._is_filled = threading.Event()
        threading.Thread(target=self._keep_sending, name="events", daemon=True).start()

    def add(self, event: Any) -> None:
        """Have an event sent within a moment."""
        self._events.append(event)
        self._is_filled.set()

    def _keep_sending(self) -> None:
        pause = threading.Event()
        while True:
            self._is_filled.wait()
            pause.wait(self._wait)
            self._is_filled.clear()
            self._send()

    def _send(self) -> None:
        events = [self._events.popleft() for _ in range(len(self._events))]
        # Nobody waits for them, and Celery keeps none that cannot be sent either.
        with (
            suppress(OSError, RedisError, OperationalError),
            self._app.amqp.producer_pool.acquire(block=True) as producer,
        ):
            self._app.events.sender.publish_together(events, producer)


class Events(CeleryEvents):  # type: ignore[misc]
    """Celery's events with this dispatcher."""

    dispatcher_cls = f"{__name__}:EventSender"
    gathered: SentEvents | None = None
    sender: EventSender

    def gather(self) -> None:
        """Gather the events of sent messages from now on, in a process that sends many."""
        self.sender = self.Dispatcher(enabled=False)
        self.gathered = SentEvents(self.app)
