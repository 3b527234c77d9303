"""A healthy day fires nothing, and a fault on the same day fires what it should."""

from __future__ import annotations

from datetime import date, time
from pathlib import Path

from g6.config import calendar
from tests.observe.healthy_day import day_settings, fired
from tests.rules.test_rules import needs_promtool

EXPIRY_DAY = date(2026, 11, 17)


@needs_promtool
def test_an_expiry_day_from_before_the_open_until_after_the_close_fires_nothing(
    tmp_path: Path,
) -> None:
    assert calendar().session("NSE", EXPIRY_DAY) is not None
    assert fired(day_settings(["NIFTY"], 1), EXPIRY_DAY, tmp_path) == []


@needs_promtool
def test_an_index_that_fails_is_told_by_name(tmp_path: Path) -> None:
    settings = day_settings(["NIFTY"], 1, faults="fail:NIFTY")
    alerts = {alert.alert for alert in fired(settings, EXPIRY_DAY, tmp_path, time(9, 45))}
    assert {"G6IndexMissing", "G6CycleStalled"} <= alerts
