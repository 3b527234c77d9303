"""`g6 calendar`, `g6 providers`."""

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


def test_the_calendar_names_what_expires_and_marks_monthlies(g6: Any) -> None:
    shown = g6("calendar", "2026-11").out
    assert "Mon 23 Nov 2026      09:15–15:40  settlement 15:30  expires NIFTY (monthly), BANKNIFTY (monthly)" in shown
    assert "Tue 17 Nov 2026      09:15–15:40  settlement 15:30  expires NIFTY\n" in shown


def test_a_calendar_without_listings_still_shows_its_sessions(g6: Any) -> None:
    answer = g6("calendar", "2026-11", "--kept", "--data-dir", "nowhere")
    assert (answer.code, "Fri 20 Nov 2026      09:15–15:40" in answer.out) == (0, True)
    assert "expiries not known of NIFTY" in answer.err


def test_the_providers_are_listed(g6: Any) -> None:
    assert [line.split()[0] for line in g6("providers").out.splitlines()] == ["sim", "replay", "kite"]
