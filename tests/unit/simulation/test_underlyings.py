from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest

from g6.domain.market.calendar import Calendar
from g6.simulation import SimulatedMarket
from g6.simulation.business import profile
from g6.simulation.past_sessions import IMPLIED, UNITS_A_YEAR
from g6.simulation.roots import ROOTS
from tests.worlds.asking import SIX, ist


def _moves(market: SimulatedMarket, index: str) -> np.ndarray:
    root = ROOTS[index]
    return np.diff(market.world.history(root.exchange).levels(root)[1])


@pytest.mark.parametrize(
    ("one", "other", "correlation"),
    [
        ("NIFTY", "SENSEX", 0.98),
        ("NIFTY", "BANKNIFTY", 0.85),
        ("BANKNIFTY", "FINNIFTY", 0.95),
        ("BANKNIFTY", "BANKEX", 0.95),
        ("NIFTY", "MIDCPNIFTY", 0.75),
    ],
)
def test_indices_move_together_as_they_do(
    market: SimulatedMarket, one: str, other: str, correlation: float
) -> None:
    assert np.corrcoef(_moves(market, one), _moves(market, other))[0, 1] == pytest.approx(
        correlation, abs=0.04
    )


def test_indices_move_together_within_a_minute_too(market: SimulatedMarket) -> None:
    at = ist("2026-11-18 11:00").date()
    moves = {
        name: np.diff(np.log(market.world.index(ROOTS[name], at).latent[::60]))
        for name in ("NIFTY", "SENSEX", "MIDCPNIFTY")
    }
    assert np.corrcoef(moves["NIFTY"], moves["SENSEX"])[0, 1] > 0.95
    assert 0.6 < np.corrcoef(moves["NIFTY"], moves["MIDCPNIFTY"])[0, 1] < 0.85


def test_realised_volatility_is_below_the_implied(market: SimulatedMarket) -> None:
    nse = market.world.history("NSE")
    implied = (
        IMPLIED
        * np.exp(nse.before(nse.log_volatility)[1:])
        * np.sqrt((nse.night + nse.session_units)[1:] / UNITS_A_YEAR)
    )
    assert 0.8 <= np.sqrt(np.mean((_moves(market, "NIFTY") / implied) ** 2)) <= 0.9


def test_the_night_carries_a_third_of_a_days_variance(market: SimulatedMarket) -> None:
    opened, closed = market.world.history("NSE").levels(ROOTS["NIFTY"])
    gap = opened[1:] - closed[:-1]
    whole = np.diff(closed)
    plain = market.world.history("NSE").night[1:] < 0.34
    assert np.var(gap[plain]) / np.var(whole[plain]) == pytest.approx(1 / 3, abs=0.08)


def test_volatility_rises_when_the_market_falls(market: SimulatedMarket) -> None:
    nse = market.world.history("NSE")
    assert np.corrcoef(np.diff(nse.log_volatility), nse.market[1:])[0, 1] == pytest.approx(
        -0.7, abs=0.08
    )


def test_vix_follows_volatility(market: SimulatedMarket) -> None:
    vix = [
        market.underlying("NIFTY", ist(f"2026-{month:02d}-18 11:00")).vix for month in range(1, 12)
    ]
    assert all(7 < each < 18 for each in vix)
    assert np.std(vix) > 0.3


def test_indices_stay_in_sight_of_their_level(market: SimulatedMarket) -> None:
    for name in SIX:
        assert np.all(np.abs(market.world.closes(ROOTS[name]) / ROOTS[name].level - 1) < 0.35)


def test_variance_is_large_at_the_open_and_small_at_lunch(market: SimulatedMarket) -> None:
    session = market.calendar.session("NSE", ist("2026-11-18 11:00").date())
    assert session is not None
    pace = np.diff(profile(session)[::60])
    assert pace[0] / pace[180] == pytest.approx((1 + 2.5 * np.exp(-0.5 / 12)) / 1, rel=0.03)
    assert pace[384] / pace[180] == pytest.approx(1.8, rel=0.03)
    assert pace.argmin() == pytest.approx(180, abs=80)


def test_realised_variance_has_that_profile(market: SimulatedMarket) -> None:
    moves = []
    for session in market.calendar.sessions_between(
        "NSE", ist("2025-01-01 11:00").date(), ist("2025-11-01 11:00").date()
    ):
        if session.close - session.open > timedelta(hours=6):
            path = market.world.index(ROOTS["NIFTY"], session.day).latent[:22_500:60]
            moves.append(np.diff(np.log(path)) ** 2)
    minute = np.mean(moves, axis=0)
    expected = (
        1 + 2.5 * np.exp(-np.arange(374.0) / 12) + 0.8 * np.exp(-np.arange(374.0, 0, -1) / 25)
    )
    for part in (slice(0, 10), slice(340, 374)):
        found = minute[part].mean() / minute[120:300].mean()
        assert found == pytest.approx(expected[part].mean() / expected[120:300].mean(), rel=0.25)


def test_quiet_and_busy_spells_last(market: SimulatedMarket) -> None:
    likeness = []
    for session in market.calendar.sessions_between(
        "NSE", ist("2026-08-03 11:00").date(), ist("2026-10-15 11:00").date()
    ):
        moves = np.abs(
            np.diff(np.log(market.world.index(ROOTS["NIFTY"], session.day).latent[3600:20_000:60]))
        )
        likeness.append(np.corrcoef(moves[1:], moves[:-1])[0, 1])
    assert np.mean(likeness) > 0.1


def test_the_index_moves_every_second(market: SimulatedMarket) -> None:
    start = ist("2026-11-18 11:00")
    spots = [market.underlying("NIFTY", start + timedelta(seconds=n)).spot for n in range(30)]
    assert len(set(spots)) > 15
    assert max(abs(a - b) for a, b in pairwise(spots)) < 5


def test_there_is_a_previous_close_from_the_first_second(market: SimulatedMarket) -> None:
    before = market.underlying("NIFTY", ist("2026-11-17 15:40"))
    seen = market.underlying("NIFTY", ist("2026-11-18 09:15"))
    assert seen.prev_close == before.spot
    assert seen.open == seen.spot == seen.high == seen.low


def test_high_and_low_enclose_the_day_so_far(market: SimulatedMarket) -> None:
    seen = [market.underlying("SENSEX", ist(f"2026-11-18 {hour}:17")) for hour in range(10, 15)]
    assert all(
        each.low <= min(each.spot, each.open) and max(each.spot, each.open) <= each.high
        for each in seen
    )
    assert [each.high for each in seen] == sorted(each.high for each in seen)


def test_the_future_stands_above_spot_by_carry_and_premium(market: SimulatedMarket) -> None:
    seen = market.underlying("NIFTY", ist("2026-11-05 12:00"))
    tenor = 18.15
    assert seen.future_expiry == date(2026, 11, 23)
    assert (seen.future - seen.spot) * 24_200 / seen.spot == pytest.approx(
        28.7 + 4.6 * tenor, abs=12
    )
    assert seen.future_bid < seen.future_ask
    assert seen.future_volume % 65 == 0
    assert seen.future_oi % 65 == 0


def test_the_index_stands_still_from_1515_and_jumps_once_to_where_the_forward_was(
    market: SimulatedMarket,
) -> None:
    frozen = [
        market.underlying("NIFTY", ist("2026-11-18 15:15") + timedelta(minutes=m))
        for m in range(16)
    ]
    assert len({each.spot for each in frozen}) == 1
    assert {each.spot_source for each in frozen} == {"frozen"}
    assert frozen[9].spot_time == frozen[0].spot_time
    futures = [each.future for each in frozen]
    assert len(set(futures)) > 10
    after = [
        market.underlying("NIFTY", ist("2026-11-18 15:30") + timedelta(seconds=s))
        for s in range(0, 601, 10)
    ]
    spots = [each.spot for each in after]
    assert len(set(spots)) == 2
    day = ist("2026-11-18 15:30").date()
    latent = market.world.index(ROOTS["NIFTY"], day).latent[375 * 60]
    assert abs(spots[-1] / latent - 1) <= 5.5e-4
    assert after[30].spot == spots[-1]


def test_before_august_2026_the_index_ran_to_the_close(market: SimulatedMarket) -> None:
    seen = [
        market.underlying("NIFTY", ist("2026-07-15 15:20") + timedelta(minutes=m))
        for m in range(11)
    ]
    assert len({each.spot for each in seen}) > 8
    assert {each.spot_source for each in seen} == {"live"}
    assert market.underlying("NIFTY", ist("2026-07-15 15:35")) == seen[-1]


def test_an_event_is_priced_before_and_comes_when_announced(days: Calendar) -> None:
    at = ist("2026-11-18 14:00")
    plain, eventful = SimulatedMarket(days), SimulatedMarket(days, event=at)
    assert _straddle(eventful, ist("2026-11-18 13:00")) > 1.1 * _straddle(
        plain, ist("2026-11-18 13:00")
    )
    moved = np.abs(np.diff(eventful.world.index(ROOTS["NIFTY"], at.date()).latent))
    assert moved[285 * 60 - 1] == moved.max()


def _straddle(market: SimulatedMarket, at: datetime) -> float:
    contracts = market.listing("NIFTY", at).contracts
    quotes = market.quotes("NIFTY", contracts.of(contracts.expiries[0]), at)
    return float(np.nanmin((quotes.bid + quotes.ask).sum(axis=0) / 2))


def test_the_print_lags_the_contracts_by_the_skew(days: Calendar) -> None:
    at = ist("2026-11-18 11:00").date()
    lagging = SimulatedMarket(days, skew=45).world.index(ROOTS["NIFTY"], at)
    exact = SimulatedMarket(days, skew=0).world.index(ROOTS["NIFTY"], at)
    inside = slice(3600, 18_000)
    assert np.abs(exact.printed - exact.latent)[inside].max() <= 0.0251
    assert np.abs(lagging.printed - lagging.latent)[inside].mean() > 0.5
