"""`g6 interest` over a small store, against its rows."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest


def ask(g6, stored, *arguments):
    answer = g6("interest", "FINNIFTY", *arguments, "--data-dir", str(stored.directory))
    assert answer.code == 0, answer.err
    return answer.out


def sums(frame, strikes=None):
    chosen = (
        np.ones(len(frame), dtype=bool)
        if strikes is None
        else np.isin(frame.columns["strike"], strikes)
    )
    return [
        float(np.nansum(frame.columns[side + "oi"].astype(float)[chosen]))
        for side in ("ce_", "pe_")
    ]


def test_each_cycle_has_the_sums_of_its_rows(g6, stored):
    found = json.loads(ask(g6, stored, "--json"))
    assert [each["instant"] for each in found["cycles"]] == list(stored.frames)
    for frame, each in zip(stored.frames.values(), found["cycles"], strict=True):
        calls, puts = sums(frame)
        assert (each["oi_calls"], each["oi_puts"]) == (calls, puts)
        assert each["pcr"] == pytest.approx(puts / calls)


def test_a_custom_set_of_strikes_adds_up_those_alone(g6, stored):
    frame = list(stored.frames.values())[-1]
    ladder = frame.columns["strike"]
    wanted = [float(strike) for strike in ladder[len(ladder) // 2 : len(ladder) // 2 + 3]]
    found = json.loads(
        ask(g6, stored, "--strikes", ",".join(f"{each:g}" for each in wanted), "--json")
    )
    last = found["cycles"][-1]
    assert [last["oi_calls"], last["oi_puts"]] == sums(frame, wanted)
    assert last["max_pain"] in wanted
    assert found["strikes"] == wanted


def test_csv_has_one_line_per_cycle_and_every_thins_them_out(g6, stored):
    assert len(list(csv.DictReader(io.StringIO(ask(g6, stored, "--csv"))))) == 2
    lines = list(csv.DictReader(io.StringIO(ask(g6, stored, "--csv", "--every", "2"))))
    assert [line["instant"] for line in lines] == list(stored.frames)[1:]


def test_people_see_it_on_eighty_columns(g6, stored):
    out = ask(g6, stored)
    assert "max pain" in out
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (("--strikes", "high"), 2, "24000,24100"),
        (("--strikes", "1"), 3, "strikes 1"),
        (("--json", "--csv"), 2, "exclude"),
    ],
)
def test_what_cannot_be_answered_is_said(g6, stored, arguments, code, word):
    answer = g6("interest", "FINNIFTY", *arguments, "--data-dir", str(stored.directory))
    assert answer.code == code
    assert word in answer.err
