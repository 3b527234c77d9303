"""`g6 moves`: which rows a band is drawn from, which settle it, and what people are shown."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from math import sqrt

import numpy as np
import pytest

from g6.config import calendar
from g6.domain.schema.frame import Frame
from g6.studies.stored import moves

EXPIRY = date(2026, 11, 17)
FIXES = moves.Fixes(calendar(), "NIFTY")


def overview(*rows):
    """Overview rows of an instant (UTC), and of a value of the index where it matters."""
    instants = [datetime.fromisoformat(at).replace(tzinfo=UTC).timestamp() for at, *_ in rows]
    columns = {
        "timestamp": np.array(instants),
        "spot": np.array([spot[0] if spot else 24000.0 for _, *spot in rows]),
        "expiry_nearest": np.full(len(rows), np.datetime64(EXPIRY, "D")),
    }
    return Frame({}, columns)


def test_a_band_is_drawn_at_the_last_cycle_before_a_quarter_past_three():
    clocks = ("16T04:00", "16T09:44", "16T09:45", "16T09:50", "17T05:00")
    rows = overview(*((f"2026-11-{clock}",) for clock in clocks))
    assert [clocks[row] for row in moves.reference_rows(rows)] == ["16T09:44", "17T05:00"]


def test_a_band_is_settled_by_the_last_index_value_at_or_before_the_fix():
    rows = overview(("2026-11-17T09:50", 1.0), ("2026-11-17T10:00", 2.0), ("2026-11-17T10:01", 3.0))
    assert moves.settled(rows, FIXES) == {EXPIRY: 2.0}


def test_an_index_value_hours_before_the_fix_settles_nothing():
    rows = overview(("2026-11-16T10:00",), ("2026-11-17T08:00",))
    assert moves.settled(rows, FIXES) == {}


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
