"""A whole day of the simulated market in a data directory: 6 indices, 4 expiries, 41 strikes, 386 cycles, one part each."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from g6.adapters.clocks import ScaledClock
from g6.adapters.memory.bus import MemoryBus
from g6.adapters.memory.controls import MemoryControls
from g6.adapters.memory.frames import MemoryFrames
from g6.adapters.memory.ledger import MemoryLedger
from g6.adapters.memory.panels import MemoryPanels
from g6.adapters.memory.sender import MemorySender
from g6.adapters.parquet import ParquetStore
from g6.config import calendar, load, plan
from g6.domain.cycles.cycle import Timing, Unit, isoformat_z
from g6.pipeline import Runtime, analyse, collect, persist
from g6.simulation import SimulatedMarket

DAY = date(2026, 11, 18)
FIRST = datetime(2026, 11, 18, 3, 45, tzinfo=UTC)
CYCLES, STRIKES = 386, 20
RULES = ["nth:1", "nth:2", "nth:3", "nth:4"]


def make(
    directory: Path, indices: tuple[str, ...], cycles: int = CYCLES, interval: int = 60
) -> Iterator[Unit]:
    """Collect, analyse and persist `cycles` of `indices`; yield each unit when it is stored."""
    wanted = {
        f"index_params.{name}.{key}": value for name in indices for key, value in _params().items()
    }
    settings = load(None, {"interval": interval, "collection.scope": "window"} | wanted, {})
    decided = plan(settings)
    decided = replace(decided, indices={name: decided.indices[name] for name in indices})
    market, store = SimulatedMarket(calendar()), ParquetStore(directory)
    for position in range(cycles):
        instant = FIRST + timedelta(seconds=interval * position)
        runtime = Runtime(
            plan=decided, timing=Timing(60.0), calendar=market.calendar, clock=ScaledClock(time.time(), instant), provider=market,
            frames=MemoryFrames(), ledger=MemoryLedger(), store=store, panels=MemoryPanels(), panel_files=MemoryPanels(),
            bus=MemoryBus(), controls=MemoryControls(), sender=MemorySender(), vitals=None,
        )  # fmt: skip
        for index in indices:
            unit = Unit(isoformat_z(instant), index)
            for stage in (collect, analyse, persist):
                stage(runtime, unit, "bench")
            yield unit


def _params() -> dict[str, object]:
    return {"expiries": RULES, "strikes_itm": STRIKES, "strikes_otm": STRIKES}
