"""Figures over cycles and days, against the definitions."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from math import isnan, nan

import numpy as np
import pytest

from g6.domain.figures import series
from g6.domain.figures.series import PositionLeg
from g6.domain.schema.chain import Chain

DAY = date(2026, 11, 24)


@pytest.mark.parametrize("seed", range(10))
def test_rank_and_percentile_are_their_formulas_over_the_last_252_days(seed):
    die = np.random.default_rng(seed)
    history = die.uniform(0.1, 0.3, 300).tolist()
    today = float(die.uniform(0.1, 0.3))
    used = history[-252:]
    found = series.rank(today, history)
    assert found.rank == pytest.approx((today - min(used)) / (max(used) - min(used)))
    assert found.percentile == pytest.approx(sum(value < today for value in used) / 252)
    assert found.n_days == 252


def test_unknown_days_do_not_count():
    assert series.rank(0.2, [nan] * 100 + [0.1, 0.3] * 15).n_days == 30


def test_under_twenty_days_there_is_no_rank_but_a_count():
    found = series.rank(0.2, [0.1] * 19)
    assert isnan(found.rank)
    assert isnan(found.percentile)
    assert found.n_days == 19


@pytest.mark.parametrize(("today", "history"), [(nan, [0.1, 0.2] * 20), (0.2, [0.2] * 40)])
def test_a_rank_that_cannot_be_known_is_not(today, history):
    assert isnan(series.rank(today, history).rank)


def test_legs_add_up_with_their_signs(chain_of):
    frame = chain_of()
    strike = frame.columns["strike"][:5]
    legs = [PositionLeg(DAY, strike[1], "CE"), PositionLeg(DAY, strike[3], "PE", -2.0)]
    wanted = frame.columns["ce_price"][1] - 2 * frame.columns["pe_price"][3]
    assert series.legs_value(Chain.of_rows(frame), legs) == pytest.approx(wanted)


def test_a_leg_without_a_price_leaves_no_value(chain_of):
    frame = chain_of()
    known = PositionLeg(DAY, frame.columns["strike"][1], "CE")
    for missing in (
        PositionLeg(DAY, 1.0, "CE"),
        PositionLeg(date(2030, 1, 1), 26000.0, "CE"),
        PositionLeg(DAY, frame.columns["strike"][0], "CE"),
    ):
        assert isnan(series.legs_value(Chain.of_rows(frame), [known, missing]))
    assert isnan(series.legs_value(Chain.of_rows(frame), []))


def test_seven_legs_are_too_many(chain_of):
    with pytest.raises(ValueError, match="at most 6"):
        series.legs_value(chain_of(), [PositionLeg(DAY, 26000.0, "CE")] * 7)


def straddled(chain_of, cycles):
    """One chain per (cycle, ATM)."""
    frames = [chain_of(cycle, seed=i) for i, (cycle, _) in enumerate(cycles)]
    for frame, (_, atm) in zip(frames, cycles, strict=True):
        frame.columns["atm"][:] = atm
        frame.columns["years_to_expiry"][:] = 0.01
        frame.columns["timestamp"][:] = datetime.fromisoformat(
            frame.header["stamp"]["cycle"]
        ).timestamp()
    return frames


def test_a_rolling_straddle_is_call_plus_put_at_the_money_and_marks_its_rolls(chain_of):
    frames = straddled(
        chain_of,
        [
            ("2026-11-20T04:05:00Z", 26000.0),
            ("2026-11-20T04:06:00Z", 26000.0),
            ("2026-11-20T04:07:00Z", 26050.0),
        ],
    )
    found = series.rolling_straddle([*map(Chain.of_rows, frames)])
    assert [each.rolled for each in found] == [False, False, True]
    assert [each.strike for each in found] == [26000.0, 26000.0, 26050.0]
    for each, frame, row in zip(found, frames, (2, 2, 3), strict=True):
        assert each.price == pytest.approx(
            frame.columns["ce_price"][row] + frame.columns["pe_price"][row]
        )
        assert each.vwap == pytest.approx(
            frame.columns["ce_average_price"][row] + frame.columns["pe_average_price"][row]
        )
    assert found[2].carried == pytest.approx(
        frames[2].columns["ce_price"][2] + frames[2].columns["pe_price"][2]
    )
    assert found[2].expiry == DAY


def test_a_chain_without_an_atm_has_no_straddle(chain_of):
    frames = straddled(chain_of, [("2026-11-20T04:05:00Z", nan)])
    assert series.rolling_straddle([*map(Chain.of_rows, frames)]) == []


def test_days_are_laid_over_each_other_by_weekday_in_indian_time():
    first = datetime.fromisoformat("2026-11-16T04:00:00Z")
    instants = [
        (first + timedelta(days=day, minutes=minute)).timestamp()
        for day in (0, 1, 7)
        for minute in (0, 1)
    ]
    found = series.overlay(instants, [1.0, 2.0, 3.0, nan, 5.0, 6.0])
    assert list(found) == [0, 1]
    assert [curve.day for curve in found[0]] == [date(2026, 11, 16), date(2026, 11, 23)]
    assert found[0][1].minute.tolist() == [570.0, 571.0]
    assert found[1][0].value.tolist() == [3.0]


def known(value):
    return None if value is None or isnan(value) else float(value)


@pytest.mark.parametrize("strikes", [None, (25950.0, 26000.0, 26050.0), (26100.0,)])
@pytest.mark.parametrize("expiry", [DAY, date(2026, 12, 1)])
def test_interest_over_chosen_strikes_is_the_sum_of_their_rows(chain_of, strikes, expiry):
    frames = [chain_of(f"2026-11-20T04:0{i}:00Z", seed=i) for i in range(3)]
    found = series.interest([*map(Chain.of_rows, frames)], strikes, expiry)
    assert len(found) == 3
    for frame, each in zip(frames, found, strict=True):
        sums, volumes, held = {"ce_": 0.0, "pe_": 0.0}, {"ce_": 0.0, "pe_": 0.0}, set()
        rows = [i for i in range(len(frame)) if frame.columns["expiry"][i] == np.datetime64(expiry)]
        rows = [i for i in rows if strikes is None or float(frame.columns["strike"][i]) in strikes]
        for i in rows:
            for side in ("ce_", "pe_"):
                if frame.columns[side + "symbol"][i]:
                    value, volume = (
                        known(frame.columns[side + "oi"][i]),
                        known(frame.columns[side + "volume"][i]),
                    )
                    sums[side] += value or 0.0
                    volumes[side] += volume or 0.0
                    held |= {i} if value is not None else set()
        assert each.strikes == len(held)
        assert each.oi_calls == pytest.approx(sums["ce_"] or each.oi_calls, nan_ok=True)
        assert each.pcr == pytest.approx(
            sums["pe_"] / sums["ce_"] if sums["ce_"] else nan, nan_ok=True
        )
        assert each.pcr_volume == pytest.approx(
            volumes["pe_"] / volumes["ce_"] if volumes["ce_"] else nan, nan_ok=True
        )


def test_interest_follows_the_nearest_expiry_by_itself(chain_of):
    first, last = chain_of(), chain_of("2026-11-24T10:05:00Z")
    first.columns["years_to_expiry"][:] = 0.01
    last.columns["years_to_expiry"][:] = np.where(
        last.columns["expiry"] == np.datetime64(DAY), nan, 0.02
    )
    assert [each.expiry for each in series.interest([*map(Chain.of_rows, (first, last))])] == [
        DAY,
        date(2026, 12, 1),
    ]


def test_a_chain_without_the_strikes_or_an_expiry_ahead_is_left_out(chain_of):
    frame = chain_of()
    assert series.interest([Chain.of_rows(frame)], [1.0], DAY) == []
    frame.columns["years_to_expiry"][:] = nan
    assert series.interest([Chain.of_rows(frame)]) == []
