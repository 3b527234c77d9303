"""The figures of stored rows are those of the chain they were stored from."""

from __future__ import annotations

from dataclasses import replace
from math import isnan
from operator import attrgetter

import numpy as np
import pytest

from g6.domain.cycles.plan import Quality
from g6.domain.documents.chain_rows import chain_frame
from g6.domain.figures import overview
from g6.domain.figures.by_expiry import FIGURES, expiry_figures
from g6.domain.figures.exposures import positions
from g6.domain.figures.series import interest
from g6.domain.market.instrument import CE, PE
from g6.domain.pricing.assembly import assemble
from g6.domain.schema import rows
from g6.domain.schema.beyond import Beyond
from g6.domain.schema.chain import Chain
from g6.simulation.example_unit import QUOTES, STAMP

OVERVIEW_NAMES = {column.name for column in rows.OVERVIEW}


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("pcr", "pcr_this_week"), ("atm_iv", "atm_iv_this_week"), ("pcr_volume", "pcr_volume_nearest"), ("em_sd", "em_sd"),
        ("max_pain", "max_pain_nearest"), ("straddle", "straddle_nearest"), ("em_straddle", "em_straddle"), ("rr25", "rr25"),
        ("bf25", "bf25"), ("oi_calls", "oi_calls"), ("oi_puts", "oi_puts"), ("oi_strikes", "oi_strikes"), ("atm", "atm"),
        ("forward", "forward"),
    ],
)  # fmt: skip
def test_the_nearest_expirys_figures_are_those_of_its_overview_row(world, name, column):
    chain = world.chain()
    found = expiry_figures(Chain.of_rows(chain_frame(chain)))[0]
    # Volatilities are stored in single precision.
    assert getattr(found, name) == pytest.approx(
        overview.summarise(chain)[column], rel=1e-5, abs=1e-6
    )


NAMED_NEAREST = {"pcr", "pcr_volume", "max_pain", "straddle", "atm_iv"}
"""Figures whose column of the overview row says of which expiry they are."""
PLAIN = set(FIGURES) - NAMED_NEAREST - {"support", "resistance"}
PAIRS = {
    **{name: f"{name}_nearest" for name in NAMED_NEAREST},
    **{name: name for name in PLAIN if name in OVERVIEW_NAMES},
    "support.strike": "support",
    "resistance.strike": "resistance",
}
"""Every figure that an expiry and the overview row both have, by its name among the expiry's."""
OUTSIDE = Beyond(
    strike=np.array([20000.0, 28000.0]),
    oi=np.array([[6500.0, 650.0], [650.0, 13000.0]]),
    volume=np.array([[65.0, 130.0], [195.0, 65.0]]),
    listed=2,
    age_seconds=30.0,
)


@pytest.mark.parametrize(
    "beyond",
    [
        pytest.param(Beyond(), id="every listed strike is a row"),
        pytest.param(OUTSIDE, id="all strikes beyond the window answered"),
        pytest.param(Beyond(listed=5, unasked=5), id="none beyond it was asked for"),
        pytest.param(replace(OUTSIDE, listed=30), id="too few beyond it answered"),
    ],
)
def test_what_both_have_is_one_figure_whatever_lies_beyond_the_window(beyond: Beyond) -> None:
    stamp = replace(STAMP, beyond={slot.expiry: beyond for slot in STAMP.slots})
    priced = assemble(QUOTES, stamp)
    row = overview.summarise(priced)
    nearest = expiry_figures(priced.chain)[0]
    differing = {
        name: (value, row[column])
        for name, column in PAIRS.items()
        if (value := attrgetter(name)(nearest)) != row[column]
        and not (isnan(value) and row[column] is None)
    }
    assert differing == {}
    assert row["oi_strikes"] == 41 + len(beyond)
    assert [cycle.strikes for cycle in interest([priced.chain])] == [41 + len(beyond)]


def test_both_have_what_the_overview_says_of_the_nearest_expiry() -> None:
    of_windows = {"pcr_window_nearest", "expiry_nearest"}
    nearest = {name for name in OVERVIEW_NAMES if name.endswith("_nearest")} - of_windows
    assert nearest | {"support", "resistance", "oi_strikes", "forward", "atm"} <= {*PAIRS.values()}


def test_support_and_resistance_stand_on_their_sides_of_the_forward(world):
    found = expiry_figures(Chain.of_rows(chain_frame(world.chain())))[0]
    assert found.support.strike < found.forward < found.resistance.strike


def test_there_is_one_record_per_expiry(world):
    frame = chain_frame(world.chain())
    assert [each.expiry.isoformat() for each in expiry_figures(Chain.of_rows(frame))] == [
        str(day) for day in np.unique(frame.columns["expiry"])
    ]


def test_a_thin_option_counts_for_nothing_wherever_stored_rows_are_summed(world):
    i, j = world.at(24200.0), world.at(24250.0)
    for side, row in ((CE, i), (PE, i), (CE, j)):
        world.put(side, row, oi=10.0)
    chain = world.chain(quality=Quality(min_oi=65.0))
    frame, told = chain_frame(chain), overview.summarise(chain)
    (found,) = interest([Chain.of_rows(frame)], expiry=chain.expiries[0].slot.expiry)
    first = expiry_figures(Chain.of_rows(frame))[0]
    for name in ("oi_calls", "oi_puts"):
        assert getattr(first, name) == getattr(found, name) == told[name]
    assert (first.pcr_volume, found.pcr_volume) == pytest.approx((told["pcr_volume_nearest"],) * 2)
    kept = np.flatnonzero(frame.columns["strike"] == 24250.0)[0]
    assert np.isnan(positions(Chain.of_rows(frame)).oi[CE, kept])
    assert np.isfinite(positions(Chain.of_rows(frame)).oi[PE, kept])
