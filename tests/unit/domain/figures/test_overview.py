from __future__ import annotations

import json
from datetime import date
from math import sqrt

import numpy as np
import pytest

from g6.domain.figures import exposures
from g6.domain.figures.overview import missing_row, summarise
from g6.domain.figures.unit_facts import facts
from g6.domain.schema import rows
from g6.domain.schema.words import Status

CE, PE = 0, 1
NAN = float("nan")
NEAR, FAR = "2026-08-25", "2026-09-01"


def drop(world, expiry):
    rows_of = np.flatnonzero(world.quotes.expiry == np.datetime64(expiry))
    for side in (CE, PE):
        world.lose(side, rows_of)


def test_the_row_has_exactly_the_columns_of_an_overview_and_is_json(world):
    row = summarise(world.chain())
    assert list(row) == [column.name for column in rows.OVERVIEW]
    assert json.loads(json.dumps(row, allow_nan=False)) == row


def test_the_market_stands_as_it_was_seen(world):
    world.see(future=24260.0, future_expiry=date(2026, 9, 29))
    row = summarise(world.chain())
    assert (row["timestamp"], row["observed_at"]) == (
        "2026-08-19T06:00:00Z",
        "2026-08-19T06:00:00.250000Z",
    )
    assert (row["underlying"], row["spot"], row["spot_source"], row["spot_age_seconds"]) == (
        "NIFTY",
        24050.0,
        "live",
        2.0,
    )
    assert (row["basis"], row["future_expiry"], row["vix"], row["day_width"]) == (
        210.0,
        "2026-09-29",
        12.5,
        140.0,
    )
    assert row["change_pct"] == pytest.approx(100 * 50 / 24000)


def test_without_a_future_its_columns_are_empty(world):
    row = summarise(world.chain())
    assert (row["future"], row["future_expiry"], row["basis"]) == (None, None, None)


def test_every_bucket_has_the_pcr_of_its_whole_chain(world):
    row = summarise(world.chain())
    for bucket, expiry in (("this_week", NEAR), ("this_month", NEAR), ("next_week", FAR)):
        mine = world.quotes.expiry == np.datetime64(expiry)
        assert (
            row[f"pcr_{bucket}"]
            == world.quotes.oi[PE, mine].sum() / world.quotes.oi[CE, mine].sum()
        )
    assert row["pcr_next_month"] is None


def test_the_nearest_figures_are_those_of_the_first_expiry(world):
    chain = world.chain()
    row = summarise(chain)
    near = chain.expiries[0].rows
    assert (row["expiry_nearest"], row["forward"], row["forward_source"]) == (
        NEAR,
        chain.expiries[0].forward.value,
        "parity",
    )
    assert (row["atm"], row["atm_spot"], row["oi_strikes"]) == (24100.0, 24050.0, 41)
    assert row["oi_calls"] == world.quotes.oi[CE, near].sum()
    assert row["oi_puts"] == world.quotes.oi[PE, near].sum()
    assert row["straddle_nearest"] == chain.prices.price[:, world.at(24100.0)].sum()
    assert row["em_straddle"] == 0.85 * row["straddle_nearest"]
    assert row["em_sd"] == pytest.approx(
        row["forward"] * row["atm_iv_this_week"] * sqrt(chain.expiries[0].years)
    )
    assert row["atm_iv_this_week"] == pytest.approx(0.12, abs=2e-3)
    assert row["rr25"] < 0 < row["bf25"]
    assert row["support"] < row["forward"] < row["resistance"]


def test_the_pcr_of_the_window_counts_the_window_only(world):
    row = summarise(world.chain(window=(1, 2)))
    inside = [world.at(strike) for strike in (24050.0, 24100.0, 24150.0, 24200.0)]
    assert (
        row["pcr_window_nearest"]
        == world.quotes.oi[PE, inside].sum() / world.quotes.oi[CE, inside].sum()
    )


def test_the_volume_pcr_stands_beside_it(world):
    volume = world.quotes.volume[:, :41]
    assert summarise(world.chain())["pcr_volume_nearest"] == volume[PE].sum() / volume[CE].sum()


def test_beyond_the_fix_nearest_is_the_next_expiry_and_the_old_pcr_stays(build_world):
    row = summarise(build_world(at="2026-08-25T10:05:00Z").chain())
    assert (row["expiry_nearest"], row["pcr_this_week"] is None, row["atm_iv_this_week"]) == (
        FAR,
        False,
        None,
    )


@pytest.mark.parametrize(
    "at", ["2026-08-25T09:59:59Z", "2026-08-25T10:00:01Z", "2026-08-25T10:10:00Z"]
)
def test_every_figure_named_nearest_is_of_one_expiry(build_world, at):
    world = build_world(at=at)
    row = summarise(world.chain())
    mine = world.quotes.expiry == np.datetime64(row["expiry_nearest"])
    calls, puts = world.quotes.oi[:, mine].sum(axis=1)
    assert row["expiry_nearest"] == (NEAR if at < "2026-08-25T10:00:00Z" else FAR)
    assert (row["pcr_nearest"], row["oi_calls"], row["oi_puts"]) == (puts / calls, calls, puts)
    assert (
        row["atm_iv_nearest"]
        == row["atm_iv_this_week" if row["expiry_nearest"] == NEAR else "atm_iv_next_week"]
    )
    assert (
        row["pcr_nearest"]
        == row["pcr_this_week" if row["expiry_nearest"] == NEAR else "pcr_next_week"]
    )


def test_beyond_every_fix_there_are_no_nearest_figures(build_world):
    row = summarise(build_world(at="2026-09-01T10:05:00Z").chain())
    assert (row["expiry_nearest"], row["forward"], row["max_pain_nearest"]) == (None, None, None)


def test_a_whole_unit_is_ok(world):
    row = summarise(world.chain())
    assert (row["status"], row["reason"]) == ("OK", "")
    assert (row["expiries_expected"], row["expiries_collected"]) == (2, 2)
    assert (row["expected_mask"], row["collected_mask"], row["missing_mask"]) == (7, 7, 0)
    assert (row["options"], row["rejected"]) == (164, 0)


def test_a_missing_expiry_loses_its_bits_and_makes_the_unit_partial(world):
    drop(world, FAR)
    row = summarise(world.chain())
    assert (row["expected_mask"], row["collected_mask"], row["missing_mask"]) == (7, 5, 2)
    assert (row["expiries_expected"], row["expiries_collected"], row["rejected"]) == (2, 1, 82)
    assert (row["status"], row["reason"]) == ("PARTIAL", "expiry_missing")


def test_a_date_of_two_buckets_loses_both_bits(world):
    drop(world, NEAR)
    row = summarise(world.chain())
    assert row["missing_mask"] == 5
    assert (row["expiry_nearest"], row["forward_source"], row["atm_iv_this_week"]) == (
        NEAR,
        "carry",
        None,
    )


def test_an_expiry_that_was_never_quoted_is_missing_too(world):
    world.quotes = world.quotes.take(world.quotes.expiry == np.datetime64(NEAR))
    chain = world.chain()
    assert (summarise(chain)["missing_mask"], summarise(chain)["status"]) == (2, "PARTIAL")
    assert facts(chain).to_json()["expiries"][1] == {
        "bucket": "next_week", "expiry": FAR, "strikes_wanted": 41, "strikes": 0, "coverage": 0.0, "status": "MISSING",
        "forward": None, "forward_source": "",
    }  # fmt: skip


@pytest.mark.parametrize(("lost", "status"), [(2, "OK"), (3, "PARTIAL")])
def test_more_than_five_percent_of_the_strikes_missing_is_partial(world, lost, status):
    for i in range(lost):
        world.lose(i % 2, i)
    row = summarise(world.chain())
    assert (row["status"], row["reason"]) == (status, "" if status == "OK" else "strikes_missing")
    assert (row["rejected"], row["missing_mask"]) == (lost, 0)


def test_options_that_did_not_trade_do_not_make_a_unit_partial(world):
    world.no_books()
    world.quotes.values["volume"][:] = 0.0
    row = summarise(world.chain())
    assert (row["status"], row["iv_ok"], row["iv_unavailable"], row["iv_failed"]) == (
        "OK",
        0,
        164,
        0,
    )


def test_a_unit_without_a_single_quote_is_missing(world):
    drop(world, NEAR)
    drop(world, FAR)
    row = summarise(world.chain())
    assert (row["status"], row["reason"], row["collected_mask"], row["options"]) == (
        "MISSING",
        "no_quotes",
        0,
        0,
    )


def test_the_volatility_counts_add_up_to_the_options(world):
    world.put(CE, 30, bid=NAN, last=NAN)
    world.unlist(PE, 31)
    world.lose(PE, 32)
    row = summarise(world.chain())
    assert row["iv_ok"] + row["iv_unavailable"] + row["iv_failed"] == row["options"] == 162
    assert row["iv_unavailable"] >= 1


def test_a_unit_that_never_was_has_a_row_that_says_why():
    row = missing_row(
        "2026-08-19T06:00:00Z",
        "NIFTY",
        Status.SKIPPED,
        "overrun",
        expected_mask=7,
        expiries_expected=3,
    )
    assert list(row) == [column.name for column in rows.OVERVIEW]
    assert (row["timestamp"], row["underlying"], row["status"], row["reason"]) == (
        "2026-08-19T06:00:00Z", "NIFTY", "SKIPPED", "overrun",
    )  # fmt: skip
    assert (row["expected_mask"], row["missing_mask"], row["collected_mask"], row["options"]) == (
        7,
        7,
        0,
        0,
    )
    assert row["spot"] is None


def test_a_row_of_an_unknown_expectation_does_not_invent_one():
    row = missing_row("2026-08-19T06:00:00Z", "NIFTY", "MISSING", "expired")
    assert (row["expected_mask"], row["missing_mask"], row["expiries_expected"]) == (
        None,
        None,
        None,
    )


def test_the_facts_are_json_and_agree_with_the_row(world):
    world.put(CE, 30, bid=NAN, last=NAN)
    world.put(CE, 31, oi=-1.0)
    chain = world.chain()
    row, found = summarise(chain), facts(chain).to_json()
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["options"] == row["options"]
    assert sum(each["ok"] for each in found["iv"].values()) == row["iv_ok"]
    assert (
        sum(sum(each["unavailable"].values()) for each in found["iv"].values())
        == row["iv_unavailable"]
    )
    assert found["quality"]["bad_oi"] == 1
    assert found["sources"] == {"sim": 164}
    assert found["atm"] == {NEAR: 24100.0, FAR: 24150.0}


def test_the_facts_count_every_price_the_solver_worked_on(world):
    world.put(CE, 30, bid=NAN, last=NAN)
    chain = world.chain()
    found = facts(chain).to_json()
    worked = sum(each["count"] for each in found["iterations"].values())
    spent = sum(each["sum"] for each in found["iterations"].values())
    histogram = {int(count): times for count, times in found["iterations_histogram"].items()}
    assert sum(histogram.values()) == worked == np.count_nonzero(chain.vol.iterations)
    assert sum(count * times for count, times in histogram.items()) == spent


def test_the_facts_count_the_options_that_risk_is_a_sum_of(world):
    world.put(CE, 30, bid=NAN, last=NAN)
    world.put(CE, 31, oi=-1.0)
    chain = world.chain()
    of_classes = sum(row.options for row in exposures.risk(exposures.positions(chain.chain)))
    assert 0 < facts(chain).positions == of_classes


def test_staleness_is_the_age_of_the_freshest_quote(world):
    world.quotes.values["quote_time"][:] = world.stamp.at.timestamp() - 90
    world.put(CE, 3, quote_time=world.stamp.at.timestamp() - 40)
    assert facts(world.chain()).staleness_seconds == 40.0


def test_without_quote_times_the_staleness_is_that_of_the_index(world):
    world.quotes.values["quote_time"][:] = NAN
    assert facts(world.chain()).staleness_seconds == 2.0
    world.see(spot_time=NAN)
    assert facts(world.chain()).staleness_seconds is None
