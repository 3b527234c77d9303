"""What a simpler market would not have, beyond what the other tests of this directory hold it to."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from g6.domain.market.calendar import Calendar
from g6.domain.pricing import black76
from g6.simulation import SimulatedMarket
from g6.simulation.business import BusinessClock
from g6.simulation.roots import ROOTS
from g6.simulation.trading.books import busyness
from tests.worlds.asking import SIX, ask, ist, near

NOON = ist("2026-11-18 12:00")
RATE = 0.055
PAGE = "docs/simulated-market.md"


def test_a_closed_day_counts_15_hundredths_of_a_session(days: Calendar) -> None:
    clock = BusinessClock(days, "NSE")
    thursday, friday, monday = date(2026, 11, 12), date(2026, 11, 13), date(2026, 11, 16)
    assert clock.between(friday, monday) - clock.between(thursday, friday) == pytest.approx(
        2 * 0.15
    )
    assert clock.between(date(2026, 11, 9), date(2026, 11, 11)) - clock.between(
        thursday, friday
    ) == pytest.approx(0.15)
    assert clock.between(thursday, monday) - clock.between(friday, monday) == pytest.approx(1.0)


def test_vix_stands_a_little_above_the_volatility_at_the_money_and_moves_with_it(
    market: SimulatedMarket,
) -> None:
    seen = []
    for session in market.calendar.sessions_between("NSE", date(2026, 8, 20), date(2026, 11, 20))[
        ::6
    ]:
        at = session.open + timedelta(hours=2)
        contracts = market.listing("NIFTY", at).contracts
        expiry = next(each for each in contracts.expiries if 12 <= (each - session.day).days <= 45)
        quotes = market.quotes("NIFTY", contracts.of(expiry), at)
        mid = (quotes.bid + quotes.ask) / 2
        row = int(np.nanargmin(np.abs(mid[0] - mid[1])))
        years = (market.calendar.settlement_fix("NSE", expiry) - at).total_seconds() / (
            365 * 86_400
        )
        forward = float(quotes.strike[row] + (mid[0] - mid[1])[row] * np.exp(RATE * years))
        sigma = float(
            black76.implied_vol(
                mid[0, row], forward, float(quotes.strike[row]), years, RATE, 1.0
            ).sigma
        )
        seen.append((quotes.market.vix, 100 * sigma))
    vix, money = np.array(seen).T
    assert np.corrcoef(vix, money)[0, 1] > 0.7
    assert 0.9 < np.median(vix / money) < 1.3


def test_each_exchange_has_an_auction_of_its_own(market: SimulatedMarket) -> None:
    apart = []
    for session in market.calendar.sessions_between("NSE", date(2026, 11, 9), date(2026, 11, 20)):
        nse, bse = (market.world.index(ROOTS[name], session.day) for name in ("NIFTY", "SENSEX"))
        apart.append(
            (
                nse.jump != bse.jump,
                nse.auction / nse.latent[375 * 60] - bse.auction / bse.latent[375 * 60],
            )
        )
    jumps, prices = zip(*apart, strict=True)
    assert any(jumps)
    assert np.ptp(prices) > 1e-4
    assert np.max(np.abs(prices)) < 1.1e-3


def test_the_jump_of_the_auction_is_no_constant(market: SimulatedMarket) -> None:
    sessions = market.calendar.sessions_between("NSE", date(2026, 8, 10), date(2026, 11, 6))
    days = [market.world.index(ROOTS["NIFTY"], session.day) for session in sessions]
    moves = np.array([day.auction / day.printed[day.freeze] - 1 for day in days])
    assert np.std(moves) > 3e-4
    assert 0.2 < np.mean(moves > 0) < 0.8


def test_living_options_trade_to_the_close_and_expiring_ones_settle_there(
    market: SimulatedMarket,
) -> None:
    contracts = near(market, "NIFTY", ist("2026-11-23 12:00"), 2)
    fix, close = (
        market.quotes("NIFTY", contracts, ist(f"2026-11-23 {clock}"))
        for clock in ("15:32", "15:40")
    )
    expiring = contracts.expiry == np.datetime64("2026-11-23")
    traded = (close.volume - fix.volume) > 0
    assert traded[:, ~expiring].mean() > 0.2
    phi = np.array([[1.0], [-1.0]])
    intrinsic = np.maximum(phi * (close.market.spot - contracts.strike), 0.0)
    late = traded & expiring
    assert late.any()
    assert (np.abs(close.last - intrinsic)[late] <= 0.1 + 0.01 * intrinsic[late]).all()
    assert np.nanmax(np.abs(close.bid - fix.bid)[:, ~expiring]) > 0.5


@pytest.mark.parametrize("clock", ["09:16", "09:21", "12:00", "15:16"])
def test_books_are_busy_for_five_minutes_and_from_the_freeze(
    market: SimulatedMarket, clock: str
) -> None:
    day = market.world.market("NSE", NOON.date())
    second = np.array([int((ist(f"2026-11-18 {clock}") - ist("2026-11-18 09:15")).total_seconds())])
    assert busyness(day, second)[0] == (4.0 if clock in ("09:16", "15:16") else 1.0)


def test_stale_last_prices_break_arbitrage_and_books_do_not(market: SimulatedMarket) -> None:
    broken = {"last": 0, "mid": 0}
    for expiry in market.listing("NIFTY", NOON).contracts.expiries[1:3]:
        quotes = market.quotes("NIFTY", market.listing("NIFTY", NOON).contracts.of(expiry), NOON)
        mid = (quotes.bid + quotes.ask) / 2
        for name, prices in (
            ("last", np.where(quotes.volume > 0, quotes.last, np.nan)),
            ("mid", mid),
        ):
            known = np.isfinite(prices).all(axis=0)
            slope = np.diff(prices[:, known], axis=1) / np.diff(quotes.strike[known])
            broken[name] += int((np.diff(slope, axis=1) * 50 < -0.21).sum())
    assert broken["last"] > 10
    assert broken["mid"] == 0


def test_the_average_price_is_the_volume_weighted_one(market: SimulatedMarket) -> None:
    contracts = near(market, "NIFTY", NOON)
    first, last = (market.quotes("NIFTY", contracts, NOON + timedelta(seconds=s)) for s in (0, 300))
    traded = last.volume - first.volume
    busy = traded > 0.002 * first.volume
    busy &= (traded > 2_000) & (first.values["average_price"] * first.volume < 4e9)
    value = (
        last.volume * last.values["average_price"] - first.volume * first.values["average_price"]
    )[busy] / traded[busy]
    rounding = 0.01 * last.volume[busy] / traded[busy]
    between = np.stack(
        [
            market.quotes("NIFTY", contracts, NOON + timedelta(seconds=s)).last[busy]
            for s in range(0, 301, 10)
        ]
    )
    slack = rounding + 0.05 * between.mean(axis=0) + 0.2
    assert busy.sum() > 20
    assert (value > between.min(axis=0) - slack).all()
    assert (value < between.max(axis=0) + slack).all()


def test_a_busy_strike_trades_more_when_the_index_moves(market: SimulatedMarket) -> None:
    likeness = []
    for session in market.calendar.sessions_between("NSE", date(2026, 11, 2), date(2026, 11, 20))[
        ::3
    ]:
        expiry = next(iter(market.world.series(ROOTS["NIFTY"], session.day).values()))
        tape = market.world.tape(ROOTS["NIFTY"], expiry, session.day)
        lots = tape.by_minute(tape.lots, 0, tape.day.market.minutes)
        path = market.world.index(ROOTS["NIFTY"], session.day).latent[::60]
        moved = np.abs(np.diff(np.log(path)))[30:360]
        likeness.append(np.corrcoef(moved, lots.sum(axis=1)[30:360])[0, 1])
    assert np.mean(likeness) > 0.3


def test_the_ratio_is_drawn_back_to_its_mean(market: SimulatedMarket) -> None:
    root, ratios = ROOTS["BANKNIFTY"], []
    for session in market.calendar.sessions_between("NSE", date(2026, 1, 1), date(2026, 11, 20))[
        ::2
    ]:
        nearest = next(iter(market.world.series(root, session.day).values()))
        calls, puts = market.world.interest(root, nearest, session.day).end.sum(axis=1)
        ratios.append(puts / calls)
    away = np.array(ratios) - np.mean(ratios)
    assert 0.8 < np.mean(ratios) < 1.0
    assert np.polyfit(away[:-1], np.diff(away), 1)[0] < -0.02
    assert np.corrcoef(away[1:], away[:-1])[0, 1] > 0.2


@pytest.mark.parametrize("seed", [1, 2, 11])
@pytest.mark.parametrize("at", ["2026-11-18 09:15", "2026-11-23 15:25", "2026-08-20 13:00"])
def test_chains_of_any_seed_and_hour_are_free_of_arbitrage(
    days: Calendar, seed: int, at: str
) -> None:
    market = SimulatedMarket(days, seed=seed, event=ist("2026-11-18 14:00"))
    quotes = ask(market, SIX[seed % 6], ist(at))
    bid, ask_ = np.nan_to_num(quotes.bid), np.where(np.isnan(quotes.ask), np.inf, quotes.ask)
    steps = np.diff(quotes.strike)
    # What is bought is bought at the ask and sold at the bid: no vertical spread pays for nothing, none for more than its width.
    assert (bid[0, 1:] <= ask_[0, :-1]).all()
    assert (bid[1, :-1] <= ask_[1, 1:]).all()
    assert (bid[0, :-1] - ask_[0, 1:] <= steps + 1e-9).all()
    assert (bid[1, 1:] - ask_[1, :-1] <= steps + 1e-9).all()
    left, right = steps[:-1], steps[1:]
    share = right / (left + right)
    wings = share * ask_[:, :-2] + (1 - share) * ask_[:, 2:]
    assert (bid[:, 1:-1] <= wings + 1e-9).all()
    forward_bid, forward_ask = bid[0] - ask_[1] + quotes.strike, ask_[0] - bid[1] + quotes.strike
    assert np.max(forward_bid) <= np.min(forward_ask) * 1.0001


def test_the_dumps_of_both_segments_have_roots_that_begin_with_anothers_name(
    market: SimulatedMarket,
) -> None:
    names = {row[3] for exchange in ("NFO", "BFO") for row in market.dump(exchange, NOON)}
    assert names >= {*SIX, "NIFTYNXT50", "NIFTYFPI", "SENSEX50", "FOCIT"}


def test_the_page_of_the_market_names_tests_that_exist(root: Path) -> None:
    told = re.findall(r"`(test_\w+)`", (root / PAGE).read_text("utf-8"))
    written = "\n".join(path.read_text("utf-8") for path in (root / "tests").rglob("test_*.py"))
    assert len(set(told)) > 40
    assert [name for name in told if f"def {name}(" not in written] == []
