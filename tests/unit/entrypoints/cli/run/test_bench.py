"""`g6 bench iv`: what it says, not how fast it is."""

from __future__ import annotations

import json

import numpy as np
import pytest

from g6.domain.pricing.black76 import SolverStatus, solve
from g6.studies.checks.solver_speed import chain_terms

QUICK = ("--sizes", "50,200", "--options", "60000", "--seconds", "0.01")


def test_every_option_it_makes_has_a_volatility_to_find():
    solution, greeks = solve(*chain_terms(5000))
    assert (solution.status == SolverStatus.ok).mean() > 0.95
    assert np.isfinite(greeks.delta[solution.status == SolverStatus.ok]).all()


def test_json_says_options_per_second_by_size_and_of_the_long_run(g6):
    answer = g6("bench", "iv", *QUICK, "--json")
    assert answer.code == 0, answer.err
    found = json.loads(answer.out)
    assert [each["options"] for each in found["calls"]] == [50, 200]
    for each in found["calls"]:
        assert each["per_second"] == pytest.approx(1e9 / each["nanoseconds"])
    long = found["recomputation"]
    assert long["options"] == 60000
    assert 0.95 * 60000 < long["solved"] <= 60000
    assert long["per_second"] == pytest.approx(60000 / long["seconds"])


def test_people_see_a_table_and_the_long_run(g6):
    out = g6("bench", "iv", *QUICK).out
    assert "options a second" in out
    assert "60,000 options in" in out


@pytest.mark.parametrize("sizes", ["many", "0", "400,-1", "2000000"])
def test_sizes_that_are_none_are_refused(g6, sizes):
    answer = g6("bench", "iv", "--sizes", sizes)
    assert answer.code == 2
    assert "--sizes" in answer.err
