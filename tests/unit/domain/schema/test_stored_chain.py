"""The chain that stored rows are of: arrays with a side axis, one expiry or bucket at a time."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from g6.domain.documents.chain_rows import chain_frame
from g6.domain.market.instrument import CE, PE
from g6.domain.schema.beyond import Beyond
from g6.domain.schema.chain import Chain
from g6.domain.schema.frame import Frame
from g6.domain.schema.words import Bucket
from tests.unit.domain.conftest import FAR, NEAR

NEAR_DAY = date.fromisoformat(NEAR)
FAR_DAY = date.fromisoformat(FAR)


def stored(world) -> tuple[Chain, Frame]:
    frame = chain_frame(world.chain())
    return Chain.of_rows(frame), frame


@pytest.mark.parametrize(
    "name", ["bid", "ask", "last", "price", "iv", "oi_prev", "delta", "quality", "token"]
)
def test_a_side_array_is_the_calls_column_over_the_puts(world, name):
    chain, frame = stored(world)
    assert np.array_equal(chain.sides[name][CE], frame.columns[f"ce_{name}"], equal_nan=True)
    assert np.array_equal(chain.sides[name][PE], frame.columns[f"pe_{name}"], equal_nan=True)


def test_numbers_are_read_as_double_precision_however_they_are_stored(world):
    chain, frame = stored(world)
    assert frame.columns["ce_iv"].dtype == np.float32
    assert chain.iv.dtype == np.float64


def test_open_interest_of_an_unlisted_or_impossible_option_counts_for_nothing(world):
    world.put(CE, 3, oi=-65.0)
    world.unlist(PE, 4)
    chain, _ = stored(world)
    assert chain.sides["oi"][CE, 3] == -65.0
    assert np.isnan([chain.oi[CE, 3], chain.oi[PE, 4], chain.volume[PE, 4]]).all()


def test_the_market_is_the_one_seen_with_the_quotes(world):
    chain, _ = stored(world)
    assert chain.market == world.quotes.market


def test_an_unknown_figure_of_the_market_is_not_a_number(world):
    frame = chain_frame(world.chain())
    frame = Frame(dict(frame.header) | {"spot": {"spot": None, "later": 1.0}}, frame.columns)
    assert np.isnan(Chain.of_rows(frame).market.spot)


def test_one_expirys_chain_has_its_rows_alone(world):
    chain, frame = stored(world)
    mine = frame.columns["expiry"] == np.datetime64(FAR)
    far = chain.expiry(FAR_DAY)
    assert [expiry.day for expiry in far.expiries] == [FAR_DAY]
    assert np.array_equal(far.strike, frame.columns["strike"][mine])
    assert np.array_equal(far.oi, chain.oi[:, mine])
    assert np.array_equal(far.bid, chain.bid[:, mine])
    assert np.array_equal(far.forward, frame.columns["forward"][mine])


def test_a_day_that_is_no_expiry_has_a_chain_without_rows(world):
    empty = stored(world)[0].expiry(date(2030, 1, 1))
    assert (len(empty), empty.expiries, empty.bid.shape) == (0, (), (2, 0))


def test_a_bucket_is_the_expiry_that_fills_it(world):
    chain, _ = stored(world)
    expiries = {name: chain.of_bucket(name) for name in Bucket}
    days = {name: expiry and expiry.day for name, expiry in expiries.items()}
    assert days == {
        "this_week": NEAR_DAY, "next_week": FAR_DAY, "this_month": NEAR_DAY, "next_month": None,
    }  # fmt: skip


def test_some_strikes_of_a_chain_keep_their_expiries(world):
    chain, _ = stored(world)
    near = chain.take(np.abs(chain.offset) <= 2)
    assert [expiry.day for expiry in near.expiries] == [NEAR_DAY, FAR_DAY]
    assert [expiry.rows for expiry in near.expiries] == [slice(0, 5), slice(5, 10)]
    assert np.array_equal(near.forward, np.repeat([24101.0, 24140.0], 5).round(0))
    only_far = chain.take(chain.forward > 24120.0)
    assert [(expiry.day, expiry.rows) for expiry in only_far.expiries] == [(FAR_DAY, slice(0, 41))]


def test_the_nearest_expiry_is_the_first_whose_fix_lies_ahead(build_world):
    chain, _ = stored(build_world(at=f"{NEAR}T10:05:00Z"))
    assert chain.nearest().day == FAR_DAY
    assert stored(build_world(at=f"{FAR}T10:05:00Z"))[0].nearest() is None


def test_a_chain_without_rows_has_nothing(world):
    frame = chain_frame(world.chain())
    empty = Chain.of_rows(frame.take(np.zeros(len(frame), dtype=np.bool_)))
    assert (len(empty), len(empty.expiries), empty.nearest()) == (0, 0, None)


def test_an_expiry_is_whole_while_at_most_five_percent_of_its_strikes_are_unknown(world):
    for row in (0, 1):
        world.lose(CE, row)
    chain, _ = stored(world)
    assert [expiry.is_whole for expiry in chain.expiries] == [True, True]
    world.lose(PE, 2)
    chain, _ = stored(world)
    assert [expiry.is_whole for expiry in chain.expiries] == [False, True]
    assert [expiry.collected for expiry in chain.expiries] == [38, 41]


def test_strikes_beyond_the_rows_count_by_the_same_rules():
    beyond = Beyond.parse({
        "listed": 3, "unasked": 0, "age_seconds": None, "strike": [100, 110],
        "ce_oi": [65, 6500], "pe_oi": [None, 1e11], "ce_volume": [65, 650], "pe_volume": [65, 650],
    })  # fmt: skip
    counted = beyond.countable(np.full((2, 1), 65.0), min_volume=0.0, min_oi=130.0, vol_pct=0.0)
    assert np.array_equal(counted.oi, [[np.nan, 6500.0], [np.nan, np.nan]], equal_nan=True)
    assert np.array_equal(counted.volume, [[np.nan, 650.0], [65.0, 650.0]], equal_nan=True)
    assert np.isnan(counted.age_seconds)
