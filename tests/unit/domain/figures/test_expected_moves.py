"""Coverage of expected moves: formulas written out, and a world in which the moves are as normal as they should be."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from math import isnan, nan, sqrt

import numpy as np
import pytest

from g6.domain.figures.smile import expected_moves

DAY = date(2026, 11, 2)
DRAWN = expected_moves.DrawnBands(
    0.0, DAY, spot=24000.0, forward=24050.0, years=7 / 365, em_sd=400.0, em_straddle=270.0
)


def by_name(found):
    return {each.name: each for each in found}


def test_bands_are_their_formulas_around_index_and_forward():
    found = by_name(expected_moves.bands(DRAWN))
    sigma = 400.0 / (24050.0 * sqrt(7 / 365))
    assert found["session_sd"].move == pytest.approx(24050.0 * sigma / sqrt(252))
    assert found["session_sd"].centre == 24000.0
    assert (found["expiry_sd"].low, found["expiry_sd"].high) == (23650.0, 24450.0)
    assert (found["expiry_straddle"].low, found["expiry_straddle"].high) == (23780.0, 24320.0)


@pytest.mark.parametrize(("settled", "inside"), [(24450.0, 1), (24450.1, 0), (23650.0, 1)])
def test_an_outcome_on_the_edge_is_inside(settled, inside):
    found = by_name(expected_moves.coverage([DRAWN], {DAY: settled}))
    assert (found["expiry_sd"].inside, found["expiry_sd"].known) == (inside, 1)


def test_what_has_not_happened_yet_is_not_counted():
    found = by_name(expected_moves.coverage([DRAWN], {}))
    assert [each.known for each in found.values()] == [0, 0, 0]
    assert isnan(found["expiry_sd"].share)


@pytest.mark.parametrize("hole", ["spot", "forward", "em_sd", "em_straddle", "years"])
def test_an_unknown_figure_leaves_its_bands_out(hole):
    known = {
        each.name: each.known
        for each in expected_moves.coverage([replace(DRAWN, **{hole: nan}), DRAWN], {DAY: 24000.0})
    }
    touched = {
        "spot": "session_sd",
        "forward": "expiry_sd",
        "em_sd": "expiry_sd",
        "em_straddle": "expiry_straddle",
        "years": "session_sd",
    }
    assert known[touched[hole]] == (0 if touched[hole] == "session_sd" else 1)


def test_of_normal_moves_each_band_holds_its_share():
    die = np.random.default_rng(3)
    sigma, years, days = 0.14, 7 / 365, []
    spot, settled = 24000.0, {}
    for i in range(2500):
        day = DAY + timedelta(days=i)
        em_sd = spot * sigma * sqrt(years)
        days.append(
            expected_moves.DrawnBands(
                86400.0 * i,
                day,
                spot,
                spot,
                years,
                em_sd,
                0.85 * spot * sigma * sqrt(years) * sqrt(2 / np.pi),
            )
        )
        settled[day] = spot * (1 + sigma * sqrt(years) * die.standard_normal())
        spot *= 1 + sigma / sqrt(252) * die.standard_normal()
    for each in expected_moves.coverage(days, settled):
        assert each.share == pytest.approx(each.expected, abs=0.03)
