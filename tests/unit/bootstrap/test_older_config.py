"""Configurations of older systems: every setting is kept, converted or named."""

from __future__ import annotations

import json
from typing import Any

import pytest

from g6.bootstrap.importing.older_config import convert
from g6.config import build

OLDER: dict[str, Any] = {
    "$schema": "schema_v2.json",
    "indices": ["NIFTY", "SENSEX"],
    "collection_interval": 30,
    "use_mock_provider": False,
    "kite": {"api_key": "abc", "access_token": "very-secret"},
    "greeks": {"enabled": True, "risk_free_rate": 0.06},
    "storage": {"csv_dir": "data/csv", "influx_url": "http://127.0.0.1:8086"},
    "index_params": {"NIFTY": {"strikes_itm": 12, "strikes_otm": 14}},
    "console": {"force_ascii": True},
    "features": {"analytics_startup": True},
    "overlays": {"enabled": True},
}


def test_an_older_configuration_becomes_one_that_can_be_built() -> None:
    settings = build(json.loads(convert(json.dumps(OLDER)).text))
    assert (settings.interval, settings.provider.name, settings.greeks.risk_free_rate) == (
        30,
        "kite",
        0.06,
    )
    assert set(settings.indices) == {"NIFTY", "SENSEX"}
    assert settings.index_params["NIFTY"].strikes_itm == 12
    assert settings.console.ascii == "always"


def test_every_setting_has_a_note_and_no_secret_is_in_it() -> None:
    older = convert(json.dumps(OLDER))
    verdicts = {note.path: note.verdict for note in older.notes}
    assert verdicts["greeks.enabled"] == "as it was"
    assert verdicts["indices"] == "converted"
    assert verdicts["features.analytics_startup"] == "left out"
    assert verdicts["kite.access_token"] == "left out"
    assert "very-secret" not in repr(older)
    assert len(verdicts) == len(older.notes) == 15


@pytest.mark.parametrize(
    ("document", "word"),
    [
        ({"interval": -7}, "-7"),
        ({"indices": ["DOW"]}, "not understood"),
        ({"loop_max_cycles": 3}, "g6 run --cycles N"),
    ],
)
def test_what_cannot_be_a_setting_is_left_out_with_the_reason(
    document: dict[str, Any], word: str
) -> None:
    older = convert(json.dumps(document))
    assert json.loads(older.text) == {}
    assert [note.verdict for note in older.notes] == ["left out"]
    assert word in older.notes[0].sentence
