"""`g6 live` against the look-alike: login, checks, the board until the close, and the day's summary."""

from __future__ import annotations

from pathlib import Path

from g6.domain.cycles.cycle import parse_z
from tests.e2e.running import World, clean_environment
from tests.worlds.kite import kite_server

START = "2026-11-20T09:55:00Z"
SPEED = 30.0


def test_one_command_collects_until_the_close_and_sums_the_day_up(tmp_path: Path) -> None:
    world = World(tmp_path)
    with kite_server(start=START, speed=SPEED) as kite:
        state = kite.state()
        ahead = (parse_z(state["market"]) - parse_z(START)).total_seconds()
        world.environment = clean_environment(
            G6_PROVIDER__NAME="kite",
            G6_PROVIDER__ROOT=kite.root,
            G6_MARKET__START=START,
            G6_MARKET__ORIGIN=repr(state["wall"] - ahead / SPEED),
            G6_MARKET__SPEED=str(SPEED),
            G6_TICKER__ENABLED="false",
            G6_FEATURES__SERVE="false",
            KITE_API_KEY="demo",
            KITE_API_SECRET="demo",
        )
        try:
            done = world.g6(
                "live", "--headless", "--indices", "NIFTY", "--interval", "300", seconds=260.0
            )
        finally:
            world.end()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "logged in as" in done.stdout
    assert "✓ prices: NIFTY" in done.stdout
    assert "there is an access token until tomorrow 06:00" in done.stdout
    assert "the session of 2026-11-20 is over" in done.stdout
    assert "next      Mon 23 Nov 09:15" in done.stdout
    assert "stopped: " in done.stdout
    assert "the day 2026-11-20 by index" in done.stdout
    assert world.cycles()[-1] == "2026-11-20T10:10:00Z"


def test_without_a_key_it_ends_at_once_with_what_to_set(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.environment = clean_environment(G6_PROVIDER__NAME="kite")
    done = world.g6("live", "--headless")
    assert done.returncode == 2
    assert "there is no API key" in done.stderr
    assert "KITE_API_KEY" in done.stderr
