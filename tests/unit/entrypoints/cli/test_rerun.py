"""Which units `g6 rerun --failed` does again: those that did not end OK, also when the ledger has forgotten them."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from g6.adapters.memory import MemoryBus, MemoryControls
from g6.adapters.memory_ledger import MemoryLedger
from g6.adapters.parquet_store import ParquetStore
from g6.config import Settings, load
from g6.domain.cycle import Unit
from g6.entrypoints.cli.rerun import units
from g6.ports import Opening

FIRST, LATER = "2026-11-18T05:30:00Z", "2026-11-18T05:31:00Z"
CYCLES = (FIRST, LATER)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Two stored cycles of two indices; one of the four units was PARTIAL, one MISSING."""
    store = ParquetStore(tmp_path)
    for cycle, ends in ((FIRST, ("OK", "PARTIAL")), (LATER, ("MISSING", "OK"))):
        rows = zip(("NIFTY", "SENSEX"), ends, strict=True)
        store.write_overview(cycle, [{"timestamp": cycle, "underlying": name, "status": status} for name, status in rows])
    return load(None, {"demo_dir": str(tmp_path)}, {})


@pytest.fixture
def runtime() -> Any:
    return SimpleNamespace(ledger=MemoryLedger(MemoryBus(), MemoryControls()), expected=lambda _: ("NIFTY", "SENSEX"))


def test_what_failed_is_known_from_the_files_when_the_ledger_has_forgotten_it(runtime: Any, settings: Settings) -> None:
    assert units(runtime, settings, CYCLES, None, failed=True) == [Unit(FIRST, "SENSEX"), Unit(LATER, "NIFTY")]
    assert units(runtime, settings, CYCLES, "SENSEX", failed=True) == [Unit(FIRST, "SENSEX")]


def test_what_the_ledger_knows_is_newer_than_the_files(runtime: Any, settings: Settings) -> None:
    runtime.ledger.begin(Unit(FIRST, "SENSEX"), "task", Opening(("SENSEX",), "c1", 90.0, 60.0), 60.0, 30.0)
    runtime.ledger.finish(Unit(FIRST, "SENSEX"), "OK", "", {"config_id": "c1"}, 61.0)
    assert units(runtime, settings, CYCLES, None, failed=True) == [Unit(LATER, "NIFTY")]


def test_without_failed_every_unit_is_done_again(runtime: Any, settings: Settings) -> None:
    assert len(units(runtime, settings, CYCLES, None, failed=False)) == 4
