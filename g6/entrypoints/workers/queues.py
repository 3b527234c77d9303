"""Every setting of Celery, derived from Settings and from the table of jobs."""

from __future__ import annotations

from kombu.entity import Exchange, Queue

from g6.adapters.redis.server import parse_address
from g6.config import Settings
from g6.domain.cycles.cycle import Timing
from g6.domain.schema.words import QueueName
from g6.entrypoints.workers.jobs import JOBS


def task_annotations(settings: Settings) -> dict[str, dict[str, float | bool]]:
    """Return each task's time limits, and whether it is acknowledged early."""
    timing = Timing(settings.wall_interval)
    by_task: dict[str, dict[str, float | bool]] = {}
    for job in JOBS:
        limits = job.limits(timing)
        by_task[job.task] = {"soft_time_limit": limits.soft, "time_limit": limits.hard}
        if not limits.acks_late:
            by_task[job.task]["acks_late"] = False
    return by_task


def visibility_timeout(settings: Settings) -> float:
    """Return the seconds after which a message that nobody acknowledged comes back.

    A task that runs longer is done twice: one of 10 s under a timeout of 3 s ran four times at
    once. So it is twice the largest hard limit among tasks acknowledged late, at least 30 s.
    """
    timing = Timing(settings.wall_interval)
    limits = [job.limits(timing) for job in JOBS]
    largest = max(limit.hard for limit in limits if limit.acks_late)
    return max(30.0, 2.0 * largest)


def transport_options(settings: Settings) -> dict[str, object]:
    """Return the options of the Redis transport, times of lost messages and silent sockets."""
    options: dict[str, object] = {
        "visibility_timeout": visibility_timeout(settings),
        # By default a dead worker's message comes back at every tenth sweep of 10 s: after 100 s
        # with a timeout of 10 s, measured. With these two (Celery 5.7) it came back after 10.0 s.
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        # No retry_on_timeout: it publishes a message twice.
        "socket_timeout": 5,
        "socket_connect_timeout": 2,
        "socket_keepalive": True,
        "health_check_interval": 10,
        "global_keyprefix": f"{settings.namespace}:celery:",
    }
    if settings.redis.master_name:
        options["master_name"] = settings.redis.master_name
    return options


def celery_settings(settings: Settings, redis_url: str) -> dict[str, object]:
    """Return Celery's settings under Celery's names.

    Raises:
        BadConfig: The address of Redis cannot be read.
    """
    return _connections(settings, redis_url) | _tasks(settings) | _workers() | _beat()


def _connections(settings: Settings, redis_url: str) -> dict[str, object]:
    return {
        "broker_url": redis_url,
        # Without it kombu warns of rediss:// and verifies nothing. Other options of the address the
        # transport reads.
        "broker_use_ssl": _tls_options(redis_url),
        "broker_transport_options": transport_options(settings),
        # By default a worker gives up after 100 tries to connect.
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "broker_channel_error_retry": True,
    }


MOST_PROCESS_KILOBYTES = 1_000_000
"""Peak memory after which a pool process is replaced, in the unit of Celery's setting."""


def _tasks(settings: Settings) -> dict[str, object]:
    exchange = Exchange(settings.namespace, type="direct")  # type: ignore[no-untyped-call]
    return {
        # Workers that run as root refuse to start when pickle is accepted.
        "task_serializer": "json",
        "result_serializer": "json",
        "accept_content": ["json"],
        # Storing results costs 40 % of a worker's throughput, and nobody reads them: a rerun waits
        # on the ledger.
        "task_ignore_result": True,
        # Late acknowledgement alone loses the task of a killed child, and rejection alone sends one
        # that kills its child for ever (3 starts in 10 s). The retry, new in Celery 5.7, is bounded
        # by max_retries.
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "task_retry_on_worker_lost": True,
        # Without a default queue a name without a route dies with a traceback of QueueNotFound.
        "task_default_queue": "maintenance",
        "task_queues": [_queue(name, exchange) for name in QueueName],
        "task_routes": {job.task: {"queue": job.queue} for job in JOBS},
        "task_annotations": task_annotations(settings),
        # A typo in a route fails when the message is published, not by waiting in a queue that
        # nobody serves.
        "task_create_missing_queues": False,
        # Flower shows what events tell; with "sent" events they cost a chain of four links 25 %
        # more time.
        "task_send_sent_event": True,
        "worker_send_task_events": True,
    }


def _workers() -> dict[str, object]:
    return {
        # A slow collection must not hold another index's message.
        "worker_prefetch_multiplier": 1,
        "worker_disable_prefetch": True,
        # With SIGTERM remapped to SIGQUIT a stop ends within these seconds; rolling restarts lost
        # and doubled nothing.
        "worker_soft_shutdown_timeout": 7.0,
        "worker_enable_soft_shutdown_on_idle": False,
        "worker_max_tasks_per_child": 2000,
        # A process holds 60 MB of its own (`make footprint`). One whose peak is above this is
        # replaced between two tasks: nothing is in its hands then, and nothing is lost.
        "worker_max_memory_per_child": MOST_PROCESS_KILOBYTES,
        # Celery's own waits up to 30 s between two tries: back after 11 s where this one is after
        # 0.3 s.
        "worker_consumer": "g6.entrypoints.workers.consumer:Consumer",
        "worker_hijack_root_logger": False,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
    }


def _beat() -> dict[str, object]:
    return {
        # It keeps no file. The aligned schedule, BeatLazyFunc and `link` all work with it.
        "beat_scheduler": "g6.entrypoints.workers.grid_beat:GridBeat",
        "beat_max_loop_interval": 1.0,
        "enable_utc": True,
        "timezone": "UTC",
    }


def _queue(name: str, exchange: Exchange) -> Queue:
    return Queue(name, exchange, routing_key=name)  # type: ignore[no-untyped-call]


def _tls_options(redis_url: str) -> dict[str, object] | bool:
    """Return what Celery, and Flower beside it, are given of the address's TLS.

    False without TLS.
    """
    tls = parse_address(redis_url).tls if redis_url else None
    if tls is None:
        return False
    return {name: value for name, value in tls.items() if name != "ssl_password"}
