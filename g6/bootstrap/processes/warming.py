"""Warms a pool process, which runs its stages once on a made-up unit before its first message.

The first message of a fresh worker took 326 to 356 ms with numpy and 146 to 156 ms with pyarrow, in
lazy imports.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
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
from g6.bootstrap.processes.bounded_memory import give_back
from g6.bootstrap.processes.process_runtime import build_runtime
from g6.bootstrap.quote_sources.sources import collection_plan
from g6.bootstrap.wiring import wire
from g6.config import Settings, build, calendar, plan
from g6.domain.cycles.cycle import Unit, isoformat_z
from g6.domain.cycles.plan import IndexPlan
from g6.domain.market.expiry import resolve
from g6.domain.pricing.strike_selection import contracts_of
from g6.domain.schema.layout import Kind
from g6.pipeline import Runtime, aggregate, analyse, collect, persist
from g6.ports.sources import Provider, abilities_of
from g6.simulation import SimulatedMarket

INSTANT = datetime(2026, 11, 18, 5, 30, tzinfo=UTC)


def warm_up(runtime: Runtime, market: Provider) -> None:
    """Run the stages of one small unit of `market` on memory adapters and a temporary directory."""
    index = next(iter(runtime.plan.indices))
    small = replace(runtime.plan.indices[index], strikes_itm=2, strikes_otm=2)
    unit = Unit(isoformat_z(INSTANT), index)
    with tempfile.TemporaryDirectory(prefix="g6-warm-") as directory:
        private = replace(
            runtime,
            plan=replace(runtime.plan, scope="window", indices={index: small}),
            provider=market,
            frames=MemoryFrames(),
            ledger=MemoryLedger(),
            store=Tee(ParquetStore(Path(directory)), CsvStore(Path(directory) / Kind.CSV)),
            panels=MemoryPanels(),
            panel_files=MemoryPanels(),
            bus=MemoryBus(),
            controls=MemoryControls(),
            sender=MemorySender(),
            clock=ScaledClock(time.time(), INSTANT),
            chain_memories=MemoryChainMemories(),
        )
        for stage in (collect, analyse, persist):
            stage(private, unit, "warm-up")
        aggregate(private, unit.cycle)


def warm_up_at_defaults() -> None:
    """Run the stages once under default settings, before a fork, for all who will be forked."""
    settings = build({})
    # Nothing connects: the stages run on memory adapters.
    runtime = build_runtime(wire(settings, "redis://127.0.0.1:9"))
    warm_up(runtime, warmed_market(settings))
    give_back()


def warmed_market(settings: Settings) -> Provider:
    """Return a simulated market to warm the stages up on.

    It is made before the fork, so all children share its caches.
    """
    return _warmed_market(next(iter(plan(settings).indices.values())))


@cache
def _warmed_market(index: IndexPlan) -> Provider:
    # Made by each worker for itself, its caches were three times in a machine. It is a function of
    # seed and instant, so nobody sees what another asked of it.
    market = SimulatedMarket(calendar())
    _quote(market, index, INSTANT)
    return market


def rehearse(provider: Provider, settings: Settings) -> None:
    """Let a provider that costs nothing to ask work out its first day once, before the fork."""
    rehearsal = abilities_of(provider).rehearsal
    if rehearsal is not None:
        for index in collection_plan(settings, provider).indices.values():
            _quote(rehearsal, index, settings.market.start)
        give_back()


def _quote(provider: Provider, planned: IndexPlan, at: datetime) -> None:
    """Ask for the expiries of an index that are collected.

    Asked for all that are listed, a simulated market made 51 days of a series where 14 are
    collected: half a second of every start and 46 MB more.
    """
    name = planned.index.name
    listed = provider.listing(name, at).contracts
    resolved = resolve(
        listed.expiries, at, calendar(), planned.index.exchange, planned.rules, underlying=name
    )
    provider.quotes(name, contracts_of(listed, resolved.slots), at)
