"""Volatility by time to expiry, against numbers worked by hand."""

from __future__ import annotations

from math import inf, isnan, nan, sqrt

import pytest

from g6.domain.figures.smile.term_structure import constant_maturity, forward_volatility

YEARS, IV = [5 / 365, 12 / 365, 40 / 365], [0.10, 0.12, 0.15]


def test_a_constant_maturity_is_linear_in_total_variance():
    variance = 0.12**2 * 12 + (0.15**2 * 40 - 0.12**2 * 12) * (30 - 12) / (40 - 12)
    assert constant_maturity(YEARS, IV, 30) == pytest.approx(sqrt(variance / 30))


def test_at_an_expiry_it_is_that_expirys():
    assert constant_maturity(YEARS, IV, 12) == pytest.approx(0.12)


def test_a_flat_term_structure_is_flat_in_between():
    assert constant_maturity(YEARS, [0.2] * 3, 14) == pytest.approx(0.2)


@pytest.mark.parametrize("days", [4, 41, 0, -1, nan])
def test_outside_the_expiries_nobody_quotes_it(days):
    assert isnan(constant_maturity(YEARS, IV, days))


def test_unknown_expiries_and_those_at_their_fix_are_left_out():
    assert constant_maturity([1e-4, *YEARS, 0.07], [3.0, *IV, nan], 30) == constant_maturity(
        YEARS, IV, 30
    )
    assert isnan(constant_maturity([nan, 0.1], [0.1, inf], 30))


def test_the_volatility_between_expiries_adds_up_to_the_later_one():
    between = forward_volatility(YEARS, IV)
    assert len(between) == 2
    assert IV[0] ** 2 * YEARS[0] + between[0] ** 2 * (YEARS[1] - YEARS[0]) == pytest.approx(
        IV[1] ** 2 * YEARS[1]
    )


def test_falling_total_variance_has_no_volatility():
    assert isnan(forward_volatility([0.1, 0.2], [0.3, 0.1])[0])
    assert isnan(forward_volatility([0.1, nan], [0.3, 0.1])[0])
    assert forward_volatility([0.1], [0.3]) == []
