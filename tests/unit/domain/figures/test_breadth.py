"""Breadth is a recount."""

from __future__ import annotations

from math import isnan, nan

import numpy as np
import pytest

from g6.domain.figures import breadth
from g6.domain.figures.breadth import Share
from g6.domain.schema.chain import Chain


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


def test_the_market_is_recounted_from_what_was_seen_with_each_chain(chain_of):
    frames = [chain_of() for _ in range(3)]
    seen = [
        (100.0, 99.0, 101.0, 100.5, 100.0),
        (100.0, 101.0, 99.0, 99.0, 100.0),
        (100.0, nan, 99.0, nan, nan),
    ]
    for frame, values in zip(frames, seen, strict=True):
        frame.header["spot"].update(
            zip(("spot", "open", "prev_close", "future", "future_vwap"), values, strict=True)
        )
    assert breadth.market([*map(Chain.of_rows, frames)]) == breadth.MarketBreadth(
        Share(1, 2), Share(2, 3), Share(1, 2)
    )


def test_strikes_are_recounted_against_the_previous_session(chain_of):
    frame = chain_of(strikes=15, seed=2)
    columns = frame.columns
    columns["ce_volume"][5] = 0.0
    found = breadth.since_close(Chain.of_rows(frame))
    traded = [i for i in range(len(frame)) if columns["ce_volume"][i] > 0]
    moves = [columns["ce_last"][i] - columns["ce_close"][i] for i in traded]
    assert found.call_premium == Share(
        sum(1 for move in moves if move > 0), sum(1 for move in moves if not isnan(move))
    )
    changes = columns["pe_oi"] - columns["pe_oi_prev"]
    assert found.put_oi.count == int((changes > 0).sum())
