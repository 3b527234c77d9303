"""The queue `manual`: work that a command sends to workers and waits for."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from g6.adapters.data_dir.owner import owner
from g6.config import Settings
from g6.errors import NoWorker
from g6.pipeline import Runtime

__all__ = ["QUEUE", "Watchman", "serving", "system"]

QUEUE = "manual"
GRACE_SECONDS = 20.0
"""A worker that says nothing for 15 s is down; one that was just started says its first word within seconds."""
LOOK_SECONDS = 1.0
FIRST_WORD_SECONDS = 3.0
"""A worker that has just come up takes messages a moment before its first sign of life."""


@contextmanager
def system(settings: Settings) -> Iterator[Runtime]:
    """Use the workers that run; without any, start a broker and workers of one's own for the time it takes.

    Errors: NoWorker (a broker is configured or a system runs, and no worker serves the queue).
    """
    from g6.entrypoints.machine.processes import Roster
    from g6.entrypoints.machine.supervisor import RUNNING_DIR, STOP_SECONDS, running
    from g6.entrypoints.workers.app import create_app

    # A worker that hangs since its supervisor and broker were killed owns the directory and serves nobody.
    Roster(settings.directory / RUNNING_DIR).end_orphans(STOP_SECONDS)
    if settings.redis.broker_url or owner(settings.directory):
        runtime = create_app(settings).runtime
        limit = time.monotonic() + FIRST_WORD_SECONDS
        while not serving(runtime):
            if time.monotonic() > limit:
                raise nobody()
            runtime.clock.sleep(0.2)
        yield runtime
        return
    with ended_in_order(), running(settings) as stack:
        stack.start_workers()
        stack.wait_ready()
        yield stack.runtime


@contextmanager
def ended_in_order() -> Iterator[None]:
    """Let SIGTERM unwind the block, exit code 143: workers end before their broker.

    Without it the broker was gone first, and two workers hung in their shutdown for over four minutes, owning the directory.
    """

    def leave(number: int, _frame: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        sys.exit(128 + number)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def serving(runtime: Runtime) -> bool:
    """Tell whether a worker that lives serves the queue; one of an earlier version, which does not tell its queues, may."""
    workers = runtime.vitals.read().workers.values()
    return any(
        worker.up and (worker.queues is None or QUEUE in worker.queues) for worker in workers
    )


def nobody() -> NoWorker:
    """Return the error of a queue that nobody serves."""
    return NoWorker(
        f"no worker serves the queue {QUEUE}, so that nothing was sent",
        f"start one, celery -A g6 worker -Q {QUEUE}, or the whole system, g6 up; g6 ps lists the workers",
    )


@dataclass(slots=True)
class Watchman:
    """Tells, while a command waits, that no worker has served the queue for a while."""

    runtime: Runtime
    _looked: float = 0.0
    _served: float = field(default_factory=time.monotonic)

    def alone(self) -> bool:
        """Look once a second; True when nobody served the queue for GRACE_SECONDS."""
        now = time.monotonic()
        if now - self._looked >= LOOK_SECONDS:
            self._looked = now
            if serving(self.runtime):
                self._served = now
        return now - self._served > GRACE_SECONDS
