"""`g6 dossier` and `g6 buildup` over a small store, against its rows."""

from __future__ import annotations

import json

import numpy as np
import pytest

FIRST, LAST = "2026-11-18T05:30:00Z", "2026-11-18T05:33:00Z"


def ask(g6, stored, *arguments):
    answer = g6(*arguments, "--json", "--data-dir", str(stored.directory))
    assert answer.code == 0, answer.err
    return json.loads(answer.out)


def test_the_dossier_shows_the_change_over_each_window(g6, stored):
    found = ask(g6, stored, "dossier", "FINNIFTY", "--windows", "1,3,10")
    trend = {(each["name"], each["seconds"]): each for each in found["trends"]}
    spot = [float(frame.columns["spot"][0]) for frame in stored.frames.values()]
    assert trend["spot", 180.0]["change"] == pytest.approx(spot[1] - spot[0])
    assert trend["spot", 60.0]["last"] == spot[1]


def test_a_window_longer_than_what_is_stored_has_no_change_and_says_so(g6, stored):
    found = ask(g6, stored, "dossier", "FINNIFTY", "--windows", "1,10")
    assert {each["reason"] for each in found["trends"]} <= {"not_stored", "unknown_now"}
    assert {each["change"] for each in found["trends"]} == {None}
    out = g6("dossier", "FINNIFTY", "--windows", "10", "--data-dir", str(stored.directory)).out
    assert (
        "– over 10 min, nothing is stored near its start (--windows asks for others): index"
        in " ".join(out.split())
    )


def test_too_few_days_have_no_rank_and_say_how_many_there_are(g6, stored):
    assert ask(g6, stored, "dossier", "FINNIFTY")["iv_rank"] == {
        "rank": None,
        "percentile": None,
        "n_days": 0,
    }


def test_one_expiry_has_no_constant_maturity_before_it(g6, stored):
    assert ask(g6, stored, "dossier", "FINNIFTY")["constant_maturity"]["30"] is None


def test_the_dossier_fits_eighty_columns(g6, stored):
    out = g6("dossier", "FINNIFTY", "--data-dir", str(stored.directory)).out
    assert "PCR this month" in out
    assert "OI calls, lakh" in out
    assert "…" not in out
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.parametrize("against", ["3", "1", "open"])
def test_build_ups_are_the_changes_of_the_rows(g6, stored, against):
    found = ask(g6, stored, "buildup", "FINNIFTY", "--against", against)
    first, last = (stored.frames[cycle].columns for cycle in (FIRST, LAST))
    for side, prefix in (("calls", "ce_"), ("puts", "pe_")):
        changed = last[prefix + "oi"].astype(float) - first[prefix + "oi"].astype(float)
        assert np.allclose(np.array(found[side]["oi_change"], dtype=float), changed, equal_nan=True)
        for word, oi, premium in zip(
            *(found[side][name] for name in ("build_up", "oi_change", "premium_change")),
            strict=True,
        ):
            if word in {"long_build_up", "short_covering"}:
                assert premium > 0
            if word in {"long_build_up", "short_build_up"}:
                assert oi > 0
    assert found["against"] == FIRST


def test_against_the_close_the_previous_session_counts(g6, stored):
    found = ask(g6, stored, "buildup", "FINNIFTY")
    last = stored.frames[LAST].columns
    wanted = last["pe_oi"].astype(float) - last["pe_oi_prev"].astype(float)
    assert np.allclose(np.array(found["puts"]["oi_change"], dtype=float), wanted, equal_nan=True)
    assert found["against"] == "the previous close"


def test_people_see_build_ups_around_the_money(g6, stored):
    out = g6("buildup", "FINNIFTY", "--data-dir", str(stored.directory)).out
    assert "▶" in out
    assert max(map(len, out.splitlines()[:20])) <= 80


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("buildup", "FINNIFTY", "--against", "30"), 3),
        (("buildup", "FINNIFTY", "--against", "noon"), 2),
        (("dossier", "FINNIFTY", "--windows", "0"), 2),
    ],
)
def test_what_cannot_be_answered_is_said(g6, stored, arguments, code):
    assert g6(*arguments, "--data-dir", str(stored.directory)).code == code
