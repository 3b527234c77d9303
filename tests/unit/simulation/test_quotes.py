from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pytest

from g6.domain.pricing import black76
from g6.domain.quotes.quotes import QUOTE_FIELDS, Quotes
from g6.simulation import SimulatedMarket
from g6.simulation.roots import ROOTS
from g6.simulation.self_test import parity_gap, record, shares, smile
from g6.simulation.trading.trades import SHARES
from tests.worlds.asking import SIX, ask, ist, near

NOON = ist("2026-11-18 12:00")
RATE = 0.055


def _mid(quotes: Quotes) -> np.ndarray:
    return (quotes.bid + quotes.ask) / 2


def _at_the_money(quotes: Quotes) -> np.ndarray:
    mid = _mid(quotes)
    return np.argsort(np.abs(mid[0] - mid[1]))


def test_only_what_is_asked_for_is_answered_in_its_order(market: SimulatedMarket) -> None:
    whole = ask(market, "NIFTY", NOON)
    contracts = near(market, "NIFTY", NOON)
    some = np.array([40, 11, 90])
    part = market.quotes("NIFTY", contracts.take(some), NOON)
    for name in QUOTE_FIELDS:
        assert np.array_equal(part.values[name], whole.values[name][:, some], equal_nan=True)
    assert np.array_equal(part.contracts.token, whole.contracts.token[:, some])


def test_a_contract_that_is_not_listed_has_no_answer(market: SimulatedMarket) -> None:
    gone = near(market, "SENSEX", ist("2026-11-19 12:00"))
    quotes = market.quotes("SENSEX", gone, ist("2026-11-20 12:00"))
    assert all(np.isnan(quotes.values[name]).all() for name in QUOTE_FIELDS)


def test_a_side_that_is_not_listed_has_no_answer(market: SimulatedMarket) -> None:
    contracts = market.listing("BANKEX", NOON).contracts
    quotes = market.quotes("BANKEX", contracts, NOON)
    absent = contracts.symbol == ""
    assert absent.any()
    assert all(np.isnan(quotes.values[name][absent]).all() for name in QUOTE_FIELDS)
    assert not np.isnan(quotes.volume[~absent]).any()


def test_prices_lie_on_the_tick(market: SimulatedMarket) -> None:
    quotes = ask(market, "BANKNIFTY", NOON)
    for name in ("last", "bid", "ask", "open", "high", "low", "close"):
        prices = quotes.values[name][np.isfinite(quotes.values[name])]
        assert np.allclose(prices, np.round(prices / 0.05) * 0.05, atol=1e-6)


def test_quantities_are_whole_lots_in_units(market: SimulatedMarket) -> None:
    quotes = ask(market, "NIFTY", NOON)
    for name in ("volume", "oi", "oi_prev", "bid_quantity", "ask_quantity", "buy_quantity"):
        units = quotes.values[name][np.isfinite(quotes.values[name])]
        assert not (units % 65).any()
        assert units.max() > 0


def test_books_are_never_crossed_and_mids_enclose_the_value(market: SimulatedMarket) -> None:
    for index in SIX:
        quotes = ask(market, index, NOON, 2)
        both = np.isfinite(quotes.bid) & np.isfinite(quotes.ask)
        assert (quotes.bid < quotes.ask)[both].all()
        assert (quotes.bid[both] > 0).all()


@pytest.mark.parametrize("clock", ["09:30", "12:00", "14:59"])
def test_the_spread_at_the_money_is_one_to_five_ticks(market: SimulatedMarket, clock: str) -> None:
    quotes = ask(market, "NIFTY", ist(f"2026-11-18 {clock}"))
    spread = (quotes.ask - quotes.bid)[:, _at_the_money(quotes)[:5]]
    assert np.nanmin(spread) >= 0.0499
    assert np.nanmax(spread) <= 0.2501


@pytest.mark.parametrize("clock", ["09:16", "15:20"])
def test_books_are_four_times_wider_at_the_open_and_in_the_auction(
    market: SimulatedMarket, clock: str
) -> None:
    usual, wide = (ask(market, "NIFTY", ist(f"2026-11-18 {each}")) for each in ("12:00", clock))
    spread = [
        float(np.nanmean((each.ask - each.bid)[:, _at_the_money(each)[:15]]))
        for each in (usual, wide)
    ]
    assert 2.5 < spread[1] / spread[0] < 4.5


def test_far_strikes_are_one_sided_now_and_then(market: SimulatedMarket) -> None:
    quotes = ask(market, "NIFTY", NOON)
    one_sided = np.isfinite(quotes.bid) != np.isfinite(quotes.ask)
    close = _at_the_money(quotes)[:40]
    assert not one_sided[:, close].any()
    assert 0.02 < one_sided.mean() < 0.3
    empty = np.isnan(quotes.bid) & (quotes.symbol != "")
    assert (quotes.values["bid_quantity"][empty] == 0).all()


def test_deep_in_the_money_books_are_wide(market: SimulatedMarket) -> None:
    quotes = ask(market, "NIFTY", NOON)
    deep = _mid(quotes) > 1500
    assert 1 < np.nanmedian((quotes.ask - quotes.bid)[deep]) < 20


@pytest.mark.parametrize("index", SIX)
def test_mids_are_free_of_arbitrage_up_to_the_tick(market: SimulatedMarket, index: str) -> None:
    contracts = market.listing(index, NOON).contracts
    for expiry in contracts.expiries[:3]:
        strike = contracts.of(expiry).strike
        call, put = market.world.curve(ROOTS[index], expiry, NOON.date()).values(
            strike, np.array([9900])
        )
        steps = np.diff(strike)
        for value, sign in ((call, -1), (put, 1)):
            slope = np.diff(value) / steps
            assert (sign * slope >= -1e-9).all()
            assert (np.abs(slope) <= 1 + 1e-9).all()
            assert (np.diff(slope) * np.minimum(steps[1:], steps[:-1]) >= -0.05).all()
        quotes = market.quotes(index, contracts.of(expiry), NOON)
        off = np.abs(_mid(quotes) - np.stack([call, put]))
        assert np.nanmax(off) <= 0.0501


def test_put_call_parity_gives_one_forward_whatever_the_strike(market: SimulatedMarket) -> None:
    quotes = ask(market, "NIFTY", ist("2026-11-05 12:00"))
    mid, near_money = _mid(quotes), _at_the_money(quotes)[:21]
    forward = quotes.strike + (mid[0] - mid[1]) * np.exp(RATE * 5.1 / 365)
    assert np.ptp(forward[near_money]) < 0.25


def test_the_premium_over_carry_is_gone_at_the_fix(market: SimulatedMarket) -> None:
    latent = market.world.index(ROOTS["NIFTY"], date(2026, 11, 23)).latent
    forward = market.world.curve(ROOTS["NIFTY"], date(2026, 11, 23), date(2026, 11, 23)).forward
    basis = (forward - latent)[: 375 * 60 + 1 : 60]
    assert basis[0] > 5
    assert abs(basis[374]) < 0.1
    assert basis[100] > basis[200] > basis[300] > basis[374]


def test_the_smile_is_the_real_ones(market: SimulatedMarket) -> None:
    sample = record(market, black76.implied_vol)
    for expiry in (0, 2):
        left2, left1, right1, right2 = smile(sample, expiry)
        assert 1.5 < left2 < 3.6
        assert -0.1 < left1 < 1.6
        assert -0.8 < right1 < 0.8
        assert 0.4 < right2 < 2.2
        assert left2 > right2


def test_the_smile_steepens_when_spot_falls(market: SimulatedMarket) -> None:
    curve = market.world.curve(ROOTS["NIFTY"], date(2026, 12, 29), NOON.date())
    lean = market.world.market("NSE", NOON.date()).lean
    low, high = int(lean.argmin()) * 60, int(lean.argmax()) * 60
    skews = []
    for second in (low, high):
        F, s = curve.forward[second], curve.total[second]
        call, put = curve.values(F * np.exp(np.array([1.0, -1.0]) * s), np.array([second]))
        skews.append((put[1] - call[0]) / (F * s))
    assert skews[0] > skews[1]


def test_quoted_in_calendar_days_volatility_dips_before_a_weekend_and_falls_from_the_last_open(
    market: SimulatedMarket,
) -> None:
    def annual(at: str, expiry: date) -> float:
        when = ist(at)
        curve = market.world.curve(ROOTS["NIFTY"], expiry, when.date())
        second = np.array([int((when - ist(f"{when.date()} 09:15")).total_seconds())])
        level = np.exp(market.world.market("NSE", when.date()).log_volatility[second // 60])
        return float((curve.total[second] / np.sqrt(curve.days(second) / 365) / level)[0])

    tuesday = date(2026, 12, 1)
    assert annual("2026-11-27 15:00", tuesday) < annual("2026-11-30 09:20", tuesday)
    assert annual("2026-11-27 15:00", tuesday) < annual("2026-11-26 09:20", tuesday)
    assert annual("2026-12-01 10:30", tuesday) < annual("2026-12-01 09:15", tuesday)


def test_far_strikes_do_not_sit_at_the_tick_until_expiry_day(market: SimulatedMarket) -> None:
    week = ask(market, "NIFTY", ist("2026-11-26 12:00"))
    edge = np.array([0, 1, 2])
    assert 0.5 <= np.nanmin(week.ask[1, edge]) <= 1.3
    expiring = ask(market, "NIFTY", ist("2026-12-01 15:10"))
    assert np.nanmax(expiring.ask[1, edge]) <= 0.1


def test_mids_give_call_and_put_one_volatility(market: SimulatedMarket) -> None:
    assert parity_gap(record(market, black76.implied_vol)) < 0.05


def test_trades_come_as_often_as_in_the_real_sample(market: SimulatedMarket) -> None:
    found = shares(record(market, black76.implied_vol))
    assert np.nanmax(np.abs(np.subtract(found, SHARES[:3]))) < 0.09


def test_last_prices_get_stale_where_nobody_trades(market: SimulatedMarket) -> None:
    quotes = ask(market, "NIFTY", NOON, 3)
    age = NOON.timestamp() - quotes.last_trade_time
    rows = np.flatnonzero(quotes.expiry == np.unique(quotes.expiry)[2])
    assert np.nanmedian(age[:, rows]) > 120
    first = np.flatnonzero(quotes.expiry == quotes.expiry[0])
    assert np.nanmedian(age[:, first]) < 60
    value = np.stack(
        [
            np.maximum(quotes.market.future - quotes.strike, 0),
            np.maximum(quotes.strike - quotes.market.future, 0),
        ]
    )
    assert ((quotes.last < value) & (quotes.volume > 0))[:, first].any()


def test_an_untraded_option_has_its_close_and_nothing_else(market: SimulatedMarket) -> None:
    quotes = ask(market, "NIFTY", NOON, 4)
    untraded = (quotes.volume == 0) & (quotes.symbol != "")
    assert 0.03 < untraded.mean() < 0.6
    for name in ("open", "high", "low", "average_price"):
        assert (quotes.values[name][untraded] == 0).all()
    assert np.array_equal(quotes.last[untraded], quotes.values["close"][untraded])
    assert np.isnan(quotes.last_trade_time[untraded]).all()
    assert (quotes.values["close"][untraded] > 0).all()


@pytest.mark.parametrize("step", [1, 7, 60])
def test_volume_and_highs_never_fall_and_the_average_lies_between(
    market: SimulatedMarket, step: int
) -> None:
    contracts = near(market, "NIFTY", NOON, 2)
    seen = [
        market.quotes("NIFTY", contracts, NOON + timedelta(seconds=step * n)) for n in range(90)
    ]
    for earlier, later in pairwise(seen):
        traded = earlier.volume > 0
        assert (np.diff([earlier.volume, later.volume], axis=0)[0] >= 0)[earlier.symbol != ""].all()
        assert (later.values["high"] >= earlier.values["high"])[traded].all()
        assert (later.values["low"] <= earlier.values["low"])[traded].all()
        assert np.array_equal(later.values["open"][traded], earlier.values["open"][traded])
        same = traded & (later.volume == earlier.volume)
        assert np.array_equal(later.last[same], earlier.last[same])
        assert np.array_equal(later.last_trade_time[same], earlier.last_trade_time[same])
        assert (later.quote_time >= earlier.quote_time)[earlier.symbol != ""].all()
    last = seen[-1]
    traded = last.volume > 0
    assert (last.values["low"] <= last.values["average_price"] + 0.01)[traded].all()
    assert (last.values["average_price"] <= last.values["high"] + 0.01)[traded].all()
    assert ((last.values["low"] <= last.last) & (last.last <= last.values["high"]))[traded].all()
    assert (
        (last.values["low"] <= last.values["open"]) & (last.values["open"] <= last.values["high"])
    )[traded].all()


def test_active_options_trade_within_the_minute(market: SimulatedMarket) -> None:
    quotes = [ask(market, "NIFTY", NOON + timedelta(seconds=n)) for n in range(20)]
    middle = _at_the_money(quotes[0])[0]
    assert len({float(each.volume[0, middle]) for each in quotes}) > 6


def test_nothing_traded_lies_in_the_future(market: SimulatedMarket) -> None:
    at = NOON + timedelta(seconds=17)
    quotes = ask(market, "SENSEX", at, 2)
    assert np.nanmax(quotes.last_trade_time) <= at.timestamp()
    assert np.nanmax(quotes.quote_time) <= at.timestamp()
    assert np.nanmin(quotes.quote_time) >= at.timestamp() - 5


def test_the_close_is_what_the_option_was_worth_the_day_before(market: SimulatedMarket) -> None:
    contracts = near(market, "NIFTY", ist("2026-11-18 10:00"))
    today, before = (
        market.quotes("NIFTY", contracts, ist(at))
        for at in ("2026-11-18 10:00", "2026-11-17 15:40")
    )
    assert np.nanmax(np.abs(today.values["close"] - _mid(before))) <= 0.101
    assert np.array_equal(
        today.values["close"],
        ask(market, "NIFTY", ist("2026-11-18 15:00")).values["close"],
        equal_nan=True,
    )


def test_the_market_stands_still_outside_sessions(market: SimulatedMarket) -> None:
    contracts = near(market, "NIFTY", ist("2026-11-20 12:00"))
    closing = market.quotes("NIFTY", contracts, ist("2026-11-20 15:40"))
    for at in ("2026-11-20 20:00", "2026-11-22 12:00", "2026-11-23 09:14"):
        later = market.quotes("NIFTY", contracts, ist(at))
        assert all(
            np.array_equal(later.values[name], closing.values[name], equal_nan=True)
            for name in QUOTE_FIELDS
        )
        assert later.market == closing.market
        assert later.observed_at == ist(at).timestamp()


def test_after_the_fix_expiring_options_are_worth_their_intrinsic_value_of_the_auction(
    market: SimulatedMarket,
) -> None:
    at = ist("2026-11-23 15:38")
    quotes = ask(market, "NIFTY", at)
    auction = quotes.market.spot
    intrinsic = np.stack(
        [np.maximum(auction - quotes.strike, 0), np.maximum(quotes.strike - auction, 0)]
    )
    half = (quotes.ask - quotes.bid) / 2
    both = np.isfinite(half)
    assert (np.abs(_mid(quotes) - intrinsic)[both] <= 0.0501).all()
    worthless = (intrinsic == 0) & (quotes.symbol != "")
    assert np.isnan(quotes.bid[worthless]).all()
    later = market.quotes("NIFTY", near(market, "NIFTY", at), ist("2026-11-23 15:40"))
    assert np.array_equal(later.market.spot, auction)
    assert later.volume.sum() >= 0


def test_time_value_runs_out_towards_the_fix(market: SimulatedMarket) -> None:
    straddles = []
    for clock in ("09:30", "12:00", "14:30", "15:29"):
        quotes = ask(market, "NIFTY", ist(f"2026-11-23 {clock}"))
        straddles.append(float(np.nanmin(_mid(quotes).sum(axis=0))))
    assert straddles == sorted(straddles, reverse=True)
    assert straddles[-1] < 0.3 * straddles[0]


def test_an_hours_session_at_diwali_trades(market: SimulatedMarket) -> None:
    at = ist("2025-10-21 14:15")
    quotes = ask(market, "NIFTY", at)
    assert quotes.volume[quotes.symbol != ""].sum() > 0
    assert market.underlying("NIFTY", at).spot > 0


def test_a_session_with_a_break_stands_still_in_it(market: SimulatedMarket) -> None:
    contracts = near(market, "NIFTY", ist("2024-03-02 09:30"))
    first, second = (
        market.quotes("NIFTY", contracts, ist(f"2024-03-02 {clock}"))
        for clock in ("10:30", "11:15")
    )
    assert np.array_equal(first.volume, second.volume, equal_nan=True)
    assert first.market.spot == second.market.spot
