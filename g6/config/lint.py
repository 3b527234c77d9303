"""The lint at start: settings that would lose or double work are refused before the first message."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_address
from typing import Any

from g6.config.rest_budget import RestBudget, least_interval, rest_budget
from g6.config.settings_model import Settings
from g6.errors import BadConfig

STAGES = ("g6.collect", "g6.analyse", "g6.persist")
_DAY = 86400


def lint(
    settings: Settings,
    celery: Mapping[str, Any],
    *,
    maxmemory_policy: str | None = None,
    appendonly: bool | None = None,
) -> tuple[str, ...]:
    """Refuse settings that cannot work, return warnings about those that can but should not.

    `celery`: Celery's settings by their names; time limits and `acks_late` of a task are read from `task_annotations`, else from
    the global ones. `maxmemory_policy`, `appendonly`: what the broker answered, None where it was not asked. Errors: BadConfig,
    naming every refusal.
    """
    refusals = [
        *_interval(settings), *_budget(settings), *_door(settings), *_limits(settings, celery), *_routes(celery),
        *_policy(maxmemory_policy),
    ]  # fmt: skip
    if refusals:
        raise BadConfig(
            "\n".join(sentence for sentence, _ in refusals), "; ".join(fix for _, fix in refusals)
        )
    warnings = list(_bridge(settings))
    if appendonly is False:
        warnings.append(
            "the broker has appendonly off: what is in flight dies with it; set appendonly yes and appendfsync everysec"
        )
    return tuple(warnings)


def _interval(settings: Settings) -> Iterator[tuple[str, str]]:
    if _DAY % settings.interval:
        near = [each for each in range(1, _DAY + 1) if _DAY % each == 0]
        down = max(each for each in near if each <= settings.interval)
        up = min(each for each in near if each >= settings.interval)
        yield (
            f"interval = {settings.interval} s does not divide a day, so its grid would move at midnight",
            f"say {down} or {up}",
        )


def _budget(settings: Settings) -> Iterator[tuple[str, str]]:
    """Over REST every cycle must find room in the broker's one sequence of quote requests."""
    if settings.provider.name != "kite" or settings.streamed:
        return
    budget = rest_budget(settings)
    if not budget.fits:
        least = f"{least_interval(settings)} s"
        yield (
            f"interval = {settings.interval} s is too short for {_needs(budget)}",
            f"the smallest interval that works is {least}; or set ticker.enabled = true, which streams instead",
        )


def _needs(budget: RestBudget) -> str:
    """Say what a cycle needs of the broker's sequence of requests, and what it has."""
    return (
        f"{budget.requests} quote requests and {budget.further} further ones: the last of them begins {budget.seconds:.1f} s after "
        f"the cycle's instant, and none may begin later than {budget.begin_within:.1f} s"
    )


def _bridge(settings: Settings) -> Iterator[str]:
    """A stream makes do with any interval; what bridges it when it is away does not."""
    if settings.provider.name != "kite" or not settings.streamed:
        return
    budget = rest_budget(settings)
    if not budget.fits:
        yield (
            f"interval = {settings.interval} s holds while the stream lives; without it there is no time for {_needs(budget)}, so "
            f"that indices end MISSING (provider) or PARTIAL; from {least_interval(settings)} s on REST bridges whole cycles"
        )


def _door(settings: Settings) -> Iterator[tuple[str, str]]:
    if settings.serve.token is None and not loopback(settings.serve.host):
        yield (
            f"serve.host = {settings.serve.host} would let everybody on the network read what is collected",
            "set serve.token (export G6_SERVE__TOKEN=$(openssl rand -hex 16)), or leave serve.host at 127.0.0.1",
        )


def loopback(host: str) -> bool:
    """Tell whether a host is this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _limits(settings: Settings, celery: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    late: dict[str, float] = {}
    for task in _tasks(celery):
        soft, hard, acks_late = _of_task(celery, task)
        if soft and hard and soft >= hard:
            yield (
                f"{task}: soft time limit {soft:g} s is not below the hard one, {hard:g} s",
                "the hard limit ends what ignored the soft one: raise it",
            )
        if task in STAGES and soft and soft >= 0.8 * settings.wall_interval:
            yield (
                f"{task}: soft time limit {soft:g} s is not below 0.8 of the interval, {0.8 * settings.wall_interval:g} s",
                "lower it to 0.6 of the interval",
            )
        if acks_late and hard:
            late[task] = hard
    timeout = celery.get("broker_transport_options", {}).get("visibility_timeout", 3600)
    if late and timeout < 2 * max(late.values()):
        task = max(late, key=lambda each: late[each])
        yield (
            f"visibility_timeout {timeout:g} s is less than twice the hard limit of {task}, {late[task]:g} s: it would run twice",
            f"raise it to {2 * late[task]:g} s, or acknowledge {task} early",
        )


def _tasks(celery: Mapping[str, Any]) -> Iterable[str]:
    return dict.fromkeys(
        (*STAGES, *celery.get("task_routes", {}), *(celery.get("task_annotations") or {}))
    ).keys() - {"*"}


def _of_task(celery: Mapping[str, Any], task: str) -> tuple[float | None, float | None, bool]:
    annotations = celery.get("task_annotations") or {}
    own = {**annotations.get("*", {}), **annotations.get(task, {})}
    soft = own.get("soft_time_limit", celery.get("task_soft_time_limit"))
    hard = own.get("time_limit", celery.get("task_time_limit"))
    return soft, hard, bool(own.get("acks_late", celery.get("task_acks_late", False)))


def _routes(celery: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    declared = {getattr(queue, "name", queue) for queue in celery.get("task_queues", ())}
    for task, route in celery.get("task_routes", {}).items():
        queue = route["queue"] if isinstance(route, Mapping) else route
        name = getattr(queue, "name", queue)
        if name not in declared:
            yield (
                f"{task} is routed to queue {name}, which nobody declares",
                f"declare it or route to one of {', '.join(sorted(declared))}",
            )


def _policy(policy: str | None) -> Iterator[tuple[str, str]]:
    if policy not in (None, "noeviction"):
        yield (
            f"the broker's maxmemory-policy is {policy}: it would evict messages and the ledger",
            "set maxmemory-policy noeviction",
        )
