import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from g6.domain.pricing.black76 import SolverStatus, greeks, higher_greeks, implied_vol, price, solve

forwards = st.floats(5_000, 90_000)
years = st.floats(1 / 17_520, 1.0)
rates = st.floats(-0.02, 0.12)
sides = st.sampled_from([1.0, -1.0])
sigmas = st.floats(0.05, 2.0)
deviations = st.floats(-4, 4)
FIRST = ("delta", "gamma", "theta", "vega", "rho")
HIGHER = ("vanna", "charm", "vomma")


@st.composite
def options(draw):
    """sigma, forward, strike, years, rate, phi of an option with some value."""
    sigma, forward, time = draw(sigmas), draw(forwards), draw(years)
    strike = forward * np.exp(draw(deviations) * sigma * np.sqrt(time))
    return sigma, forward, strike, time, draw(rates), draw(sides)


def attainable(option):
    """Error that rounding the price and the payoff makes unavoidable."""
    return 4e-16 * (option[1] + option[2]) / (100 * float(greeks(*option).vega))


@st.composite
def deep_in_the_money(draw):
    """A price within 3 ulp of a payoff of 30 % and more, whose out-of-the-money side is worth under 1e-30 of the forward."""
    sigma, time, forward, rate = (
        draw(st.floats(0.05, 0.4)),
        draw(st.floats(1e-6, 0.02)),
        draw(forwards),
        draw(rates),
    )
    phi = draw(sides)
    away = draw(st.floats(max(0.36, 13 * sigma * np.sqrt(time)), 1.5))
    strike = forward * np.exp(-phi * away)
    ulps = draw(st.integers(-3, 3))
    value = float(np.exp(-rate * time) * phi * (forward - strike))
    return value + ulps * np.spacing(value), forward, strike, time, rate, phi


@given(deep_in_the_money())
@settings(max_examples=300)
def test_a_price_within_rounding_of_the_payoff_has_no_volatility(option):
    solution = implied_vol(*option)
    both = solve(*option)[0]

    assert SolverStatus(int(solution.status)) in {
        SolverStatus.at_payoff,
        SolverStatus.below_intrinsic,
    }
    assert np.isnan(solution.sigma)
    assert both.status == solution.status


@given(options())
@settings(max_examples=100)
def test_the_volatility_of_a_price_is_the_one_it_was_made_with(option):
    solution = implied_vol(price(*option), *option[1:])

    assert solution.status == SolverStatus.ok
    assert abs(float(solution.sigma) - option[0]) <= 1e-13 + 4 * attainable(option)


@given(options(), st.floats(1e-4, 0.5))
@settings(max_examples=60)
def test_price_grows_with_volatility(option, more):
    sigma, *rest = option

    assert price(sigma + more, *rest) > price(sigma, *rest)


@given(options(), st.floats(0.01, 3.0))
@settings(max_examples=60)
def test_volatility_grows_with_price(option, more):
    value = float(price(*option))
    higher = value + more * 100 * float(greeks(*option).vega) * 0.01
    found = implied_vol([value, higher], *option[1:]).sigma

    assert found[1] > found[0] or np.isnan(found[1])


@given(options(), st.integers(-20, 20))
@settings(max_examples=60)
def test_scaling_price_forward_and_strike_changes_nothing(option, power):
    value, (_, forward, strike, *rest) = price(*option), option
    scale = 2.0**power

    assert (
        implied_vol(value * scale, forward * scale, strike * scale, *rest).sigma
        == implied_vol(value, forward, strike, *rest).sigma
    )


@given(options())
@settings(max_examples=60)
def test_solving_with_greeks_agrees_with_solving_first(option):
    solution, fused = solve(price(*option), *option[1:])
    separate = greeks(solution.sigma, *option[1:])

    for name in FIRST:
        assert float(getattr(fused, name)) == pytest.approx(
            float(getattr(separate, name)), rel=1e-8, abs=1e-9 * abs(float(separate.rho))
        )


def slope(function, at, step):
    """Derivative by central differences of the fourth order."""
    return (
        8 * (function(at + step) - function(at - step))
        - (function(at + 2 * step) - function(at - 2 * step))
    ) / (12 * step)


def spot_function(option, figure):
    """The figure as a function of the forward-implied spot."""
    sigma, _, strike, time, rate, phi = option
    return lambda spot: float(figure(sigma, spot * np.exp(rate * time), strike, time, rate, phi))


well_posed = st.builds(
    lambda sigma, forward, z, time, rate, phi: (
        sigma,
        forward,
        forward * np.exp(z * sigma * np.sqrt(time)),
        time,
        rate,
        phi,
    ),
    st.floats(0.1, 0.8),
    st.floats(20_000, 30_000),
    st.floats(-2, 2),
    st.floats(0.02, 0.5),
    rates,
    sides,
)


@given(well_posed)
@settings(max_examples=50)
def test_greeks_are_derivatives_of_the_price(option):
    sigma, forward, strike, time, rate, phi = option
    spot, found = forward * np.exp(-rate * time), greeks(*option)
    width = spot * sigma * np.sqrt(time)
    near = {"rel": 1e-6, "abs": 1e-7}

    def aged(years_left):
        return float(price(sigma, spot * np.exp(rate * years_left), strike, years_left, rate, phi))

    def at_rate(other):
        return float(price(sigma, spot * np.exp(other * time), strike, time, other, phi))

    delta = spot_function(option, lambda *a: greeks(*a).delta)
    assert slope(spot_function(option, price), spot, 0.02 * width) == pytest.approx(
        float(found.delta), **near
    )
    assert slope(delta, spot, 0.02 * width) * width == pytest.approx(
        float(found.gamma) * width, **near
    )
    assert slope(
        lambda s: float(price(s, *option[1:])), sigma, 0.01 * sigma
    ) / 100 == pytest.approx(float(found.vega), **near)
    assert -slope(aged, time, 0.005 * time) / 365 == pytest.approx(
        float(found.theta), rel=1e-6, abs=1e-6
    )
    assert slope(at_rate, rate, 1e-3) / 100 == pytest.approx(float(found.rho), rel=1e-6, abs=1e-6)


@given(well_posed)
@settings(max_examples=50)
def test_higher_greeks_are_derivatives_of_the_greeks(option):
    sigma, forward, strike, time, rate, phi = option
    spot, found = forward * np.exp(-rate * time), higher_greeks(*option)
    near = {"rel": 1e-6, "abs": 1e-9}

    def delta_when_aged(years_left):
        return float(
            greeks(sigma, spot * np.exp(rate * years_left), strike, years_left, rate, phi).delta
        )

    vanna = slope(lambda s: float(greeks(s, *option[1:]).delta), sigma, 0.005 * sigma) / 100
    vomma = slope(lambda s: float(greeks(s, *option[1:]).vega), sigma, 0.005 * sigma) / 100
    assert vanna == pytest.approx(float(found.vanna), **near)
    assert vomma == pytest.approx(float(found.vomma), rel=1e-6, abs=1e-7)
    assert -slope(delta_when_aged, time, 0.002 * time) / 365 == pytest.approx(
        float(found.charm), **near
    )


def hostile(count, seed):
    """Columns of price, forward, strike, years, rate, phi: a third usable, the rest of any size, sign or none."""
    random = np.random.default_rng(seed)
    odd = np.array([0.0, -0.0, -1.0, np.nan, np.inf, -np.inf, 1e300, 1e-300, 5e-324, 1.7e308])

    def mixed(usual, any_sign):
        wild = 10 ** random.uniform(-308, 308, count) * (
            random.choice([1.0, -1.0], count) if any_sign else 1.0
        )
        pick = random.random(count)
        return np.where(pick < 0.85, usual, np.where(pick < 0.93, wild, random.choice(odd, count)))

    forward = 10 ** random.uniform(4, 4.6, count)
    return (
        mixed(10 ** random.uniform(-3, 4, count), True),
        mixed(forward, False),
        mixed(forward * np.exp(random.normal(0, 0.2, count)), False),
        mixed(10 ** random.uniform(-5, 0.5, count), True),
        mixed(random.uniform(-0.05, 0.2, count), True),
        np.where(
            random.random(count) < 0.9, random.choice([1.0, -1.0], count), random.choice(odd, count)
        ),
    )


@pytest.mark.parametrize("seed", range(4))
def test_a_million_hostile_options_raise_nothing_and_invent_nothing(seed):
    columns = hostile(250_000, seed)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        solution, figures = solve(*columns)
        higher = higher_greeks(solution.sigma, *columns[1:])
        back = price(solution.sigma, *columns[1:])
    ok = solution.status == SolverStatus.ok

    assert np.bincount(solution.status, minlength=len(SolverStatus)).sum() == ok.size
    assert set(np.unique(solution.status)) <= set(SolverStatus)
    assert 0.05 < ok.mean() < 0.9
    assert np.isnan(solution.sigma[~ok]).all()
    assert (solution.sigma[ok] > 0).all()
    for figure in [getattr(figures, name) for name in FIRST] + [
        getattr(higher, name) for name in HIGHER
    ]:
        assert np.isfinite(figure[ok]).all()
        assert np.isnan(figure[~ok]).all()
    discount = np.exp(-columns[4][ok] * columns[3][ok])
    assert (
        np.max(np.abs(back[ok] - columns[0][ok]) / (discount * (columns[1][ok] + columns[2][ok])))
        < 1e-14
    )
