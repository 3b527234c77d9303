"""The figures of stored rows are those of the chain they were stored from."""

from __future__ import annotations

import numpy as np
import pytest

from g6.domain.cycles.plan import Quality
from g6.domain.documents.chain_rows import chain_frame
from g6.domain.figures import overview
from g6.domain.figures.by_expiry import expiry_figures
from g6.domain.figures.exposures import positions
from g6.domain.figures.series import interest
from g6.domain.market.instrument import CE, PE
from g6.domain.schema.chain import Chain


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
