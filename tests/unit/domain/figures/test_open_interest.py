"""Changes of open interest and build-ups, against the definitions option by option and against a day whose flows are known."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import isnan, nan
from statistics import median

import numpy as np
import pytest

from g6.config import calendar
from g6.domain.figures import build_up as open_interest
from g6.domain.market.instrument import CE, PE
from g6.simulation import SimulatedMarket


def test_a_window_is_compared_with_the_latest_cycle_at_least_that_old():
    assert open_interest.reference([0.0, 60.0, 120.0, 180.0, 240.0], 600.0, 400.0) == 3


def test_a_window_is_never_shorter_than_open_interest_is_published():
    instants = [60.0 * minute for minute in range(10)]
    assert open_interest.reference(instants, 540.0, 30.0) == 6


def test_before_the_first_window_there_is_nothing_to_compare_with():
    assert open_interest.reference([500.0, 560.0], 600.0, 300.0) is None
    assert open_interest.reference([], 600.0, 300.0) is None


def test_a_change_is_what_is_held_now_less_what_was():
    found = open_interest.change(
        np.array([130.0, 65.0]), np.array([65.0, 130.0]), np.array([130.0, 130.0])
    )
    assert found.tolist() == [65.0, -65.0]


@pytest.mark.parametrize("high", [0.0, nan])
def test_zero_before_the_days_first_publication_is_unknown(high):
    assert isnan(open_interest.change(np.array([0.0]), np.array([65.0]), np.array([high]))[0])


def test_zero_after_something_was_held_today_is_a_loss_of_everything():
    assert open_interest.change(np.array([0.0]), np.array([65.0]), np.array([65.0]))[0] == -65.0


@pytest.mark.parametrize(
    ("premium", "oi", "word"),
    [
        (1.0, 650.0, "long_build_up"),
        (-1.0, 650.0, "short_build_up"),
        (1.0, -650.0, "short_covering"),
        (-1.0, -650.0, "long_unwinding"),
        (0.04, 650.0, "neutral"),
        (1.0, 49.0, "neutral"),
        (1.0, 0.0, "neutral"),
        (nan, 650.0, ""),
        (1.0, nan, ""),
    ],
)
def test_a_build_up_is_named_by_premium_and_open_interest(premium, oi, word):
    assert open_interest.index_build_up(premium, oi, 10000.0, 0.05) == word


def test_a_move_of_one_tick_in_binary_fractions_is_a_move():
    assert open_interest.index_build_up(100.15 - 100.10, 650.0, 10000.0, 0.05) == "long_build_up"


def test_a_chain_of_build_ups_keeps_its_shape_and_a_tick_per_strike():
    premium = np.array([[1.0, -1.0], [1.0, 0.06]])
    words = open_interest.build_up(
        premium, np.full((2, 2), 65.0), np.full((2, 2), 650.0), np.array([0.05, 0.1])
    )
    assert words.tolist() == [["long_build_up", "short_build_up"], ["long_build_up", "neutral"]]


def test_build_ups_of_a_simulated_hour_are_those_of_its_true_flows():
    market = SimulatedMarket(calendar(), seed=11)
    at = datetime.fromisoformat("2026-11-18T05:30:00Z")
    later = at + timedelta(hours=1)
    listing = market.listing("NIFTY", at)
    contracts = listing.contracts.of(listing.contracts.expiries[0])
    first, last = (market.quotes("NIFTY", contracts, each) for each in (at, later))
    premium, oi = (
        last.last - first.last,
        open_interest.change(last.oi, first.oi, last.values["oi_day_high"]),
    )
    words = open_interest.build_up(premium, oi, first.oi, contracts.tick_size)
    flows = market.flows("NIFTY", contracts, at, later)
    opened = sum(flows[kind] for kind in flows if kind.endswith("build_up"))
    closed = sum(flows[kind] for kind in flows if not kind.endswith("build_up"))
    # Published figures trail the trades by minutes: only options whose flow is plainly one way can be told.
    plain = np.abs(opened - closed) > 0.02 * first.oi
    agree = np.isin(words, ("long_build_up", "short_build_up")) == (opened > closed)
    told = plain & (words != "neutral") & (words != "")
    assert told.sum() > 20
    assert agree[told].mean() > 0.95


@pytest.mark.parametrize("seed", range(10))
def test_z_scores_are_deviations_from_the_median_in_mads(seed):
    die = np.random.default_rng(seed)
    history, now = die.normal(100.0, 30.0, (21, 2, 3)), die.normal(100.0, 30.0, (2, 3))
    history[die.random(history.shape) < 0.2] = nan
    found = open_interest.z_scores(history, now)
    for side in (CE, PE):
        for row in range(3):
            known = [value for value in history[:, side, row] if not isnan(value)]
            middle = median(known)
            spread = 1.4826 * median(abs(value - middle) for value in known)
            assert found[side, row] == pytest.approx((now[side, row] - middle) / max(spread, 1.0))


def test_too_short_a_history_has_no_scores():
    history = np.full((6, 2, 1), nan)
    history[:4] = 1.0
    assert np.isnan(open_interest.z_scores(history, np.ones((2, 1)))).all()


def test_the_first_move_of_a_still_option_is_measured_by_the_floor():
    assert open_interest.z_scores(np.zeros((9, 1)), np.array([130.0]), 65.0)[0] == 2.0


def test_injected_anomalies_are_ranked_first():
    die = np.random.default_rng(3)
    history = die.normal(0.0, 650.0, (30, 2, 40))
    now = die.normal(0.0, 650.0, (2, 40))
    now[PE, 7], now[CE, 30] = 65000.0, -30000.0
    found = open_interest.unusual("oi", history, now, 65.0)
    assert [(each.side, each.row) for each in found[:2]] == [(PE, 7), (CE, 30)]
    assert found[0].kind == "oi"
    assert found[0].value == 65000.0


def test_hostile_numbers_raise_nothing():
    bad = np.array([nan, np.inf, -np.inf, -1.0, 0.0, 1e300])
    grid = np.array(np.meshgrid(bad, bad, bad)).reshape(3, -1)
    with np.errstate(all="raise", under="ignore"):
        words = open_interest.build_up(grid[0], grid[1], grid[2], np.array(0.05))
    assert set(words) <= set(open_interest.BUILD_UPS)
