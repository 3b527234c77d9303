"""A provider's states raise alerts that last until it answers again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from g6.adapters.redis.bus import RedisBus
from g6.adapters.redis.controls import RedisControls
from g6.adapters.redis.server import EmbeddedServer
from g6.bootstrap.quote_sources.guarding import SharedState, shared_state
from g6.bootstrap.wiring import Wiring, wire, wire_without_redis
from g6.config import load
from g6.domain.reports import ProviderState


@pytest.fixture(scope="module")
def wiring(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wiring]:
    with EmbeddedServer.start(tmp_path_factory.mktemp("broker")) as server:
        yield wire(load(None, {"provider.name": "kite"}, {}), server.url)


@pytest.fixture
def shared(wiring: Wiring) -> SharedState:
    wiring.clients.main.flushall()
    return shared_state(wiring)


def told(wiring: Wiring) -> list[tuple[str, bool]]:
    """Return state and end of each alert on the bus."""
    events = RedisBus(wiring.clients.main, "g6").read("0")
    alerts = [event.document for event in events if event.type == "alert"]
    return [(str(alert["state"]), bool(alert.get("over", False))) for alert in alerts]


@pytest.mark.parametrize(
    ("begins", "ends"), [("breaker", "breaker"), ("outage", "answers"), ("token", "token")]
)
def test_a_state_with_a_fix_is_raised_once_and_ended_by_one_without(
    wiring: Wiring, shared: SharedState, begins: str, ends: str
) -> None:
    for _ in range(2):
        shared.notify(ProviderState(begins, "it is gone", "g6 check"))
    controls = RedisControls(wiring.clients.main, "g6")
    (raised,) = controls.read().alerts.values()
    assert raised.alert.sentence == "it is gone"
    shared.notify(ProviderState(ends, "it is back", ""))
    assert not controls.read().alerts
    assert told(wiring) == [(begins, False), (begins, True)]


def test_a_state_that_ends_by_itself_is_told_each_time(wiring: Wiring, shared: SharedState) -> None:
    for _ in range(2):
        shared.notify(ProviderState("instruments", "a bad row", "g6 check kite"))
    assert told(wiring) == [("instruments", False)] * 2
    assert not RedisControls(wiring.clients.main, "g6").read().alerts


def test_a_state_that_nobody_need_act_on_is_no_alert(wiring: Wiring, shared: SharedState) -> None:
    shared.notify(ProviderState("listings"))
    assert told(wiring) == []


def test_nothing_is_raised_where_no_redis_is_known(tmp_path: Path) -> None:
    settings = load(None, {"provider.name": "kite", "demo_dir": str(tmp_path)}, {})
    wiring = wire_without_redis(settings)
    shared_state(wiring).notify(ProviderState("outage", "gone", "g6 check"))
    assert list(tmp_path.iterdir()) == []
