"""The doorways: what a message carries, how Celery is set, and what is refused before the first message."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from billiard.compat import mem_rss
from billiard.pool import Pool
from celery.exceptions import ImproperlyConfigured, QueueNotFound
from kombu import Queue

from g6.adapters.celery_sender import CelerySender
from g6.adapters.redis.server import EmbeddedServer, connect
from g6.config import Settings, load
from g6.domain.cycles.cycle import Timing, Unit
from g6.domain.reports.events import trace_of
from g6.domain.schema.words import STAGES, QueueName
from g6.entrypoints.workers import app as application
from g6.entrypoints.workers.app import G6, create_app
from g6.entrypoints.workers.celery_lint import lint
from g6.entrypoints.workers.jobs import JOBS
from g6.entrypoints.workers.queues import celery_settings
from g6.entrypoints.workers.schedule import beat_schedule
from g6.errors import BadConfig, RedisDown

UNIT = Unit("2026-11-18T05:30:00Z", "MIDCPNIFTY")


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, redis.Redis]]:
    with (
        EmbeddedServer.start(tmp_path_factory.mktemp("broker"), append_only=False) as server,
        connect(server.url) as client,
    ):
        yield server.url, client


@pytest.fixture
def app(broker: tuple[str, redis.Redis], tmp_path: Path) -> Iterator[G6]:
    broker[1].flushall()
    made = create_app(load(None, {"demo_dir": tmp_path}, {}), broker[0])
    yield made
    made.close()


def waiting(broker: tuple[str, redis.Redis], queue: str) -> list[tuple[int, dict[str, Any]]]:
    """Return (bytes, message) of what waits in a queue."""
    held: Any = broker[1].lrange(f"g6:celery:{queue}", 0, -1)
    return [(len(text), json.loads(text)) for text in held]


def send_as_beat(app: G6) -> None:
    entry = beat_schedule(app.settings, app.runtime, app)["collect-MIDCPNIFTY"]
    app.signature(entry["task"], args=(UNIT.cycle, UNIT.index)).apply_async(**entry["options"])


def test_what_beat_sends_is_small_and_waits_in_its_queue(
    app: G6, broker: tuple[str, redis.Redis]
) -> None:
    send_as_beat(app)
    ((size, message),) = waiting(broker, "collect")
    assert size < 2048
    assert message["headers"]["task"] == "g6.collect"
    assert message["content-type"] == "application/json"


def test_every_message_of_a_cycle_carries_one_header_with_its_trace(
    app: G6, broker: tuple[str, redis.Redis]
) -> None:
    CelerySender(app).stages(UNIT, STAGES)
    CelerySender(app).aggregate(UNIT.cycle)
    headers = [waiting(broker, queue)[0][1]["headers"]["g6"] for queue in ("collect", "aggregate")]
    trace = trace_of(app.wiring.namespace, UNIT.cycle)
    assert [(header["version"], header["trace"]) for header in headers] == [(1, trace)] * 2


def test_no_message_of_the_pipeline_reaches_two_kilobytes(
    app: G6, broker: tuple[str, redis.Redis]
) -> None:
    sender = CelerySender(app)
    for position in range(3):
        sender.stages(UNIT, STAGES[position:])
    sender.stages(UNIT, STAGES[1:], manual=True)
    sender.aggregate(UNIT.cycle)
    sender.publish(UNIT.cycle)
    app.signature("g6.rerun", args=(UNIT.cycle, UNIT.index)).apply_async()
    sizes = {queue: [size for size, _ in waiting(broker, queue)] for queue in QueueName}
    assert {queue: len(held) for queue, held in sizes.items()} == {
        "collect": 1, "analytics": 1, "persist": 2, "aggregate": 1, "manual": 2, "maintenance": 0,
    }  # fmt: skip
    assert max(size for held in sizes.values() for size in held) < 2048


def test_a_rerun_goes_to_the_manual_queue_through_all_its_stages(
    app: G6, broker: tuple[str, redis.Redis]
) -> None:
    CelerySender(app).stages(UNIT, STAGES[1:], manual=True)
    ((_, message),) = waiting(broker, "manual")
    (link,) = json.loads(_body(message))[2]["chain"]
    assert (link["task"], link["options"]["queue"]) == ("g6.persist", "manual")


def test_task_ids_are_always_fresh(app: G6) -> None:
    assert len({CelerySender(app).stages(UNIT, STAGES) for _ in range(3)}) == 3


def test_a_task_without_a_route_waits_for_maintenance(
    app: G6, broker: tuple[str, redis.Redis]
) -> None:
    app.send_task("g6.not_known_yet")
    assert len(waiting(broker, "maintenance")) == 1


def test_a_typo_in_a_queue_fails_where_it_is_sent(app: G6) -> None:
    with pytest.raises((QueueNotFound, ImproperlyConfigured, KeyError)):
        app.send_task("g6.collect", queue="colect")


def _body(message: dict[str, Any]) -> bytes:
    import base64

    return base64.b64decode(message["body"])


SETTINGS: dict[str, Any] = {
    "task_serializer": "json",
    "result_serializer": "json",
    "accept_content": ["json"],
    "task_ignore_result": True,
    "task_acks_late": True,
    "task_reject_on_worker_lost": True,
    "task_retry_on_worker_lost": True,
    "task_default_queue": "maintenance",
    "beat_scheduler": "g6.entrypoints.workers.grid_beat:GridBeat",
    "broker_connection_retry_on_startup": True,
    "broker_connection_max_retries": None,
    "broker_channel_error_retry": True,
    "worker_consumer": "g6.entrypoints.workers.consumer:Consumer",
    "worker_prefetch_multiplier": 1,
    "worker_disable_prefetch": True,
    "worker_soft_shutdown_timeout": 7.0,
    "worker_enable_soft_shutdown_on_idle": False,
    "worker_max_tasks_per_child": 2000,
    "worker_max_memory_per_child": 1_000_000,
    "task_create_missing_queues": False,
    "task_send_sent_event": True,
    "worker_send_task_events": True,
    "timezone": "UTC",
    "enable_utc": True,
}


@pytest.mark.parametrize("name", SETTINGS)
def test_celery_is_set_as_measured(app: G6, name: str) -> None:
    assert app.conf[name] == SETTINGS[name]


def leak(number: int) -> tuple[int, int]:
    """Keep 20 MB for good, and return the number with the process that did it."""
    LEAKED.append(bytearray(os.urandom(1024)) * 20_000)
    return number, os.getpid()


LEAKED: list[bytearray] = []


def test_a_process_that_leaks_is_replaced_between_two_tasks_and_loses_none() -> None:
    with Pool(1) as pool:
        # A child's peak begins anew at its fork, that of a process with many tests behind it is old.
        most = pool.apply(mem_rss) + 50_000
    with Pool(1, max_memory_per_child=most) as pool:
        answers = pool.map(leak, range(8), chunksize=1)
    assert [number for number, _ in answers] == list(range(8))
    assert 1 < len({process for _, process in answers}) < 8


@pytest.mark.parametrize(
    ("name", "value"),
    [("unacked_restore_interval", 5), ("unacked_restore_throttle", 1), ("socket_timeout", 5), ("socket_connect_timeout", 2),
     ("socket_keepalive", True), ("health_check_interval", 10), ("global_keyprefix", "g6:celery:")],
)  # fmt: skip
def test_the_transport_is_set_as_measured(app: G6, name: str, value: Any) -> None:
    assert app.conf.broker_transport_options[name] == value
    assert "retry_on_timeout" not in app.conf.broker_transport_options


def test_queues_and_routes_are_explicit_and_fit(app: G6) -> None:
    queues: list[Queue] = app.conf.task_queues
    assert [queue.name for queue in queues] == list(QueueName)
    assert {queue.exchange.type for queue in queues} == {"direct"}
    assert {job.queue for job in JOBS} <= set(QueueName)
    assert set(app.conf.task_routes) == {name for name in app.tasks if name.startswith("g6.")}


@pytest.mark.parametrize(
    "task", ["g6.collect", "g6.analyse", "g6.persist", "g6.aggregate", "g6.publish", "g6.rerun"]
)
def test_a_task_is_tried_again_twice_a_second_apart(app: G6, task: str) -> None:
    assert (app.tasks[task].default_retry_delay, app.tasks[task].max_retries) == (1, 2)


@pytest.mark.parametrize("interval", [1, 2, 5, 60, 300])
def test_limits_follow_the_interval(interval: int) -> None:
    settings = load(None, {"interval": interval}, {})
    celery, timing = celery_settings(settings, "redis://127.0.0.1:1/0"), Timing(float(interval))
    limits = celery["task_annotations"]
    assert limits["g6.analyse"] == {"soft_time_limit": timing.soft, "time_limit": timing.hard}
    late = [limit["time_limit"] for limit in limits.values() if limit.get("acks_late", True)]
    assert celery["broker_transport_options"]["visibility_timeout"] >= max(30.0, 2 * max(late))


def test_a_job_longer_than_a_cycle_is_acknowledged_early(app: G6) -> None:
    assert app.conf.task_annotations["g6.rerun"] == {
        "soft_time_limit": 240.0,
        "time_limit": 300.0,
        "acks_late": False,
    }


def test_a_namespace_stands_before_every_key_and_exchange(
    broker: tuple[str, redis.Redis], tmp_path: Path
) -> None:
    shadow = create_app(load(None, {"namespace": "shadow", "demo_dir": tmp_path}, {}), broker[0])
    assert shadow.conf.broker_transport_options["global_keyprefix"] == "shadow:celery:"
    assert {queue.exchange.name for queue in shadow.conf.task_queues} == {"shadow"}
    shadow.close()


def test_an_interval_that_does_not_divide_a_day_is_refused() -> None:
    with pytest.raises(BadConfig, match="interval = 7 s does not divide a day"):
        create_app(load(None, {"interval": 7}, {}), "redis://127.0.0.1:1/0")


def changed(settings: Settings, **changes: Any) -> dict[str, Any]:
    celery = celery_settings(settings, "redis://127.0.0.1:1/0")
    for name, value in changes.items():
        celery[name] = {**celery[name], **value}
    return celery


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (
            {"broker_transport_options": {"visibility_timeout": 60}},
            "visibility_timeout 60 s is less than twice the hard limit",
        ),
        (
            {"task_annotations": {"g6.persist": {"soft_time_limit": 50.0, "time_limit": 50.0}}},
            "is not below the hard one",
        ),
        (
            {"task_annotations": {"g6.analyse": {"soft_time_limit": 48.0, "time_limit": 60.0}}},
            "is not below 0.8 of the interval",
        ),
        (
            {"task_routes": {"g6.collect": {"queue": "colect"}}},
            "routed to queue colect, which nobody declares",
        ),
    ],
    ids=["visibility", "soft and hard", "soft and interval", "route"],
)
def test_the_lint_refuses_settings_that_lose_work(changes: dict[str, Any], says: str) -> None:
    settings = load(None, {}, {})
    with pytest.raises(BadConfig, match=says) as refused:
        lint(settings, changed(settings, **changes))
    assert refused.value.fix


def test_the_lint_refuses_a_broker_that_evicts_and_warns_of_one_that_forgets() -> None:
    settings = load(None, {}, {})
    celery = changed(settings)
    with pytest.raises(BadConfig, match="allkeys-lru"):
        lint(settings, celery, maxmemory_policy="allkeys-lru")
    (warning,) = lint(settings, celery, maxmemory_policy="noeviction", appendonly=False)
    assert "appendonly" in warning


def test_a_worker_refuses_a_broker_that_evicts(
    app: G6, broker: tuple[str, redis.Redis], capsys: pytest.CaptureFixture[str]
) -> None:
    broker[1].config_set("maxmemory-policy", "allkeys-lru")
    try:
        with pytest.raises(SystemExit) as ended:
            application._refuse_what_cannot_work(app)
    finally:
        broker[1].config_set("maxmemory-policy", "noeviction")
    assert ended.value.code == 2
    assert "maxmemory-policy is allkeys-lru" in capsys.readouterr().err


def test_a_beat_refuses_settings_that_somebody_changed_afterwards(
    app: G6, capsys: pytest.CaptureFixture[str]
) -> None:
    app.conf.broker_transport_options = {"visibility_timeout": 1}
    with pytest.raises(SystemExit) as ended:
        application._refuse_what_cannot_work(app)
    assert ended.value.code == 2
    assert "visibility_timeout 1 s is less than twice" in capsys.readouterr().err


def test_what_needs_redis_is_tried_until_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(application, "REDIS_PAUSE", 0.0)
    answers = [RedisDown("away"), RedisDown("away"), None]

    def act() -> None:
        if answer := answers.pop(0):
            raise answer

    application._once_redis_is_there(act)
    assert answers == []
