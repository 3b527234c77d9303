"""Each pool process runs its stages once on a built-in unit before its first message, which would otherwise pay 150 to 350 ms."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from g6.adapters.csv_store import CsvStore
from g6.adapters.market import SimulatedMarket
from g6.adapters.memory import MemoryBus, MemoryControls, MemoryFrames, MemoryPanels, MemorySender
from g6.adapters.memory_ledger import MemoryLedger
from g6.adapters.parquet_store import ParquetStore
from g6.adapters.tee import Tee
from g6.domain.cycle import Unit, isoformat_z
from g6.pipeline import Runtime, aggregate, analyse, collect, persist

INSTANT = datetime(2026, 11, 18, 5, 30, tzinfo=UTC)


def warm_up(runtime: Runtime) -> None:
    """Run collect, analyse, persist and aggregate of one small simulated unit on memory adapters and a temporary directory."""
    index = next(iter(runtime.plan.indices))
    plan = replace(runtime.plan, scope="window", indices={index: replace(runtime.plan.indices[index], strikes_itm=2, strikes_otm=2)})
    unit = Unit(isoformat_z(INSTANT), index)
    with tempfile.TemporaryDirectory(prefix="g6-warm-") as directory:
        store = Tee(ParquetStore(Path(directory)), CsvStore(Path(directory) / "csv"))
        private = replace(
            runtime, plan=plan, provider=SimulatedMarket(runtime.calendar), frames=MemoryFrames(), ledger=MemoryLedger(),
            store=store, panels=MemoryPanels(), panel_files=MemoryPanels(), bus=MemoryBus(), controls=MemoryControls(),
            sender=MemorySender(), clock=StoppedClock(INSTANT),
        )  # fmt: skip
        for stage in (collect, analyse, persist):
            stage(private, unit, "warm-up")
        aggregate(private, unit.cycle)
