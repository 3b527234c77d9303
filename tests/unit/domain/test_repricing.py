from __future__ import annotations

import numpy as np

from g6.domain.documents.chain_rows import chain_frame
from g6.domain.figures.repricing import iv_error
from g6.domain.pricing.black76 import PHI, price
from g6.domain.schema.frame import Frame

from .conftest import World


def test_a_volatility_gives_back_its_price_to_a_ten_thousandth_and_shared_ones_are_of_another(
    world: World,
) -> None:
    frame = chain_frame(world.chain())
    found, ok = iv_error(frame), frame.both_sides("iv_status") == "ok"
    assert ok.any()
    assert np.array_equal(np.isfinite(found), ok)
    assert np.abs(found[ok]).max() < 1e-4


def test_a_wrong_volatility_shows_by_how_much_its_price_is_off() -> None:
    strike, forward, years, rate = (
        np.array([24_000.0]),
        np.array([24_029.0]),
        np.array([0.014]),
        np.array([0.055]),
    )
    sides = price(np.array([[0.10], [0.09]]), forward, strike, years, rate, PHI)
    columns = {"strike": strike, "forward": forward, "years_to_expiry": years, "rate": rate}
    for side, value in zip(("ce", "pe"), sides, strict=True):
        columns |= {
            f"{side}_price": value,
            f"{side}_iv": np.array([0.10]),
            f"{side}_iv_status": np.array(["ok"], dtype=object),
        }
    found = iv_error(Frame({}, columns))
    assert found[0] == 0
    assert (
        found[1, 0] == price(0.10, 24_029.0, 24_000.0, 0.014, 0.055, -1.0) / sides[1, 0] - 1 > 0.05
    )
