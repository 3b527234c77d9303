"""Answers as an exported page keeps them: short, and what is drawn is still there."""

from __future__ import annotations

import numpy as np

from g6.domain.schema.json_types import JsonObject
from g6.entrypoints.web.page.kept_answers import (
    SURFACE_COLUMNS,
    SURFACE_ROWS,
    evenly,
    kept_answer,
)


def test_a_stored_float32_comes_back_from_the_kept_number() -> None:
    stored = np.random.default_rng(7).uniform(0, 1e5, 500).astype(np.float32)
    answer: JsonObject = {"data": {"last": [[float(value) for value in stored]]}}
    kept = kept_answer("ladder", answer)
    data = kept["data"]
    assert isinstance(data, dict)
    assert np.array_equal(np.array(data["last"][0], dtype=np.float32), stored)


def test_words_and_missing_values_stay() -> None:
    answer: JsonObject = {"instant": "2026-11-18T05:30:00Z", "data": {"iv": [None, True, 3, "OK"]}}
    assert kept_answer("smile", answer) == answer


def test_a_surface_keeps_its_corners_and_few_cells() -> None:
    days = [float(day) for day in range(40)]
    grid = [[100 * day + place for place in range(80)] for day in range(40)]
    answer: JsonObject = {"data": {"days": days, "iv": grid, "moneyness": grid, "spot": 1.5}}
    data = kept_answer("surface", answer)["data"]
    assert isinstance(data, dict)
    assert (data["days"][0], data["days"][-1], len(data["days"])) == (0, 39, SURFACE_ROWS)
    for name in ("iv", "moneyness"):
        assert len(data[name]) == SURFACE_ROWS
        assert {len(row) for row in data[name]} == {SURFACE_COLUMNS}
        assert (data[name][0][0], data[name][-1][-1]) == (0, 3979)
    assert data["spot"] == 1.5


def test_no_other_study_is_thinned() -> None:
    answer: JsonObject = {"data": {"days": list(range(100)), "iv": [[1.0] * 100]}}
    assert kept_answer("smile", answer) == answer


def test_one_instant_is_the_first() -> None:
    assert evenly(9, 1) == [0]
    assert evenly(386, 75)[-1] == 385
