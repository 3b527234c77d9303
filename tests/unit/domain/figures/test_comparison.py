"""Agreement with the exchange and between calls and puts."""

from __future__ import annotations

from math import isnan, nan

import numpy as np

from g6.domain.figures.comparison import agreement


def test_only_traded_options_with_an_exchange_volatility_are_compared() -> None:
    ours = np.array([[0.10, 0.20, 0.30], [0.40, nan, 0.10]])
    theirs = np.array([[0.1001, 0.21, nan], [0.40, 0.5, 0.2]])
    volume = np.array([[1.0, 1.0, 1.0], [1.0, 1.0, 0.0]])
    found = agreement(ours, theirs, volume)
    assert (found.options, found.within, found.unsolved) == (4, 2, 1)
    assert found.share == 0.5
    assert round(found.largest, 9) == 1.0


def test_nothing_to_compare_is_no_agreement() -> None:
    found = agreement(np.array([[0.1], [0.1]]), np.full((2, 1), nan), np.ones((2, 1)))
    assert found.options == 0
    assert isnan(found.share)
    assert isnan(found.median)
