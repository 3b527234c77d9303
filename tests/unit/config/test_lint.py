"""Settings that the lint refuses."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kombu import Queue

from g6.bootstrap.settings_checks.rest_budget import answer_seconds, least_interval, rest_budget
from g6.bootstrap.settings_checks.settings_lint import LEAST_EVENTS_SECONDS
from g6.config import Settings, load
from g6.config.settings_model import SIX
from g6.domain.cycles.cycle import Timing
from g6.domain.market.instrument import INVENTED
from g6.entrypoints.workers.celery_lint import lint
from g6.entrypoints.workers.jobs import SHORTEST_FOLD_SECONDS
from g6.entrypoints.workers.queues import celery_settings
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
    assert (
        lint(
            made,
            celery_settings(made, "redis://localhost/0"),
            maxmemory_policy="noeviction",
            appendonly=True,
        )
        == ()
    )


def test_a_visibility_timeout_under_twice_the_largest_late_acknowledged_limit_is_refused() -> None:
    said = refusal(settings(), celery(broker_transport_options={"visibility_timeout": 95}))
    assert "visibility_timeout 95 s is less than twice the hard limit of g6.collect, 48 s" in said


def test_a_long_job_that_acknowledges_early_does_not_count_for_it() -> None:
    known = celery()
    known["task_annotations"]["g6.rerun"] = {
        "soft_time_limit": 240,
        "time_limit": 300,
        "acks_late": False,
    }
    assert lint(settings(), known) == ()


def test_a_soft_limit_that_is_not_below_the_hard_one_is_refused() -> None:
    known = celery(task_annotations={"g6.other": {"soft_time_limit": 10, "time_limit": 10}})
    assert "g6.other: soft time limit 10 s is not below the hard one" in refusal(settings(), known)


def test_a_stage_that_may_run_into_the_next_cycle_is_refused() -> None:
    known = celery(task_annotations={"g6.collect": {"soft_time_limit": 24, "time_limit": 49}})
    assert "g6.collect: soft time limit 24 s is not below 0.8 of the interval, 24 s" in refusal(
        settings(interval=30), known
    )


def test_an_interval_that_does_not_divide_a_day_is_refused_with_its_neighbours() -> None:
    assert "say 6 or 8" in refusal(settings(interval=7), celery(task_annotations={}))


@pytest.mark.parametrize(
    ("interval", "strikes", "said"),
    [
        (
            5,
            10,
            "the smallest interval that works is 20 s",
        ),  # 6 indices of 490 options: 6 requests and 3 further ones
        (
            10,
            200,
            "the smallest interval that works is 120 s",
        ),  # of 4,852: 60 requests and 3 further ones
    ],
)
def test_an_interval_without_room_for_the_brokers_rate_is_refused_with_the_smallest_that_works(
    interval: int, strikes: int, said: str
) -> None:
    wide = {
        f"index_params__{name}__strikes_{side}": strikes for name in SIX for side in ("itm", "otm")
    }
    made = settings(
        provider__name="kite",
        ticker__enabled=False,
        interval=interval,
        collection__scope="window",
        **wide,
    )
    assert said in refusal(made, celery(task_annotations={}))


@pytest.mark.parametrize(
    "over", [{"ticker__enabled": True, "interval": 30}, {"interval": 30}, {"provider__name": "sim"}]
)
def test_the_brokers_rate_binds_only_who_asks_too_often_over_rest(over: dict[str, Any]) -> None:
    asked = {
        "provider__name": "kite",
        "ticker__enabled": False,
        "interval": 5,
        "collection__scope": "chain",
    } | over
    assert lint(settings(**asked), celery(task_annotations={})) == ()


def test_an_interval_that_only_a_stream_can_hold_is_a_warning_with_the_smallest_that_rest_bridges() -> (
    None
):
    made = settings(provider__name="kite", interval=5, collection__scope="chain")
    (told,) = lint(made, celery(task_annotations={}))
    assert "no time for 12 quote requests and 3 further ones" in told
    assert (
        "the last of them begins 15.2 s after the cycle's instant, and none may begin later than 2.2 s"
        in told
    )
    assert "from 30 s on REST bridges whole cycles" in told


def test_a_bus_that_drops_events_before_they_are_stored_is_a_warning() -> None:
    many: dict[str, Any] = {f"index_params__{name}__enabled": True for name in INVENTED}

    def warnings(**more: Any) -> tuple[str, ...]:
        return lint(settings(interval=1, **many, **more), celery(task_annotations={}))

    assert warnings() == ()
    (told,) = warnings(redis__max_events=1_000)
    assert "redis.max_events = 1000 holds the events of 5.0 s with 66 indices" in told
    enough = int(re.findall(r"set (\d+) or more", told)[0])
    assert warnings(redis__max_events=enough) == ()
    assert len(warnings(redis__max_events=enough - 1)) == 1


def test_the_bus_must_hold_what_comes_in_twice_the_shortest_time_between_two_storings() -> None:
    assert LEAST_EVENTS_SECONDS == 2 * SHORTEST_FOLD_SECONDS


@pytest.mark.parametrize("scope", ["chain", "window", "auto"])
@pytest.mark.parametrize("count", range(1, 7))
@pytest.mark.parametrize("fallback", [None, "kite"])
def test_the_interval_that_is_named_passes_and_the_divisor_before_it_does_not(
    scope: str, count: int, fallback: str | None
) -> None:  # fmt: skip
    over: dict[str, Any] = {f"index_params__{name}__enabled": False for name in SIX[count:]}
    made = settings(
        provider__name="kite", provider__fallback=fallback, ticker__enabled=False, interval=60, collection__scope=scope, **over
    )  # fmt: skip
    least = least_interval(made)
    assert rest_budget(made.model_copy(update={"interval": least})).fits
    before = max(step for step in range(1, least) if 86_400 % step == 0)
    assert not rest_budget(made.model_copy(update={"interval": before})).fits
    if fallback:
        assert least > least_interval(
            made.model_copy(
                update={"provider": made.provider.model_copy(update={"fallback": None})}
            )
        )


@given(
    interval=st.sampled_from([step for step in range(1, 901) if 86_400 % step == 0]),
    count=st.integers(1, 6),
)
def test_what_fits_begins_in_time_and_is_answered_before_the_soft_limit(
    interval: int, count: int
) -> None:
    made = settings(
        provider__name="kite", ticker__enabled=False, interval=interval,
        **{f"index_params__{name}__enabled": False for name in SIX[count:]},
    )  # fmt: skip
    budget, timing = rest_budget(made), Timing(made.wall_interval)
    last = budget.begin_within + answer_seconds(made)
    assert last < timing.soft
    assert last <= timing.grace
    assert budget.spare >= budget.further >= 1
    if budget.fits:
        slots = (budget.begin_within - 0.5) / 1.05
        assert budget.requests + budget.spare <= slots + 1


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "10.0.0.7", "g6.example"])  # noqa: S104 - they are refused
def test_an_address_beyond_the_loopback_is_refused_without_a_token(host: str) -> None:
    assert "set serve.token" in refusal(settings(serve__host=host), celery())
    assert lint(settings(serve__host=host, serve__token="a" * 16), celery()) == ()


@pytest.mark.parametrize(
    ("shares", "words"),
    [
        ({"exit": 1.0}, "stream_backlog_exit = 1 is not below serve.stream_backlog_degrade = 1"),
        ({"exit": 0.6, "degrade": 0.5}, "stream_backlog_exit = 0.6 is not below"),
        ({"warn": 0.9, "degrade": 0.8}, "stream_backlog_warn = 0.9 is above"),
    ],
)
def test_shares_of_a_backlog_that_contradict_each_other_are_refused(
    shares: dict[str, float], words: str
) -> None:
    assert words in refusal(_with_shares(shares), celery())


def test_shares_of_a_backlog_that_keep_their_order_are_taken() -> None:
    assert lint(_with_shares({"exit": 0.2, "warn": 0.8, "degrade": 0.8}), celery()) == ()


def _with_shares(shares: dict[str, float]) -> Settings:
    return settings(**{f"serve__stream_backlog_{name}": share for name, share in shares.items()})


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_the_loopback_needs_no_token(host: str) -> None:
    assert lint(settings(serve__host=host), celery()) == ()


def test_a_routed_queue_that_nobody_declares_is_refused() -> None:
    assert "g6.persist is routed to queue presist" in refusal(
        settings(), celery(task_routes={"g6.persist": {"queue": "presist"}})
    )


@pytest.mark.parametrize("policy", ["allkeys-lru", "volatile-ttl"])
def test_a_broker_that_evicts_is_refused(policy: str) -> None:
    assert f"maxmemory-policy is {policy}" in refusal(settings(), celery(), maxmemory_policy=policy)


def test_a_broker_without_a_journal_is_a_warning() -> None:
    assert "appendonly off" in lint(settings(), celery(), appendonly=False)[0]


def test_every_refusal_is_told_at_once() -> None:
    said = refusal(
        settings(interval=7), celery(task_routes={"a": "b"}), maxmemory_policy="allkeys-lru"
    )
    assert all(
        part in said for part in ("does not divide", "routed to queue b", "maxmemory-policy")
    )
