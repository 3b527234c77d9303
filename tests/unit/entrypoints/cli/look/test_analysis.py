"""`g6 analyze` over a small store of the simulated market."""

from __future__ import annotations

import json

import numpy as np
import pytest

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
