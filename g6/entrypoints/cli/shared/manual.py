"""The queue `manual`: work that a command sends to workers and waits for."""

from __future__ import annotations

import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import psutil

from g6.adapters.data_dir.owner import owner
from g6.config import Settings
from g6.domain.reports.heartbeat import WorkerFacts
from g6.domain.schema.layout import Folder
from g6.errors import NoWorker
from g6.pipeline import Runtime

__all__ = ["QUEUE", "ManualSystem", "QueueWatch", "is_served", "system"]

QUEUE = "manual"
GRACE_SECONDS = 20.0
"""A worker that is silent for 15 s is down. A new one gives its first sign within seconds."""
LOOK_SECONDS = 1.0
FIRST_WORD_SECONDS = 3.0
"""A worker that has just come up takes messages a moment before its first sign of life."""


@dataclass(frozen=True, slots=True)
class ManualSystem:
    """The system whose workers take what a command sends.

    `start` starts workers of one's own, and does nothing where a system runs.
    """

    runtime: Runtime
    start: Callable[[], None] = lambda: None


@contextmanager
def system(settings: Settings) -> Iterator[ManualSystem]:
    """Use the workers that run, or a Redis of one's own, whose workers `start` starts.

    Raises:
        NoWorker: A Redis is configured or a system runs, and no worker serves the queue.
    """
    from g6.entrypoints.machine.processes import Roster
    from g6.entrypoints.machine.supervisor import STOP_SECONDS, running
    from g6.entrypoints.workers.app import create_app

    # A worker that hangs since its supervisor and Redis were killed owns the directory and
    # serves nobody.
    Roster(settings.directory / Folder.RUNNING, collects=False).end_orphans(STOP_SECONDS)
    if settings.redis.broker_url or owner(settings.directory):
        runtime = create_app(settings).runtime
        limit = time.monotonic() + FIRST_WORD_SECONDS
        while not is_served(runtime):
            if time.monotonic() > limit:
                raise no_worker()
            runtime.clock.sleep(0.2)
        yield ManualSystem(runtime)
        return
    with ended_in_order(), running(settings, collects=False) as stack:

        def start() -> None:
            stack.start_workers()
            stack.wait_ready()

        yield ManualSystem(stack.runtime, start)


@contextmanager
def ended_in_order() -> Iterator[None]:
    """Let SIGTERM unwind the block with exit code 143: workers end before their Redis."""
    # Without it Redis was gone first, and two workers hung in their shutdown for over four
    # minutes and owned the directory.

    def leave(number: int, _frame: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        sys.exit(128 + number)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def is_served(runtime: Runtime) -> bool:
    """Tell whether a worker that lives serves the queue.

    One of an earlier version does not tell its queues: it may.
    """
    return any(worker.up and _serves(worker) for worker in runtime.vitals.read().workers.values())


def _serves(worker: WorkerFacts) -> bool:
    return worker.queues is None or QUEUE in worker.queues


def lives_silently(runtime: Runtime) -> bool:
    """Tell whether a worker of the queue lives on this host, whatever it told of itself.

    On a busy host a worker's signs of life came late: a rerun called its unit unfinished, and the
    worker did it while it was being stopped.
    """
    host = socket.gethostname()
    for worker in runtime.vitals.read().workers.values():
        if worker.host != host or not worker.pid or not _serves(worker):
            continue
        with suppress(psutil.Error):
            if psutil.Process(worker.pid).status() != psutil.STATUS_ZOMBIE:
                return True
    return False


def no_worker() -> NoWorker:
    """Return the error of a queue that no worker serves."""
    return NoWorker(
        f"no worker serves the queue {QUEUE}, so that nothing was sent",
        f"start one, celery -A g6 worker -Q {QUEUE}, or the whole system, g6 up; "
        "g6 ps lists the workers",
    )


@dataclass(slots=True)
class QueueWatch:
    """Tells, while a command waits, that no worker has served the queue for a while."""

    runtime: Runtime
    _looked: float = 0.0
    _served: float = field(default_factory=time.monotonic)

    def is_alone(self) -> bool:
        """Tell whether no worker has served the queue for GRACE_SECONDS. It looks once a second."""
        now = time.monotonic()
        if now - self._looked >= LOOK_SECONDS:
            self._looked = now
            if is_served(self.runtime) or lives_silently(self.runtime):
                self._served = now
        return now - self._served > GRACE_SECONDS
