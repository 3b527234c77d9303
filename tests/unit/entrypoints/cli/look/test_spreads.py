"""`g6 spreads` over a small store, against its rows."""

from __future__ import annotations

import json

import numpy as np
import pytest


def test_spreads_by_strike_are_those_of_the_rows(g6, stored):
    answer = g6("spreads", "FINNIFTY", "--json", "--data-dir", str(stored.directory))
    assert answer.code == 0, answer.err
    found = json.loads(answer.out)["by_strike"]
    strike = found["strike"][len(found["strike"]) // 2]
    for side, prefix in enumerate(("ce_", "pe_")):
        told = []
        for frame in stored.frames.values():
            at = int(np.flatnonzero(frame.columns["strike"] == strike)[0])
            bid, ask = (float(frame.columns[prefix + name][at]) for name in ("bid", "ask"))
            told += [ask - bid] if 0 < bid <= ask else []
        place = found["strike"].index(strike)
        assert found["two_sided"][side][place] == len(told)
        assert found["worst"][side][place] == pytest.approx(max(told))


def test_now_counts_every_listed_option(g6, stored):
    found = json.loads(g6("spreads", "FINNIFTY", "--json", "--data-dir", str(stored.directory)).out)
    columns = list(stored.frames.values())[-1].columns
    assert found["now"][0]["options"] == sum(
        int((columns[side + "symbol"] != "").sum()) for side in ("ce_", "pe_")
    )
    assert found["now"][0]["two_sided"] <= found["now"][0]["options"]


def test_people_see_both_tables_on_eighty_columns(g6, stored):
    out = g6("spreads", "FINNIFTY", "--data-dir", str(stored.directory)).out
    assert "two-sided" in out
    assert "▶" in out
    assert max(map(len, out.splitlines())) <= 80
