"""`g6 moves`: which rows a band is drawn from, which settle it, and what people are shown."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from math import sqrt

import pytest

from g6.entrypoints.cli.look import moves

EXPIRY = date(2026, 11, 17)


def row(at, spot=24000.0, expiry=EXPIRY):
    return {
        "timestamp": datetime.fromisoformat(at).replace(tzinfo=UTC),
        "spot": spot,
        "expiry_nearest": expiry,
    }


def test_a_band_is_drawn_at_the_last_cycle_before_a_quarter_past_three():
    rows = [row(f"2026-11-16T{at}") for at in ("04:00", "09:44", "09:45", "09:50")] + [
        row("2026-11-17T05:00")
    ]
    assert [each["timestamp"].strftime("%d %H:%M") for each in moves.references(rows)] == [
        "16 09:44",
        "17 05:00",
    ]


def test_a_band_is_settled_by_the_last_index_value_at_or_before_the_fix():
    rows = [
        row("2026-11-17T09:50", 1.0),
        row("2026-11-17T10:00", 2.0),
        row("2026-11-17T10:01", 3.0),
    ]
    assert moves.settled("NIFTY", rows) == {EXPIRY: 2.0}


def test_an_index_value_hours_before_the_fix_settles_nothing():
    assert moves.settled("NIFTY", [row("2026-11-17T08:00"), row("2026-11-16T10:00")]) == {}


def test_bands_are_those_of_the_newest_row(g6, stored):
    answer = g6("moves", "FINNIFTY", "--json", "--data-dir", str(stored.directory))
    assert answer.code == 0, answer.err
    found = json.loads(answer.out)
    frame = list(stored.frames.values())[-1]
    forward, years = (float(frame.columns[name][0]) for name in ("forward", "years_to_expiry"))
    by_name = {each["name"]: each for each in found["bands"]}
    assert by_name["expiry_sd"]["centre"] == pytest.approx(forward)
    assert by_name["session_sd"]["move"] == pytest.approx(
        by_name["expiry_sd"]["move"] / sqrt(252 * years)
    )
    assert {each["name"]: each["known"] for each in found["coverage"]} == {
        "session_sd": 0,
        "expiry_sd": 0,
        "expiry_straddle": 0,
    }


def test_people_see_bands_and_what_they_held(g6, stored):
    out = g6("moves", "FINNIFTY", "--data-dir", str(stored.directory)).out
    assert "one session" in out
    assert "68.0" in out
    assert max(map(len, out.splitlines())) <= 80


def test_nothing_stored_is_said(g6, tmp_path):
    assert g6("moves", "NIFTY", "--data-dir", str(tmp_path)).code == 3
