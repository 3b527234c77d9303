"""Whether options trade, until when, and when they trade next."""

from __future__ import annotations

from datetime import datetime

import pytest

from g6.config import calendar
from g6.domain.market.calendar import IST
from g6.domain.market.trading_hours import trading_hours

BOTH = ("NSE", "BSE")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=IST)


@pytest.mark.parametrize("clock", ["2026-11-18 09:15", "2026-11-18 15:14", "2026-11-18 15:20"])
def test_options_trade_until_the_close_though_the_index_stands_still_before(clock: str) -> None:
    hours = trading_hours(calendar(), BOTH, at(clock))
    assert hours.is_open
    assert hours.until == at("2026-11-18 15:40")
    assert hours.frozen_from == at("2026-11-18 15:15")
    assert hours.opens == at("2026-11-19 09:15")


@pytest.mark.parametrize(
    ("clock", "why", "opens"),
    [
        ("2026-11-18 08:00", "before the open", "2026-11-18 09:15"),
        ("2026-11-18 15:41", "after the close", "2026-11-19 09:15"),
        ("2026-11-20 16:00", "after the close", "2026-11-23 09:15"),
        ("2026-11-22 12:00", "Sunday", "2026-11-23 09:15"),
        ("2026-11-24 12:00", "Guru Nanak Jayanti", "2026-11-25 09:15"),
    ],
)
def test_a_closed_market_says_why_and_when_it_opens(clock: str, why: str, opens: str) -> None:
    hours = trading_hours(calendar(), BOTH, at(clock))
    assert not hours.is_open
    assert hours.until is None
    assert hours.opens == at(opens)
    assert why in hours.why


def test_the_last_day_of_the_calendar_trades_though_nobody_knows_the_next_open() -> None:
    hours = trading_hours(calendar(), BOTH, at("2026-12-31 11:00"))
    assert (hours.is_open, hours.until) == (True, at("2026-12-31 15:40"))
    assert hours.opens is None
    before = trading_hours(calendar(), BOTH, at("2026-12-31 08:00"))
    assert (before.is_open, before.opens) == (False, at("2026-12-31 09:15"))
    after = trading_hours(calendar(), BOTH, at("2026-12-31 15:41"))
    assert (after.is_open, after.opens) == (False, None)
    assert "ends with 2026" in after.why


def test_a_year_that_the_calendar_does_not_know_is_closed_and_says_so() -> None:
    hours = trading_hours(calendar(), BOTH, at("2031-11-18 12:00"))
    assert (hours.is_open, hours.opens) == (False, None)
    assert "2031" in hours.why
