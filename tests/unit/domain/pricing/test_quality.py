from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from g6.domain.cycles.plan import Quality
from g6.domain.figures.overview import summarise
from g6.domain.pricing.assembly import assemble
from g6.domain.pricing.quality import (
    MAX_OPEN_INTEREST,
    Flag,
    believed,
    prices,
    quality_counts,
    spot_source,
)
from g6.domain.schema.underlying import Underlying

CE, PE = 0, 1
NAN = float("nan")
K = 24200.0


def judged(world, model="black76", **rules):
    return prices(world.quotes, world.stamp.at.timestamp(), Quality(**rules), model)


def test_a_fresh_tight_book_gives_its_middle(world):
    i = world.at(K)
    world.put(CE, i, bid=40.0, ask=40.4, last=35.0)
    found = judged(world)
    assert found.price[CE, i] == pytest.approx(40.2)
    assert (found.source[CE, i], found.half_spread[CE, i], found.flags[CE, i]) == (
        "mid",
        pytest.approx(0.2),
        0,
    )


@pytest.mark.parametrize(
    ("fields", "flag"),
    [
        ({"bid": 40.0, "ask": 39.0}, Flag.CROSSED),
        ({"bid": 0.0}, Flag.NO_BOOK),
        ({"ask": -0.01}, Flag.NO_BOOK),
        ({"bid": NAN, "ask": NAN}, Flag.NO_BOOK),
        ({"bid": 30.0, "ask": 50.0}, Flag.WIDE),
    ],
)
def test_without_a_usable_book_a_recent_trade_is_taken(world, fields, flag):
    i = world.at(K)
    world.put(CE, i, last=41.0, **fields)
    found = judged(world)
    assert (found.price[CE, i], found.source[CE, i], found.half_spread[CE, i]) == (
        41.0,
        "last",
        0.025,
    )
    assert found.flags[CE, i] == flag


def test_a_book_is_wide_beyond_the_larger_of_one_point_and_a_tenth(world):
    i, j = world.at(K), world.at(24250.0)
    world.put(CE, i, bid=0.5, ask=1.5)
    world.put(CE, j, bid=0.5, ask=1.55)
    flags = judged(world).flags
    assert not flags[CE, i] & Flag.WIDE
    assert flags[CE, j] & Flag.WIDE


def test_a_quote_ten_minutes_old_gives_no_middle(world):
    i = world.at(K)
    world.put(CE, i, quote_time=world.stamp.at.timestamp() - 600, last=41.0)
    found = judged(world)
    assert found.source[CE, i] == "last"
    assert found.flags[CE, i] & Flag.STALE


def test_without_book_and_recent_trade_there_is_no_price(world):
    i = world.at(K)
    world.put(CE, i, bid=NAN, last_trade_time=world.stamp.at.timestamp() - 301)
    found = judged(world)
    assert np.isnan(found.price[CE, i])
    assert found.source[CE, i] == ""
    assert found.flags[CE, i] == Flag.STALE | Flag.NO_BOOK


def test_ages_are_judged_against_the_cycle_not_the_receipt(world):
    world.put(CE, slice(None), quote_time=world.stamp.at.timestamp() - 29)
    found = judged(world)
    assert not (found.flags & Flag.STALE).any()
    assert found.age_seconds[CE, 0] == pytest.approx(29)


def test_the_last_price_of_an_option_untraded_today_is_not_taken(world):
    i = world.at(K)
    world.put(CE, i, bid=NAN, volume=0.0)
    found = judged(world)
    assert np.isnan(found.price[CE, i])
    assert found.flags[CE, i] == Flag.UNTRADED | Flag.NO_BOOK


def test_an_unknown_trade_time_is_believed_and_flagged(world):
    i = world.at(K)
    world.put(CE, i, bid=NAN, last_trade_time=NAN, last=41.0)
    found = judged(world)
    assert found.price[CE, i] == 41.0
    assert found.flags[CE, i] == Flag.AGE_UNKNOWN | Flag.NO_BOOK


def test_an_option_that_did_not_answer_is_missing(world):
    i = world.at(K)
    world.lose(PE, i)
    found = judged(world)
    assert found.missing[PE, i]
    assert found.flags[PE, i] == Flag.MISSING


def test_a_side_that_is_not_listed_is_neither_missing_nor_flagged(world):
    i = world.at(K)
    world.unlist(PE, i)
    found = judged(world)
    assert not found.missing[PE, i]
    assert not found.listed[PE, i]
    assert found.flags[PE, i] == 0


def test_an_impossible_open_interest_or_price_has_its_own_reason(world):
    world.put(CE, 0, oi=-5.0)
    world.put(CE, 1, last=0.0)
    counts = quality_counts(judged(world).flags)
    assert counts == {"bad_oi": 1, "bad_price": 1}


def test_a_backfilled_quote_is_flagged_as_repaired(world):
    world.quotes.source[CE, 0] = "backfill"
    assert judged(world).flags[CE, 0] & Flag.REPAIRED


def test_an_exchange_preset_takes_the_last_price_whatever_its_age(world):
    i = world.at(K)
    world.put(CE, i, last=41.0, last_trade_time=0.0)
    found = judged(world, "nse")
    assert (found.price[CE, i], found.source[CE, i]) == (41.0, "last")


def test_only_a_fresh_uncrossed_book_has_a_bid_and_an_ask(world):
    i, j = world.at(K), world.at(24250.0)
    world.put(CE, i, bid=40.0, ask=39.0)
    world.put(CE, j, quote_time=0.0)
    found = judged(world)
    assert np.isnan(found.bid[CE, [i, j]]).all()
    assert np.isnan(found.ask[CE, [i, j]]).all()


def test_each_seeded_fault_is_counted_under_its_own_reason(world):
    world.put(CE, 0, quote_time=world.stamp.at.timestamp() - 600)
    world.put(CE, 1, oi=-1.0)
    world.put(CE, 2, last=0.0)
    world.put(CE, 3, bid=5000.0, ask=4000.0)
    assert quality_counts(judged(world).flags) == {
        "stale": 1,
        "bad_oi": 1,
        "bad_price": 1,
        "crossed": 1,
    }


@pytest.mark.parametrize(
    ("source", "age", "said"),
    [
        ("live", 30.0, "live"),
        ("live", 31.0, "stale"),
        ("frozen", 900.0, "frozen"),
        ("live", NAN, "live"),
    ],
)
def test_an_index_too_old_to_be_believed_is_stale_and_a_frozen_one_is_frozen(source, age, said):
    assert (
        spot_source(
            Underlying(spot=K, spot_source=source, spot_time=1_000.0 - age), 1_000.0, Quality()
        )
        == said
    )


@pytest.mark.parametrize(("rule", "field"), [("min_oi", "oi"), ("min_volume", "volume")])
def test_an_option_below_the_least_quantity_is_thin_and_has_no_price(world, rule, field):
    i, j = world.at(K), world.at(24250.0)
    world.put(CE, i, **{field: 64.0})
    world.put(CE, j, **{field: 65.0})
    found = judged(world, **{rule: 65.0})
    assert found.flags[CE, i] == Flag.THIN
    assert np.isnan(
        [found.price[CE, i], found.bid[CE, i], found.ask[CE, i], found.mid[CE, i]]
    ).all()
    assert found.flags[CE, j] == 0


def test_what_is_unknown_is_not_thin(world):
    i = world.at(K)
    world.put(CE, i, oi=NAN)
    assert judged(world, min_oi=65.0).flags[CE, i] == 0


def test_a_percentile_leaves_out_the_least_traded_of_each_expiry(world):
    thin = judged(world, vol_pct=10.0).flags & Flag.THIN != 0
    first, second = (world.quotes.expiry == day for day in np.unique(world.quotes.expiry))
    assert thin[:, first].sum() == thin[:, second].sum() == 9
    assert (
        world.quotes.volume[:, first][thin[:, first]].max()
        < world.quotes.volume[:, first][~thin[:, first]].min()
    )


STRIKES = np.arange(22_000.0, 26_001.0, 50.0)


@pytest.mark.parametrize(
    "spot", [0.0, -0.0, -1.0, NAN, np.inf, -np.inf, 0.05, 1.0, 240.5, 51_400.0, 2_405_000.0, 1e300]
)
@pytest.mark.parametrize("source", ["live", "frozen", "stale"])
def test_a_spot_that_is_no_print_is_none_and_its_source_says_so(spot, source):
    seen = believed(
        Underlying(spot=spot, spot_time=5.0, spot_source=source, future=24_060.0), STRIKES
    )
    assert np.isnan([seen.spot, seen.spot_time]).all()
    assert (seen.spot_source, seen.future) == ("none", 24_060.0)


@pytest.mark.parametrize("spot", [22_000.0, 24_050.0, 26_000.0, 21_000.0, 28_500.0])
def test_a_spot_near_the_strikes_is_believed(spot):
    seen = Underlying(spot=spot, spot_time=5.0)
    assert believed(seen, STRIKES) is seen
    assert believed(seen, np.zeros(0)) is seen


@pytest.mark.parametrize("oi", [-65.0, MAX_OPEN_INTEREST, 1e15, 1e300, np.inf])
def test_open_interest_that_cannot_be_is_flagged_and_in_no_sum(world, oi):
    world.put(CE, 0, oi=oi)
    chain = assemble(world.quotes, world.stamp)
    assert chain.flags[CE, 0] & Flag.BAD_OI
    assert np.isnan(chain.oi[CE, 0])
    assert quality_counts(chain.flags)["bad_oi"] == 1


@pytest.mark.parametrize("spot", [0.0, -1.0, 0.5, 1e9])
def test_a_chain_without_a_print_of_its_index_names_no_strike_nearest_to_it(world, spot):
    world.quotes = replace(world.quotes, market=replace(world.quotes.market, spot=spot))
    row = summarise(assemble(world.quotes, world.stamp))
    assert (row["spot"], row["atm_spot"], row["spot_age_seconds"]) == (None, None, None)
    assert row["spot_source"] == "none"
    assert row["forward_source"] == "parity"
    assert np.isfinite(row["atm"])
