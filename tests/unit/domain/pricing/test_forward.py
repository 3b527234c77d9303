from __future__ import annotations

from datetime import date
from math import exp, isnan, log, nan

import numpy as np
import pytest

from g6.domain.pricing.forward import at_the_money, nearest_strike, parity

CE, PE = 0, 1
NEAR, FAR = "2026-08-25", "2026-09-01"
LADDER = np.arange(23000.0, 25050.0, 50.0)


def pairs(forward, discount=0.999, noise=None):
    gap = discount * (forward - LADDER) + (0.0 if noise is None else noise)
    put = np.full(len(LADDER), 100.0) + np.maximum(-gap, 0.0)
    return put + gap, put


def test_parity_finds_the_forward_exactly_on_exact_prices():
    value, spread = parity(LADDER, *pairs(24103.7), 0.999)
    assert value == pytest.approx(24103.7, abs=1e-9)
    assert spread == pytest.approx(0.0, abs=1e-9)


def test_parity_is_the_median_of_the_seven_strikes_nearest_the_money():
    noise = np.sin(np.arange(len(LADDER))) * 3
    call, put = pairs(24103.7, 0.999, noise)
    close = np.argsort(np.abs(LADDER - 24103.7))[:7]
    estimates = LADDER[close] + (call - put)[close] / 0.999
    value, spread = parity(LADDER, call, put, 0.999)
    assert value == pytest.approx(np.median(estimates))
    assert spread == pytest.approx(np.median(np.abs(estimates - np.median(estimates))))


def test_parity_is_not_moved_by_three_wrong_pairs():
    call, put = pairs(24103.7)
    call[[20, 22, 25]] += [300.0, 40.0, -200.0]
    assert parity(LADDER, call, put, 0.999)[0] == pytest.approx(24103.7, abs=1e-9)


def test_parity_wants_three_pairs():
    call, put = pairs(24103.7)
    call[2:] = nan
    assert isnan(parity(LADDER, call, put, 0.999)[0])


def test_a_chain_with_books_has_its_forward_from_parity(world):
    expiries = world.chain().expiries
    assert [expiry.forward.source for expiry in expiries] == ["parity", "parity"]
    assert [expiry.forward.value for expiry in expiries] == pytest.approx(
        [24101.0, 24140.0], abs=0.01
    )


def test_a_late_index_does_not_move_a_parity_forward(world):
    before = [expiry.forward for expiry in world.chain().expiries]
    world.see(spot=23000.0)
    assert [expiry.forward for expiry in world.chain().expiries] == before


def test_without_books_parity_stands_on_recent_last_prices(world):
    world.no_books()
    expiries = world.chain().expiries
    assert [expiry.forward.source for expiry in expiries] == ["parity_last", "parity_last"]
    assert [expiry.forward.value for expiry in expiries] == pytest.approx(
        [24101.0, 24140.0], abs=0.01
    )


def test_pairs_whose_trade_is_too_old_have_no_say(world):
    world.no_books()
    old = world.stamp.at.timestamp() - 400
    for strike in (24050.0, 24100.0):
        world.put(CE, world.at(strike), last=1.0, last_trade_time=old)
    assert world.chain().expiries[0].forward.value == pytest.approx(24101.0, abs=0.01)


def test_pairs_without_a_trade_time_count_only_when_too_few_have_one(world):
    world.no_books()
    for strike in (24050.0, 24100.0, 24150.0, 24200.0):
        world.put(CE, world.at(strike), last=500.0, last_trade_time=nan)
    assert world.chain().expiries[0].forward.value == pytest.approx(24101.0, abs=0.01)
    world.quotes.values["last_trade_time"][:] = nan
    expiries = world.chain().expiries
    assert expiries[1].forward.source == "parity_last"
    assert expiries[1].forward.value == pytest.approx(24140.0, abs=0.01)


def silence(world, expiry):
    rows = world.quotes.expiry == np.datetime64(expiry)
    for name in ("bid", "ask", "last"):
        world.quotes.values[name][:, rows] = nan


def test_the_future_of_the_same_expiry_comes_after_parity(world):
    silence(world, NEAR)
    world.see(
        future=24111.0,
        future_expiry=date.fromisoformat(NEAR),
        future_time=world.stamp.at.timestamp(),
    )
    expiries = world.chain().expiries
    assert (expiries[0].forward.source, expiries[0].forward.value) == ("future", 24111.0)
    assert isnan(expiries[0].forward.spread)


def test_a_future_with_a_book_gives_its_middle(world):
    silence(world, NEAR)
    world.see(
        future=24111.0,
        future_bid=24100.0,
        future_ask=24104.0,
        future_expiry=date.fromisoformat(NEAR),
    )
    assert world.chain().expiries[0].forward.value == 24102.0


def test_an_old_future_is_not_believed(world):
    silence(world, NEAR)
    world.see(
        future=24111.0,
        future_expiry=date.fromisoformat(NEAR),
        future_time=world.stamp.at.timestamp() - 301,
    )
    assert world.chain().expiries[0].forward.source == "carry"


def test_carry_comes_from_the_other_expiries(world):
    silence(world, NEAR)
    expiries = world.chain().expiries
    carry = log(expiries[1].forward.value / 24050.0) / expiries[1].years
    assert [expiry.forward.source for expiry in expiries] == ["carry", "parity"]
    assert expiries[0].forward.value == pytest.approx(24050.0 * exp(carry * expiries[0].years))


def test_the_rate_is_the_last_resort(world):
    silence(world, NEAR)
    silence(world, FAR)
    expiries = world.chain().expiries
    assert [expiry.forward.source for expiry in expiries] == ["spot_rate", "spot_rate"]
    assert expiries[1].forward.value == pytest.approx(24050.0 * exp(0.055 * expiries[1].years))


def test_without_options_and_index_there_is_no_forward(world):
    silence(world, NEAR)
    world.see(spot=nan)
    expiries = world.chain().expiries
    assert (
        expiries[0].forward.source,
        isnan(expiries[0].forward.value),
        isnan(expiries[0].atm),
    ) == (
        "",
        True,
        True,
    )


def test_atm_is_the_nearest_listed_strike_the_lower_on_a_tie():
    assert at_the_money(LADDER, 24124.9) == 24100.0
    assert at_the_money(LADDER, 24125.0) == 24100.0
    assert at_the_money(LADDER, 24125.1) == 24150.0


@pytest.mark.parametrize(
    ("forward", "expected"),
    [
        (24130.0, 24100.0),
        (24130.01, 24150.0),
        (24070.0, 24100.0),
        (24069.9, 24050.0),
        (24600.0, 24600.0),
    ],
)
def test_a_remembered_atm_stays_within_six_tenths_of_a_step(forward, expected):
    assert at_the_money(LADDER, forward, 24100.0) == expected


def test_the_step_is_that_on_the_side_of_the_forward():
    strikes = np.array([24000.0, 24050.0, 24100.0, 24200.0, 24300.0])
    assert at_the_money(strikes, 24155.0, 24100.0) == 24100.0
    assert at_the_money(strikes, 24165.0, 24100.0) == 24200.0


def test_an_atm_that_is_not_listed_any_more_is_forgotten():
    assert at_the_money(LADDER, 24128.0, 24110.0) == 24150.0


def test_without_a_forward_the_remembered_atm_stands():
    assert at_the_money(LADDER, nan, 24100.0) == 24100.0
    assert isnan(at_the_money(LADDER, nan))


def test_at_the_edge_of_the_strikes_the_inner_step_counts():
    assert at_the_money(LADDER, 25500.0, 25000.0) == 25000.0
    assert at_the_money(np.array([24000.0]), 25500.0, 24000.0) == 24000.0


def test_nearest_takes_the_lower_on_a_tie():
    assert nearest_strike(LADDER, 24125.0) == nearest_strike(LADDER, 24100.0)
