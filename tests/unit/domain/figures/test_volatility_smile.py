"""Each aggregate against a slow recomputation of its definition, strike by strike, and against cases worked by hand."""

from __future__ import annotations

from math import erf, exp, isnan, log, nan, sqrt

import numpy as np
import pytest

from g6.domain.figures import open_interest
from g6.domain.figures.smile import volatility_smile

CE, PE = 0, 1
STRIKES = np.array([100.0, 105.0, 110.0, 120.0, 130.0])


def normal(x):
    return 0.5 * (1 + erf(x / sqrt(2)))


def random_chain(seed):
    dice = np.random.default_rng(seed)
    strike = np.sort(dice.choice(np.arange(1000, 2000, 50), 12, replace=False)).astype(float)
    oi = dice.integers(0, 500, (2, 12)) * 65.0
    oi[dice.random((2, 12)) < 0.15] = nan
    return strike, oi


def test_pcr_is_put_open_interest_over_call_open_interest_without_the_unknown():
    oi = np.array([[10.0, nan, 30.0, 0.0, 5.0], [20.0, 7.0, nan, 3.0, 0.0]])
    assert open_interest.pcr(oi) == pytest.approx(30 / 45)
    assert open_interest.strikes_with(oi) == 5


@pytest.mark.parametrize("calls", [0.0, nan])
def test_pcr_without_calls_is_unknown(calls):
    assert isnan(open_interest.pcr(np.array([[calls, calls], [5.0, 6.0]])))


def test_a_total_of_nothing_known_is_unknown_not_zero():
    assert isnan(open_interest.total(np.array([[nan, nan], [1.0, 2.0]]), CE))
    assert open_interest.total(np.array([[nan, nan], [1.0, 2.0]]), PE) == 3.0


@pytest.mark.parametrize("seed", range(100))
def test_max_pain_is_the_strike_of_least_payout(seed):
    strike, oi = random_chain(seed)

    def payout(settled):
        held = np.nan_to_num(oi)
        return sum(
            held[CE, i] * max(settled - k, 0.0) + held[PE, i] * max(k - settled, 0.0)
            for i, k in enumerate(strike.tolist())
        )

    least = min(payout(k) for k in strike.tolist())
    assert open_interest.max_pain(strike, oi) == min(
        k for k in strike.tolist() if payout(k) == least
    )


def test_max_pain_is_the_lower_strike_on_a_tie():
    oi = np.array([[0.0, 1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0, 0.0]])
    assert open_interest.max_pain(STRIKES, oi) == 105.0


def test_max_pain_without_open_interest_is_unknown():
    assert isnan(open_interest.max_pain(STRIKES, np.full((2, 5), nan)))
    assert isnan(open_interest.max_pain(STRIKES, np.zeros((2, 5))))


@pytest.mark.parametrize("seed", range(20))
def test_support_and_resistance_are_the_largest_open_interest_beyond_the_forward(seed):
    strike, oi = random_chain(seed)
    forward = 1500.0
    below = [(oi[PE, i], k) for i, k in enumerate(strike.tolist()) if k < forward and oi[PE, i] > 0]
    above = [
        (oi[CE, i], -k) for i, k in enumerate(strike.tolist()) if k > forward and oi[CE, i] > 0
    ]
    support = open_interest.support(strike, oi, oi, forward, 100.0)
    resistance = open_interest.resistance(strike, oi, oi, forward, 100.0)
    assert (support.oi, support.strike) == max(below)
    assert (resistance.oi, -resistance.strike) == max(above)


def test_a_level_says_its_change_and_its_distance_in_points_and_deviations():
    oi = np.array([[1.0, 1.0, 1.0, 9.0, 2.0], [1.0, 8.0, 9.0, 1.0, 1.0]])
    level = open_interest.support(STRIKES, oi, oi - 3.0, 108.0, 6.0)
    assert level == open_interest.InterestLevel(105.0, 8.0, 3.0, -3.0, -0.5)
    assert isnan(open_interest.resistance(STRIKES, oi, oi, 108.0, nan).deviations)


def test_without_open_interest_beyond_the_forward_there_is_no_level():
    assert isnan(
        open_interest.support(STRIKES, np.zeros((2, 5)), np.zeros((2, 5)), 108.0, 6.0).strike
    )


def test_atm_iv_is_linear_in_strike_between_the_out_of_the_money_sides():
    iv = np.array([[nan, nan, 0.11, 0.14, 0.15], [0.2, 0.13, nan, nan, nan]])
    assert volatility_smile.atm_iv(STRIKES, 107.0, iv) == pytest.approx(0.13 * 0.6 + 0.11 * 0.4)


def test_atm_iv_at_a_strike_is_that_of_its_put():
    iv = np.array([[0.3, 0.3, 0.3, 0.3, 0.3], [0.2, 0.13, 0.1, 0.1, 0.1]])
    assert volatility_smile.atm_iv(STRIKES, 105.0, iv) == 0.13
    assert volatility_smile.atm_iv(STRIKES, 100.0, iv) == 0.2


def test_atm_iv_with_a_neighbour_missing_is_unknown():
    iv = np.array([[nan, nan, nan, 0.14, 0.15], [0.2, 0.13, nan, nan, nan]])
    assert isnan(volatility_smile.atm_iv(STRIKES, 107.0, iv))


@pytest.mark.parametrize("forward", [99.0, 131.0, nan])
def test_atm_iv_outside_the_strikes_is_unknown(forward):
    assert isnan(volatility_smile.atm_iv(STRIKES, forward, np.full((2, 5), 0.1)))


def test_the_straddle_is_call_plus_put_at_the_money():
    price = np.array([[9.0, 6.0, 3.0, 1.0, nan], [1.0, 2.0, 4.0, 8.0, 9.0]])
    assert volatility_smile.straddle(STRIKES, price, 110.0) == 7.0
    assert isnan(volatility_smile.straddle(STRIKES, price, 130.0))
    assert isnan(volatility_smile.straddle(STRIKES, price, nan))


def test_expected_moves_have_two_definitions_and_two_names():
    assert volatility_smile.expected_move(24000.0, 0.12, 0.01) == pytest.approx(288.0)
    assert volatility_smile.expected_move_straddle(200.0) == 170.0
    assert volatility_smile.session_move(24000.0, 0.12) == pytest.approx(24000 * 0.12 / sqrt(252))
    assert isnan(volatility_smile.expected_move(24000.0, 0.12, nan))


def wing(strike, forward, years, sigmas, call):
    """25Δ volatility by walking outward from the money, linear in delta."""
    rows = [i for i in range(len(strike)) if (strike[i] > forward) == call]
    before = None
    for i in rows if call else rows[::-1]:
        deviation = sigmas[i] * sqrt(years)
        d1 = log(forward / strike[i]) / deviation + deviation / 2
        delta = normal(d1) if call else normal(-d1)
        if delta <= 0.25:
            share = (before[0] - 0.25) / (before[0] - delta)
            return before[1] + share * (sigmas[i] - before[1])
        before = (delta, sigmas[i])
    raise AssertionError("25Δ outside the strikes")


def test_risk_reversal_and_butterfly_are_read_at_25_forward_delta():
    strike, forward, years = np.arange(23000.0, 25001.0, 50.0), 24110.0, 0.02
    sigmas = np.array([0.12 - 0.4 * log(k / forward) + 3 * log(k / forward) ** 2 for k in strike])
    iv = np.stack([sigmas, sigmas])
    call, put = (
        wing(strike.tolist(), forward, years, sigmas.tolist(), each) for each in (True, False)
    )
    rr, bf = volatility_smile.risk_reversal_butterfly(strike, forward, iv, years)
    assert rr == pytest.approx(call - put, abs=1e-12)
    assert bf == pytest.approx(
        (call + put) / 2 - volatility_smile.atm_iv(strike, forward, iv), abs=1e-12
    )
    assert rr < 0 < bf


def test_a_missing_volatility_between_the_wings_is_stepped_over():
    strike, forward = np.arange(23000.0, 25001.0, 50.0), 24110.0
    iv = np.full((2, len(strike)), 0.12)
    iv[:, 3] = nan
    assert volatility_smile.risk_reversal_butterfly(strike, forward, iv, 0.02) == pytest.approx(
        (0.0, 0.0)
    )


@pytest.mark.parametrize("forward", [24101.0, 24110.0, 24125.0, 24149.0])
@pytest.mark.parametrize("minutes", [1, 20, 90])
def test_25_delta_before_the_first_strike_is_read_between_the_money_and_that_strike(
    forward, minutes
):
    strike, years = np.arange(23000.0, 25001.0, 50.0), minutes / (365 * 24 * 60)
    sigmas = 0.12 + 2e-5 * (strike - 24100.0)
    iv = np.stack([sigmas, sigmas])
    middle = volatility_smile.atm_iv(strike, forward, iv)
    money = [normal(middle * sqrt(years) / 2), normal(-middle * sqrt(years) / 2)]
    wings = []
    for call, start in zip((True, False), money, strict=True):
        k = strike[strike > forward][0] if call else strike[strike <= forward][-1]
        sigma = sigmas[strike == k][0]
        deviation = sigma * sqrt(years)
        d1 = log(forward / k) / deviation + deviation / 2
        delta = normal(d1) if call else normal(-d1)
        if delta > 0.25:
            wings.append(wing(strike.tolist(), forward, years, sigmas.tolist(), call))
        else:
            wings.append(middle + (start - 0.25) / (start - delta) * (sigma - middle))
    rr, bf = volatility_smile.risk_reversal_butterfly(strike, forward, iv, years)
    assert rr == pytest.approx(wings[0] - wings[1], abs=1e-12)
    assert bf == pytest.approx(sum(wings) / 2 - middle, abs=1e-12)
    assert 0 < rr < 2e-5 * 200


@pytest.mark.parametrize("strikes", [slice(0, 23), slice(20, 41), slice(20, 24)])
def test_25_delta_outside_the_strikes_is_unknown(strikes):
    strike = np.arange(23000.0, 25001.0, 50.0)[strikes]
    rr, bf = volatility_smile.risk_reversal_butterfly(
        strike, 24110.0, np.full((2, len(strike)), 0.12), 0.02
    )
    assert isnan(rr)
    assert isnan(bf)


def test_without_a_forward_or_time_there_is_no_skew():
    iv = np.full((2, 5), 0.12)
    assert isnan(volatility_smile.risk_reversal_butterfly(STRIKES, nan, iv, 0.02)[0])
    assert isnan(volatility_smile.risk_reversal_butterfly(STRIKES, 110.0, iv, nan)[0])


def test_forward_delta_is_undiscounted():
    found = volatility_smile.forward_delta(
        np.array([100.0]), 100.0 * exp(0.02), np.array([0.2]), 0.25
    )
    assert found[0] == pytest.approx(normal(0.02 / 0.1 + 0.05))


def test_the_change_is_in_percent_of_the_previous_close():
    assert volatility_smile.change_pct(102.0, 100.0) == pytest.approx(2.0)
    assert isnan(volatility_smile.change_pct(102.0, nan))
    assert isnan(volatility_smile.change_pct(102.0, 0.0))


@pytest.mark.parametrize("years", [0.5 / 365, 7 / 365, 0.25])
def test_a_flat_market_has_no_skew_at_all(years):
    strike = 24000.0 * np.exp(np.linspace(-3, 3, 241) * 0.14 * sqrt(years))
    flat = np.full((2, len(strike)), 0.14)
    rr, bf = volatility_smile.risk_reversal_butterfly(strike, 24000.0, flat, years)
    assert (rr, bf) == pytest.approx((0.0, 0.0), abs=1e-12)
    assert volatility_smile.slope_curvature(0.14, rr, bf, years) == pytest.approx(
        (0.0, 0.0), abs=1e-12
    )


@pytest.mark.parametrize(("slope", "curvature"), [(-0.012, 0.006), (0.004, 0.002), (0.0, 0.01)])
def test_slope_and_curvature_are_those_of_a_parabola_in_standard_deviations(slope, curvature):
    years, middle = 14 / 365, 0.13
    x = np.linspace(-3, 3, 6001)
    curve = middle + slope * x + 0.5 * curvature * x * x
    strike = 24000.0 * np.exp(x * middle * sqrt(years))
    rr, bf = volatility_smile.risk_reversal_butterfly(
        strike, 24000.0, np.stack([curve, curve]), years
    )
    assert volatility_smile.slope_curvature(middle, rr, bf, years) == pytest.approx(
        (slope, curvature), rel=1e-4, abs=1e-6
    )


@pytest.mark.parametrize("hole", range(4))
def test_without_wings_there_is_no_slope(hole):
    known = [0.13, -0.01, 0.002, 0.02]
    known[hole] = nan
    assert all(isnan(each) for each in volatility_smile.slope_curvature(*known))
