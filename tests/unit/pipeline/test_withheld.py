"""Units for which nothing was asked: a breaker that is open, a token that is dead, and how collection goes on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from g6 import pipeline
from g6.domain.cycles.cycle import parse_z
from g6.domain.reports import ProviderFacts
from g6.errors import BreakerOpen, ProviderRefused, TokenDead
from tests.worlds.pipeline import FIRST, SECOND, World, after
from tests.worlds.providers import CountingMarket


class Broker(CountingMarket):
    """The simulated market with a login: `login` is the token's state and the seconds it has left."""

    def __init__(self) -> None:
        super().__init__()
        self.login: dict[str, Any] = {"state": "valid", "seconds_left": 3600.0}

    def describe(self) -> ProviderFacts:
        return ProviderFacts.from_json({"mode": "live", "source": "broker", "login": self.login})


@dataclass(slots=True)
class Logged(World):
    provider: Broker = field(default_factory=Broker)


@pytest.fixture
def world() -> Logged:
    return Logged()


def test_an_open_breaker_makes_a_skipped_cycle_with_its_reason(world: Logged) -> None:
    world.provider.errors = dict.fromkeys(("NIFTY", "BANKNIFTY"), BreakerOpen("left alone"))
    world.cycle()
    assert world.ends() == dict.fromkeys(("NIFTY", "BANKNIFTY"), ("SKIPPED", "breaker"))
    assert "paused" not in world.controls.read().to_json()


def test_a_dead_token_pauses_collection_and_nothing_is_asked_any_more(world: Logged) -> None:
    world.provider.errors = dict.fromkeys(("NIFTY", "BANKNIFTY"), TokenDead("refused"))
    world.provider.login = {"state": "refused", "seconds_left": 0.0}
    world.cycle(FIRST)
    assert world.ends(FIRST) == dict.fromkeys(("NIFTY", "BANKNIFTY"), ("SKIPPED", "token"))
    assert world.controls.read().to_json()["paused"] == {"*": "token"}
    asked = world.provider.count
    world.cycle(SECOND)
    assert world.ends(SECOND) == dict.fromkeys(("NIFTY", "BANKNIFTY"), ("SKIPPED", "token"))
    assert world.provider.count == asked


def test_a_login_ends_the_pause_by_itself_and_no_other(world: Logged) -> None:
    world.controls.set("paused", {"*": "token", "BANKNIFTY": "by hand"})
    world.cycle(FIRST)
    assert world.ends(FIRST) == {"NIFTY": ("OK", ""), "BANKNIFTY": ("SKIPPED", "paused")}
    assert world.controls.read().to_json()["paused"] == {"BANKNIFTY": "by hand"}


def test_what_a_failed_collection_asked_stands_in_its_report(world: Logged) -> None:
    world.provider.errors = {"NIFTY": BreakerOpen("left alone")}
    world.cycle()
    (report,) = [
        each
        for each in world.reports("unit.report")
        if each["stage"] == "collect" and each["index"] == "NIFTY"
    ]
    assert report["counts"]["provider"]["source"] == "broker"
    assert report["counts"]["error"] == "left alone"


@pytest.mark.parametrize(
    ("clock", "login", "alerts"),
    [
        ("2026-11-18T02:50:00Z", {"state": "expired", "seconds_left": 0.0}, 1),
        ("2026-11-18T02:50:00Z", {"state": "valid", "seconds_left": 60.0}, 1),
        ("2026-11-18T02:50:00Z", {"state": "valid", "seconds_left": 70_000.0}, 0),
        ("2026-11-18T01:00:00Z", {"state": "missing", "seconds_left": None}, 0),
        ("2026-11-18T05:00:00Z", {"state": "missing", "seconds_left": None}, 0),
        ("2026-11-21T02:50:00Z", {"state": "missing", "seconds_left": None}, 0),
    ],
)
def test_of_a_session_without_a_token_a_person_is_told_once(
    world: Logged, clock: str, login: dict[str, Any], alerts: int
) -> None:
    world.clock.now, world.provider.login = parse_z(clock).timestamp(), login
    for _ in range(3):
        pipeline.heartbeat(world.runtime)
    told = world.reports("alert")
    assert [(each["state"], each["fix"]) for each in told] == [("token", "g6 login")] * alerts


def test_a_token_for_want_of_which_units_are_withheld_is_told_of_once(world: Logged) -> None:
    world.clock.now = parse_z("2026-11-18T05:00:00Z").timestamp()
    world.provider.login = {"state": "missing", "seconds_left": None}
    world.controls.set("paused", {"*": "token"})
    for _ in range(3):
        pipeline.heartbeat(world.runtime)
    (alert,) = world.reports("alert")
    assert alert["sentence"] == "the access token is missing and the market is open"
    assert alert["fix"] == "g6 login"


def test_a_provider_that_refuses_every_index_is_told_of_until_it_gives_quotes(
    world: Logged,
) -> None:
    world.provider.errors = {
        name: ProviderRefused("no such plan") for name in ("NIFTY", "BANKNIFTY")
    }
    world.cycle()
    world.cycle(SECOND)
    (alert,) = world.reports("alert")
    assert alert["state"] == "provider"
    assert (
        alert["sentence"]
        == "the provider gives no quotes since Wed 18 Nov 2026 11:00 IST (provider)"
    )
    assert "g6 check" in alert["fix"]
    assert "provider" in [each["name"] for each in panel_alerts(world)]
    world.provider.errors = {}
    world.cycle(after(SECOND, 60.0))
    assert world.reports("alert")[-1]["over"] is True
    assert panel_alerts(world) == []


def panel_alerts(world: Logged) -> list[dict[str, Any]]:
    """Return what panel `alerts` shows."""
    panel = world.panels.get("alerts") or {}
    return list(panel["data"]["alerts"])
