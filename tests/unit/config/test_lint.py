"""Settings that the lint refuses."""

from __future__ import annotations

from typing import Any

import pytest
from kombu import Queue

from g6.config import Settings, lint, load
from g6.config.model import SIX
from g6.entrypoints.queues import celery_settings
from g6.errors import BadConfig


def settings(**overrides: Any) -> Settings:
    return load("", {path.replace("__", "."): value for path, value in overrides.items()}, {})


def celery(**changes: Any) -> dict[str, Any]:
    return {
        "task_acks_late": True,
        "broker_transport_options": {"visibility_timeout": 100},
        "task_queues": [Queue("collect")],
        "task_routes": {"g6.collect": {"queue": "collect"}},
        "task_annotations": {"g6.collect": {"soft_time_limit": 36.0, "time_limit": 48.0}},
    } | changes


def refusal(made: Settings, known: dict[str, Any], **facts: Any) -> str:
    with pytest.raises(BadConfig) as caught:
        lint(made, known, **facts)
    return str(caught.value)


@pytest.mark.parametrize("interval", [1, 5, 15, 60, 300])
@pytest.mark.parametrize("speed", [1, 12, 60])
def test_the_settings_that_ship_pass_at_every_interval(interval: int, speed: int) -> None:
    made = settings(interval=interval, market__speed=speed)
    assert lint(made, celery_settings(made, "redis://localhost/0"), maxmemory_policy="noeviction", appendonly=True) == ()


def test_a_visibility_timeout_under_twice_the_largest_late_acknowledged_limit_is_refused() -> None:
    said = refusal(settings(), celery(broker_transport_options={"visibility_timeout": 95}))
    assert "visibility_timeout 95 s is less than twice the hard limit of g6.collect, 48 s" in said


def test_a_long_job_that_acknowledges_early_does_not_count_for_it() -> None:
    known = celery()
    known["task_annotations"]["g6.rerun"] = {"soft_time_limit": 240, "time_limit": 300, "acks_late": False}
    assert lint(settings(), known) == ()


def test_a_soft_limit_that_is_not_below_the_hard_one_is_refused() -> None:
    known = celery(task_annotations={"g6.other": {"soft_time_limit": 10, "time_limit": 10}})
    assert "g6.other: soft time limit 10 s is not below the hard one" in refusal(settings(), known)


def test_a_stage_that_may_run_into_the_next_cycle_is_refused() -> None:
    known = celery(task_annotations={"g6.collect": {"soft_time_limit": 24, "time_limit": 49}})
    assert "g6.collect: soft time limit 24 s is not below 0.8 of the interval, 24 s" in refusal(settings(interval=30), known)


def test_an_interval_that_does_not_divide_a_day_is_refused_with_its_neighbours() -> None:
    assert "say 6 or 8" in refusal(settings(interval=7), celery(task_annotations={}))


@pytest.mark.parametrize(
    ("interval", "strikes", "said"),
    [
        (5, 24, "the smallest interval that works is 8 s"),  # 6 indices of 392 options: 6 requests
        (10, 200, "the smallest interval that works is 45 s"),  # of 3,208: 42 requests
    ],
)
def test_an_interval_without_room_for_the_brokers_rate_is_refused_with_the_smallest_that_works(
    interval: int, strikes: int, said: str
) -> None:
    wide = {f"index_params__{name}__strikes_{side}": strikes for name in SIX for side in ("itm", "otm")}
    made = settings(provider__name="kite", ticker__enabled=False, interval=interval, collection__scope="window", **wide)
    assert said in refusal(made, celery(task_annotations={}))


@pytest.mark.parametrize("over", [{"ticker__enabled": True, "interval": 15}, {"interval": 15}, {"provider__name": "sim"}])
def test_the_brokers_rate_binds_only_who_asks_too_often_over_rest(over: dict[str, Any]) -> None:
    asked = {"provider__name": "kite", "ticker__enabled": False, "interval": 5, "collection__scope": "chain"} | over
    assert lint(settings(**asked), celery(task_annotations={})) == ()


def test_an_interval_that_only_a_stream_can_hold_is_a_warning_with_the_smallest_that_rest_bridges() -> None:
    made = settings(provider__name="kite", interval=5, collection__scope="chain")
    (told,) = lint(made, celery(task_annotations={}))
    assert "without it the broker needs 12.6 s for 12 quote requests" in told
    assert "from 15 s on REST bridges whole cycles" in told


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "10.0.0.7", "g6.example"])  # noqa: S104 - they are refused
def test_an_address_beyond_the_loopback_is_refused_without_a_token(host: str) -> None:
    assert "set serve.token" in refusal(settings(serve__host=host), celery())
    assert lint(settings(serve__host=host, serve__token="a" * 16), celery()) == ()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_the_loopback_needs_no_token(host: str) -> None:
    assert lint(settings(serve__host=host), celery()) == ()


def test_a_routed_queue_that_nobody_declares_is_refused() -> None:
    assert "g6.persist is routed to queue presist" in refusal(settings(), celery(task_routes={"g6.persist": {"queue": "presist"}}))


@pytest.mark.parametrize("policy", ["allkeys-lru", "volatile-ttl"])
def test_a_broker_that_evicts_is_refused(policy: str) -> None:
    assert f"maxmemory-policy is {policy}" in refusal(settings(), celery(), maxmemory_policy=policy)


def test_a_broker_without_a_journal_is_a_warning() -> None:
    assert "appendonly off" in lint(settings(), celery(), appendonly=False)[0]


def test_every_refusal_is_told_at_once() -> None:
    said = refusal(settings(interval=7), celery(task_routes={"a": "b"}), maxmemory_policy="allkeys-lru")
    assert all(part in said for part in ("does not divide", "routed to queue b", "maxmemory-policy"))
