"""Series of single options: those of the newest chain, none more than are wanted, gone when it is."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from g6.adapters.memory.bus import MemoryBus
from g6.adapters.memory.totals import MemoryTotals
from g6.domain.cycles.cycle import parse_z
from g6.domain.cycles.memory_pressure import PressureLevel
from g6.domain.figures.option_samples import option_detail
from g6.domain.pricing.assembly import assemble
from g6.domain.quotes.stamp import from_frame
from g6.domain.reports import OptionDetail
from g6.domain.reports.option_detail import DetailMode, DetailRules, OptionSample
from g6.observability.exposition import render
from g6.observability.follower import BusFollower
from g6.observability.latest import DETAIL_SECONDS, LatestReports
from tests.worlds.pipeline import NIFTY, World

CYCLE = "2026-11-20T05:30:00Z"


def published(bus: MemoryBus, *strikes: float, rejected: int = 0) -> None:
    options = [OptionSample("2026-11-24", strike, "CE", 10.0, 0.12, None) for strike in strikes]
    mode = DetailMode.BAND if strikes else DetailMode.AGGREGATE
    bus.publish(OptionDetail(CYCLE, "NIFTY", mode, tuple(options), rejected), key="NIFTY")


def series(follower: BusFollower, now: float) -> dict[str, dict[str, float]]:
    """Return the values of each family of single options, by strike."""
    assert follower.totals is not None
    details = follower.latest.details(now)
    text = render(follower.totals.state, now=now, build={}, details=details).decode()
    found: dict[str, dict[str, float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if "strike" in sample.labels:
                found.setdefault(family.name, {})[sample.labels["strike"]] = sample.value
    return found


def follow(bus: MemoryBus, store: MemoryTotals) -> tuple[BusFollower, float]:
    follower = BusFollower(bus, store, ["NIFTY"])
    follower.catch_up()
    (event,) = [e for name, e in follower.latest.events.items() if name.startswith("option")]
    return follower, parse_z(event.ts).timestamp()


def test_a_figure_that_is_not_known_has_no_series() -> None:
    bus, store = MemoryBus(), MemoryTotals()
    published(bus, 24000.0)
    assert series(*follow(bus, store)) == {
        "g6_option_last_price": {"24000": 10.0},
        "g6_option_iv": {"24000": 0.12},
    }


def test_strikes_of_an_older_chain_are_gone() -> None:
    bus, store = MemoryBus(), MemoryTotals()
    published(bus, 24000.0, 24050.0)
    follow(bus, store)
    published(bus, 24050.0, 24100.0)
    assert set(series(*follow(bus, store))["g6_option_iv"]) == {"24050", "24100"}


def test_under_pressure_they_are_gone_at_once_and_counted() -> None:
    bus, store = MemoryBus(), MemoryTotals()
    published(bus, 24000.0, rejected=5)
    published(bus, rejected=6)
    follower, now = follow(bus, store)
    assert series(follower, now) == {}
    assert follower.totals is not None
    rejections = follower.totals.value("g6_option_detail_band_rejections_total", "NIFTY")
    assert rejections == 11
    assert follower.totals.value("g6_option_detail_mode", "NIFTY") == 0


def test_they_survive_a_restart_and_end_when_nobody_publishes_them() -> None:
    bus, store = MemoryBus(), MemoryTotals()
    published(bus, 24000.0)
    follow(bus, store)
    follower, now = follow(bus, store)
    assert series(follower, now)
    assert series(follower, now + DETAIL_SECONDS + 1) == {}


def test_texts_come_back_as_they_were() -> None:
    bus = MemoryBus()
    published(bus, 24000.0)
    latest = LatestReports().after(bus.read("0"))
    again = LatestReports.from_texts(latest.changed_texts(LatestReports()))
    assert [event.payload for event in again.events.values()] == [
        event.payload for event in latest.events.values()
    ]


def test_a_chain_of_too_many_options_is_shown_in_a_narrower_mode() -> None:
    world = World()
    world.run(NIFTY, "collect")
    priced = assemble(*from_frame(world.frames.get(NIFTY, "quotes")))
    answered = int(priced.has_answer.sum())

    def mode(wanted: DetailMode, most: int, level: int = 0) -> tuple[DetailMode, int]:
        rules = DetailRules(wanted, band=1, most=most)
        detail = option_detail(priced, rules, PressureLevel(level))
        assert len(detail.options) + detail.rejected == answered
        return detail.mode, len(detail.options)

    assert mode(DetailMode.FULL, answered) == (DetailMode.FULL, answered)
    narrow, options = mode(DetailMode.FULL, answered - 1)
    assert narrow == DetailMode.BAND
    assert 0 < options < answered
    assert mode(DetailMode.FULL, options - 1) == (DetailMode.AGGREGATE, 0)
    assert mode(DetailMode.BAND, answered) == (DetailMode.BAND, options)
    assert mode(DetailMode.FULL, answered, level=1) == (DetailMode.AGGREGATE, 0)
