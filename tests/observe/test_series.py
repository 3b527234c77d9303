"""The number of series of a system with six indices, counted over a morning."""

from __future__ import annotations

from datetime import date, time

from g6.observability.catalogue import series_cap
from tests.observe.healthy_day import day_settings, every_sample

SIX = ("NIFTY", "BANKNIFTY", "FINNIFTY", "MIDCPNIFTY", "SENSEX", "BANKEX")


def test_six_indices_stay_under_the_documented_cap() -> None:
    settings = day_settings(SIX, 1)
    lines = every_sample(settings, date(2026, 11, 17), time(9, 15), time(9, 20))
    assert 600 < len(lines) <= series_cap(len(SIX))
