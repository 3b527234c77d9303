"""The surface against the simulated market's truth, and against arbitrage wherever it is asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from math import nan, sqrt

import numpy as np
import pytest

from g6.config import calendar
from g6.domain.documents.chain_rows import chain_frame
from g6.domain.figures.smile import surface
from g6.domain.figures.smile.surface import Smile
from g6.domain.market.expiry import years_to
from g6.domain.pricing.black76 import PHI, implied_vol, price
from g6.domain.schema.chain import Chain
from g6.simulation import SimulatedMarket
from g6.simulation.roots import ROOTS

DAYS = (7, 14, 42)
FORWARD = 24000.0
STRIKE = np.arange(22500.0, 25550.0, 50.0)
RATE, TICK = 0.055, 0.05


def quoted(days, iv, forward=FORWARD, strike=STRIKE, error=0.002):
    iv = np.broadcast_to(np.asarray(iv, dtype=float), strike.shape).copy()
    return Smile(
        date(2026, 11, 20) + timedelta(days),
        forward,
        days / 365,
        strike,
        iv,
        np.full(len(strike), error),
    )


def skewed(days, forward=FORWARD):
    away = np.log(STRIKE / forward)
    return 0.13 - 0.2 * away / sqrt(days / 7) + 1.5 * away**2 / (days / 7)


def smiles():
    return [quoted(days, skewed(days, FORWARD + 2 * days), FORWARD + 2 * days) for days in DAYS]


def call_prices(found, moneyness, years):
    """Undiscounted calls over the forward, from the surface's volatilities."""
    sigma = found.iv(moneyness * found.forward(years), years)
    return price(sigma, 1.0, moneyness, years, 0.0, 1.0)


def test_a_flat_market_has_a_flat_surface():
    found = surface.fit([quoted(days, 0.15) for days in DAYS])
    grid = found.iv(STRIKE[:, None], np.linspace(7 / 365, 42 / 365, 9))
    assert np.abs(grid - 0.15).max() < 5e-4


def test_it_meets_its_quotes_at_their_expiries():
    for each in smiles():
        found = surface.fit(smiles())
        assert np.abs(found.iv(each.strike, each.years) - each.iv).max() < 1e-3


@pytest.mark.parametrize("moneyness", [0.96, 1.0, 1.03])
def test_between_expiries_total_variance_at_one_moneyness_is_linear_in_time(moneyness):
    found = surface.fit(smiles())
    times = np.array([7, 9, 11, 14]) / 365
    variance = found.iv(moneyness * found.forward(times), times) ** 2 * times
    assert np.interp(times, times[[0, -1]], variance[[0, -1]]) == pytest.approx(variance, rel=1e-9)


@pytest.mark.parametrize(
    ("strike", "years"),
    [
        (22000.0, 0.02),
        (26500.0, 0.02),
        (24000.0, 0.01),
        (24000.0, 0.2),
        (nan, 0.02),
        (24000.0, nan),
    ],
)
def test_outside_the_hull_there_is_no_volatility(strike, years):
    assert np.isnan(surface.fit(smiles()).iv(strike, years))


def test_the_outermost_strikes_are_inside():
    each = smiles()[1]
    assert np.isfinite(surface.fit(smiles()).iv(each.strike[[0, -1]], each.years)).all()


def noisy(seed, size):
    die = np.random.default_rng(seed)
    return [replace(each, iv=each.iv + die.normal(0, size, len(STRIKE))) for each in smiles()]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("days", "noise"), [(7, 0.02), (14, 0.02), (42, 0.02), (10, 0.001), (30, 0.001)]
)
def test_no_butterfly_is_worth_less_than_nothing_at_expiries_however_noisy_the_quotes(
    seed, days, noise
):
    found = surface.fit(noisy(seed, noise))
    moneyness = np.linspace(0.945, 1.055, 221)
    calls = call_prices(found, moneyness, days / 365)
    assert np.diff(calls, 2).min() > -1e-12
    assert np.diff(calls).max() < 0
    assert np.diff(calls).min() > -np.diff(moneyness)[0]


@pytest.mark.parametrize("seed", range(5))
def test_no_calendar_spread_is_worth_less_than_nothing_however_wrong_the_quotes(seed):
    crossed = [
        replace(each, iv=each.iv * factor)
        for each, factor in zip(noisy(seed, 0.01), (1.6, 1.0, 0.8), strict=True)
    ]
    found = surface.fit(crossed)
    times = np.linspace(7, 42, 36) / 365
    moneyness = np.linspace(0.945, 1.055, 23)[:, None]
    sigma = found.iv(moneyness * found.forward(times), times)
    assert np.isfinite(sigma).all()
    assert np.diff(sigma**2 * times, axis=1).min() > -1e-12
    assert "calendar" in found.fitted[1].warnings


def test_a_clean_surface_warns_of_nothing():
    assert [each.warnings for each in surface.fit(smiles()).fitted] == [()] * 3


def test_quotes_no_density_fits_are_called_a_butterfly():
    spiked = smiles()
    spiked[0].iv[::6] += 0.05
    assert "butterfly" in surface.fit(spiked).fitted[0].warnings


def test_the_quality_falls_as_noise_is_added():
    scores = [
        list(surface.fit(noisy(1, size)).quality.values()) for size in (0.0, 0.003, 0.01, 0.03)
    ]
    assert (np.diff(scores, axis=0) < 0).all()
    assert min(scores[0]) > 0.99
    assert max(scores[-1]) < 0.1


def test_under_five_strikes_an_expiry_has_no_quality_and_no_part():
    thin = quoted(21, np.where(np.arange(len(STRIKE)) % 16 == 0, 0.13, nan))
    assert np.isfinite(thin.iv).sum() == 4
    found = surface.fit([*smiles(), thin])
    assert np.isnan(found.quality[thin.expiry])
    assert len(found.fitted) == 3


def test_a_series_within_two_hours_of_its_fix_is_left_out():
    late = quoted(1.9 / 24, 0.3)
    assert surface.fit([late, *smiles()]).fitted[0].years == 7 / 365


def test_nothing_quoted_is_no_surface():
    found = surface.fit([])
    assert np.isnan(found.iv(24000.0, 0.02))
    assert np.isnan(found.forward(0.02))


def test_one_expiry_answers_at_its_own_time_only():
    found = surface.fit(smiles()[:1])
    assert np.isfinite(found.iv(24000.0, 7 / 365))
    assert np.isnan(found.iv(24000.0, 8 / 365))


def test_a_surface_is_made_of_stored_rows(world):
    chain = world.chain()
    found = surface.fit(surface.smiles(Chain.of_rows(chain_frame(chain))))
    assert [each.expiry for each in found.fitted] == [expiry.day for expiry in chain.expiries]
    assert found.iv(24100.0, chain.expiries[0].years) == pytest.approx(0.12, abs=0.001)


@pytest.mark.parametrize("seed", range(40))
def test_hostile_quotes_raise_nothing_and_invent_nothing(seed):
    die = np.random.default_rng(seed)
    bad = np.array([nan, np.inf, -np.inf, -0.1, 0.0, 1e-300, 1e300, 5.0, 0.12, 0.2])

    def spoil(values):
        return np.where(die.random(len(values)) < 0.3, die.choice(bad, len(values)), values)

    spoiled = [
        replace(
            each, iv=spoil(each.iv), error=spoil(each.error), strike=np.sort(spoil(each.strike))
        )
        for each in smiles()
    ]
    spoiled[0] = replace(spoiled[0], forward=float(die.choice(bad)))
    spoiled[1] = replace(spoiled[1], years=float(die.choice(bad)))
    sigma = surface.fit(spoiled).iv(
        die.choice([*bad, *STRIKE], 200), die.choice([*bad, 0.02, 0.05], 200)
    )
    assert (np.isnan(sigma) | (sigma > 0) & np.isfinite(sigma)).all()


@pytest.mark.parametrize(
    ("index", "at"), [("NIFTY", "2026-11-18T05:30:00Z"), ("SENSEX", "2026-11-19T07:45:00Z")]
)
def test_it_fits_the_simulated_smile_within_half_a_point_from_ticked_quotes(index, at):
    market, root, at = SimulatedMarket(calendar(), seed=5), ROOTS[index], datetime.fromisoformat(at)
    session = market.calendar.session(root.exchange, at.date())
    second = np.array([int((at - session.open).total_seconds())])
    truth, offered = [], []
    for expiry in market.listing(index, at).contracts.expiries[:4]:
        contracts = market.listing(index, at).contracts.of(expiry)
        years = years_to(market.calendar.settlement_fix(root.exchange, expiry), at)
        curve, quotes = (
            market.world.curve(root, expiry, at.date()),
            market.quotes(index, contracts, at),
        )
        forward, K = float(curve.forward[second][0]), contracts.strike
        phi = np.where(forward < K, 1.0, -1.0)
        sides = (np.where(phi > 0, 0, 1), np.arange(len(K)))
        mid = 0.5 * (quotes.bid + quotes.ask)[sides]
        solved = implied_vol(
            np.stack([mid, quotes.bid[sides], quotes.ask[sides]]), forward, K, years, RATE, phi
        ).sigma
        offered.append(Smile(expiry, forward, years, K, solved[0], 0.5 * (solved[2] - solved[1])))
        true = implied_vol(
            np.stack(curve.values(K, second))[sides], forward, K, years, RATE, phi
        ).sigma
        step = implied_vol(mid + 0.5 * TICK, forward, K, years, RATE, phi).sigma - solved[0]
        truth.append((years, K, np.where((step < 0.0025) & np.isfinite(solved[0]), true, nan)))
    found = surface.fit(offered)
    for years, K, true in truth:
        fine = np.isfinite(true)
        assert fine.sum() > 20
        assert np.abs(found.iv(K[fine], years) - true[fine]).max() < 0.005


def test_parity_gives_both_sides_one_volatility():
    found = surface.fit(smiles())
    sigma = found.iv(STRIKE[::10], 0.03)
    forward = found.forward(0.03)
    values = price(sigma, forward, STRIKE[::10], 0.03, 0.0, PHI)
    assert values[0] - values[1] == pytest.approx(forward - STRIKE[::10])
