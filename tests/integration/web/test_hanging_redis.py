"""A Redis that hangs, and one that lost something: what the stream and the pages say."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
import redis

from g6.adapters.redis.bus import RedisBus
from g6.adapters.redis.panels import RedisPanels
from g6.adapters.redis.server import EmbeddedServer, connect
from g6.adapters.redis.vitals import RedisVitals
from g6.bootstrap.wiring import connect_briefly
from g6.config import load
from g6.entrypoints.web.stream.hub import Hub
from g6.errors import RedisDown
from g6.ports.panels import PanelStore
from tests.unit.entrypoints.web.test_serve import world
from tests.waiting import eventually
from tests.worlds.stored_cycles import STORED_CYCLES, store_two_cycles
from tests.worlds.web.asked_over_http import client_of
from tests.worlds.web.web_stream import Running

PATIENCE_SECONDS = 11.0
"""Less than the 12 s that a patient client of Redis takes, and far more than the 1.6 s of a brief one."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedServer]:
    with EmbeddedServer.start(tmp_path / "redis", append_only=True) as running:
        yield running


@contextmanager
def standing_still(server: EmbeddedServer) -> Iterator[None]:
    """Stop the server by its process id, and let it go on."""
    os.kill(server.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(server.pid, signal.SIGCONT)


@contextmanager
def following(client: redis.Redis) -> Iterator[tuple[Running, Hub]]:
    """Run a hub over the bus and the panels of a server."""
    runtime = replace(world(), bus=RedisBus(client, slice_seconds=0.1), panels=RedisPanels(client))
    running = Running(runtime=runtime)
    hub = Hub(runtime.bus, runtime.panels, length=64, heartbeat_seconds=60.0)
    stop = threading.Event()
    thread = threading.Thread(target=hub.run, args=(stop,))
    thread.start()
    try:
        # It has taken the panels as they are: what comes now is an event.
        eventually(lambda: hub.sequence.place().bus_id)
        yield running, hub
    finally:
        stop.set()
        thread.join()


def has_made(hub: Hub, cycle: str) -> bool:
    return cycle in hub.sequence.place().ended


def test_a_redis_that_only_stood_still_leaves_the_stream_as_it_was(server: EmbeddedServer) -> None:
    with connect(server.url, timeout=2.0) as client, following(client) as (running, hub):
        first = running.cycle(overview={"rows": [1]})
        eventually(lambda: has_made(hub, first))
        place = hub.sequence.place()
        with standing_still(server):
            eventually(hub.away_seconds)
        eventually(lambda: not hub.away_seconds())
        second = running.cycle(overview={"rows": [2]})
        eventually(lambda: has_made(hub, second))
        events = hub.sequence.after(place.id)
        assert events is not None
        assert [event.type for event in events] == ["panel_diff", "end_of_cycle"]
        assert hub.sequence.place().panels == {"overview": {"rows": [2]}}


@pytest.mark.parametrize("loss", ["emptied", "started anew"])
def test_a_redis_that_may_have_lost_something_begins_an_epoch(
    server: EmbeddedServer, loss: str
) -> None:
    with connect(server.url, timeout=2.0) as client, following(client) as (running, hub):
        cycle = running.cycle(overview={"rows": [1]})
        eventually(lambda: has_made(hub, cycle))
        place = hub.sequence.place()
        epoch = hub.sequence.epoch
        if loss == "emptied":
            client.flushall()
        else:
            os.kill(server.pid, signal.SIGKILL)
            eventually(hub.away_seconds)
            eventually(lambda: server.revive(time.monotonic()) or server.alive)
        eventually(lambda: hub.sequence.epoch != epoch)
        assert hub.sequence.after(place.id) is None


def test_pages_say_soon_that_redis_does_not_answer(server: EmbeddedServer, tmp_path: Path) -> None:
    brief = connect_briefly(load(None, {"demo_dir": tmp_path}, {}), server.url)
    ports = {
        "bus": RedisBus(brief),
        "panels": RedisPanels(brief),
        "vitals": RedisVitals(brief, "g6", ("collect",), tmp_path),
    }
    with brief:
        running = Running()
        running.begin(answering=replace(running.runtime, **ports))
        try:
            assert httpx.get(f"{running.url}/status", timeout=PATIENCE_SECONDS).status_code == 200
            with standing_still(server):
                status = httpx.get(f"{running.url}/status", timeout=PATIENCE_SECONDS)
                ready = httpx.get(f"{running.url}/readyz", timeout=PATIENCE_SECONDS)
                panels = httpx.get(f"{running.url}/panels", timeout=PATIENCE_SECONDS)
                assert status.status_code == 200
                assert ready.status_code == panels.status_code == 503
                assert "Redis does not answer" in panels.json()["detail"]
                missing = "\n".join(ready.json()["missing"])
                assert "Redis does not answer" in missing
        finally:
            running.serving.end()


class AwayPanels:
    """Panels behind a server that does not answer."""

    def __getattr__(self, name: str) -> object:
        def ask(*_: object) -> object:
            raise RedisDown("Redis: does not answer")

        return ask


def test_panels_are_made_of_stored_rows_while_redis_is_away(tmp_path: Path) -> None:
    store_two_cycles(tmp_path)
    away: PanelStore = AwayPanels()  # type: ignore[assignment]
    client = client_of(tmp_path, panels=away)
    panel = client.get("/v1/panels/overview").json()
    assert panel["instant"] == STORED_CYCLES[-1]
    assert panel["data"]["rows"]
    assert "overview" in client.get("/v1/panels").json()["panels"]
    assert client.get("/v1/panels/provider").status_code == 503
    assert client.get("/v1/chain?index=FINNIFTY").status_code == 200
