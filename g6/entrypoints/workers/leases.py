"""One thread of a pool process renews the lease of the stage that the process works on.

It lives as long as the process. A thread for every stage would cost each a switch of the processor
before it begins.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from g6.domain.cycles.cycle import Unit
from g6.domain.schema.words import Stage
from g6.errors import G6Error
from g6.pipeline import Runtime

RENEW_SECONDS = 1.5
"""Less than a third of a lease, which lasts 5 s: two renewals may fail before it lapses."""


@dataclass(frozen=True, slots=True)
class _LeasedWork:
    """What the process works on."""

    runtime: Runtime
    unit: Unit
    stage: Stage
    task_id: str

    def renew(self) -> None:
        now = time.time()
        until = now + self.runtime.timing.lease
        # The lease may lapse while Redis is away. The ledger decides then who goes on.
        with suppress(G6Error):
            self.runtime.ledger.renew(self.unit, self.stage, self.task_id, until, now)


class Leases:
    """Keeps one lease alive at a time: a pool process works on one stage."""

    def __init__(self, every: float = RENEW_SECONDS) -> None:
        self._every = every
        self._pid = 0
        self._work: _LeasedWork | None = None

    @contextmanager
    def renewed(self, runtime: Runtime, unit: Unit, stage: Stage, task_id: str) -> Iterator[None]:
        """Keep the stage's lease alive until the block is left."""
        if self._pid != os.getpid():  # threads do not survive a fork
            self._pid = os.getpid()
            threading.Thread(target=self._keep_renewing, name="leases", daemon=True).start()
        self._work = _LeasedWork(runtime, unit, stage, task_id)
        try:
            yield
        finally:
            self._work = None

    def _keep_renewing(self) -> None:
        pause = threading.Event()
        while not pause.wait(self._every):
            if (work := self._work) is not None:
                work.renew()
