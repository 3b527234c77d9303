"""The lease of the stage that a pool process works on, renewed by one thread that lives as long as the process.

A thread for every stage would cost each a switch of the processor before it begins.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from g6.domain.cycles.cycle import Unit
from g6.errors import G6Error
from g6.pipeline import Runtime

RENEW_SECONDS = 1.5

_Work = tuple[Runtime, Unit, str, str]


class Leases:
    """At most one lease is held at a time: a pool process works on one stage."""

    def __init__(self, every: float = RENEW_SECONDS) -> None:
        self._every, self._pid = every, 0
        self._work: _Work | None = None

    @contextmanager
    def held(self, runtime: Runtime, unit: Unit, stage: str, task_id: str) -> Iterator[None]:
        """Keep the stage's lease alive until the block is left."""
        if self._pid != os.getpid():  # threads do not survive a fork
            self._pid = os.getpid()
            threading.Thread(target=self._renew, name="leases", daemon=True).start()
        self._work = runtime, unit, stage, task_id
        try:
            yield
        finally:
            self._work = None

    def _renew(self) -> None:
        pause = threading.Event()
        while not pause.wait(self._every):
            if (work := self._work) is not None:
                runtime, unit, stage, task = work
                now = time.time()
                with suppress(
                    G6Error
                ):  # the lease may lapse while Redis is away; the ledger decides then
                    runtime.ledger.renew(unit, stage, task, now + runtime.timing.lease, now)
