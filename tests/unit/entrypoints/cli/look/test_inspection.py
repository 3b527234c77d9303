"""`g6 inspect` counts what a snapshot holds."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pytest

LAST = "2026-11-18T05:33:00Z"


def test_columns_are_counted_with_nulls_least_and_largest(g6, stored):
    found = json.loads(g6("inspect", "FINNIFTY", "--json", "--data-dir", str(stored.directory)).out)
    frame, columns = stored.frames[LAST], {each["name"]: each for each in found["columns"]}
    assert found["rows"] == len(frame)
    iv = frame.columns["ce_iv"]
    assert columns["ce_iv"]["nulls"] == int(np.isnan(iv).sum())
    assert columns["ce_iv"]["max"] == pytest.approx(float(np.nanmax(iv)))
    assert columns["strike"]["distinct"] == len(frame)
    assert columns["timestamp"]["min"] == LAST


def test_statuses_are_counted_and_add_up_to_the_rows(g6, stored):
    found = json.loads(
        g6("inspect", f"FINNIFTY@{LAST}", "--json", "--data-dir", str(stored.directory)).out
    )
    counted = Counter(word or "not listed" for word in stored.frames[LAST].columns["ce_iv_status"])
    assert found["statuses"]["ce"] == counted
    assert sum(found["statuses"]["pe"].values()) == found["rows"]


def test_flags_are_counted_by_name(g6, stored):
    found = json.loads(g6("inspect", "FINNIFTY", "--json", "--data-dir", str(stored.directory)).out)
    untraded = int((stored.frames[LAST].columns["ce_quality"].astype(int) & 2 > 0).sum())
    assert found["flags"]["ce"].get("untraded", 0) == untraded


def test_a_file_is_shown_to_people(g6, stored):
    path = next((stored.directory / "chain").rglob("*.parquet"))
    answer = g6("inspect", str(path))
    assert answer.code == 0
    for words in ("ce_gamma", "nulls", "ce statuses: ok"):
        assert words in answer.out


def test_a_file_that_is_not_there_is_not_called_damaged(g6):
    answer = g6("inspect", "nowhere.parquet")
    assert answer.code == 2
    assert "there is no file nowhere.parquet" in answer.err


def test_a_damaged_file_is_said_in_a_sentence(g6, tmp_path):
    path = tmp_path / "torn.parquet"
    path.write_bytes(b"PAR1 and no more")
    answer = g6("inspect", str(path))
    assert answer.code == 2
    assert "not a whole Parquet file" in answer.err
