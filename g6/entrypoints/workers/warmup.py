"""Each pool process runs its stages once on a built-in unit before its first message, which would otherwise pay 150 to 350 ms."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from g6.adapters.clocks import ScaledClock
from g6.adapters.csv import CsvStore
from g6.adapters.memory.bus import MemoryBus
from g6.adapters.memory.chain_memories import MemoryChainMemories
from g6.adapters.memory.controls import MemoryControls
from g6.adapters.memory.frames import MemoryFrames
from g6.adapters.memory.ledger import MemoryLedger
from g6.adapters.memory.panels import MemoryPanels
from g6.adapters.memory.sender import MemorySender
from g6.adapters.parquet import ParquetStore
from g6.adapters.wrapping.tee import Tee
from g6.config import Settings, calendar
from g6.domain.cycles.cycle import Unit, isoformat_z
from g6.pipeline import Runtime, aggregate, analyse, collect, persist
from g6.ports import Provider
from g6.simulation import SimulatedMarket

INSTANT = datetime(2026, 11, 18, 5, 30, tzinfo=UTC)


def warm_up(runtime: Runtime, market: Provider) -> None:
    """Run the stages of one small unit of `market` on memory adapters and a temporary directory."""
    index = next(iter(runtime.plan.indices))
    plan = replace(
        runtime.plan,
        scope="window",
        indices={index: replace(runtime.plan.indices[index], strikes_itm=2, strikes_otm=2)},
    )
    unit = Unit(isoformat_z(INSTANT), index)
    with tempfile.TemporaryDirectory(prefix="g6-warm-") as directory:
        store = Tee(ParquetStore(Path(directory)), CsvStore(Path(directory) / "csv"))
        private = replace(
            runtime, plan=plan, provider=market, frames=MemoryFrames(), ledger=MemoryLedger(), store=store, panels=MemoryPanels(),
            panel_files=MemoryPanels(), bus=MemoryBus(), controls=MemoryControls(), sender=MemorySender(),
            clock=ScaledClock(time.time(), INSTANT), chain_memories=MemoryChainMemories(),
        )  # fmt: skip
        for stage in (collect, analyse, persist):
            stage(private, unit, "warm-up")
        aggregate(private, unit.cycle)


def warmed_market(settings: Settings) -> Provider:
    """Return a simulated market that the stages are warmed up on; made before the fork, its caches are shared by all children."""
    market = SimulatedMarket(calendar())
    _ask(market, settings.indices[:1], INSTANT)
    return market


def warm_provider(provider: Provider, settings: Settings) -> None:
    """Let a simulated provider work out its first day once, before the fork; no fault it was asked to show delays that."""
    if isinstance(provider, SimulatedMarket):
        healthy = copy(provider)  # of the same world, where the day's caches are
        healthy.faults = replace(provider.faults, delay=0.0, fail=())
        provider = healthy
    _ask(provider, settings.indices, settings.market.start)


def _ask(provider: Provider, indices: Sequence[str], at: datetime) -> None:
    for index in indices:
        provider.quotes(index, provider.listing(index, at).contracts, at)
