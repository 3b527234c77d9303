"""Every aggregate of random chains, computed again slowly: scalar, one option at a time, from the definitions alone."""

from __future__ import annotations

from itertools import pairwise
from math import erf, inf, isnan, log, nan, sqrt

import numpy as np
import pytest

from g6.domain.figures import build_up as open_interest
from g6.domain.figures import open_interest as interest
from g6.domain.figures.by_expiry import ExpiryFigures, expiry_figures
from g6.domain.figures.open_interest import InterestLevel
from g6.domain.figures.smile import term_structure, volatility_smile
from g6.domain.schema.chain import Chain
from g6.domain.schema.frame import Frame

SEEDS = range(40)
SIDES = ("ce_", "pe_")


def chain(chain_of, seed):
    """A chain of two expiries whose smiles, open interest and prices are random, with holes."""
    die = np.random.default_rng(seed)
    frame = chain_of(strikes=41, seed=seed)
    columns, n = dict(frame.columns), 82
    forward = np.repeat(26000.0 + die.uniform(-300, 300, 2), 41)
    years = np.repeat(np.array([0.5, 7.0]) * die.uniform(0.5, 8.0) / 365, 41)
    away = np.log(columns["strike"] / forward) / np.sqrt(years)
    columns |= {"forward": forward, "years_to_expiry": years}
    columns["atm"] = np.repeat(
        [
            columns["strike"][np.argmin(np.abs(columns["strike"] - level))]
            for level in forward[[0, -1]]
        ],
        41,
    )
    for side in SIDES:
        hole = die.random((4, n)) < 0.1
        columns[side + "iv"] = np.where(
            hole[0], nan, 0.14 - 0.05 * away + 0.3 * away**2 + die.normal(0, 0.001, n)
        ).astype(np.float32)
        columns[side + "oi"] = np.where(hole[1], nan, 65.0 * die.integers(0, 4000, n))
        columns[side + "oi_prev"] = np.where(hole[2], nan, 65.0 * die.integers(0, 4000, n))
        columns[side + "price"] = np.where(
            hole[3], nan, np.round(die.uniform(0.05, 600, n) * 20) / 20
        )
        columns[side + "symbol"] = np.where(die.random(n) < 0.05, "", columns[side + "symbol"])
    return Frame(frame.header, columns)


def rows_of(frame, expiry):
    """The rows of one expiry as mappings of numbers."""
    chosen = [
        i for i in range(len(frame)) if frame.columns["expiry"][i] == np.datetime64(expiry, "D")
    ]
    return [{name: column[i] for name, column in frame.columns.items()} for i in chosen]


def held(row, side, name="oi"):
    """A quantity that may be counted, None otherwise."""
    value = float(row[side + name])
    return None if isnan(value) or row[side + "symbol"] == "" else value


def total(rows, side, name="oi"):
    known = [value for row in rows if (value := held(row, side, name)) is not None]
    return sum(known) if known else nan


def curve(rows):
    """(strike, volatility) of the out-of-the-money side of each strike."""
    return [
        (float(row["strike"]), float(row["ce_iv" if row["strike"] > row["forward"] else "pe_iv"]))
        for row in rows
    ]


def atm_iv(rows):
    F = float(rows[0]["forward"])
    for (k1, s1), (k2, s2) in pairwise(curve(rows)):
        if k1 <= F <= k2:
            return s1 + (s2 - s1) * (F - k1) / (k2 - k1)
    return nan


def wing(rows, side):
    """Volatility at 25Δ of one side, walking outwards from the money."""
    F, T = float(rows[0]["forward"]), float(rows[0]["years_to_expiry"])
    middle = atm_iv(rows)
    known = [(k, s) for k, s in curve(rows) if not isnan(s)]
    walk = (
        [each for each in known if each[0] > F]
        if side > 0
        else [each for each in known if each[0] <= F][::-1]
    )
    last = (0.5 * (1 + erf(side * middle * sqrt(T) / 2 / sqrt(2))), middle)
    for k, s in walk:
        d1 = log(F / k) / (s * sqrt(T)) + s * sqrt(T) / 2
        delta = 0.5 * (1 + erf(side * d1 / sqrt(2)))
        if delta <= 0.25:
            return last[1] + (last[0] - 0.25) / (last[0] - delta) * (s - last[1])
        last = (delta, s)
    return nan


def parabola(rows):
    """Slope and curvature at the money of the parabola through the three volatilities, by Cramer's rule."""
    T, middle, call, put = (
        float(rows[0]["years_to_expiry"]),
        atm_iv(rows),
        wing(rows, 1),
        wing(rows, -1),
    )
    z = 0.6744897501960817
    x1 = (z * call * sqrt(T) + call * call * T / 2) / (middle * sqrt(T))
    x2 = (-z * put * sqrt(T) + put * put * T / 2) / (middle * sqrt(T))
    y1, y2 = call - middle, put - middle
    base = x1 * x2 * x2 - x2 * x1 * x1
    return (y1 * x2 * x2 - y2 * x1 * x1) / base, 2 * (x1 * y2 - x2 * y1) / base


def max_pain(rows):
    paid = {}
    for at in rows:
        level = float(at["strike"])
        paid[level] = sum(
            (held(row, "ce_") or 0.0) * max(level - float(row["strike"]), 0.0)
            + (held(row, "pe_") or 0.0) * max(float(row["strike"]) - level, 0.0)
            for row in rows
        )
    return min(paid, key=lambda level: (paid[level], level))


def level(rows, side, deviation):
    F, best = float(rows[0]["forward"]), InterestLevel()
    for row in rows if side == "ce_" else rows[::-1]:
        k, oi = float(row["strike"]), held(row, side)
        if (k > F if side == "ce_" else k < F) and oi and not oi <= best.oi:
            best = InterestLevel(
                k, oi, oi - float(row[side + "oi_prev"]), k - F, (k - F) / deviation
            )
    return best


def again(rows):
    """Every figure of one expiry."""
    F, T, atm = (float(rows[0][name]) for name in ("forward", "years_to_expiry", "atm"))
    sigma, calls, puts = atm_iv(rows), total(rows, "ce_"), total(rows, "pe_")
    at = next(row for row in rows if row["strike"] == atm)
    straddle = float(at["ce_price"]) + float(at["pe_price"])
    deviation = F * sigma * sqrt(T)
    rr, mean = wing(rows, 1) - wing(rows, -1), (wing(rows, 1) + wing(rows, -1)) / 2
    slope, curvature = parabola(rows)
    return ExpiryFigures(
        expiry=rows[0]["expiry"].astype("datetime64[D]").item(), bucket=rows[0]["bucket"], years=T, forward=F, atm=atm,
        pcr=puts / calls, pcr_volume=total(rows, "pe_", "volume") / total(rows, "ce_", "volume"), oi_calls=calls, oi_puts=puts,
        oi_strikes=sum(any(held(row, side) is not None for side in SIDES) for row in rows), max_pain=max_pain(rows),
        support=level(rows, "pe_", deviation), resistance=level(rows, "ce_", deviation), atm_iv=sigma, straddle=straddle,
        em_sd=deviation, em_straddle=0.85 * straddle, em_session=F * sigma / sqrt(252), rr25=rr, bf25=mean - sigma, slope=slope,
        curvature=curvature,
    )  # fmt: skip


@pytest.mark.parametrize("seed", SEEDS)
def test_figures_of_an_expiry_are_their_definitions(chain_of, seed):
    frame = chain(chain_of, seed)
    for found in expiry_figures(Chain.of_rows(frame)):
        wanted = again(rows_of(frame, found.expiry))
        for name in ExpiryFigures.__dataclass_fields__:
            one, other = getattr(found, name), getattr(wanted, name)
            if isinstance(one, InterestLevel):
                one, other = (
                    [getattr(each, field) for field in InterestLevel.__dataclass_fields__]
                    for each in (one, other)
                )
            if isinstance(one, float | list):
                assert one == pytest.approx(other, rel=1e-6, abs=1e-9, nan_ok=True), name
            else:
                assert one == other, name


@pytest.mark.parametrize("seed", SEEDS)
def test_the_random_chains_are_no_empty_test(chain_of, seed):
    known = [
        each
        for each in expiry_figures(Chain.of_rows(chain(chain_of, seed)))
        if not isnan(each.atm_iv)
    ]
    assert known
    assert all(each.pcr > 0 and each.max_pain > 0 for each in known)


def test_most_random_chains_have_a_skew(chain_of):
    found = [
        each.rr25 for seed in SEEDS for each in expiry_figures(Chain.of_rows(chain(chain_of, seed)))
    ]
    assert np.isfinite(found).mean() > 0.4


@pytest.mark.parametrize("seed", SEEDS)
def test_term_structure_is_linear_in_total_variance(seed):
    die = np.random.default_rng(seed)
    years = np.sort(die.uniform(1, 90, 5)) / 365
    sigma = np.where(die.random(5) < 0.1, nan, die.uniform(0.1, 0.2, 5))
    days = float(die.uniform(2, 95))
    known = [(t, s * s * t) for t, s in zip(years, sigma, strict=True) if not isnan(s)]
    wanted = nan
    for (t1, w1), (t2, w2) in pairwise(known):
        if t1 <= days / 365 <= t2:
            wanted = sqrt((w1 + (w2 - w1) * (days / 365 - t1) / (t2 - t1)) / (days / 365))
    assert term_structure.constant_maturity(years, sigma, days) == pytest.approx(
        wanted, nan_ok=True
    )
    for i, between in enumerate(term_structure.forward_volatility(years, sigma)):
        rise = sigma[i + 1] ** 2 * years[i + 1] - sigma[i] ** 2 * years[i]
        assert between == pytest.approx(
            sqrt(rise / (years[i + 1] - years[i])) if rise >= 0 else nan, nan_ok=True
        )


WORDS = {
    (1, 1): "long_build_up",
    (-1, 1): "short_build_up",
    (1, -1): "short_covering",
    (-1, -1): "long_unwinding",
}


def word(moved, changed, before, tick):
    if isnan(moved) or isnan(changed) or isnan(before):
        return ""
    if round(abs(moved) / tick) < 1 or changed == 0 or abs(changed) < 0.005 * before:
        return "neutral"
    return WORDS[1 if moved > 0 else -1, 1 if changed > 0 else -1]


@pytest.mark.parametrize("seed", SEEDS)
def test_changes_and_build_ups_are_named_one_by_one(seed):
    die = np.random.default_rng(seed)
    shape = (2, 30)
    before, now = (
        np.where(
            die.random(shape) < 0.15,
            die.choice([nan, 0.0], shape),
            65.0 * die.integers(0, 400, shape),
        )
        for _ in "ab"
    )
    high = np.where(die.random(shape) < 0.5, 0.0, now)
    moved = np.where(die.random(shape) < 0.1, nan, 0.05 * die.integers(-4, 5, shape))
    changed = open_interest.change(now, before, high)
    words = open_interest.build_up(moved, changed, before, np.full(30, 0.05))
    for at in np.ndindex(shape):
        unpublished = now[at] == 0 and before[at] > 0 and not high[at] > 0
        wanted = nan if unpublished or isnan(now[at]) or isnan(before[at]) else now[at] - before[at]
        assert changed[at] == pytest.approx(wanted, nan_ok=True)
        assert words[at] == word(moved[at], wanted, before[at], 0.05)


@pytest.mark.parametrize("bad", [nan, inf, -inf, 0.0, -1.0])
@pytest.mark.parametrize("hole", ["forward", "years_to_expiry", "atm"])
def test_a_figure_that_cannot_be_known_is_nan(chain_of, hole, bad):
    frame = chain(chain_of, 0)
    frame.columns[hole][:] = bad
    for found in expiry_figures(Chain.of_rows(frame)):
        assert not any(
            getattr(found, name) in {inf, -inf}
            for name in ("atm_iv", "em_sd", "rr25", "slope", "em_session")
        )
        assert isnan(found.straddle if hole == "atm" else found.rr25)


def test_an_empty_expiry_says_nothing():
    assert isnan(interest.max_pain(np.zeros(0), np.zeros((2, 0))))
    assert isnan(volatility_smile.atm_iv(np.zeros(0), 1.0, np.zeros((2, 0))))
