"""What the system says of itself between cycles."""

from __future__ import annotations

from dataclasses import replace

import pytest

from g6 import pipeline
from g6.adapters.memory.bus import MemoryBus
from g6.adapters.memory.limiter import MemoryLimiter
from g6.adapters.memory.quote_cache import MemoryQuoteCache
from g6.adapters.memory.shared_cache import MemorySharedCache
from g6.adapters.memory.vitals import MemoryVitals
from g6.adapters.wrapping.resilient import Outage, Patience, RequestGate, Resilient
from g6.adapters.wrapping.streamed import Streamed
from g6.adapters.wrapping.throttled_bus import ThrottledBus
from g6.config import calendar
from g6.domain.cycles.cycle import parse_z
from g6.domain.quotes.tick import Feed
from g6.domain.reports import LoginFacts, ProviderFacts, VitalSigns, WorkerFacts, parse_report
from g6.domain.schema.words import QueueName
from tests.worlds.guards import Guards
from tests.worlds.pipeline import World
from tests.worlds.providers import AlteredMarket


def test_a_heartbeat_tells_queues_markets_and_provider(world: World) -> None:
    pipeline.heartbeat(world.runtime)
    (beat,) = world.reports("heartbeat")
    assert beat["queues"] == {"collect": 0}
    assert beat["market_open"] == {"NSE": True}
    assert beat["provider"]["mode"] == "sim"


@pytest.mark.parametrize(("every", "beats"), [(2.0, 30), (10.0, 6), (60.0, 1)])
def test_heartbeats_come_as_far_apart_as_is_configured(
    world: World, every: float, beats: int
) -> None:
    world.runtime = replace(world.runtime, heartbeat_seconds=every)
    for _ in range(30):
        pipeline.heartbeat(world.runtime)
        world.later(2.0)
    assert len(world.reports("heartbeat")) == beats


def test_a_heartbeat_trims_the_bus_to_what_it_says_that_it_holds(world: World) -> None:
    bus = MemoryBus()
    world.runtime = replace(world.runtime, bus=ThrottledBus(bus, world.clock, length=10))
    for _ in range(30):
        bus.publish(parse_report("alert", {}))
    pipeline.heartbeat(world.runtime)
    events = bus.read("0")
    assert len(events) <= 10
    (beat,) = [event for event in events if event.type == "heartbeat"]
    assert beat.document["plan"]["most_events"] == 10


def test_each_heartbeat_tells_queue_depths_and_the_requests_left(world: World) -> None:
    limiter = MemoryLimiter(world.clock.wall, spacings={"quote": 1.0, "other": 0.1})
    breaker = Guards(clock=world.clock).breaker()
    guarded = Resilient(
        world.provider,
        RequestGate(limiter, breaker, Patience(3, 0.001, 0.002), world.clock),
        breaker,
        limiter,
        MemorySharedCache(world.clock.wall),
        lambda _at: world.clock.wall() + 30.0,
        outage=Outage("sim", MemorySharedCache(world.clock.wall), lambda _: None),
    )
    vitals = MemoryVitals(VitalSigns(queues={"collect": 3}))
    world.runtime = replace(world.runtime, heartbeat_seconds=10.0, provider=guarded, vitals=vitals)
    limiter.reserve("quote", 20)
    for _ in range(15):
        pipeline.heartbeat(world.runtime)
        world.later(2.0)
    beats = world.reports("heartbeat")
    assert [beat["queues"] for beat in beats] == [{"collect": 3}] * 3
    left = [beat["provider"]["budget_left"] for beat in beats]
    assert left == [{"quote": spent, "other": 600} for spent in (40, 50, 60)]


def skewed(seconds: float) -> VitalSigns:
    """Return the signs of a host whose clock is so much ahead."""
    return VitalSigns(clock_skew_seconds={"here": seconds})


@pytest.mark.parametrize("every", [2.0, 10.0])
@pytest.mark.parametrize(("seconds", "alerts"), [(0.21, 1), (-0.4, 1), (0.19, 0)])
def test_a_clock_that_is_wrong_is_told_of_once(
    world: World, seconds: float, alerts: int, every: float
) -> None:
    world.runtime = replace(
        world.runtime, vitals=MemoryVitals(skewed(seconds)), heartbeat_seconds=every
    )
    beat_on(world, 30)
    assert len(world.reports("alert")) == alerts


def beat_on(world: World, beats: int) -> None:
    """Let some beats pass, two seconds apart."""
    for _ in range(beats):
        pipeline.heartbeat(world.runtime)
        world.later(2.0)


def shown(world: World) -> list[str]:
    """Return the states that panel `alerts` shows."""
    panel = world.panels.get("alerts") or {"data": {"alerts": []}}
    return [each["name"] for each in panel["data"]["alerts"]]


def test_what_is_over_is_told_of_once_and_leaves_the_panel(world: World) -> None:
    vitals = MemoryVitals(skewed(3.0))
    world.runtime = replace(world.runtime, vitals=vitals)
    beat_on(world, 5)
    assert shown(world) == ["clock"]
    vitals.signs = skewed(0.0)
    beat_on(world, 5)
    raised, over = world.reports("alert")
    assert "over" not in raised
    assert over["over"] is True
    assert over["sentence"] == f"over after 10 s: {raised['sentence']}"
    assert shown(world) == []


def test_a_stall_is_told_of_after_three_minutes_and_once(world: World) -> None:
    pipeline.heartbeat(world.runtime)
    for _ in range(89):
        world.later(2.0)
        pipeline.heartbeat(world.runtime)
    assert world.reports("alert") == []
    for _ in range(60):
        world.later(2.0)
        pipeline.heartbeat(world.runtime)
    (told,) = world.reports("alert")
    assert told["state"] == "stall"
    assert "no cycle has analysed anything for" in told["sentence"]
    assert shown(world) == ["stall"]


def staffed(waiting: int = 0, *, is_up: bool = True) -> VitalSigns:
    """Return the signs of workers that serve all queues, of which that of the files may be silent."""
    others = [str(name) for name in QueueName if name != QueueName.PERSIST]
    workers = {
        "cycle@a": WorkerFacts(queues=others),
        "persist@a": WorkerFacts(queues=["persist"], up=is_up),
    }
    return VitalSigns(queues={"persist": waiting}, workers=workers)


def test_a_queue_whose_workers_are_silent_is_told_of_until_it_is_served(world: World) -> None:
    vitals = MemoryVitals(staffed())
    world.runtime = replace(world.runtime, vitals=vitals)
    beat_on(world, 2)
    assert world.reports("alert") == []
    vitals.signs = staffed(3, is_up=False)
    beat_on(world, 2)
    (alert,) = world.reports("alert")
    assert alert["sentence"] == "nobody serves queue persist: 3 messages wait"
    assert "-Q persist" in alert["fix"]
    vitals.signs = staffed(3)
    beat_on(world, 2)
    assert world.reports("alert")[-1]["over"] is True


def test_a_calendar_that_ends_is_told_of_each_day_and_once_a_day(world: World) -> None:
    """A system that was started in spring heard nothing of it."""
    last = f"the exchange calendar ends on {calendar().last_day}"
    for day, beats in ((1, 1), (2, 3), (30, 1), (31, 2)):
        world.clock.now = parse_z(f"2026-12-{day:02}T05:30:00Z").timestamp()
        for _ in range(beats):
            pipeline.heartbeat(world.runtime)
            world.later(3600.0)
    told = [each["sentence"] for each in world.reports("alert") if each["state"] == "calendar"]
    assert told == [
        f"{last}, {when}: nothing is collected after it"
        for when in ("in 29 days", "tomorrow", "today")
    ]
    assert "calendar" in shown(world)
    other = replace(calendar(), covered_years=frozenset({2026, 2027}))
    world.runtime = replace(world.runtime, calendar=other)
    pipeline.heartbeat(world.runtime)
    assert world.reports("alert")[-1]["over"]


def test_nothing_stalls_where_no_market_is_open(world: World) -> None:
    pipeline.heartbeat(world.runtime)
    world.later(12 * 3600.0)
    for _ in range(60):
        world.later(2.0)
        pipeline.heartbeat(world.runtime)
    assert world.reports("alert") == []


class SignedIn(AlteredMarket):
    """The simulated market behind a token."""

    def __init__(self, token: str) -> None:
        self.token = token

    def describe(self) -> ProviderFacts:
        return replace(super().describe(), login=LoginFacts(self.token, None, 9 * 3600.0))


def streamed(world: World, token: str) -> MemoryQuoteCache:
    """Put a stream before the market, and return the cache that its process writes."""
    cache = MemoryQuoteCache()
    provider = Streamed(SignedIn(token), cache, world.clock, calendar(), {})
    world.runtime = replace(world.runtime, provider=provider)
    return cache


@pytest.mark.parametrize(
    ("state", "token", "fix"),
    [
        ("refused", "expired", "g6 login"),
        ("refused", "valid", "REST takes the token"),
        ("dead", "valid", "g6 status --json"),
    ],
)
def test_a_silent_stream_is_told_of_after_a_minute_until_it_flows(
    world: World, state: str, token: str, fix: str
) -> None:
    cache = streamed(world, token)
    for is_flowing, beats in ((False, 65), (True, 35), (False, 20)):
        for _ in range(beats):
            now = world.clock.wall()
            silent = Feed() if state == "dead" else Feed(state, told=now)
            cache.put_feeds({0: Feed("open", last_frame=now, told=now) if is_flowing else silent})
            pipeline.heartbeat(world.runtime)
            world.later(2.0)
    told = [alert for alert in world.reports("alert") if alert["state"] == "stream"]
    assert ["over" in alert for alert in told] == [False, True]
    assert told[0]["fix"].startswith(fix)


def test_a_stream_may_be_silent_while_no_market_is_open(world: World) -> None:
    streamed(world, "expired").put_feeds({0: Feed("refused")})
    world.later(12 * 3600.0)
    for _ in range(60):
        world.later(2.0)
        pipeline.heartbeat(world.runtime)
    assert world.reports("alert") == []


def test_the_panels_check_says_what_it_found(world: World) -> None:
    world.archive.issues = {"indices.json": "mismatch"}
    pipeline.verify_panels(world.runtime)
    assert world.reports("panels.verify")[0]["issues"] == {"indices.json": "mismatch"}
