"""`g6 analyze` over a small store of the simulated market."""

from __future__ import annotations

import json

import numpy as np
import pytest

from g6.adapters.parquet import ParquetStore
from g6.domain.cycles.cycle import Unit

CYCLES = ("2026-11-18T05:30:00Z", "2026-11-18T05:33:00Z")


def test_the_analysis_is_shown_for_every_index_stored(g6, stored):
    answer = g6("analyze", "--data-dir", str(stored.directory))
    assert answer.code == 0
    # One index alone is above its open or is not: that is no breadth.
    assert "of the indices" not in answer.out
    for words in (
        "FINNIFTY",
        "max pain",
        "resistance",
        "calls + / puts −",
        "deep out",
        "gamma walls (most GEX): calls",
        "highest OI of all expiries: calls",
    ):
        assert words in answer.out


def test_an_index_that_the_newest_cycle_left_out_is_shown_and_marked(g6, tmp_path, chain_of):
    """After a cycle of one index alone all others were left out without a word."""
    files = ParquetStore(tmp_path)
    for cycle, names in ((CYCLES[0], ("NIFTY", "SENSEX")), (CYCLES[1], ("NIFTY",))):
        rows = []
        for name in names:
            files.write_chain(Unit(cycle, name), chain_of(cycle, name))
            rows.append({"timestamp": cycle, "underlying": name, "status": "OK", "reason": ""})
        files.write_overview(cycle, rows)
    call = ("analyze", "--data-dir", str(tmp_path))
    told = json.loads(g6(*call, "--json").out)
    ages = {each["index"]: each["stale_seconds"] for each in told["indices"]}
    assert ages == {"NIFTY": 0.0, "SENSEX": 180.0}
    assert told["market_breadth"]["above_close"]["known"] <= 1
    heads = [line for line in g6(*call, "--all").out.splitlines() if "· spot" in line]
    assert ["STALE 3 min" in line for line in heads] == [False, True]


def test_the_analysis_as_json_is_the_overviews(g6, stored):
    found = json.loads(
        g6("analyze", "FINNIFTY", "--json", "--data-dir", str(stored.directory)).out
    )["indices"][0]
    frame = stored.frames[CYCLES[1]]
    first = found["expiries"][0]
    assert first["pcr"] == pytest.approx(
        np.nansum(frame.columns["pe_oi"]) / np.nansum(frame.columns["ce_oi"])
    )
    assert found["exposures"]["gex"] == pytest.approx(_gex(frame), rel=1e-4)
    assert found["surface"]["quality"][first["expiry"]] > 0.9


def _gex(frame):
    spot = frame.columns["forward"] * np.exp(
        -frame.columns["rate"] * frame.columns["years_to_expiry"]
    )
    signed = [
        sign * frame.columns[side + "gamma"].astype(float) * frame.columns[side + "oi"]
        for sign, side in ((1, "ce_"), (-1, "pe_"))
    ]
    return float(np.nansum(np.stack(signed) * spot**2 / 100))
