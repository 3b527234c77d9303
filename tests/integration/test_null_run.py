"""The run without computing, which `make bench` holds against its floor, follows the pipeline as it is."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np

from g6.config import load
from g6.domain.cycles.cycle import Unit
from tests.benchmarks import null_app

ONE = {
    f"index_params.{name}.enabled": False
    for name in ("BANKNIFTY", "FINNIFTY", "MIDCPNIFTY", "SENSEX", "BANKEX")
}


def test_its_stages_give_what_was_prepared(tmp_path: Path) -> None:
    settings = load(overrides={"data_dir": str(tmp_path), "demo_dir": str(tmp_path), **ONE})
    null_app.prepare(settings, tmp_path / "results")
    results, panels = pickle.loads((tmp_path / "results").read_bytes())  # noqa: S301 - written a line above
    runtime, cycle = null_app.alone(settings)
    computing = null_app.prepared(results, panels)
    again = null_app.rehearse(runtime, Unit(cycle, "NIFTY"), computing)
    prepared = results["NIFTY"]
    assert dict(again.summary) == dict(prepared.summary)
    assert again.chain.header == prepared.chain.header
    for name, column in prepared.chain.columns.items():
        np.testing.assert_array_equal(again.chain.columns[name], column)
