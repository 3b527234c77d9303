from __future__ import annotations

import numpy as np

from g6.domain.documents.chain_rows import chain_frame
from g6.domain.figures.smile.repricing import iv_error
from g6.domain.pricing.black76 import PHI, price
from g6.domain.schema.chain import Chain
from tests.unit.domain.conftest import World
from tests.worlds.chains import bare_chain


def test_a_volatility_gives_back_its_price_to_a_ten_thousandth_and_shared_ones_are_of_another(
    world: World,
) -> None:
    frame = chain_frame(world.chain())
    found, ok = iv_error(Chain.of_rows(frame)), frame.sides["iv_status"] == "ok"
    assert ok.any()
    assert np.array_equal(np.isfinite(found), ok)
    assert np.abs(found[ok]).max() < 1e-4


def test_a_wrong_volatility_shows_by_how_much_its_price_is_off() -> None:
    strike = np.array([24_000.0])
    terms = {"forward": 24_029.0, "years": 0.014, "rate": 0.055}
    sides = price(np.array([[0.10], [0.09]]), 24_029.0, strike, 0.014, 0.055, PHI)
    statuses = np.full((2, 1), "ok", dtype=object)
    columns = {"price": sides, "iv": np.full((2, 1), 0.10), "iv_status": statuses}
    found = iv_error(bare_chain(strike, columns, **terms))
    assert found[0] == 0
    assert (
        found[1, 0] == price(0.10, 24_029.0, 24_000.0, 0.014, 0.055, -1.0) / sides[1, 0] - 1 > 0.05
    )
