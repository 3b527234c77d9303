"""What Celery's consumer is made to do besides."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from g6.entrypoints.workers.consumer import POOL_SECONDS, Consumer


class Hub:
    """What the consumer asks of Celery's event loop."""

    def __init__(self) -> None:
        self.repeated: list[tuple[float, Any]] = []

    def call_repeatedly(self, seconds: float, act: Any) -> None:
        self.repeated.append((seconds, act))


def registered(pool: object) -> list[tuple[float, Any]]:
    consumer, hub = Consumer.__new__(Consumer), Hub()
    consumer.blueprint = SimpleNamespace(send_all=lambda *_, **__: None)
    consumer.pool = pool
    consumer.register_with_event_loop(hub)
    return hub.repeated


def test_ended_pool_processes_are_looked_for_often() -> None:
    look = object()
    assert registered(SimpleNamespace(maintain_pool=look)) == [(POOL_SECONDS, look)]


def test_a_pool_without_processes_is_not_looked_at() -> None:
    assert registered(SimpleNamespace()) == []
