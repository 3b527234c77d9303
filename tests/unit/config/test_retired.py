"""A retired setting is refused with what to write instead, and whoever runs the system hears of it."""

from __future__ import annotations

import pytest

from g6.config import load
from g6.config.retired import RETIRED, RetiredSetting, retired_option, retired_setting
from g6.domain.reports import Event, StateFacts
from g6.domain.reports.alerts import SETTING_RETIRED
from g6.errors import BadConfig
from g6.observability.catalogue import FAMILIES
from g6.observability.recorder import record

SETTINGS = [record.name for record in RETIRED if not record.is_option]


@pytest.mark.parametrize("name", SETTINGS)
def test_a_retired_setting_is_refused_with_what_to_write_instead(name: str) -> None:
    record_ = retired_setting(name)
    assert record_ is not None
    with pytest.raises(RetiredSetting) as caught:
        load("", {name: True, "redis.broker_url": "redis://host:6379/0", "namespace": "shadow"}, {})
    assert f"{name} is gone since {record_.since}: {record_.instead}" in caught.value.fix
    assert caught.value.names == (name,)
    assert (caught.value.redis_url, caught.value.namespace) == ("redis://host:6379/0", "shadow")


def test_an_unknown_setting_is_no_retired_one() -> None:
    with pytest.raises(BadConfig) as caught:
        load("", {"intervall": 5}, {})
    assert not isinstance(caught.value, RetiredSetting)


def test_an_option_is_retired_by_its_whole_name_alone() -> None:
    assert retired_option(["no", "such", "option:", "--run-once"]) is not None
    assert retired_option(["no", "such", "option:", "--run-once-more"]) is None
    assert retired_setting("--run-once") is None


def test_each_retired_setting_is_counted() -> None:
    alert = SETTING_RETIRED.fire(
        StateFacts(retired=["indices", "overlays"]), names="both", fix="mend it"
    )
    event = Event("1-0", "2026-11-20T05:30:00Z", alert, key=alert.state)
    samples = [sample for sample in record(event) if "deprecated" in sample.family]
    assert [sample.labels for sample in samples] == [("indices",), ("overlays",)]
    assert FAMILIES[samples[0].family].labels == ("key",)
