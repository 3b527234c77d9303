"""`g6 calendar`, `g6 expiries`, `g6 providers`."""

from __future__ import annotations

from typing import Any


def test_the_calendar_shows_sessions_holidays_and_special_sessions(g6: Any) -> None:
    shown = g6("calendar", "2026-11").out
    assert "Fri 20 Nov 2026      09:15–15:40  settlement 15:30\n" in shown
    assert "Tue 24 Nov 2026      closed       Guru Nanak Jayanti\n" in shown
    assert "Muhurat" in shown
    assert "Sat 21 Nov" not in shown


def test_a_month_that_is_none_is_a_sentence(g6: Any) -> None:
    answer = g6("calendar", "November")
    assert answer.code == 2
    assert "write it as 2026-11" in answer.err


def test_a_year_without_a_calendar_says_what_to_add(g6: Any) -> None:
    answer = g6("calendar", "2093-01")
    assert answer.code == 2
    assert "sessions.local.toml" in answer.err


def test_expiries_show_rule_date_strikes_and_why(g6: Any) -> None:
    shown = g6("expiries", "nifty", "--as-of", "2026-11-20T04:05:00Z").out
    assert "this_week   Mon 23 Nov 2026    3 d" in shown
    assert "first expiry alive" in shown
    assert "step 50" in shown


def test_a_bucket_that_is_not_listed_says_so(g6: Any) -> None:
    assert "this_week   not listed" in g6("expiries", "BANKNIFTY").out


def test_the_providers_are_listed(g6: Any) -> None:
    assert [line.split()[0] for line in g6("providers").out.splitlines()] == ["sim", "replay"]
