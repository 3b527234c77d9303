"""Controls: switches that are there until they are taken away."""

from __future__ import annotations

import pytest
import redis

from g6.adapters.memory.controls import MemoryControls
from g6.adapters.redis.controls import RedisControls
from g6.ports import Controls


@pytest.fixture(params=["memory", "redis"])
def controls(request: pytest.FixtureRequest, redis_client: redis.Redis, namespace: str) -> Controls:
    return MemoryControls() if request.param == "memory" else RedisControls(redis_client, namespace)


def test_nothing_is_set_at_first(controls: Controls) -> None:
    assert controls.read().to_json() == {}


def test_a_switch_keeps_its_type(controls: Controls) -> None:
    controls.set("greeks", False)
    controls.set("paused", {"*": "token", "NIFTY": None})
    controls.set("level", 2)
    assert controls.read().to_json() == {
        "greeks": False,
        "paused": {"*": "token", "NIFTY": None},
        "level": 2,
    }


def test_the_last_value_holds(controls: Controls) -> None:
    controls.set("greeks", False)
    controls.set("greeks", True)
    assert controls.read().to_json() == {"greeks": True}


def test_a_switch_that_was_read_is_read_again_where_it_was_set_since(controls: Controls) -> None:
    for reason in ("token", "by hand", None):
        controls.set("paused", {"*": reason})
        assert controls.read().paused == controls.read().paused == {"*": reason}
    controls.set("paused", None)
    assert controls.read().paused == {}


def test_none_removes_a_switch(controls: Controls) -> None:
    controls.set("greeks", False)
    controls.set("greeks", None)
    controls.set("never_set", None)
    assert controls.read().to_json() == {}


def test_a_value_does_not_follow_its_source(controls: Controls) -> None:
    paused = {"*": "token"}
    controls.set("paused", paused)
    paused.clear()
    assert controls.read().to_json() == {"paused": {"*": "token"}}
