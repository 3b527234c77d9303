"""`g6 chain` and `g6 analyze` over a small store of the simulated market."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest

from g6.domain import rows

CYCLES = ("2026-11-18T05:30:00Z", "2026-11-18T05:33:00Z")


def test_the_chain_marks_the_strike_at_the_money(g6, stored):
    answer = g6("chain", "finnifty", "--data-dir", str(stored.directory))
    atm = stored.frames[CYCLES[1]].columns["atm"][0]
    assert answer.code == 0
    assert f"▶ {atm:g} ◀" in answer.out


def test_greeks_and_chain_fit_eighty_columns(g6, stored):
    for extra in ((), ("--greeks",)):
        out = g6("chain", "FINNIFTY", "--data-dir", str(stored.directory), *extra).out
        assert "…" not in out
        assert max(map(len, out.splitlines())) <= 80


def test_json_holds_every_row_of_the_expiry(g6, stored):
    found = json.loads(g6("chain", "FINNIFTY", "--json", "--data-dir", str(stored.directory)).out)
    frame = stored.frames[CYCLES[1]]
    assert found["cycle"] == CYCLES[1]
    assert [row["strike"] for row in found["rows"]] == frame.columns["strike"].tolist()
    unknown = int(np.isnan(frame.columns["ce_iv"]).sum())
    assert [row["ce_iv"] for row in found["rows"]].count(None) == unknown


def test_csv_holds_every_column(g6, stored):
    lines = list(csv.DictReader(io.StringIO(g6("chain", "FINNIFTY", "--csv", "--data-dir", str(stored.directory)).out)))
    assert list(lines[0]) == [column.name for column in rows.CHAIN]
    oi = stored.frames[CYCLES[1]].columns["ce_oi"]
    assert [line["ce_oi"] for line in lines] == ["" if np.isnan(value) else str(int(value)) for value in oi]
    assert lines[0]["timestamp"] == CYCLES[1]


def test_as_of_shows_nothing_later(g6, stored):
    answer = g6("chain", "FINNIFTY", "--json", "--as-of", "2026-11-18T11:02:00", "--data-dir", str(stored.directory))
    assert json.loads(answer.out)["cycle"] == CYCLES[0]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("chain", "FINNIFTY", "--as-of", "2026-11-17T10:00:00"), 3, "up to 2026-11-17T04:30:00Z"),
        (("chain", "FINNIFTY", "--as-of", "noon"), 2, "no instant"),
        (("chain", "FINNIFTY", "--expiry", "2027-01-01"), 3, "it has"),
        (("chain", "NIFTY"), 3, "nothing of NIFTY"),
        (("chain", "GOLD"), 2, "say one of NIFTY"),
        (("chain", "FINNIFTY", "--csv", "--json"), 2, "exclude"),
    ],
)
def test_what_is_not_there_is_said_in_a_sentence(g6, stored, arguments, code, says):
    answer = g6(*arguments, "--data-dir", str(stored.directory))
    assert answer.code == code
    assert says in answer.err


def test_the_analysis_is_shown_for_every_index_stored(g6, stored):
    answer = g6("analyze", "--data-dir", str(stored.directory))
    assert answer.code == 0
    for words in ("FINNIFTY", "max pain", "resistance", "dealer_short_puts_long_calls", "deep out", "market breadth: above open"):
        assert words in answer.out


def test_the_analysis_as_json_is_the_overviews(g6, stored):
    found = json.loads(g6("analyze", "FINNIFTY", "--json", "--data-dir", str(stored.directory)).out)["indices"][0]
    frame = stored.frames[CYCLES[1]]
    first = found["expiries"][0]
    assert first["pcr"] == pytest.approx(np.nansum(frame.columns["pe_oi"]) / np.nansum(frame.columns["ce_oi"]))
    assert found["exposures"]["gex"] == pytest.approx(_gex(frame), rel=1e-4)
    assert found["surface"]["quality"][first["expiry"]] > 0.9


def _gex(frame):
    spot = frame.columns["forward"] * np.exp(-frame.columns["rate"] * frame.columns["years_to_expiry"])
    signed = [
        sign * frame.columns[side + "gamma"].astype(float) * frame.columns[side + "oi"] for sign, side in ((1, "ce_"), (-1, "pe_"))
    ]
    return float(np.nansum(np.stack(signed) * spot**2 / 100))
