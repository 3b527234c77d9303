"""Celery's events, sent once: a worker that ends while Redis is away does not wait for it."""

from __future__ import annotations

from typing import Any

from celery.app.events import Events as CeleryEvents
from celery.events.dispatcher import EventDispatcher


class EventSender(EventDispatcher):  # type: ignore[misc]
    """Sends each event once. One that cannot be sent waits in the buffer for the next connection.

    Celery 5.7 sends the signs of life of a worker again and again until the broker takes them, and
    holds a lock meanwhile. In a cold shutdown its pool has them sent by a thread of their own. With
    a server that was gone for good this thread never came back, and the main one waited for the
    lock: two of three workers outlived a killed `g6 up` so.
    """

    def send(self, type: str, **options: Any) -> Any:
        """Send an event, or keep it."""
        return super().send(type, **(options | {"retry": False}))


class Events(CeleryEvents):  # type: ignore[misc]
    """Celery's events with this dispatcher."""

    dispatcher_cls = f"{__name__}:EventSender"
