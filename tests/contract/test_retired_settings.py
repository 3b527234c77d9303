"""A configuration that was refused for a retired setting is reported where its system runs."""

from __future__ import annotations

import redis

from g6.adapters.redis.bus import RedisBus
from g6.bootstrap.settings_checks.retired_settings import report_retired
from g6.config.retired import RetiredSetting
from g6.domain.reports import Alert
from g6.errors import BadConfig

REFUSED = BadConfig("overlays = true (a.json) is no setting", "overlays is gone")


def test_the_refusal_is_an_alert_on_the_bus_that_the_configuration_names(
    redis_client: redis.Redis, redis_url: str, namespace: str
) -> None:
    values = {"redis": {"broker_url": redis_url}, "namespace": namespace}
    assert report_retired(RetiredSetting(REFUSED, ("overlays",), values))
    (event,) = RedisBus(redis_client, namespace).read("0-0")
    assert isinstance(event.payload, Alert)
    assert event.payload.facts.retired == ["overlays"]
    assert event.payload.fix == REFUSED.fix


def test_without_an_address_nobody_is_told() -> None:
    assert not report_retired(RetiredSetting(REFUSED, ("overlays",), {}))


def test_a_server_that_is_away_costs_no_second_error() -> None:
    values = {"redis": {"broker_url": "redis://127.0.0.1:9/0"}}
    assert not report_retired(RetiredSetting(REFUSED, ("overlays",), values))
