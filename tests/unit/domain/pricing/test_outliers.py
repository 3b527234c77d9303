"""A last price that no move explains is seen; a market that moves is not taken for one."""

from __future__ import annotations

import numpy as np
import pytest

from g6.domain.market.instrument import CE
from g6.domain.pricing.quality import Flag, prices


def judged(world, **fields):
    i = world.at(24200.0)
    world.put(CE, i, **fields)
    return prices(world.quotes, world.stamp.at.timestamp(), world.stamp.quality), i


def book(world):
    i = world.at(24200.0)
    return float(world.quotes.bid[CE, i]), float(world.quotes.ask[CE, i])


def test_a_spike_is_flagged_and_no_price_is_taken_from_it(world):
    bid, ask = book(world)
    found, i = judged(world, last=10 * ask)
    assert found.flags[CE, i] & Flag.OUTLIER
    assert np.isnan(found.traded[CE, i])
    assert bid <= found.price[CE, i] <= ask


def test_a_spike_without_a_book_of_its_own_is_held_against_its_neighbours(world):
    found, i = judged(world, last=10 * book(world)[1], bid=np.nan, ask=np.nan)
    assert found.flags[CE, i] & Flag.OUTLIER
    assert np.isnan(found.price[CE, i])


@pytest.mark.parametrize("side", [0, 1])
def test_a_trade_at_either_side_of_the_book_is_none(world, side):
    found, i = judged(world, last=book(world)[side])
    assert not found.flags[CE, i] & Flag.OUTLIER


def test_nothing_is_held_against_an_index_that_nobody_knows(world):
    world.see(spot=np.nan)
    found, i = judged(world, last=10 * book(world)[1])
    assert not found.flags[CE, i] & Flag.OUTLIER


def test_a_trade_of_minutes_ago_may_be_as_far_off_as_the_index_moved_since(world):
    ask, now = book(world)[1], world.stamp.at.timestamp()
    then, i = judged(world, last=ask + 15.0, last_trade_time=now - 290.0)
    assert not then.flags[CE, i] & Flag.OUTLIER
    just, i = judged(world, last=ask + 15.0, last_trade_time=now - 1.0)
    assert just.flags[CE, i] & Flag.OUTLIER
