"""Builds what repairs gaps: a Runtime over memory whose provider answers from minute candles.

Its store is the real one.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime

from g6.adapters.clocks import WallClock
from g6.adapters.memory.bus import MemoryBus
from g6.adapters.memory.controls import MemoryControls
from g6.adapters.memory.frames import MemoryFrames
from g6.adapters.memory.ledger import MemoryLedger
from g6.adapters.memory.panels import MemoryPanels
from g6.adapters.memory.sender import MemorySender
from g6.adapters.memory.vitals import MemoryVitals
from g6.adapters.panel_files import PanelFiles
from g6.adapters.parquet.listings import kept_listing
from g6.adapters.wrapping.backfill import Backfill
from g6.bootstrap.quote_sources.sources import guarded_source, provider
from g6.bootstrap.stores import store
from g6.bootstrap.wiring import Wiring, wire_if_running
from g6.config import Settings, plan
from g6.domain.cycles.cycle import Timing
from g6.domain.market.calendar import day_of
from g6.domain.market.instrument import Listing
from g6.domain.schema.layout import Folder
from g6.errors import Unavailable
from g6.pipeline import Runtime
from g6.ports.sources import Candles, Provider, abilities_of


def repair_runtime(settings: Settings) -> tuple[Runtime, Backfill]:
    """Return the Runtime that `pipeline.repair` takes, and its provider.

    A live source is asked in the slots that its workers share, so that a repair beside a running
    system takes none from it.

    Raises:
        Unavailable: The source has no candles.
    """
    wiring = wire_if_running(settings)
    source: Provider = guarded_source(wiring) if settings.source.is_live else provider(wiring)
    candles = _candles(settings, source)
    directory = settings.directory / Folder.CANDLES
    backfill = Backfill(candles, _listings(wiring, source), time.time, directory)
    runtime = Runtime(
        plan=plan(settings),
        timing=Timing(settings.wall_interval),
        calendar=wiring.calendar,
        clock=WallClock(),
        provider=backfill,
        frames=MemoryFrames(),
        ledger=MemoryLedger(),
        store=store(settings),
        panels=MemoryPanels(),
        panel_files=PanelFiles(settings.panels_dir),
        bus=MemoryBus(wall=WallClock().wall),
        controls=MemoryControls(),
        sender=MemorySender(),
        vitals=MemoryVitals(),
    )
    return runtime, backfill


def _candles(settings: Settings, source: Provider) -> Candles:
    candles = abilities_of(source).candles
    if candles is None:
        raise Unavailable(
            f"the provider {settings.provider.name} has no minute candles to repair with",
            "say which one has: --set provider.name=kite",
        )
    return candles


def _listings(wiring: Wiring, source: Provider) -> Callable[[str, datetime], Listing]:
    """Return a function that gives the listing of a day, as it was kept or as the source knows it.

    A simulated market knows every day. A live source lists only today: the newest listing kept
    before the day comes first, which has the expiries that are gone since.
    """
    settings = wiring.settings
    by_day: dict[tuple[str, date], Listing] = {}

    def read_listing(index: str, at: datetime) -> Listing:
        day = day_of(at)
        stored = kept_listing(settings.directory, index, day)
        if stored is not None and (stored.on == day or settings.source.is_live):
            return replace(stored, on=day)
        if settings.source.is_live:
            return replace(source.listing(index, wiring.clock.market()), on=day)
        return source.listing(index, at)

    def listing(index: str, at: datetime) -> Listing:
        key = (index, day_of(at))
        if key not in by_day:
            by_day[key] = read_listing(index, at)
        return by_day[key]

    return listing
