from __future__ import annotations

import numpy as np
import pytest

from g6.domain.pricing.black76 import PHI, greeks, price
from g6.domain.pricing.quality import Flag

CE, PE = 0, 1
NAN = float("nan")
CALL_OUT, PUT_OUT = 24500.0, 23700.0


def word(chain, side, row):
    return str(chain.vol.status[side, row])


def test_out_of_the_money_options_get_back_the_volatility_they_were_priced_with(world):
    chain = world.chain()
    forward = chain.per_row([expiry.forward.value for expiry in chain.expiries])
    strike = world.quotes.strike
    true_forward = np.repeat([24101.0, 24140.0], 41)
    away = np.log(strike / true_forward)
    fair = 0.12 - 0.3 * away + 2.0 * away**2
    out = (PHI * (forward - strike) <= 0) & (chain.prices.price > 1.0)
    assert (chain.vol.status[out] == "ok").all()
    assert np.abs(chain.vol.iv - fair)[out].max() < 5e-4


def test_the_greeks_are_those_of_the_volatility_found(world):
    chain = world.chain()
    i = world.at(CALL_OUT)
    expected = greeks(
        chain.vol.iv[CE, i],
        chain.expiries[0].forward.value,
        CALL_OUT,
        chain.expiries[0].years,
        0.055,
        1.0,
    )
    for name in ("delta", "gamma", "theta", "vega", "rho"):
        assert getattr(chain.greeks, name)[CE, i] == pytest.approx(
            float(getattr(expected, name)), rel=1e-12
        )


def test_bid_and_ask_volatilities_lie_around_that_of_the_mid(world):
    chain = world.chain()
    i = world.at(CALL_OUT)
    assert chain.vol.iv_bid[CE, i] < chain.vol.iv[CE, i] < chain.vol.iv_ask[CE, i]


def test_an_in_the_money_quote_that_pins_its_volatility_keeps_it(world):
    i = world.at(24050.0)
    chain = world.chain()
    assert word(chain, CE, i) == "ok"
    assert chain.vol.iv[CE, i] != chain.vol.iv[PE, i]


def test_an_in_the_money_quote_too_vague_shares_its_strike(world):
    i = world.at(PUT_OUT)
    fair = float(world.quotes.last[CE, i])
    world.put(CE, i, bid=fair - 10, ask=fair + 10)
    chain = world.chain()
    assert word(chain, CE, i) == "shared"
    assert chain.vol.iv[CE, i] == chain.vol.iv[PE, i]
    assert chain.greeks.delta[CE, i] - chain.greeks.delta[PE, i] == pytest.approx(1.0)


@pytest.mark.parametrize("tilt", [0.99, 1.01])
def test_half_a_volatility_point_of_half_spread_is_the_limit(world, tilt):
    i = world.at(23900.0)
    fair, vega = float(world.quotes.last[CE, i]), float(world.chain().greeks.vega[PE, i])
    half = 0.5 * vega * tilt
    world.put(CE, i, bid=fair - half, ask=fair + half)
    assert word(world.chain(), CE, i) == ("ok" if tilt < 1 else "shared")


def test_a_price_below_intrinsic_is_flagged_and_shares_its_strike(world):
    i = world.at(PUT_OUT)
    world.put(CE, i, bid=NAN, last=350.0)
    chain = world.chain()
    assert word(chain, CE, i) == "shared"
    assert chain.flags[CE, i] & Flag.BELOW_INTRINSIC
    assert chain.vol.time_value[CE, i] < 0


def test_a_price_below_intrinsic_with_nothing_to_share_has_no_volatility(world):
    i = world.at(PUT_OUT)
    world.put(CE, i, bid=NAN, last=350.0)
    world.unlist(PE, i)
    chain = world.chain()
    assert word(chain, CE, i) == "below_intrinsic"
    assert np.isnan(
        [chain.vol.iv[CE, i], chain.greeks.delta[CE, i], chain.greeks.vega[CE, i]]
    ).all()


def test_an_in_the_money_option_without_a_price_shares_its_strike(world):
    i = world.at(PUT_OUT)
    world.put(CE, i, bid=NAN, last=NAN)
    assert word(world.chain(), CE, i) == "shared"


def test_an_out_of_the_money_option_without_a_price_never_borrows(world):
    i = world.at(CALL_OUT)
    world.put(CE, i, bid=NAN, last=NAN)
    chain = world.chain()
    assert word(chain, CE, i) == "no_price"
    assert np.isnan(chain.vol.iv[CE, i])


def test_an_option_that_did_not_answer_shares_nothing(world):
    i = world.at(PUT_OUT)
    world.lose(CE, i)
    assert word(world.chain(), CE, i) == "no_price"


def test_a_vague_in_the_money_quote_takes_the_reason_of_the_side_that_should_have_said(world):
    i = world.at(PUT_OUT)
    fair = float(world.quotes.last[CE, i])
    world.put(CE, i, bid=fair - 10, ask=fair + 10)
    world.put(PE, i, bid=NAN, last_trade_time=0.0)
    assert word(world.chain(), CE, i) == "stale"


def test_an_old_price_is_stale(world):
    i = world.at(CALL_OUT)
    world.put(CE, i, bid=NAN, last_trade_time=world.stamp.at.timestamp() - 301)
    assert word(world.chain(), CE, i) == "stale"


def test_an_untraded_option_has_no_price(world):
    i = world.at(CALL_OUT)
    world.put(CE, i, bid=NAN, volume=0.0)
    assert word(world.chain(), CE, i) == "no_price"


def test_a_price_above_every_possible_value_is_above_bound(world):
    i = world.at(CALL_OUT)
    world.put(CE, i, bid=30000.0, ask=30000.5)
    assert word(world.chain(), CE, i) == "above_bound"


def test_time_value_under_half_a_tick_is_sub_tick(world):
    i = world.at(PUT_OUT)
    world.unlist(PE, i)
    chain = world.chain()
    worth = np.exp(-0.055 * chain.expiries[0].years) * (chain.expiries[0].forward.value - PUT_OUT)
    world.put(CE, i, bid=worth - 0.04, ask=worth + 0.06)
    assert word(world.chain(), CE, i) == "sub_tick"


def test_a_volatility_outside_the_configured_range_is_out_of_range(world):
    chain = world.priced(iv_max=0.10)
    assert word(chain, CE, world.at(24150.0)) == "out_of_range"
    assert np.isnan(chain.vol.iv[CE, world.at(24150.0)])


def test_without_a_forward_a_price_has_the_status_no_forward(world):
    world.see(spot=NAN)
    world.quotes.values["last"][PE] = NAN
    world.quotes.values["bid"][PE] = NAN
    chain = world.chain()
    assert set(chain.vol.status[CE]) == {"no_forward"}
    assert set(chain.vol.status[PE]) == {"no_price"}


def test_beyond_the_fix_the_expiring_series_is_expired_and_the_next_is_not(build_world):
    world = build_world(at="2026-08-25T10:00:00Z")
    chain = world.chain()
    near = chain.expiries[0].rows
    assert set(chain.vol.status[:, near].ravel()) == {"expired"}
    assert np.isnan(chain.vol.iv[:, near]).all()
    assert np.isnan(chain.greeks.theta[:, near]).all()
    assert word(chain, CE, world.at(24200.0, "2026-09-01")) == "ok"


def test_one_minute_before_the_fix_the_greeks_are_finite(build_world):
    world = build_world(at="2026-08-25T09:59:30Z")
    i = world.at(24100.0)
    world.quotes.values["last"][:, i] = (10.0, 9.0)
    world.quotes.values["bid"][:, i] = (9.95, 8.95)
    world.quotes.values["ask"][:, i] = (10.05, 9.05)
    chain = world.chain()
    assert chain.expiries[0].years == pytest.approx(60 / (365 * 86_400))
    assert np.isfinite(chain.greeks.theta[:, i]).all()


def test_switched_off_nothing_is_solved_and_every_status_says_so(world):
    for chain in (
        world.priced(enabled=False),
        world.priced(estimate_iv=False),
        world.chain(greeks=False),
    ):
        assert set(chain.vol.status.ravel()) == {"disabled"}
        assert np.isnan(chain.vol.iv).all()
        assert np.isnan(chain.greeks.delta).all()
        assert not chain.vol.iterations.any()


def test_a_side_that_is_not_listed_has_an_empty_status(world):
    i = world.at(CALL_OUT)
    world.unlist(PE, i)
    assert word(world.chain(), PE, i) == ""


def test_a_fallback_gives_greeks_and_never_a_volatility(world):
    i = world.at(CALL_OUT)
    world.put(CE, i, bid=NAN, last=NAN)
    chain = world.priced(fallback_iv=0.25)
    assert word(chain, CE, i) == "fallback"
    assert np.isnan(chain.vol.iv[CE, i])
    expected = greeks(
        0.25, chain.expiries[0].forward.value, CALL_OUT, chain.expiries[0].years, 0.055, 1.0
    )
    assert chain.greeks.delta[CE, i] == pytest.approx(float(expected.delta))


def test_a_fallback_is_used_where_no_estimate_is_wanted(world):
    chain = world.priced(estimate_iv=False, fallback_iv=0.2)
    assert set(chain.vol.status.ravel()) == {"fallback"}


def test_a_fallback_stays_out_where_there_is_no_option_or_no_time(build_world):
    world = build_world(at="2026-08-25T10:00:00Z")
    world.unlist(PE, world.at(24100.0, "2026-09-01"))
    chain = world.priced(fallback_iv=0.2)
    assert word(chain, PE, world.at(24100.0, "2026-09-01")) == ""
    assert set(chain.vol.status[:, chain.expiries[0].rows].ravel()) == {"expired"}


def test_the_nse_preset_is_black_scholes_on_the_index_at_ten_percent_and_whole_days(world):
    years = 6 / 365
    fair = price(0.15, 24050.0 * np.exp(0.10 * years), world.quotes.strike[:41], years, 0.10, PHI)
    world.quotes.values["last"][:, :41] = fair
    chain = world.priced(model="nse")
    assert (chain.rate, chain.expiries[0].years) == (0.10, years)
    solved = chain.vol.status[:, :41] == "ok"
    assert np.abs(chain.vol.iv[:, :41] - 0.15)[solved].max() < 1e-6
    assert solved[CE, world.at(23700.0)]


def test_on_expiry_day_the_nse_preset_still_counts_one_day(build_world):
    world = build_world(at="2026-08-25T06:00:00Z")
    assert world.priced(model="nse").expiries[0].years == 1 / 365
    assert np.isnan(world.priced(model="bse").expiries[0].years)


def test_the_bse_preset_uses_five_and_a_half_percent(world):
    chain = world.priced(model="bse", risk_free_rate=0.2)
    assert chain.rate == 0.055
    assert [expiry.forward.source for expiry in chain.expiries] == ["spot_rate", "spot_rate"]
