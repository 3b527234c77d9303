from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import pytest

from g6.domain.cycles.plan import Quality
from g6.domain.documents.chain_rows import chain_frame
from g6.domain.figures.unit_facts import facts
from g6.domain.market.instrument import Contracts, Listing
from g6.domain.market.slot import Slot
from g6.domain.pricing.strike_selection import (
    contracts_of,
    window_centres,
    window_reaches,
    window_rows,
)
from g6.domain.quotes.previous_interest import previous_interest
from g6.domain.schema.frame import Frame
from g6.domain.schema.underlying import Underlying

CE, PE = 0, 1
NAN = float("nan")
NEAR, FAR = date(2026, 8, 25), date(2026, 9, 29)
SLOTS = (
    Slot(NEAR, "this_week", 5, fix=datetime(2026, 8, 25, 10, 0, tzinfo=UTC)),
    Slot(FAR, "next_month", 8, fix=datetime(2026, 9, 29, 10, 0, tzinfo=UTC)),
)
AT = datetime(2026, 8, 19, 6, 0, tzinfo=UTC)
FIX = datetime(2026, 9, 29, 10, 0, tzinfo=UTC)


@pytest.fixture
def listing():
    strikes = np.arange(23000.0, 25050.0, 50.0)
    n = len(strikes)
    contracts = Contracts(
        "NIFTY",
        np.repeat(np.array([NEAR, date(2026, 9, 1), FAR], dtype="datetime64[D]"), n),
        np.tile(strikes, 3),
        np.full(3 * n, 65),
        np.full(3 * n, 0.05),
        np.full((2, 3 * n), "X", dtype=object),
        np.zeros((2, 3 * n), dtype=np.int64),
    )
    return Listing("NIFTY", date(2026, 8, 19), contracts, ())


def test_the_offset_counts_listed_strikes_from_the_money(build_world):
    world = build_world(step=100.0)
    chain = world.chain()
    assert [expiry.atm for expiry in chain.expiries] == [24100.0, 24100.0]
    assert chain.offset[world.at(24100.0)] == 0
    assert chain.offset[world.at(23900.0)] == -2
    assert chain.offset[world.at(24400.0, "2026-09-01")] == 3


def test_the_remembered_atm_holds_inside_six_tenths_of_a_step(build_world):
    world = build_world(near=24128.0)
    assert world.chain().expiries[0].atm == 24150.0
    assert world.chain(slots=world.remembering(24100.0)).expiries[0].atm == 24100.0


def test_without_an_atm_offsets_are_unknown(world):
    world.see(spot=NAN)
    world.no_books()
    world.quotes.values["last"][:] = NAN
    assert np.isnan(world.chain().offset).all()


def test_a_strike_came_when_every_listed_side_answered(world):
    world.lose(PE, world.at(24000.0))
    world.unlist(CE, world.at(24050.0))
    expiries = world.chain().expiries
    assert [(expiry.requested, expiry.collected) for expiry in expiries] == [(41, 40), (41, 41)]


def test_negative_open_interest_is_in_no_sum(world):
    world.put(CE, 3, oi=-65.0)
    chain = world.chain()
    assert np.isnan(chain.oi[CE, 3])
    assert chain.quotes.oi[CE, 3] == -65.0


def test_the_nearest_expiry_is_the_first_whose_fix_lies_ahead(build_world):
    assert build_world(at="2026-08-25T09:59:59Z").chain().nearest().expiry == NEAR
    assert build_world(at="2026-08-25T10:00:00Z").chain().nearest().expiry == date(2026, 9, 1)
    assert build_world(at="2026-09-01T10:00:00Z").chain().nearest() is None


def test_the_same_quotes_give_the_same_bytes(world):
    first, second = world.chain(), world.chain()
    for name in ("iv", "iv_bid", "iv_ask", "time_value"):
        assert getattr(first.vol, name).tobytes() == getattr(second.vol, name).tobytes()
    assert first.expiries == second.expiries


def test_an_expiry_nobody_asked_for_goes_under_its_own_date(world):
    chain = world.chain(slots=world.stamp.slots[:1])
    assert chain.expiries[1].slot == Slot(date(2026, 9, 1), "2026-09-01", 0, requested=41)


def window(listing, slots, centres, itm, otm, reaches=None):
    rows = window_rows(listing.contracts, slots, centres, itm, otm, reaches or {})
    return listing.contracts.take(rows)


def test_scope_chain_asks_for_every_strike_of_the_slots_and_no_other(listing):
    chosen = contracts_of(listing.contracts, SLOTS)
    assert chosen.expiries == (NEAR, FAR)
    assert len(chosen) == 82


def test_scope_window_asks_for_the_strikes_around_each_centre(listing):
    chosen = window(listing, SLOTS, {NEAR: 24110.0, FAR: 24225.0}, 2, 3)
    assert chosen.of(NEAR).strike.tolist() == [24000.0, 24050.0, 24100.0, 24150.0, 24200.0, 24250.0]
    assert chosen.of(FAR).strike.tolist() == [24100.0, 24150.0, 24200.0, 24250.0, 24300.0, 24350.0]


def test_ten_either_side_are_twenty_one_strikes(listing):
    assert len(window(listing, SLOTS[:1], {NEAR: 24100.0}, 10, 10)) == 21


def test_a_window_ends_with_the_list(listing):
    chosen = window(listing, SLOTS[:1], {NEAR: 23010.0}, 5, 2)
    assert chosen.strike.tolist() == [23000.0, 23050.0, 23100.0]


def test_an_expiry_without_a_centre_has_no_window(listing):
    assert window(listing, SLOTS, {NEAR: 24100.0}, 1, 1).expiries == (NEAR,)


def test_a_window_reaches_as_far_as_its_deviations_and_no_farther_than_the_most(listing):
    centre = {NEAR: 24000.0, FAR: 24000.0}
    calm = (replace(SLOTS[0], deviation=210.0), replace(SLOTS[1], deviation=2000.0))
    lively = tuple(replace(slot, deviation=2 * slot.deviation) for slot in calm)
    assert window_reaches(listing.contracts, calm, centre, 2.0, 15) == {NEAR: 9, FAR: 15}
    assert window_reaches(listing.contracts, lively, centre, 2.0, 30) == {NEAR: 17, FAR: 30}


def test_a_window_without_a_known_deviation_stays_as_it_is(listing):
    assert window_reaches(listing.contracts, SLOTS, {NEAR: 24000.0}, 2.0, 15) == {}


def test_a_wider_window_holds_the_configured_one(listing):
    centre = {NEAR: 24000.0, FAR: 24000.0}
    strike = window(listing, SLOTS, centre, 3, 5, {NEAR: 4}).of(NEAR).strike
    assert (strike.min(), strike.max()) == (23800.0, 24250.0)


def test_the_first_centres_follow_the_future_not_the_bare_index(listing):
    seen = Underlying(spot=24052.0, future=24250.0, future_expiry=FAR)
    found = window_centres(listing.contracts, SLOTS, seen, AT, FIX, 0.055)
    assert found == {NEAR: 24100.0, FAR: 24250.0}


def test_without_a_future_the_first_centres_grow_at_the_rate(listing):
    found = window_centres(listing.contracts, SLOTS, Underlying(spot=24052.0), AT, None, 0.055)
    assert found == {NEAR: 24050.0, FAR: 24200.0}


def test_without_an_index_the_first_centres_shrink_back_from_the_future(listing):
    seen = Underlying(future=24205.0, future_expiry=FAR)
    assert window_centres(listing.contracts, SLOTS, seen, AT, FIX, 0.055)[NEAR] == 24100.0


def test_with_neither_index_nor_future_there_are_no_centres(listing):
    assert window_centres(listing.contracts, SLOTS, Underlying(), AT, None, 0.055) == {}


def test_previous_open_interest_is_matched_by_expiry_and_strike(listing):
    asked = window(listing, SLOTS, {NEAR: 24100.0, FAR: 24100.0}, 1, 0)
    stored = Frame(
        {},
        {
            "expiry": np.array([FAR, NEAR, NEAR, date(2026, 9, 1)], dtype="datetime64[D]"),
            "strike": np.array([24100.0, 24100.0, 24000.0, 24050.0]),
            "ce_oi": np.array([1.0, 2.0, 3.0, 4.0]),
            "pe_oi": np.array([5.0, NAN, 7.0, 8.0]),
        },
    )
    found = previous_interest(asked, stored)
    assert np.array_equal(found, [[NAN, 2.0, NAN, 1.0], [NAN, NAN, NAN, 5.0]], equal_nan=True)


def test_nothing_stored_is_no_previous_open_interest(listing):
    empty = Frame(
        {},
        {
            name: np.array([], dtype=kind)
            for name, kind in {
                "expiry": "datetime64[D]",
                "strike": float,
                "ce_oi": float,
                "pe_oi": float,
            }.items()
        },
    )
    assert np.isnan(previous_interest(listing.contracts, empty)).all()


def test_a_thin_option_is_in_no_sum_and_a_thin_strike_in_no_row(world):
    i, j = world.at(24200.0), world.at(24250.0)
    for side, row in ((CE, i), (PE, i), (CE, j)):
        world.put(side, row, oi=10.0)
    chain = world.chain(quality=Quality(min_oi=65.0))
    kept = chain_frame(chain)
    assert np.isnan([chain.oi[CE, i], chain.oi[PE, i], chain.oi[CE, j]]).all()
    assert np.isfinite(chain.oi[PE, j])
    assert len(kept) == len(world.quotes) - 1
    assert facts(chain).quality["thin"] == 3
    assert [expiry.collected for expiry in chain.expiries] == [41, 41]


def test_previous_open_interest_follows_an_expiry_that_a_closure_moved(listing):
    contracts = listing.contracts.of(NEAR)
    n = len(contracts)
    kept = Frame({}, {
        "expiry": np.full(n, "2026-08-26", dtype="datetime64[D]"), "strike": contracts.strike, "ce_oi": np.full(n, 65.0),
        "pe_oi": np.full(n, 130.0),
    })  # fmt: skip
    found = previous_interest(contracts, kept)
    assert (found[CE] == 65.0).all()
    assert (found[PE] == 130.0).all()
