"""Queues, routes and every Celery setting, derived from Settings; the reasons stand in docs/architecture.md."""

from __future__ import annotations

from typing import Any

from kombu.entity import Exchange, Queue

from g6.adapters.redis.address import parse_address
from g6.config import Settings
from g6.domain.cycles.cycle import QUEUES, Timing

STAGE_TASKS = {"collect": "g6.collect", "analyse": "g6.analyse", "persist": "g6.persist"}
ROUTES = {
    "g6.collect": "collect",
    "g6.analyse": "analytics",
    "g6.persist": "persist",
    "g6.publish": "persist",
    "g6.verify_panels": "persist",
    "g6.tidy": "persist",  # like all that works on files: on the one host that owns the data directory
    "g6.keep_events": "persist",
    "g6.fold": "persist",
    "g6.compact": "persist",
    "g6.aggregate": "aggregate",
    "g6.sweep": "maintenance",
    "g6.rerun": "manual",
    "g6.recompute": "manual",
}
JOB_SOFT, JOB_HARD = 240.0, 300.0
"""Limits of jobs longer than a cycle: early acknowledged, so they do not ride on the visibility timeout."""


def limits(settings: Settings) -> dict[str, dict[str, Any]]:
    """Return time limits by task: the cycle's stages from the interval, the sweep within its own rhythm, jobs their own."""
    timing = Timing(settings.wall_interval)
    stage = {"soft_time_limit": timing.soft, "time_limit": timing.hard}
    job = {"soft_time_limit": JOB_SOFT, "time_limit": JOB_HARD, "acks_late": False}
    closing = {"soft_time_limit": max(timing.soft, 5.0), "time_limit": max(timing.hard, 10.0)}
    return {name: dict(stage) for name in STAGE_TASKS.values()} | {
        **{
            name: dict(closing)
            for name in ("g6.publish", "g6.aggregate", "g6.sweep", "g6.verify_panels")
        },
        **{
            name: dict(job)
            for name in (
                "g6.rerun",
                "g6.recompute",
                "g6.tidy",
                "g6.keep_events",
                "g6.fold",
                "g6.compact",
            )
        },
    }


def visibility_timeout(settings: Settings) -> float:
    """Return twice the largest hard limit among tasks acknowledged late, at least 30 s."""
    late: list[float] = [
        limit["time_limit"] for limit in limits(settings).values() if limit.get("acks_late", True)
    ]
    return max(30.0, 2.0 * max(late))


def transport_options(settings: Settings) -> dict[str, Any]:
    """Return what the Redis transport is told: when lost messages come back, and how long a socket may say nothing."""
    options: dict[str, Any] = {
        "visibility_timeout": visibility_timeout(settings),
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        "socket_timeout": 5,
        "socket_connect_timeout": 2,
        "socket_keepalive": True,
        "health_check_interval": 10,
        "global_keyprefix": f"{settings.namespace}:celery:",
    }
    if settings.redis.master_name:
        options["master_name"] = settings.redis.master_name
    return options


def celery_settings(settings: Settings, broker_url: str) -> dict[str, Any]:
    """Return Celery's settings under Celery's names."""
    exchange = Exchange(settings.namespace, type="direct")  # type: ignore[no-untyped-call]
    return {
        "broker_url": broker_url,
        # Without it kombu warns of rediss:// and verifies nothing; the rest of the address's options the transport reads itself.
        "broker_use_ssl": _verified(broker_url),
        "broker_transport_options": transport_options(settings),
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "broker_channel_error_retry": True,
        "task_serializer": "json",
        "result_serializer": "json",
        "accept_content": ["json"],
        "task_ignore_result": True,
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "task_retry_on_worker_lost": True,
        "task_default_queue": "maintenance",
        "task_queues": [Queue(name, exchange, routing_key=name) for name in QUEUES],  # type: ignore[no-untyped-call]
        "task_routes": {task: {"queue": queue} for task, queue in ROUTES.items()},
        "task_annotations": limits(settings),
        "task_create_missing_queues": False,
        "task_send_sent_event": True,
        "worker_send_task_events": True,
        "worker_prefetch_multiplier": 1,
        "worker_disable_prefetch": True,
        "worker_soft_shutdown_timeout": 7.0,
        "worker_enable_soft_shutdown_on_idle": False,
        "worker_max_tasks_per_child": 2000,
        "worker_consumer": "g6.entrypoints.workers.consumer:Consumer",
        "worker_hijack_root_logger": False,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "beat_scheduler": "celery.beat:Scheduler",
        "beat_max_loop_interval": 1.0,
        "enable_utc": True,
        "timezone": "UTC",
    }


def _verified(broker_url: str) -> dict[str, Any] | bool:
    """Return what Celery, and Flower beside it, are told of the broker's TLS; False without. Errors: BadConfig."""
    tls = parse_address(broker_url).tls if broker_url else None
    return (
        False
        if tls is None
        else {name: value for name, value in tls.items() if name != "ssl_password"}
    )
