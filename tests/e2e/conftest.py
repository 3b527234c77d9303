"""A world for each test, ended with everything that was started in it; a live system and a past one for tests that look."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from g6.adapters.redis.server import EmbeddedServer, connect
from tests.e2e.running import START, World, clean_environment
from tests.waiting import eventually

SMALL = {
    "interval": 60,
    "market": {"speed": 20, "start": START},
    "collection": {"scope": "window"},
    "index_params": {
        **{name: {"strikes_itm": 5, "strikes_otm": 5} for name in ("NIFTY", "SENSEX")},
        **{name: {"enabled": False} for name in ("BANKNIFTY", "FINNIFTY", "MIDCPNIFTY", "BANKEX")},
    },
    "serve": {"metrics_port": 0, "web_port": 0},
}
"""Two indices of few strikes; a simulated minute takes three seconds."""
UNHURRIED = ("--speed", "6")
"""A simulated minute takes ten seconds, so that a busy machine ends each of some cycles OK."""


def configured(base: Path, **more: str) -> World:
    """Return a world whose commands all find the same configuration and data directory in the environment."""
    world = World(base)
    config = base / "small.json"
    config.write_text(json.dumps(SMALL), "utf-8")
    world.environment = clean_environment(
        G6_CONFIG=str(config), G6_DEMO_DIR=str(world.data), **more
    )
    return world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.end()


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """`g6 up` with a whole cycle stored. Ended by SIGTERM it is gone, exit code 0, nothing torn or left over."""
    world = configured(tmp_path_factory.mktemp("live"))
    system = world.start_g6("up", "--no-banner")
    try:
        world.newest()
        yield world
        assert system.ends(signal.SIGTERM) == 0
        world.is_left_alone()
        assert world.check(START, START, ("NIFTY", "SENSEX"), 60).torn == 0
    finally:
        world.end()


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Three whole cycles of a run that is over, their frames still in a broker of its own, and one worker for what comes."""
    with (
        EmbeddedServer.start(tmp_path_factory.mktemp("broker"), append_only=False) as server,
        connect(server.url) as client,
    ):
        world = configured(tmp_path_factory.mktemp("past"), G6_REDIS__BROKER_URL=server.url)
        try:
            ran = world.g6("run", "--cycles", "3", *UNHURRIED)
            assert ran.returncode == 0, ran.stderr
            client.delete("g6:ready")
            queues = "analytics,persist,aggregate,manual,maintenance"
            world.start(
                "worker",
                "celery",
                "-A",
                "g6",
                "worker",
                "-Q",
                queues,
                "-c",
                "1",
                "--without-mingle",
                "--without-gossip",
            )
            eventually(lambda: client.scard("g6:ready") == 1)
            yield world
        finally:
            world.end()
