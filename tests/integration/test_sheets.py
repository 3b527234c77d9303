"""What is exported opens in LibreOffice, with the values that were stored."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest

import g6
from tests.worlds.stored_cycles import store_two_cycles

OFFICE = shutil.which("soffice")
COLUMNS = ["ce_last", "pe_iv", "ce_symbol"]


@pytest.mark.services
@pytest.mark.skipif(OFFICE is None, reason="needs LibreOffice: make test-services")
@pytest.mark.parametrize("suffix", [".xlsx", ".csv"])
def test_libreoffice_opens_what_is_exported(tmp_path: Path, suffix: str) -> None:
    directory = store_two_cycles(tmp_path / "data").directory
    out = g6.export("FINNIFTY", tmp_path / f"rows{suffix}", columns=COLUMNS, data_dir=directory)
    command = [
        str(OFFICE),
        f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}",
        "--headless",
        "--convert-to",
        "csv",
        "--outdir",
        str(tmp_path / "opened"),
        str(out),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=100)
    opened = pd.read_csv(tmp_path / "opened" / "rows.csv").fillna({"ce_symbol": ""})
    stored = g6.load("FINNIFTY", engine="pandas", data_dir=directory)
    assert list(opened.columns)[-4:] == [*COLUMNS, "certificate"]
    assert len(opened) == len(stored)
    for name in ("strike", "spot", "forward", "ce_last", "pe_iv"):
        expected = stored[name].astype(float).to_numpy()
        assert opened[name].to_numpy() == pytest.approx(expected, rel=1e-6, nan_ok=True)
    assert opened["ce_symbol"].tolist() == stored["ce_symbol"].tolist()
    clock = "2026-11-18 11:00:00" if suffix == ".xlsx" else "2026-11-18T05:30:00Z"
    assert opened["timestamp"][0] == clock
