"""The past is read from the store alone: contracts that expired are there exactly as they were, and nobody is asked."""

from __future__ import annotations

import json
import socket
from typing import Any, NoReturn

import numpy as np
import pytest

import g6 as package
from g6.simulation import SimulatedMarket
from tests.unit.entrypoints.cli.conftest import Run, Stored


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a network nor a provider that lists or quotes anything."""

    def refuse(*_: Any, **__: Any) -> NoReturn:
        raise AssertionError("somebody was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    for name in ("listing", "quotes", "underlying"):
        monkeypatch.setattr(SimulatedMarket, name, refuse)


def test_a_chain_whose_contracts_are_gone_is_shown_and_loaded_exactly(
    g6: Run, stored: Stored
) -> None:
    cycle, frame = next(iter(stored.frames.items()))
    at = ("--as-of", "2026-11-18T11:02:00", "--data-dir", str(stored.directory))
    shown = json.loads(g6("chain", "FINNIFTY", "--json", *at).out)
    assert shown
    loaded = package.load(
        "FINNIFTY", cycle[:10], as_of="2026-11-18T11:02:00", data_dir=stored.directory
    )
    assert loaded["strike"].tolist() == frame.columns["strike"].tolist()
    for name in ("ce_last", "pe_oi", "ce_iv"):
        np.testing.assert_array_equal(loaded[name].astype(float), frame.columns[name].astype(float))


def test_an_analysis_of_stored_rows_has_pcr_max_pain_support_and_resistance(
    g6: Run, stored: Stored
) -> None:
    told = json.loads(g6("analyze", "FINNIFTY", "--json", "--data-dir", str(stored.directory)).out)[
        "indices"
    ][0]
    first = told["expiries"][0]
    assert {"pcr", "max_pain", "support", "resistance"} <= set(first)
    assert first["max_pain"] in stored.frames["2026-11-18T05:33:00Z"].columns["strike"]
