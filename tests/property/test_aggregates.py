"""Exposures, surface and open interest under whatever numbers come: nothing is raised, warned or invented."""

from __future__ import annotations

from datetime import date
from math import nan

import hypothesis.strategies as st
import numpy as np
from hypothesis import given, settings
from hypothesis.extra.numpy import arrays

from g6.domain.figures import build_up as open_interest
from g6.domain.figures import exposures
from g6.domain.figures.exposures import Positions
from g6.domain.figures.smile import surface
from g6.domain.figures.smile.surface import Smile

HOSTILE = st.one_of(
    st.floats(width=64),
    st.sampled_from([nan, np.inf, -np.inf, 0.0, -1.0, 24000.0, 0.12, 0.02, 65.0]),
)
PLAIN = st.floats(0.05, 0.6)


def column(values, shape):
    return arrays(np.float64, shape, elements=values)


@given(
    column(HOSTILE, 9),
    column(HOSTILE, 9),
    column(HOSTILE, 9),
    column(HOSTILE, (2, 9)),
    column(HOSTILE, (2, 9)),
    HOSTILE,
)
@settings(max_examples=60, deadline=None)
def test_exposures_of_anything_are_finite_or_unknown(strike, forward, years, iv, oi, spot):
    held = Positions(strike, forward, years, np.full(9, "x", dtype=object), iv, oi, 0.055)
    found = exposures.exposures(held)
    for name in exposures.EXPOSURES:
        values = getattr(found, name)
        assert (np.isfinite(values) | np.isnan(values)).all()
        assert np.isnan(values[~np.isfinite(iv) | ~np.isfinite(oi)]).all()
    flip = exposures.flip(held, spot)
    assert np.isnan(flip) or 0.9 * spot <= flip <= 1.1 * spot
    exposures.walls(found)


@given(column(PLAIN, 12), st.floats(0.003, 1.0), st.floats(0.0, 0.05))
@settings(max_examples=40, deadline=None)
def test_whatever_is_quoted_the_fitted_smile_has_no_butterfly(iv, years, error):
    strike = np.linspace(22000.0, 26000.0, 12)
    found = surface.fit([Smile(date(2026, 11, 24), 24000.0, years, strike, iv, np.full(12, error))])
    if found.fitted:
        moneyness = np.linspace(found.fitted[0].low, found.fitted[0].high, 101)
        side = np.where(moneyness < 1, -1.0, 1.0)
        calls = found.fitted[0].values(moneyness) + np.where(side < 0, 1 - moneyness, 0.0)
        assert np.diff(calls, 2).min() > -1e-12
        assert np.diff(calls).max() <= 1e-12


@given(column(HOSTILE, (2, 7)), column(HOSTILE, (2, 7)), column(HOSTILE, (2, 7)))
@settings(max_examples=60, deadline=None)
def test_every_option_has_one_word_or_none(premium, changed, before):
    with np.errstate(all="ignore"):
        words = open_interest.build_up(premium, changed, before, np.full(7, 0.05))
    assert set(words.ravel()) <= set(open_interest.BUILD_UPS)
    unknown = ~np.isfinite(premium) | ~np.isfinite(changed) | ~np.isfinite(before)
    assert (words[unknown] == "").all()
