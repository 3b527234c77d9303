"""Trends over windows: of one contract, of what is stored, and of what is known now."""

from __future__ import annotations

from math import isnan, nan

import numpy as np
import pytest

from g6.domain.figures.trends import NoTrend, Trend, TrendFigure, TrendWindow, trends

MINUTES = [60.0 * minute for minute in range(61)]
NOW = MINUTES[-1]


def over(minutes: float, values: list[float], days: list[str] | None = None) -> Trend:
    """Return the trend over the last minutes of a figure with a value at each minute."""
    expiry = None if days is None else np.array(days, dtype="datetime64[D]")
    figure = TrendFigure(np.array(values), expiry)
    window = TrendWindow(60.0 * minutes, NOW - 60.0 * minutes)
    (trend,) = trends(MINUTES, {"pcr": figure}, [window])
    return trend


def test_trends_are_recomputed_over_each_window() -> None:
    values = [nan if minute % 7 == 3 else 100.0 + 0.5 * minute for minute in range(61)]
    short = over(10, values)
    long = over(60, values)
    assert (short.cycles, long.cycles) == (9, 52)
    assert short.change == pytest.approx(values[60] - values[50])
    assert (long.low, long.high, long.last) == (100.0, 130.0, 130.0)
    assert long.slope == pytest.approx(30.0)
    assert (short.reason, long.reason) == ("", "")


def test_a_value_shortly_before_the_start_stands_for_it() -> None:
    values = [nan if 38 <= minute <= 50 else float(minute) for minute in range(61)]
    assert over(20, values).change == 60.0 - 37.0
    # Over ten minutes the newest value before the start is thirteen older than it.
    assert over(10, values).reason == NoTrend.NOT_STORED


def test_a_window_longer_than_what_is_stored_has_no_change() -> None:
    values = [float(minute) for minute in range(61)]
    trend = over(90, values)
    assert trend.reason == NoTrend.NOT_STORED
    assert trend.last == 60.0
    assert all(map(isnan, (trend.change, trend.low, trend.high, trend.mean, trend.slope)))


def test_a_figure_without_a_value_now_has_none_of_before() -> None:
    trend = over(10, [*[1.0] * 60, nan])
    assert trend.reason == NoTrend.UNKNOWN_NOW
    assert isnan(trend.last)


def test_a_change_does_not_reach_over_a_roll() -> None:
    values = [float(minute) for minute in range(61)]
    days = ["2026-11-24"] * 30 + ["2026-12-01"] * 31
    assert over(40, values, days).reason == NoTrend.ROLLED
    since = over(20, values, days)
    assert (since.change, since.low, since.reason) == (20.0, 40.0, "")


def test_a_value_of_an_unknown_expiry_is_none_to_count_from() -> None:
    values = [float(minute) for minute in range(61)]
    days = ["NaT"] * 30 + ["2026-12-01"] * 31
    assert over(40, values, days).reason == NoTrend.NOT_STORED
    assert over(40, values, ["NaT"] * 61).change == 40.0


def test_without_a_cycle_there_is_no_trend() -> None:
    nothing = TrendFigure(np.zeros(0))
    (trend,) = trends([], {"pcr": nothing}, [TrendWindow(600.0, 0.0)])
    assert (trend.cycles, trend.reason) == (0, NoTrend.UNKNOWN_NOW)
