"""Celery's consumer, with short waits for Redis, events in batches, and bad headers survived."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from celery.worker.consumer import Consumer as CeleryConsumer
from celery.worker.state import reserved_requests
from kombu.common import ignore_errors
from kombu.log import get_logger

from g6.entrypoints.workers.transport import MALFORMED

LONGEST_WAIT = 2.0
"""Seconds between two tries to connect. Celery's own waits grow to 30 s."""
EVENTS_WAIT = 0.5
"""Seconds that a task's events wait for others. Each carries the time at which it happened."""
POOL_SECONDS = 0.5
"""Seconds between two looks for pool processes that ended."""


class Consumer(CeleryConsumer):  # type: ignore[misc]
    """A consumer that is back within seconds after a long outage of Redis.

    After 45 s without Redis it was back after 0.3 s, Celery's own after 11 s.
    """

    _events_due = 0.0

    def start(self) -> None:
        """Consume until told to stop."""
        # worker_disable_prefetch asks the pool for its size before each message, also while the
        # pool closes. Here the size is given once.
        self.controller.max_concurrency = self.pool.num_processes
        super().start()

    def register_with_event_loop(self, hub: Any) -> None:
        """Look for ended pool processes often."""
        super().register_with_event_loop(hub)
        # Celery looks once when a process closes its pipe, and in every other kill that was too
        # early to reap it. Its next look is up to 5 s later, and the dead one's task waits as long.
        look = getattr(self.pool, "maintain_pool", None)
        if look is not None:
            hub.call_repeatedly(POOL_SECONDS, look)

    def ensure_connected(self, conn: Any) -> Any:
        """Connect to Redis, trying again at 0.2, 0.4, … 2 s for as long as it takes."""
        conn.ensure_connection = partial(
            conn.ensure_connection, interval_start=0.2, interval_step=0.2, interval_max=LONGEST_WAIT
        )
        connected = super().ensure_connected(conn)
        self._begin_limits_again()
        return connected

    def create_task_handler(self, *arguments: object, **options: object) -> Callable[[Any], None]:
        """Return the handler, which takes messages with impossible headers off their queue.

        Celery lets the error out. The worker ends, or takes a KeyError for a lost connection and
        goes on so for ever, as the message comes back.
        """
        receive = super().create_task_handler(*arguments, **options)

        def receive_or_set_aside(message: Any) -> None:
            try:
                receive(message)
            except MALFORMED as error:
                text = json.dumps(message._raw).encode()  # noqa: SLF001 - it has no other name
                queue = message.delivery_info["routing_key"]
                message.channel.set_aside(queue, text, type(error).__name__)
                message.reject_log_error(get_logger(__name__), self.connection_errors)

        return receive_or_set_aside

    def on_close(self) -> None:
        """Forget the old connection's messages, those that run too."""
        super().on_close()
        # Counted on, they kept new messages from being taken.
        reserved_requests.clear()

    def _begin_limits_again(self) -> None:
        """Begin the time limits of running tasks anew.

        While Redis was away nobody noted that tasks had ended. Limits that ran out meanwhile went
        to processes that were idle by then, and those died of it.
        """
        pool: Any = getattr(self.pool, "_pool", None)
        # Celery has no other way to its running tasks than the insides of its pool.
        for number in list(getattr(pool, "_tref_for_id", None) or ()):
            job = pool._cache.get(number)  # noqa: SLF001
            if job is not None:
                pool.on_timeout_cancel(job)
                pool.on_timeout_set(job, job._soft_timeout, job._timeout)  # noqa: SLF001

    def on_send_event_buffered(self) -> None:
        """Publish what is buffered in half a second, unless that is arranged already."""
        # Celery publishes the three events of each task one by one, between two messages: half of
        # the CPU time of a worker's main process. Here those of half a second leave as one message.
        now = time.monotonic()
        if self.hub and now >= self._events_due:
            self._events_due = now + EVENTS_WAIT
            self.hub.call_later(EVENTS_WAIT, self._flush_events)

    def shutdown(self) -> None:
        """Publish the last events and go."""
        ignore_errors(self, self._flush_events)  # type: ignore[no-untyped-call]
        super().shutdown()
