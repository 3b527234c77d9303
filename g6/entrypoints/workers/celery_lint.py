"""The lint at start refuses settings that would lose work or do it twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from g6.bootstrap.settings_checks.settings_lint import Refusal, cautions, refusals
from g6.config import Settings
from g6.entrypoints.workers.jobs import JOBS
from g6.errors import BadConfig

CelerySettings = Mapping[str, Any]
"""By Celery's names."""
STAGES = tuple(job.task for job in JOBS if job.is_stage)
STAGE_SHARE = 0.8
"""Part of the interval below which a stage's soft limit stays, as its deadline is there."""


def lint(
    settings: Settings,
    celery: CelerySettings,
    *,
    maxmemory_policy: str | None = None,
    appendonly: bool | None = None,
) -> tuple[str, ...]:
    """Refuse settings that cannot work, and warn of those that can but should not.

    Args:
        settings: G6's own.
        celery: Celery's, by their names. Time limits and `acks_late` of a task are read from
            `task_annotations`, else from the global ones.
        maxmemory_policy: What Redis answered, None where it was not asked.
        appendonly: Likewise.

    Raises:
        BadConfig: With every refusal and every fix.
    """
    refused = [
        *refusals(settings),
        *_limits(settings, celery),
        *_routes(celery),
        *_policy(maxmemory_policy),
    ]
    if refused:
        sentences = "\n".join(refusal.sentence for refusal in refused)
        raise BadConfig(sentences, "; ".join(refusal.fix for refusal in refused))
    warnings = list(cautions(settings))
    if appendonly is False:
        warnings.append(
            "the broker has appendonly off: what is in flight dies with it; "
            "set appendonly yes and appendfsync everysec"
        )
    return tuple(warnings)


def _limits(settings: Settings, celery: CelerySettings) -> Iterator[Refusal]:
    late: dict[str, float] = {}
    for task in _tasks(celery):
        soft, hard, acks_late = _limits_of(celery, task)
        yield from _of_task(settings, task, soft, hard)
        if acks_late and hard:
            late[task] = hard
    timeout = celery.get("broker_transport_options", {}).get("visibility_timeout", 3600)
    if not late or timeout >= 2 * max(late.values()):
        return
    task = max(late, key=lambda name: late[name])
    yield Refusal(
        f"visibility_timeout {timeout:g} s is less than twice the hard limit of {task}, "
        f"{late[task]:g} s: it would run twice",
        f"raise it to {2 * late[task]:g} s, or acknowledge {task} early",
    )


def _of_task(
    settings: Settings, task: str, soft: float | None, hard: float | None
) -> Iterator[Refusal]:
    if soft and hard and soft >= hard:
        yield Refusal(
            f"{task}: soft time limit {soft:g} s is not below the hard one, {hard:g} s",
            "the hard limit ends what ignored the soft one: raise it",
        )
    most = STAGE_SHARE * settings.wall_interval
    if task in STAGES and soft and soft >= most:
        yield Refusal(
            f"{task}: soft time limit {soft:g} s is not below 0.8 of the interval, {most:g} s",
            "lower it to 0.6 of the interval",
        )


def _tasks(celery: CelerySettings) -> Iterable[str]:
    routed = celery.get("task_routes", {})
    annotated = celery.get("task_annotations") or {}
    return dict.fromkeys((*STAGES, *routed, *annotated)).keys() - {"*"}


def _limits_of(celery: CelerySettings, task: str) -> tuple[float | None, float | None, bool]:
    annotations = celery.get("task_annotations") or {}
    own = {**annotations.get("*", {}), **annotations.get(task, {})}
    soft = own.get("soft_time_limit", celery.get("task_soft_time_limit"))
    hard = own.get("time_limit", celery.get("task_time_limit"))
    return soft, hard, bool(own.get("acks_late", celery.get("task_acks_late", False)))


def _routes(celery: CelerySettings) -> Iterator[Refusal]:
    declared = {getattr(queue, "name", queue) for queue in celery.get("task_queues", ())}
    for task, route in celery.get("task_routes", {}).items():
        queue = route["queue"] if isinstance(route, Mapping) else route
        name = getattr(queue, "name", queue)
        if name not in declared:
            yield Refusal(
                f"{task} is routed to queue {name}, which nobody declares",
                f"declare it or route to one of {', '.join(sorted(declared))}",
            )


def _policy(policy: str | None) -> Iterator[Refusal]:
    if policy not in (None, "noeviction"):
        yield Refusal(
            f"the broker's maxmemory-policy is {policy}: it would evict messages and the ledger",
            "set maxmemory-policy noeviction",
        )
