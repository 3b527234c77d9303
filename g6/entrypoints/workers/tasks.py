"""The Celery tasks: doorways to the use cases. A message is two short strings; the work is elsewhere."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import structlog
from billiard.exceptions import SoftTimeLimitExceeded
from celery import Task
from celery.exceptions import Ignore, Reject, Retry

from g6 import pipeline
from g6.domain.cycles.cycle import Status, Unit
from g6.entrypoints.workers.leases import Leases
from g6.errors import G6Error, Retryable
from g6.pipeline.runtime import Watch
from g6.pipeline.stages import end

_LEASES = Leases()


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
            with _LEASES.held(runtime, unit, self.stage, task_id):
                goes_on = use_case(runtime, unit, task_id)
        except (Ignore, Reject, Retry):
            raise
        except Retryable as error:
            raise self.retry(exc=error, countdown=1) from error
        except SoftTimeLimitExceeded:
            self._failed(unit, "time_limit", "soft time limit")
            goes_on = False
        except Exception as error:  # noqa: BLE001 - whatever it was, the unit ends with a reason
            structlog.get_logger("g6").exception(
                "stage failed", cycle=unit.cycle, index=unit.index, stage=self.stage
            )
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
            end(
                runtime,
                unit,
                Status.MISSING,
                reason,
                Watch(runtime.clock),
                {"error": error},
                stage=self.stage,
            )


def _collect(self: UnitTask, cycle: str, index: str) -> list[str]:
    return self.stage_of(Unit(cycle, index))


def _later(self: UnitTask, unit: list[str]) -> list[str]:
    return self.stage_of(Unit(*unit))


def _aggregate(self: Task, cycle: str) -> None:
    pipeline.aggregate(self.app.runtime, cycle)


def _publish(self: Task, cycle: str) -> None:
    pipeline.publish(self.app.runtime, cycle)


def _rerun(self: Task, cycle: str, index: str, first_stage: str = "analyse") -> None:
    pipeline.rerun(self.app.runtime, Unit(cycle, index), first_stage)


def _tidy(self: Task) -> None:
    pipeline.tidy(self.app.runtime)


def _keep_events(self: Task) -> None:
    pipeline.keep_events(self.app.runtime)


def _fold(self: Task, name: str, day: str) -> None:
    pipeline.fold(self.app.runtime, name, day)


def _compact(self: Task, name: str, day: str) -> None:
    pipeline.compact(self.app.runtime, name, day)


def _recompute(self: Task, day: str, index: str, pricing: str = "{}") -> None:
    pipeline.recompute(self.app.runtime, day, index, json.loads(pricing))


def _sweep(self: Task) -> None:
    pipeline.sweep(self.app.runtime)
    pipeline.heartbeat(self.app.runtime)


def _verify_panels(self: Task) -> None:
    pipeline.verify_panels(self.app.runtime)


def register(app: Any) -> None:
    """Give `app` its tasks."""
    stages: dict[str, Callable[..., Any]] = {
        "collect": _collect,
        "analyse": _later,
        "persist": _later,
    }
    for stage, run in stages.items():
        app.task(name=f"g6.{stage}", base=UnitTask, bind=True, stage=stage)(run)
    again = {"autoretry_for": (Retryable,), "max_retries": 2, "default_retry_delay": 1}
    others: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
        "aggregate": (_aggregate, again), "publish": (_publish, again), "rerun": (_rerun, again), "sweep": (_sweep, {}),
        "verify_panels": (_verify_panels, {}), "tidy": (_tidy, {}), "fold": (_fold, {}), "compact": (_compact, {}),
        "recompute": (_recompute, again), "keep_events": (_keep_events, {}),
    }  # fmt: skip
    for name, (run, options) in others.items():
        app.task(name=f"g6.{name}", bind=True, **options)(run)
