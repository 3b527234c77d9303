from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from g6.domain.market.calendar import Calendar
from g6.domain.quotes.quotes import QUOTE_FIELDS, Quotes
from g6.errors import BadConfig, ProviderBusy, ProviderRefused
from g6.simulation import MarketFaults, SimulatedMarket
from tests.worlds.asking import ask, ist, near

NOON = ist("2026-11-18 12:00")


def _faulty(days: Calendar, text: str) -> SimulatedMarket:
    return SimulatedMarket(days, faults=MarketFaults.parse(text))


def _changed(plain: Quotes, faulty: Quotes) -> set[str]:
    return {
        name
        for name in QUOTE_FIELDS
        if not np.array_equal(plain.values[name], faulty.values[name], equal_nan=True)
    }


def test_a_text_becomes_faults() -> None:
    found = MarketFaults.parse(
        "freeze:FINNIFTY, delay:0.5,missing:0.02,crossed:0.01,spike:0.001,halt:11:30-11:45,fail:BANKNIFTY,drop:next_week"
    )
    assert [(name, span.start.hour) for name, span in found.freeze] == [("FINNIFTY", 0)]
    assert (found.delay, found.missing, found.crossed, found.spike) == (0.5, 0.02, 0.01, 0.001)
    assert (found.halt[0].start.minute, found.halt[0].end.minute) == (30, 45)
    assert (found.fail, found.drop) == (("BANKNIFTY",), ("next_week",))
    assert MarketFaults.parse("drop:2026-12-01,drop:nth:3").drop == (date(2026, 12, 1), "nth_3")
    assert MarketFaults.parse("") == MarketFaults()


@pytest.mark.parametrize(
    "text",
    [
        "mising:0.1",
        "missing:2",
        "missing:x",
        "missing",
        "halt:11:30",
        "halt:12:00-11:00",
        "halt:25:00-26:00",
        "fail:NIFTI",
        "drop:soon",
    ],
)
def test_a_wrong_word_is_named(text: str) -> None:
    with pytest.raises(BadConfig):
        MarketFaults.parse(text)


def test_a_misspelt_fault_gets_the_right_one_suggested() -> None:
    with pytest.raises(BadConfig, match="missing"):
        MarketFaults.parse("mising:0.1")


def test_in_a_halt_nothing_ticks_and_nothing_trades(
    days: Calendar, market: SimulatedMarket
) -> None:
    halted = _faulty(days, "halt:12:00-12:15")
    contracts = near(market, "NIFTY", NOON)
    start, later = (halted.quotes("NIFTY", contracts, NOON + timedelta(minutes=m)) for m in (0, 10))
    assert _changed(start, later) == set()
    assert later.market == start.market
    assert later.observed_at == (NOON + timedelta(minutes=10)).timestamp()
    after, plain = (
        each.quotes("NIFTY", contracts, NOON + timedelta(minutes=20)) for each in (halted, market)
    )
    assert np.nansum(after.volume) < np.nansum(plain.volume)
    assert after.market.spot == plain.market.spot
    assert np.array_equal(after.bid, plain.bid, equal_nan=True)


def test_before_a_halt_nothing_is_different(days: Calendar, market: SimulatedMarket) -> None:
    contracts, at = near(market, "NIFTY", NOON), NOON - timedelta(minutes=1)
    assert (
        _changed(
            market.quotes("NIFTY", contracts, at),
            _faulty(days, "halt:12:00-12:15").quotes("NIFTY", contracts, at),
        )
        == set()
    )


def test_a_frozen_feed_stands_still_for_its_index_alone(
    days: Calendar, market: SimulatedMarket
) -> None:
    frozen = _faulty(days, "freeze:FINNIFTY@11:55-12:05")
    contracts = near(market, "FINNIFTY", NOON)
    seen = frozen.quotes("FINNIFTY", contracts, NOON)
    assert (
        _changed(seen, market.quotes("FINNIFTY", contracts, NOON - timedelta(minutes=5))) == set()
    )
    assert np.nanmax(seen.quote_time) <= NOON.timestamp() - 300
    assert frozen.underlying("FINNIFTY", NOON).spot_time == NOON.timestamp() - 300
    assert _changed(ask(frozen, "NIFTY", NOON), ask(market, "NIFTY", NOON)) == set()
    later = NOON + timedelta(minutes=6)
    assert (
        _changed(
            frozen.quotes("FINNIFTY", contracts, later), market.quotes("FINNIFTY", contracts, later)
        )
        == set()
    )


def test_a_feed_frozen_all_day_shows_the_open(days: Calendar) -> None:
    seen = ask(_faulty(days, "freeze:FINNIFTY"), "FINNIFTY", NOON)
    assert seen.market.spot_time == ist("2026-11-18 09:15").timestamp()


@pytest.mark.parametrize(
    ("fault", "fields"),
    [
        ("crossed", {"bid", "ask"}),
        ("spike", {"last"}),
        ("zero", {"last"}),
        ("negative", {"oi"}),
        ("stale", {"quote_time", "last_trade_time"}),
        ("missing", set(QUOTE_FIELDS) - {"bid_depth", "ask_depth"}),
    ],
)
def test_a_fault_strikes_its_share_of_quotes_and_its_fields_only(
    days: Calendar, market: SimulatedMarket, fault: str, fields: set[str]
) -> None:
    plain, faulty = (
        ask(each, "SENSEX", NOON, 3) for each in (market, _faulty(days, f"{fault}:0.2"))
    )
    assert _changed(plain, faulty) == fields
    assert faulty.market == plain.market
    one = "bid" if fault == "crossed" else min(fields)
    pair = plain.values[one], faulty.values[one]
    struck = ~((pair[0] == pair[1]) | (np.isnan(pair[0]) & np.isnan(pair[1])))
    assert 0.1 < struck[plain.symbol != ""].mean() < 0.3


def test_crossed_books_are_crossed(days: Calendar) -> None:
    quotes = ask(_faulty(days, "crossed:0.2"), "NIFTY", NOON)
    assert 0.1 < (quotes.bid > quotes.ask).mean() < 0.3


def test_spikes_are_ten_times_the_price_and_gone_the_next_minute(
    days: Calendar, market: SimulatedMarket
) -> None:
    faulty = _faulty(days, "spike:0.05")
    plain, seen = ask(market, "NIFTY", NOON), ask(faulty, "NIFTY", NOON)
    struck = (seen.last != plain.last) & np.isfinite(plain.last)
    assert np.allclose(seen.last[struck], 10 * plain.last[struck])
    later = (
        ask(faulty, "NIFTY", NOON + timedelta(minutes=1)).last
        / ask(market, "NIFTY", NOON + timedelta(minutes=1)).last
    )
    assert (later[struck] == 1).mean() > 0.7


def test_stale_quotes_are_ten_minutes_old(days: Calendar) -> None:
    quotes = ask(_faulty(days, "stale:0.1"), "NIFTY", NOON)
    old = quotes.quote_time < NOON.timestamp() - 590
    assert 0.03 < old.mean() < 0.2


def test_missing_strikes_are_missing_on_both_sides_all_day(days: Calendar) -> None:
    faulty = _faulty(days, "missing:0.1")
    first, later = (ask(faulty, "NIFTY", each) for each in (NOON, NOON + timedelta(hours=1)))
    gone = np.isnan(first.volume).all(axis=0)
    assert 0.02 < gone.mean() < 0.2
    assert np.array_equal(gone, np.isnan(later.volume).all(axis=0))


def test_a_dropped_bucket_is_listed_and_has_no_answer(days: Calendar) -> None:
    faulty = _faulty(days, "drop:next_week")
    quotes = ask(faulty, "NIFTY", NOON, 3)
    by_expiry = {
        each: np.isnan(quotes.volume[:, quotes.expiry == each]).all()
        for each in np.unique(quotes.expiry)
    }
    assert list(by_expiry.values()) == [False, True, False]


def test_a_failing_index_fails_alone_and_may_be_tried_again(days: Calendar) -> None:
    faulty = _faulty(days, "fail:BANKNIFTY")
    with pytest.raises(ProviderBusy):
        ask(faulty, "BANKNIFTY", NOON)
    with pytest.raises(ProviderBusy):
        faulty.underlying("BANKNIFTY", NOON)
    assert len(ask(faulty, "NIFTY", NOON)) > 50


def test_a_slow_provider_takes_its_time_on_the_wall(days: Calendar) -> None:
    slept: list[float] = []
    faults = MarketFaults.parse("delay:0.5")
    ask(SimulatedMarket(days, faults=faults, sleep=slept.append), "NIFTY", NOON)
    assert slept == [0.5]


def test_faults_are_told(days: Calendar, market: SimulatedMarket) -> None:
    assert "faults" not in market.describe().to_json()
    assert _faulty(days, "delay:0.5,missing:0.1").describe().to_json()["faults"] == [
        "delay",
        "missing",
    ]


def test_an_unknown_index_is_refused(market: SimulatedMarket) -> None:
    with pytest.raises(ProviderRefused, match="DAX"):
        market.underlying("DAX", NOON)
