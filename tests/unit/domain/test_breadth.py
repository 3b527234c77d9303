"""Breadth is a recount."""

from __future__ import annotations

from math import isnan, nan

import numpy as np
import pytest

from g6.domain import breadth
from g6.domain.breadth import Share


def test_indices_above_their_mark_are_counted_of_those_known():
    assert breadth.above([10.0, 9.0, 11.0, nan], [9.5, 9.5, 11.0, 1.0]) == Share(1, 3)


@pytest.mark.parametrize("seed", range(5))
def test_rising_strikes_are_recounted_one_by_one(seed):
    die = np.random.default_rng(seed)
    premium, oi = die.normal(size=(2, 2, 30))
    premium[die.random((2, 30)) < 0.2] = nan
    found = breadth.rising(premium, oi)
    assert found.call_premium.count == sum(1 for value in premium[0] if value > 0)
    assert found.call_premium.known == sum(1 for value in premium[0] if not isnan(value))
    assert found.put_oi == Share(sum(1 for value in oi[1] if value > 0), 30)


def test_of_nothing_known_there_is_no_share():
    assert isnan(breadth.above([nan], [1.0]).fraction)
    assert breadth.above([2.0], [1.0]).fraction == 1.0
