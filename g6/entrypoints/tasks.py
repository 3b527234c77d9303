"""The Celery tasks: doorways to the use cases. A message is two short strings; the work is elsewhere."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from billiard.exceptions import SoftTimeLimitExceeded
from celery import Task
from celery.exceptions import Ignore, Reject, Retry

from g6 import pipeline
from g6.domain.cycle import Status, Unit
from g6.errors import G6Error, Retryable
from g6.pipeline.runtime import Watch
from g6.pipeline.stages import end

RENEW_SECONDS = 1.5


class UnitTask(Task):  # type: ignore[misc]
    """Base of the tasks that work on one unit: leases renewed while they run, every failure ends the unit with its reason."""

    default_retry_delay = 1
    max_retries = 2
    stage = ""

    def stage_of(self, unit: Unit) -> list[str]:
        """Run the stage; return the unit for the next link, or end the chain."""
        runtime, task_id = self.app.runtime, self.request.id
        use_case = getattr(pipeline, self.stage)
        try:
            with _renewed(runtime, unit, self.stage, task_id):
                goes_on = use_case(runtime, unit, task_id)
        except (Ignore, Reject, Retry):
            raise
        except Retryable as error:
            raise self.retry(exc=error, countdown=1) from error
        except SoftTimeLimitExceeded:
            self._failed(unit, "time_limit", "soft time limit")
            goes_on = False
        except Exception as error:
            structlog.get_logger("g6").exception("stage failed", cycle=unit.cycle, index=unit.index, stage=self.stage)
            reason = getattr(error, "reason", "error") if isinstance(error, G6Error) else "error"
            self._failed(unit, reason, type(error).__name__)
            goes_on = False
        if not goes_on:
            raise Ignore
        return [unit.cycle, unit.index]

    def _failed(self, unit: Unit, reason: str, error: str) -> None:
        # persist has no terminal status of its own: the sweep sends it again, a bounded number of times
        if self.stage != "persist":
            runtime = self.app.runtime
            end(runtime, unit, Status.MISSING, reason, Watch(runtime.clock), {"error": error}, stage=self.stage)


def register(app: Any) -> None:
    """Give `app` its tasks."""

    @app.task(name="g6.collect", base=UnitTask, bind=True, stage="collect")
    def collect(self: UnitTask, cycle: str, index: str) -> list[str]:
        return self.stage_of(Unit(cycle, index))

    @app.task(name="g6.analyse", base=UnitTask, bind=True, stage="analyse")
    def analyse(self: UnitTask, unit: list[str]) -> list[str]:
        return self.stage_of(Unit(*unit))

    @app.task(name="g6.persist", base=UnitTask, bind=True, stage="persist")
    def persist(self: UnitTask, unit: list[str]) -> list[str]:
        return self.stage_of(Unit(*unit))

    options = {"autoretry_for": (Retryable,), "max_retries": 2, "default_retry_delay": 1}

    @app.task(name="g6.aggregate", **options)
    def aggregate(cycle: str) -> None:
        pipeline.aggregate(app.runtime, cycle)

    @app.task(name="g6.publish", **options)
    def publish(cycle: str) -> None:
        pipeline.publish(app.runtime, cycle)

    @app.task(name="g6.rerun", **options)
    def rerun(cycle: str, index: str, first_stage: str = "analyse") -> None:
        pipeline.rerun(app.runtime, Unit(cycle, index), first_stage)

    @app.task(name="g6.sweep")
    def sweep() -> None:
        pipeline.sweep(app.runtime)
        pipeline.heartbeat(app.runtime)

    @app.task(name="g6.verify_panels")
    def verify_panels() -> None:
        pipeline.verify_panels(app.runtime)


@contextmanager
def _renewed(runtime: pipeline.Runtime, unit: Unit, stage: str, task_id: str) -> Iterator[None]:
    """Keep the stage's lease alive from a thread that wakes only if the stage takes longer than usual."""
    over = threading.Event()

    def renew() -> None:
        while not over.wait(RENEW_SECONDS):
            now = time.time()
            try:
                runtime.ledger.renew(unit, stage, task_id, now + runtime.timing.lease, now)
            except G6Error:
                continue  # the lease may lapse while Redis is away; the ledger decides then

    thread = threading.Thread(target=renew, name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
