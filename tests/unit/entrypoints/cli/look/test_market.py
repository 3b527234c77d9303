"""`g6 calendar`, `g6 providers`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from g6.adapters.parquet import ParquetStore
from g6.config import calendar
from g6.domain.cycles.cycle import parse_z
from g6.simulation import SimulatedMarket


def test_the_calendar_shows_sessions_holidays_and_special_sessions(g6: Any) -> None:
    shown = g6("calendar", "2026-11").out
    assert "Fri 20 Nov  09:15–15:40  15:30 " in shown
    assert "Tue 24 Nov  closed                   Guru Nanak Jayanti" in shown
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
    lines = [" ".join(line.split()) for line in shown.splitlines()]
    place = lines.index("Mon 23 Nov 09:15–15:40 15:30 NIFTY, BANKNIFTY, FINNIFTY, MIDCPNIFTY")
    assert lines[place + 1] == "(monthly)"
    assert "Tue 17 Nov 09:15–15:40 15:30 NIFTY" in lines
    assert max(map(len, shown.splitlines())) <= 80


def test_the_calendar_alone_is_that_of_this_month(g6: Any) -> None:
    assert g6("calendar", "--set", "market.start=2026-11-18 11:00").out == (
        g6("calendar", "2026-11", "--set", "market.start=2026-11-18 11:00").out
    )


def test_a_calendar_without_listings_still_shows_its_sessions(g6: Any) -> None:
    answer = g6("calendar", "2026-11", "--kept", "--data-dir", "nowhere")
    assert (answer.code, "Fri 20 Nov  09:15–15:40" in answer.out) == (0, True)
    assert "expiries not known of NIFTY" in answer.err


def test_the_providers_are_listed(g6: Any) -> None:
    lines = g6("providers").out.splitlines()
    assert [line.split()[0] for line in lines if line[0] != " "] == ["sim", "replay", "kite"]
    assert max(map(len, lines)) <= 80


def test_the_calendar_says_where_its_expiries_come_from(g6: Any, tmp_path: Path) -> None:
    simulated = g6("calendar", "2026-11").out
    assert (
        "from the simulated market (made by the rules of each era, not read from a dump)"
        in " ".join(simulated.split())
    )
    at = parse_z("2026-11-02T05:30:00Z")
    ParquetStore(tmp_path).keep_listing(SimulatedMarket(calendar()).listing("NIFTY", at), "NFO")
    kept = g6("calendar", "2026-11", "--kept", "--data-dir", str(tmp_path))
    assert "expiries of NIFTY from the instrument dump kept on 2026-11-02" in kept.out
    assert "expiries not known of BANKNIFTY" in kept.err


def test_a_day_with_a_special_session_only_is_no_expiry(g6: Any) -> None:
    shown = g6("calendar", "2025-10").out
    lines = [" ".join(line.split()) for line in shown.splitlines()]
    assert "Mon 20 Oct 09:15–15:30 15:30 NIFTY" in lines
    assert "Tue 21 Oct 13:45–14:45 14:45 Muhurat" in lines


def test_the_calendar_is_written_as_json(g6: Any) -> None:
    month = json.loads(g6("calendar", "2026-11", "--json").out)
    holiday = next(day for day in month["days"] if day["day"] == "2026-11-24")
    assert holiday["hours"][0]["holiday"] == "Guru Nanak Jayanti"
    assert month["unknown"] == []


def test_a_wrong_setting_does_not_stop_what_reads_no_settings(g6: Any, tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "g6_config.json").write_text("{")
    assert g6("calendar", "2026-11").code == 2
    names = [source["name"] for source in json.loads(g6("providers", "--json").out)]
    assert (names, g6("lots").code) == (["sim", "replay", "kite"], 0)
    assert g6("lots", "--data-dir", "x").code == 2
