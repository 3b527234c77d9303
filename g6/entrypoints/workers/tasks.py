"""The Celery tasks: one for each row of the table of jobs."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import Any

import structlog
from billiard.exceptions import SoftTimeLimitExceeded
from celery import Celery, Task
from celery.exceptions import Ignore, Reject, Retry

from g6.domain.cycles.cycle import Unit
from g6.domain.reports import StageFailure
from g6.domain.schema.words import STAGES, Reason, Stage, Status
from g6.entrypoints.workers.jobs import JOBS, Job
from g6.entrypoints.workers.leases import Leases
from g6.entrypoints.workers.pool_results import BoundedErrors, BoundedTask
from g6.errors import Retryable, Terminal
from g6.pipeline.runtime import Watch
from g6.pipeline.stages import end

RETRY_SECONDS = 1
"""Celery waits 180 s by default.

The task of a killed child had not run again within 9 s. With 1 s it had after 1.0 s.
"""

_LEASES = Leases()

PLACES = ("cycle", "index", "day")
"""Words of a message that log lines of its task carry, by the names of the job's parameters."""


class UnitTask(BoundedTask):
    """A task that works on one unit.

    Its lease is renewed while it runs, and every failure ends the unit with a reason.
    """

    job: Job
    stage: Stage

    def run_stage(self, unit: Unit) -> list[str]:
        """Run the stage on a unit.

        Returns:
            The unit's two names, for the next link of the chain.

        Raises:
            Ignore: The chain ends here.
            Retry: A server is away, and Celery sends the task again.
        """
        try:
            may_continue = self._under_lease(unit)
        except (Ignore, Reject, Retry):
            raise
        except Retryable as error:
            raise self.retry(exc=error, countdown=RETRY_SECONDS) from error
        except SoftTimeLimitExceeded:
            self._end_unit(unit, Reason.TIME_LIMIT, "soft time limit")
            may_continue = False
        except Exception as error:  # noqa: BLE001 - whatever it was, the unit ends with a reason
            structlog.get_logger("g6").exception(
                "stage failed", cycle=unit.cycle, index=unit.index, stage=self.stage
            )
            self._end_unit(unit, _reason_of(error), type(error).__name__)
            may_continue = False
        if not may_continue:
            # A plain return would have Celery publish the next link, which would find nothing to
            # work on.
            raise Ignore
        return [unit.cycle, unit.index]

    def _under_lease(self, unit: Unit) -> bool:
        runtime = self.app.runtime
        task_id = self.request.id
        with _LEASES.renewed(runtime, unit, self.stage, task_id):
            return bool(self.job.run(runtime, unit, task_id))

    def _end_unit(self, unit: Unit, reason: Reason, error: str) -> None:
        # persist has no terminal status of its own: the sweep sends it again, a bounded number of
        # times.
        if self.stage == Stage.PERSIST:
            return
        runtime = self.app.runtime
        watch = Watch(runtime.clock)
        failure = StageFailure(error)
        task = self.request.id
        end(runtime, unit, Status.MISSING, reason, watch, failure, stage=self.stage, task=task)


def register(app: Celery, jobs: Sequence[Job] = JOBS) -> None:
    """Give `app` a task for each row of a table of jobs."""
    for job in jobs:
        # By default Celery gives a task to every other application of the process too, which has no
        # Runtime.
        options: dict[str, Any] = {"name": job.task, "bind": True, "shared": False}
        if job.retries is not None:
            # They are attributes of a task and no settings of Celery.
            options |= {"max_retries": job.retries, "default_retry_delay": RETRY_SECONDS}
        if job.is_stage:
            body = _first_link if job.name == STAGES[0] else _later_link
            app.task(base=UnitTask, job=job, stage=Stage(job.name), **options)(body)
            continue
        if job.retries is not None:
            options["autoretry_for"] = (Retryable,)
        app.task(base=BoundedTask, **options)(_body(job))


def _first_link(self: UnitTask, cycle: str, index: str) -> list[str]:
    with _named(self, PLACES, (cycle, index)):
        return self.run_stage(Unit(cycle, index))


def _later_link(self: UnitTask, unit: list[str]) -> list[str]:
    with _named(self, PLACES, unit):
        return self.run_stage(Unit(*unit))


@contextmanager
def _named(task: Task, names: Sequence[str], words: Sequence[str]) -> Iterator[None]:
    """Have the log lines of the block say what the task works on, with its trace id."""
    header: object = getattr(task.request, "g6", None)
    trace = str(header.get("trace", "")) if isinstance(header, dict) else ""
    places = {name: word for name, word in zip(names, words, strict=False) if name in PLACES}
    if trace:
        places["trace"] = trace
    with BoundedErrors(), structlog.contextvars.bound_contextvars(**places):
        yield


def _body(job: Job) -> Callable[..., None]:
    """Return a task's function, which runs the job in its application's Runtime."""
    names = list(inspect.signature(job.run).parameters)[1:]

    @wraps(job.run)
    def body(self: Task, *words: str) -> None:
        with _named(self, names, words):
            job.run(self.app.runtime, *words)

    # Celery holds the arguments of a send against this: the Runtime stands where `self` does, and
    # is not sent.
    body.__signature__ = inspect.signature(job.run)  # type: ignore[attr-defined]
    return body


def _reason_of(error: Exception) -> Reason:
    # BadInput has a sentence of its own under the same name.
    return Reason(error.reason) if isinstance(error, Retryable | Terminal) else Reason.ERROR
