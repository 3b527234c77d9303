"""Tracing: the spans of cycles, from the bus to whoever takes them."""

from __future__ import annotations

from threading import Event as Flag

from g6.domain.reports import EventSelection
from g6.domain.reports.spans import TRACED, CycleSpan, spans_of
from g6.errors import G6Error
from g6.pipeline.subscription import Subscription
from g6.ports import Bus, Clock, SpanSink

SUBSCRIBER = "tracing"
"""Under this name the bus knows how far the spans have been sent."""
BLOCK_SECONDS = 1.0
PAUSE_SECONDS = 5.0
"""Before spans that were not taken are sent again."""


class CycleTracer:
    """Sends the spans of every cycle, each at least once.

    It reads the events that workers publish anyway: without it nothing runs in them, and with it
    nothing more.
    """

    def __init__(self, bus: Bus, clock: Clock, sink: SpanSink) -> None:
        self._sink = sink
        self._subscription = Subscription(bus, clock, SUBSCRIBER, EventSelection.of(TRACED))

    def step(self, block_seconds: float = 0.0) -> bool:
        """Send the spans of the next events.

        Returns:
            Whether they were taken. Those that were not are sent again by the next step.

        Raises:
            RedisDown: Redis does not answer.
        """
        page = self._subscription.read(block_seconds=block_seconds)
        spans: list[CycleSpan] = []
        for event in page.events:
            spans += spans_of(event)
        if spans and not self._sink.send(spans):
            return False
        self._subscription.acknowledge(page)
        return True

    def run(self, stop: Flag) -> None:
        """Send spans until `stop` is set. A server or collector that is away is waited for."""
        while not stop.is_set():
            try:
                is_taken = self.step(BLOCK_SECONDS)
            except G6Error:
                is_taken = False
            if not is_taken:
                stop.wait(PAUSE_SECONDS)
