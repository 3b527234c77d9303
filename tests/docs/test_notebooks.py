"""The notebooks run from top to bottom, and end in a picture."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from g6 import pipeline
from g6.adapters.clocks import ScaledClock
from g6.adapters.memory.bus import MemoryBus
from g6.adapters.memory.controls import MemoryControls
from g6.adapters.memory.frames import MemoryFrames
from g6.adapters.memory.ledger import MemoryLedger
from g6.adapters.memory.panels import MemoryPanels
from g6.adapters.memory.sender import MemorySender
from g6.adapters.parquet import ParquetStore
from g6.config import calendar, load, plan
from g6.domain.cycles.cycle import Timing, Unit, isoformat_z, parse_z
from g6.pipeline import Runtime, analyse, collect, persist
from g6.simulation import SimulatedMarket

NOTEBOOKS = sorted((Path(__file__).resolve().parents[2] / "docs" / "notebooks").glob("*.ipynb"))
FIRST = parse_z("2026-11-18T05:30:00Z")


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """A working directory in which two indices were collected three times, as `g6 demo` leaves it."""
    others = ("BANKNIFTY", "MIDCPNIFTY", "SENSEX", "BANKEX")
    switched_off = {f"index_params.{name}.enabled": False for name in others}
    settings = load(None, {"collection.scope": "window", **switched_off}, {})
    market, store = SimulatedMarket(calendar()), ParquetStore(tmp_path / "data/demo")
    for minute in range(3):
        instant = FIRST + timedelta(minutes=minute)
        sender = MemorySender()
        runtime = Runtime(
            plan(settings), Timing(60.0), calendar(), ScaledClock(time.time(), instant), market, MemoryFrames(),
            MemoryLedger(), store, MemoryPanels(), MemoryPanels(), MemoryBus(), MemoryControls(), sender, None,
        )  # type: ignore[arg-type]  # fmt: skip
        for index in ("NIFTY", "FINNIFTY"):
            for stage in (collect, analyse, persist):
                stage(runtime, Unit(isoformat_z(instant), index), "notebook")
        for use_case, *arguments in sender.sent:
            getattr(pipeline, use_case)(runtime, *arguments)
    return tmp_path


@pytest.mark.timeout(90)
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_ends_in_a_plot_of_four_lines(
    rows: Path, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(path.parents[2]))
    monkeypatch.setenv("IPYTHONDIR", str(rows / "ipython"))
    notebook = nbformat.read(path, as_version=4)
    assert all(not cell.get("outputs") for cell in notebook.cells)
    done = NotebookClient(
        notebook, timeout=60, kernel_name="python3", resources={"metadata": {"path": str(rows)}}
    ).execute()
    last = done.cells[-1]
    assert any("image/png" in output.get("data", {}) for output in last.outputs)
    assert len(last.source.splitlines()) == 4
