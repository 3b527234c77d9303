from __future__ import annotations

import pytest

from g6.domain.market.calendar import Calendar
from g6.domain.pricing import black76
from g6.simulation import SimulatedMarket
from g6.simulation.self_test import self_test


@pytest.mark.parametrize("seed", [7, 3])
def test_the_market_passes_its_own_test(days: Calendar, seed: int) -> None:
    figures = self_test(SimulatedMarket(days, seed=seed), black76.implied_vol)
    assert [figure for figure in figures if not figure.ok] == []
    assert len(figures) > 25
    assert len({figure.name for figure in figures}) == len(figures)
