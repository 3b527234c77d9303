"""Exposures against scalar formulas written out, the flip against a root found on a grid, risk against sums by hand."""

from __future__ import annotations

from dataclasses import replace
from math import erf, exp, isnan, log, nan, pi, sqrt

import numpy as np
import pytest

from g6.domain.documents.chain_rows import chain_frame
from g6.domain.figures import exposures
from g6.domain.figures.exposures import Positions
from g6.domain.pricing.black76 import PHI, price
from g6.domain.schema.chain import Chain
from tests.worlds.pipeline import FIRST, NIFTY, World

RATE = 0.055


def cumulated(x):
    return 0.5 * (1 + erf(x / sqrt(2)))


def n(x):
    return exp(-0.5 * x * x) / sqrt(2 * pi)


def random_positions(seed, unknown=0.1):
    die = np.random.default_rng(seed)
    strike = np.tile(np.arange(23000.0, 25050.0, 100.0), 2)
    half = len(strike) // 2
    iv = die.uniform(0.08, 0.3, (2, 2 * half))
    oi = 65.0 * die.integers(0, 5000, (2, 2 * half))
    iv[die.random(iv.shape) < unknown] = nan
    oi[die.random(oi.shape) < unknown] = nan
    return Positions(
        strike,
        np.repeat([24050.0, 24120.0], half),
        np.repeat([0.01, 0.03], half),
        np.repeat(np.array(["this_week", "next_week"], dtype=object), half),
        iv,
        oi,
        RATE,
    )


def each_option(held):
    """(side, row, S*, d1, d2, sigma, oi) of every option that has volatility and open interest."""
    for side in (0, 1):
        for i in range(len(held.strike)):
            F, K, T, s, oi = (
                held.forward[i],
                held.strike[i],
                held.years[i],
                held.iv[side, i],
                held.oi[side, i],
            )
            if not (isnan(s) or isnan(oi)):
                d1 = log(F / K) / (s * sqrt(T)) + 0.5 * s * sqrt(T)
                yield side, i, F * exp(-RATE * T), d1, d1 - s * sqrt(T), s, oi


@pytest.mark.parametrize("seed", range(20))
def test_exposures_are_the_formulas_written_out(seed):
    held = random_positions(seed)
    found = exposures.exposures(held)
    sums = dict.fromkeys(exposures.EXPOSURES, 0.0)
    for side, i, spot, d1, d2, s, oi in each_option(held):
        T, dealer = held.years[i], (1, -1)[side]
        sums["gex"] += dealer * n(d1) / (spot * s * sqrt(T)) * oi * spot**2 / 100
        sums["dex"] += (cumulated(d1) if side == 0 else cumulated(d1) - 1) * oi * spot
        sums["vex"] += spot * n(d1) * sqrt(T) / 100 * oi
        sums["vanna"] += dealer * -n(d1) * d2 / s / 100 * oi * spot
        sums["charm"] += dealer * -n(d1) * (RATE / (s * sqrt(T)) - d2 / (2 * T)) / 365 * oi * spot
        sums["vomma"] += spot * n(d1) * sqrt(T) * d1 * d2 / s / 1e4 * oi
    for name, total in sums.items():
        assert found.net(name) == pytest.approx(total, rel=1e-10), name
    assert found.options == len(list(each_option(held)))


def test_gex_of_a_chain_is_the_formula_of_its_contract_and_not_that_of_the_printed_index():
    """A trader who squares the printed index has 0.3 % less on this chain."""
    world = World()
    world.cycle(FIRST)
    frame = world.store.read_chain(NIFTY)
    column = frame.columns
    own, printed = 0.0, 0.0
    for dealer, side in ((1, "ce_"), (-1, "pe_")):
        for i, strike in enumerate(column["strike"]):
            sigma, oi = column[f"{side}iv"][i], column[f"{side}oi"][i]
            if isnan(sigma) or isnan(oi):
                continue
            forward, years = column["forward"][i], column["years_to_expiry"][i]
            deviation = sigma * sqrt(years)
            implied = forward * exp(-column["rate"][i] * years)
            gamma = n(log(forward / strike) / deviation + deviation / 2) / (implied * deviation)
            own += dealer * gamma * oi * implied**2 / 100
            printed += dealer * gamma * oi * column["spot"][i] ** 2 / 100
    chain = Chain.of_rows(frame)
    assert exposures.exposures(exposures.positions(chain)).net("gex") == pytest.approx(own)
    assert printed / own - 1 == pytest.approx(-0.0031, abs=1e-4)


def test_the_convention_stands_with_the_figures():
    assert exposures.exposures(random_positions(1)).convention == "dealer_short_puts_long_calls"


def test_calls_add_gamma_and_puts_take_it_away():
    gex = exposures.exposures(random_positions(2, unknown=0)).gex
    assert (gex[0] >= 0).all()
    assert (gex[1] <= 0).all()


def test_gamma_exposure_is_the_change_of_delta_for_a_move_of_one_percent():
    held = random_positions(3, unknown=0)
    up, down = (_delta(held, held.spot * (1 + h)) for h in (1e-4, -1e-4))
    slope = PHI * held.oi * held.spot * (up - down) / 2e-4 / 100
    assert np.allclose(
        exposures.exposures(held).gex, slope, rtol=1e-4, atol=1e-3 * np.abs(slope).max()
    )


@pytest.mark.parametrize(("name", "bump"), [("vanna", "iv"), ("charm", "years")])
def test_second_order_exposures_are_finite_differences_of_delta(name, bump):
    held = random_positions(4, unknown=0)
    step = {"iv": 1e-5, "years": 1e-6}[bump]
    sides = [
        _delta(held, held.spot, **{bump: getattr(held, bump) + sign * step}) for sign in (1, -1)
    ]
    slope = (sides[0] - sides[1]) / (2 * step) * {"iv": 0.01, "years": -1 / 365}[bump]
    wanted = PHI * held.oi * held.spot * slope
    found = getattr(exposures.exposures(held), name)
    assert np.abs(found - wanted).max() < 1e-4 * np.abs(wanted).max()


def test_vomma_exposure_is_the_change_of_vega_for_one_percent_of_volatility():
    held = random_positions(4, unknown=0)
    up, down = (
        exposures.exposures(replace(held, iv=held.iv + sign * 1e-5)).vex for sign in (1, -1)
    )
    wanted = (up - down) / 2e-5 * 0.01
    assert np.abs(exposures.exposures(held).vomma - wanted).max() < 1e-4 * np.abs(wanted).max()


def _delta(held, spot, iv=None, years=None):
    """Delta by differences of the price in the forward-implied spot, which stays where it is when time passes."""
    iv, years = held.iv if iv is None else iv, held.years if years is None else years
    h = 1e-4 * spot
    growth = np.exp(RATE * years)
    up, down = (
        price(iv, at * growth, held.strike, years, RATE, PHI) for at in (spot + h, spot - h)
    )
    return (up - down) / (2 * h)


def test_sums_by_strike_add_up_to_the_net():
    found = exposures.exposures(random_positions(5))
    strikes, gex = found.by_strike("gex")
    assert len(strikes) == 21
    assert gex.sum() == pytest.approx(found.net("gex"))


def test_walls_are_the_strikes_with_the_most_gamma():
    held = random_positions(6, unknown=0)
    held.oi[:] = 65.0
    held.oi[0, [4, 25]] = 650000.0
    held.oi[1, 17] = 900000.0
    assert exposures.walls(exposures.exposures(held)) == exposures.Walls(call=23400.0, put=24700.0)


def test_walls_of_interest_are_the_strikes_with_the_most_of_it_over_all_expiries():
    held = random_positions(6, unknown=0)
    held.oi[:] = 65.0
    held.oi[0, [4, 25]] = 650.0
    held.oi[1, [3, 17, 38]] = [600.0, 500.0, 250.0]
    assert exposures.interest_walls(held) == exposures.Walls(call=23400.0, put=24700.0)
    held.oi[:] = nan
    assert isnan(exposures.interest_walls(held).put)


def test_without_positions_there_is_no_wall_no_net_and_no_flip():
    held = random_positions(7)
    held.oi[:] = nan
    found = exposures.exposures(held)
    assert isnan(exposures.walls(found).call)
    assert isnan(found.net("gex"))
    assert isnan(exposures.flip(held, 24000.0))
    assert exposures.regime(found.net("gex")) == ""


@pytest.mark.parametrize("seed", range(5))
def test_the_curve_at_no_move_is_the_net(seed):
    held = random_positions(seed)
    assert exposures.net_gex(held, np.ones(1))[0] == pytest.approx(
        exposures.exposures(held).net("gex"), rel=1e-10
    )


def test_the_curve_elsewhere_is_the_net_of_moved_forwards():
    held = random_positions(8)
    moved = Positions(
        held.strike, held.forward * 1.03, held.years, held.bucket, held.iv, held.oi, RATE
    )
    assert exposures.net_gex(held, np.array([1.03]))[0] == pytest.approx(
        exposures.exposures(moved).net("gex"), rel=1e-10
    )


def with_a_flip():
    """Puts below, calls above: dealers are short gamma low and long gamma high."""
    held = random_positions(9, unknown=0)
    held.oi[0] = np.where(held.strike > 24000, 65000.0, 65.0)
    held.oi[1] = np.where(held.strike > 24000, 65.0, 65000.0)
    return held


def test_the_flip_is_the_root_of_the_curve_over_the_index():
    held = with_a_flip()
    found = exposures.flip(held, 24040.0)
    moves = np.linspace(0.9, 1.1, 20001)
    signs = np.sign(exposures.net_gex(held, moves))
    roots = 24040.0 * moves[np.flatnonzero(np.diff(signs))]
    assert np.abs(roots - found).min() < 24040.0 * 1e-5
    assert np.abs(roots - 24040.0).min() == pytest.approx(abs(found - 24040.0), abs=0.5)


def test_net_gamma_changes_its_sign_within_a_ten_thousandth_of_a_point_of_the_flip():
    held = with_a_flip()
    level = exposures.flip(held, 24040.0)
    below, above = exposures.net_gex(held, np.array([level - 1e-4, level + 1e-4]) / 24040.0)
    assert below * above < 0


def test_a_curve_of_one_sign_has_no_flip():
    held = random_positions(10, unknown=0)
    held.oi[1] = 0.0
    assert isnan(exposures.flip(held, 24040.0))


def same_on_both_sides(years, iv, oi=1.5, forward=1.5, strike=1.5):
    years = np.array(years)
    ones = np.ones(len(years))
    return Positions(
        strike * ones,
        forward * ones,
        years,
        np.full(len(years), "x", dtype=object),
        np.full((2, len(years)), iv),
        np.full((2, len(years)), oi),
        RATE,
    )


@pytest.mark.parametrize(
    ("years", "iv"),
    [
        # The net is rounding of ±1e-18, whose sign depends on how many moves are asked for.
        ([1.0, 1.5, 1.5, 1.0, 1.5, 1.0, 0.0, 1.5, 0.0], 1.5),
        ([1.0, 0.0, 1.0], 0.12),
        # Densities below 1e-300, which have lost digits.
        ([0.02, 0.02, 0.02, 0.0, 0.0, 0.02, 0.0, 0.0, 0.0], 0.02),
    ],
)
def test_calls_and_puts_that_cancel_have_no_flip(years, iv):
    assert isnan(exposures.flip(same_on_both_sides(years, iv), 24000.0))


@pytest.mark.parametrize("oi", [1e-200, 1e-5, 1e200])
def test_a_curve_of_one_sign_has_no_flip_however_small_or_large(oi):
    held = same_on_both_sides([0.01, 1.0, 0.0], 0.2, oi)
    held.oi[1] = 0.0
    assert isnan(exposures.flip(held, 24000.0))


@pytest.mark.parametrize("scale", [1e-200, 1.0, 1e200])
def test_the_flip_does_not_depend_on_the_unit_of_open_interest(scale):
    held = with_a_flip()
    scaled = replace(held, oi=held.oi * scale)
    assert exposures.flip(scaled, 24040.0) == pytest.approx(exposures.flip(held, 24040.0))


@pytest.mark.parametrize("spot", [nan, 0.0, -1.0, float("inf")])
def test_an_impossible_index_has_no_flip(spot):
    assert isnan(exposures.flip(with_a_flip(), spot))


def test_the_regime_is_the_sign_of_net_gamma():
    assert [exposures.regime(net) for net in (2.0, -2.0, 0.0, nan)] == [
        "long_gamma",
        "short_gamma",
        "",
        "",
    ]


@pytest.mark.parametrize("seed", range(5))
def test_risk_adds_up_to_the_sums_over_rows(seed):
    held = random_positions(seed)
    table = exposures.risk(held)
    options = list(each_option(held))
    gamma = sum(
        n(d1) / (spot * s * sqrt(held.years[i])) * oi for _, i, spot, d1, _, s, oi in options
    )
    assert sum(row.gamma for row in table) == pytest.approx(gamma, rel=1e-10)
    assert sum(row.options for row in table) == len(options)
    assert sum(row.oi for row in table) == pytest.approx(sum(option[-1] for option in options))
    assert len({(row.bucket, row.moneyness) for row in table}) == len(table)


def test_moneyness_is_counted_in_standard_deviations_out_of_the_money():
    held = Positions(
        np.array([100.0 * exp(0.1 * x) for x in (-2.0, -1.0, 0.0, 1.0, 2.0)]),
        np.full(5, 100.0),
        np.full(5, 1.0),
        np.full(5, "this_week", dtype=object),
        np.array([[0.1] * 5, [nan] * 5]),
        np.full((2, 5), 10.0),
        0.0,
    )
    assert [row.moneyness for row in exposures.risk(held)] == [
        "deep_in",
        "in",
        "at",
        "out",
        "deep_out",
    ]


def test_hostile_numbers_raise_nothing_and_invent_nothing():
    bad = np.array([nan, np.inf, -np.inf, -1.0, 0.0, 1e300, 1e-300, 24000.0])
    grid = np.array(np.meshgrid(bad, bad, bad)).reshape(3, -1)
    die = np.random.default_rng(0)
    size = grid.shape[1]
    iv, oi = die.choice(bad, (2, size)), die.choice([nan, 0.0, 65.0], (2, size))
    held = Positions(grid[0], grid[1], grid[2], np.full(size, "x", dtype=object), iv, oi, RATE)
    found = exposures.exposures(held)
    exposures.walls(found)
    exposures.risk(held)
    exposures.flip(held, 24000.0)
    assert np.isnan(found.gex[:, ~(held.years > 0)]).all()


def test_positions_are_read_from_stored_rows(world):
    frame = chain_frame(world.chain())
    held = exposures.positions(Chain.of_rows(frame))
    total = np.nansum(frame.sides["gamma"].astype(float) * held.oi)
    assert sum(row.gamma for row in exposures.risk(held)) == pytest.approx(total, rel=1e-5)
    assert exposures.exposures(held).options == int(np.isfinite(frame.sides["gamma"]).sum())
