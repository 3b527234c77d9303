from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pytest

from g6.simulation import SimulatedMarket
from g6.simulation.roots import ROOTS
from tests.worlds.asking import SIX, ask, ist, near

NOON = ist("2026-11-18 12:00")


def test_round_strikes_hold_more(market: SimulatedMarket) -> None:
    quotes = ask(market, "NIFTY", ist("2026-08-19 11:27"))
    lots, strike = quotes.oi / 65, quotes.strike
    around = np.abs(strike - quotes.market.spot) <= 1500
    kinds = (strike % 500 == 0, (strike % 100 == 0) & (strike % 500 != 0), strike % 100 != 0)
    for side, real in ((0, (137_000, 68_000, 22_000)), (1, (106_000, 41_000, 13_000))):
        found = [float(np.nanmean(lots[side, around & kind])) for kind in kinds]
        assert found[0] > 1.4 * found[1] > 2.5 * found[2]
        assert all(0.3 < one / other < 2.5 for one, other in zip(found, real, strict=True))


@pytest.mark.parametrize("index", SIX)
def test_the_put_call_ratio_stays_between_07_and_12_and_comes_back(
    market: SimulatedMarket, index: str
) -> None:
    ratios = []
    for session in market.calendar.sessions_between(
        ROOTS[index].exchange, date(2026, 10, 1), date(2026, 11, 20)
    )[::4]:
        quotes = ask(market, index, session.close)
        ratios.append(np.nansum(quotes.oi[1]) / np.nansum(quotes.oi[0]))
    assert min(ratios) >= 0.68
    assert max(ratios) <= 1.22
    assert np.std(ratios) > 0.01


@pytest.mark.parametrize("day", ["2026-11-18", "2026-11-23"])
def test_the_ratio_drifts_by_less_than_two_hundredths_a_minute(
    market: SimulatedMarket, day: str
) -> None:
    contracts = near(market, "NIFTY", ist(f"{day} 12:00"))
    for start in ("09:15", "14:30", "15:10"):
        oi = [
            market.quotes("NIFTY", contracts, ist(f"{day} {start}") + timedelta(minutes=m)).oi
            for m in range(31)
        ]
        ratio = np.array([np.nansum(each[1]) / np.nansum(each[0]) for each in oi])
        assert np.abs(np.diff(ratio)).max() < 0.02


def test_it_is_published_once_a_minute(market: SimulatedMarket) -> None:
    contracts = near(market, "NIFTY", NOON)
    seen = np.stack(
        [market.quotes("NIFTY", contracts, NOON + timedelta(seconds=s)).oi for s in range(61)]
    )
    changes = (np.diff(seen, axis=0) != 0) & np.isfinite(seen[1:])
    assert changes.sum(axis=0).max() <= 2
    assert changes[:60].sum(axis=0).max() == 1
    assert (changes.sum(axis=0) == 1).mean() > 0.2
    assert changes.any(axis=(1, 2)).sum() > 20


def test_previous_interest_is_known_from_the_first_second_and_is_the_evenings_before(
    market: SimulatedMarket,
) -> None:
    opening = ask(market, "NIFTY", ist("2026-11-18 09:15"))
    contracts = near(market, "NIFTY", ist("2026-11-18 09:15"))
    evening = market.quotes("NIFTY", contracts, ist("2026-11-17 15:40"))
    previous = market.previous_oi("NIFTY", contracts, ist("2026-11-18 09:15"))
    assert np.array_equal(previous, evening.oi, equal_nan=True)
    assert np.nansum(previous) > 0
    known = np.isfinite(previous)
    assert np.array_equal(opening.oi[known], previous[known])


def test_a_new_strike_has_none_before_its_first_trade_and_no_past(market: SimulatedMarket) -> None:
    found = 0
    for session in market.calendar.sessions_between("NSE", date(2026, 11, 2), date(2026, 11, 20)):
        before = market.calendar.previous_session("NSE", session.day)
        contracts = market.listing("NIFTY", session.open).contracts.of(date(2026, 11, 23))
        old = market.listing("NIFTY", before.open).contracts.of(date(2026, 11, 23))
        new = contracts.take(~np.isin(contracts.strike, old.strike))
        if not len(new):
            continue
        assert np.isnan(market.previous_oi("NIFTY", new, session.open)).all()
        for minute in (0, 5, 60, 385):
            quotes = market.quotes("NIFTY", new, session.open + timedelta(minutes=minute))
            assert (quotes.oi[quotes.volume == 0] == 0).all()
        found += int((quotes.oi > 0).sum())
    assert found > 0


def test_it_changes_with_trades_only(market: SimulatedMarket) -> None:
    contracts = near(market, "NIFTY", NOON, 3)
    first, later = (market.quotes("NIFTY", contracts, NOON + timedelta(minutes=m)) for m in (0, 30))
    still = later.volume == market.quotes("NIFTY", contracts, NOON - timedelta(minutes=3)).volume
    assert still.any()
    assert np.array_equal(first.oi[still], later.oi[still])


def test_writers_build_in_the_morning_and_unwind_late_on_expiry_day(
    market: SimulatedMarket,
) -> None:
    contracts = near(market, "NIFTY", ist("2026-11-23 12:00"))
    clocks = ("09:15", "12:00", "14:30", "15:40")
    total = [
        np.nansum(market.quotes("NIFTY", contracts, ist(f"2026-11-23 {clock}")).oi)
        for clock in clocks
    ]
    assert total[0] < total[1]
    assert total[3] < 0.6 * total[2]
    assert total[2] > 0.9 * total[1]


def test_a_day_turns_over_three_to_four_times_the_open_interest(market: SimulatedMarket) -> None:
    quotes = ask(market, "NIFTY", ist("2026-11-18 15:40"))
    assert 2.8 < np.nansum(quotes.volume) / np.nansum(quotes.oi) < 4.2


def test_the_days_extremes_enclose_it(market: SimulatedMarket) -> None:
    quotes = ask(market, "NIFTY", ist("2026-11-18 13:00"))
    there = quotes.symbol != ""
    assert (quotes.values["oi_day_low"] <= quotes.oi)[there].all()
    assert (quotes.oi <= quotes.values["oi_day_high"])[there].all()
    assert (quotes.values["oi_day_high"] > quotes.values["oi_day_low"])[there].mean() > 0.3


def test_flows_by_kind_add_up_to_the_change(market: SimulatedMarket) -> None:
    contracts = near(market, "NIFTY", ist("2026-11-18 09:15"))
    whole = market.flows("NIFTY", contracts, ist("2026-11-18 09:15"), ist("2026-11-18 15:40"))
    change = (
        whole["long_build_up"]
        + whole["short_build_up"]
        - whole["short_covering"]
        - whole["long_unwinding"]
    )
    opening, closing = (
        market.quotes("NIFTY", contracts, ist(f"2026-11-18 {clock}")).oi
        for clock in ("09:15", "15:40")
    )
    there = contracts.symbol != ""
    assert np.array_equal(change[there], (closing - opening)[there])
    assert all(each.sum() > 0 for each in whole.values())


def test_flows_are_the_truth_behind_build_ups(market: SimulatedMarket) -> None:
    contracts = near(market, "NIFTY", NOON)
    tape = market.world.tape(
        ROOTS["NIFTY"],
        market.world.series(ROOTS["NIFTY"], NOON.date())[contracts.expiries[0]],
        NOON.date(),
    )
    for start in range(30, 360, 30):
        since, until = (ist("2026-11-18 09:15") + timedelta(minutes=m) for m in (start, start + 1))
        kinds = market.flows("NIFTY", contracts, since, until)
        values = [
            np.stack(tape.day.curve.values(tape.day.strike, np.array([60 * m])))
            for m in (start, start + 1)
        ]
        rose = values[1] > values[0]
        assert not kinds["long_build_up"][~rose].any()
        assert not kinds["long_unwinding"][rose].any()


def test_open_interest_grows_as_the_week_of_expiry_comes(market: SimulatedMarket) -> None:
    totals = []
    for day in ("2026-11-12", "2026-11-18", "2026-11-24", "2026-11-30"):
        at = ist(f"{day} 12:00")
        contracts = market.listing("NIFTY", at).contracts.of(date(2026, 12, 1))
        totals.append(np.nansum(market.quotes("NIFTY", contracts, at).oi))
    assert all(later > 1.5 * earlier for earlier, later in pairwise(totals))
