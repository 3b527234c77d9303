import csv
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from g6.domain.pricing.black76 import (
    PHI,
    SolverStatus,
    greeks,
    higher_greeks,
    implied_vol,
    price,
    solve,
    vega,
)

ROOT = Path(__file__).resolve().parents[4]
OWN = ROOT / "tests" / "data" / "black76_vectors.csv"
SHARED = ROOT.parent / "shared" / "bench" / "iv" / "vectors.csv"
WEEK = 7 / 365
FIRST = {
    "delta": "delta",
    "gamma": "gamma",
    "theta": "theta_day",
    "vega": "vega_1pct",
    "rho": "rho_1pct",
}
HIGHER = {"vanna": "vanna_1pct", "charm": "charm_day", "vomma": "vomma_1pct"}


class Vectors:
    """A table of options; `arguments` are forward, strike, years, rate, phi."""

    def __init__(self, path):
        with path.open() as file:
            rows = list(csv.DictReader(file))
        self.rows = rows
        self.price = self.column("price")
        self.phi = np.where(self.words("flag") == "c", 1.0, -1.0)
        with np.errstate(all="ignore"):
            forward = self.column("S") * np.exp(self.column("r") * self.column("T"))
        self.arguments = (forward, self.column("K"), self.column("T"), self.column("r"), self.phi)
        self.status = self.words("status")
        self.ok = self.status == "ok"

    def words(self, name):
        return np.array([row[name] for row in self.rows])

    def column(self, name):
        return np.array([float(row[name]) if row[name] else np.nan for row in self.rows])


@pytest.fixture(scope="module")
def own():
    return Vectors(OWN)


@pytest.fixture(scope="module")
def shared():
    if not SHARED.exists():
        pytest.skip("the shared vectors are not beside this project")
    return Vectors(SHARED)


def scaled_error(found, truth, among):
    scale = np.maximum(np.abs(truth), 1e-3 * np.nanmax(np.abs(truth[among])))
    return np.max((np.abs(found - truth) / scale)[among])


def test_every_volatility_is_as_close_as_rounded_inputs_allow(own):
    sigma, iv, floor = (
        implied_vol(own.price, *own.arguments).sigma,
        own.column("iv"),
        own.column("iv_floor_f64"),
    )

    assert np.all(np.abs(sigma - iv)[own.ok] <= (4 * floor + 2e-15 * iv)[own.ok])


def test_every_option_without_a_volatility_says_why(own):
    solution = implied_vol(own.price, *own.arguments)

    assert [SolverStatus(code).name for code in solution.status] == own.status.tolist()
    assert np.isnan(solution.sigma[~own.ok]).all()


def test_no_option_takes_more_than_a_handful_of_evaluations(own):
    assert implied_vol(own.price, *own.arguments).iterations.max() <= 8


@pytest.mark.parametrize(("name", "column"), FIRST.items())
def test_greeks_are_those_of_spot_black_scholes(own, name, column):
    listed = own.ok & np.char.startswith(own.words("category"), "listed")
    found = getattr(greeks(own.column("iv"), *own.arguments), name)

    assert scaled_error(found, own.column(column), listed) < 1e-11


def test_vega_alone_is_that_of_the_greeks(own):
    iv, (*market, phi) = own.column("iv"), own.arguments

    assert np.array_equal(vega(iv, *market), greeks(iv, *market, phi).vega, equal_nan=True)


@pytest.mark.parametrize(("name", "column"), HIGHER.items())
def test_higher_greeks_are_those_of_spot_black_scholes(own, name, column):
    found, truth = (
        getattr(higher_greeks(own.column("iv"), *own.arguments), name),
        own.column(column),
    )

    assert np.allclose(found[own.ok], truth[own.ok], rtol=1e-9, atol=0)


def test_prices_come_back_from_their_volatilities(own):
    spot, strike = own.column("S"), own.column("K")
    error = np.abs(price(own.column("iv"), *own.arguments) - own.price) / (spot + strike)

    assert error[own.ok].max() < 1e-15


def test_far_tail_prices_keep_their_relative_accuracy(own):
    tail = own.words("category") == "far_tail"
    found = price(own.column("iv"), *own.arguments)

    assert own.price[tail].min() < 1e-280
    assert np.allclose(found[tail], own.price[tail], rtol=1e-10, atol=0)


def test_no_shared_vector_is_a_bad_case(shared):
    sigma, iv, floor = (
        implied_vol(shared.price, *shared.arguments).sigma,
        shared.column("iv"),
        shared.column("iv_floor_f64"),
    )
    good = np.abs(sigma - iv) <= 1e-6 + 100 * floor
    # Time value below one unit in the last place of the discounted strike: these may have no answer.
    good[[2, 18, 19]] |= np.isnan(sigma[[2, 18, 19]])

    assert np.flatnonzero(shared.ok & ~good).tolist() == []


@pytest.mark.parametrize("name", FIRST)
def test_greeks_match_the_shared_vectors(shared, name):
    found, truth = (
        getattr(greeks(shared.column("iv"), *shared.arguments), name),
        shared.column(FIRST[name]),
    )

    assert scaled_error(found, truth, shared.ok) < 1e-9


def test_unsolvable_shared_vectors_are_answered_only_within_rounding(shared):
    sigma = implied_vol(shared.price, *shared.arguments).sigma
    answered = np.flatnonzero(~shared.ok & np.isfinite(sigma))
    payoff = shared.phi * (
        shared.column("S") - shared.column("K") * np.exp(-shared.column("r") * shared.column("T"))
    )

    # Rounding S exp(rT) moves the payoff by a unit in the last place: within it the forward decides, not the spot.
    assert np.all(
        np.abs(shared.price - payoff)[answered] <= np.spacing(shared.column("K"))[answered]
    )


def chain():
    strike = 24_650.0 + 50 * np.arange(-40, 41)
    smile = 0.12 + 0.4 * np.abs(np.log(strike / 24_680)) + np.where(strike < 24_680, 0.02, 0.0)
    return smile, (24_680.0, strike, np.full(strike.shape, WEEK), 0.055, PHI)


def test_a_chain_is_solved_in_its_own_shape():
    smile, arguments = chain()
    solution = implied_vol(price(smile, *arguments), *arguments)

    assert solution.sigma.shape == solution.status.shape == solution.iterations.shape == (2, 81)
    assert np.abs(solution.sigma - smile).max() < 2e-11


def test_a_listed_chain_needs_one_evaluation_each():
    smile, arguments = chain()

    assert (
        implied_vol(price(smile, *arguments), *arguments).iterations.tolist()
        == np.ones((2, 81)).tolist()
    )


def test_solving_with_greeks_gives_the_greeks_of_the_solution():
    smile, arguments = chain()
    solution, fused = solve(price(smile, *arguments), *arguments)
    separate = greeks(solution.sigma, *arguments)

    for name in FIRST:
        found, expected = getattr(fused, name), getattr(separate, name)
        assert scaled_error(found, expected, np.ones(found.shape, bool)) < 1e-10


def test_solving_with_greeks_gives_the_volatilities_of_solving_alone():
    smile, arguments = chain()
    quotes = np.round(price(smile, *arguments) / 0.05) * 0.05
    quotes[:, ::7] = np.nan
    alone, (fused, _) = implied_vol(quotes, *arguments), solve(quotes, *arguments)

    assert np.array_equal(alone.sigma, fused.sigma, equal_nan=True)
    assert np.array_equal(alone.status, fused.status)


def test_an_option_without_a_volatility_has_no_greeks():
    smile, arguments = chain()
    quotes = price(smile, *arguments)
    quotes[0, 3] = np.nan
    _, figures = solve(quotes, *arguments)

    assert all(np.isnan(getattr(figures, name)[0, 3]) for name in FIRST)
    assert all(np.isfinite(getattr(figures, name)[1, 3]) for name in FIRST)


def test_call_delta_less_put_delta_is_one():
    smile, arguments = chain()
    _, figures = solve(price(smile, *arguments), *arguments)

    assert np.allclose(figures.delta[0] - figures.delta[1], 1.0, rtol=0, atol=1e-9)


def test_put_call_parity_holds():
    smile, (forward, strike, years, rate, phi) = chain()
    value = price(smile, forward, strike, years, rate, phi)

    assert np.abs(value[0] - value[1] - np.exp(-rate * years) * (forward - strike)).max() < 1e-8


def test_a_longer_column_than_one_chunk_gives_the_same_numbers():
    smile, arguments = chain()
    short = implied_vol(price(smile, *arguments), *arguments).sigma
    tiled = [
        np.tile(np.broadcast_to(argument, (2, 81)).ravel(), 80)
        for argument in (price(smile, *arguments), *arguments)
    ]

    assert np.array_equal(
        implied_vol(*tiled).sigma.reshape(80, 2, 81), np.broadcast_to(short, (80, 2, 81))
    )


def test_a_million_options_need_no_more_memory_than_their_answers():
    smile, arguments = chain()
    quotes = price(smile, *arguments)
    terms = [
        np.resize(np.broadcast_to(each, quotes.shape), 1_000_000).astype(np.float64)
        for each in (quotes, *arguments)
    ]
    tracemalloc.start()
    try:
        solution, figures = solve(*terms)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert (solution.status == SolverStatus.ok).all()
    answers = (
        sum(each.nbytes for each in (solution.sigma, solution.status, solution.iterations))
        + 5 * figures.delta.nbytes
    )
    assert peak < answers + 4e6


def test_numbers_give_arrays_without_dimension():
    solution, figures = solve(120.0, 24_680, 24_700, WEEK, 0.055, 1)

    assert solution.sigma.shape == solution.status.shape == figures.delta.shape == ()
    assert solution.sigma.dtype == np.float64


def test_an_empty_chain_gives_an_empty_solution():
    solution, figures = solve(np.empty((2, 0)), np.empty(0), np.empty(0), WEEK, 0.055, PHI)

    assert solution.sigma.shape == figures.gamma.shape == (2, 0)


def test_arguments_are_left_as_they_were():
    smile, arguments = chain()
    quotes = price(smile, *arguments)
    kept, strike = quotes.copy(), arguments[1].copy()
    solve(quotes, *arguments)

    assert np.array_equal(quotes, kept)
    assert np.array_equal(arguments[1], strike)


def test_shapes_that_do_not_broadcast_are_refused():
    with pytest.raises(ValueError, match="broadcast"):
        implied_vol(np.ones(3), np.ones(4), 1.0, 1.0, 0.0, 1.0)


def test_iterations_that_do_not_suffice_are_no_convergence():
    far = (1e-200, 24_650.0, 26_000.0, 0.04, 0.0, 1.0)

    assert implied_vol(*far, max_iterations=1).status == SolverStatus.no_convergence
    assert implied_vol(*far, max_iterations=10).status == SolverStatus.ok


def test_a_last_step_below_the_precision_counts_though_the_iterations_are_spent():
    far = (1e-12, 25_000.0, 45_000.0, 0.1, 0.055, 1.0)
    settled = implied_vol(*far)

    assert settled.iterations == 5
    assert implied_vol(*far, max_iterations=4, precision=1e-8).status == SolverStatus.no_convergence
    loose = implied_vol(*far, max_iterations=4, precision=1e-3)
    assert loose.status == SolverStatus.ok
    assert loose.sigma == pytest.approx(settled.sigma, rel=1e-3)


@pytest.mark.parametrize("digits", [100, 200, 300])
def test_prices_down_to_1e_minus_300_have_a_volatility(digits):
    tiny = 10.0**-digits
    solution = implied_vol(tiny, 24_650.0, 26_000.0, 0.04, 0.0, 1.0)

    assert solution.status == SolverStatus.ok
    assert price(solution.sigma, 24_650.0, 26_000.0, 0.04, 0.0, 1.0) == pytest.approx(
        tiny, rel=1e-9
    )


@pytest.mark.parametrize(("years", "sigma"), [(0.0, 0.2), (WEEK, 0.0)])
def test_without_time_or_volatility_the_price_is_the_discounted_payoff(years, sigma):
    value = price(sigma, 24_680.0, np.array([24_500.0, 24_680.0, 24_700.0]), years, 0.055, PHI)

    assert np.allclose(
        value, np.exp(-0.055 * years) * np.array([[180, 0, 0], [0, 0, 20]]), rtol=1e-14
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sigma", np.nan),
        ("sigma", -0.2),
        ("forward", np.inf),
        ("forward", 0.0),
        ("strike", -1.0),
        ("years", np.nan),
        ("years", -1.0),
        ("phi", 0.5),
    ],
)
def test_a_bad_argument_has_neither_price_nor_greeks(name, value):
    good = {
        "sigma": 0.2,
        "forward": 24_680.0,
        "strike": 24_700.0,
        "years": WEEK,
        "rate": 0.055,
        "phi": 1.0,
    }
    bad = good | {name: value}
    figures = [*figure_values(greeks(**bad)), *figure_values(higher_greeks(**bad), HIGHER)]

    assert np.isnan(price(**bad))
    assert np.isnan(figures).all()


def figure_values(figures, names=FIRST):
    return [float(getattr(figures, name)) for name in names]
