"""Settings -> what repairs gaps: a Runtime over memory whose provider answers from minute candles; its store is the real one."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime

from g6.adapters.clocks import WallClock
from g6.adapters.kite import KiteCandles
from g6.adapters.kite.kite_provider import KiteProvider
from g6.adapters.memory.bus import MemoryBus
from g6.adapters.memory.controls import MemoryControls
from g6.adapters.memory.frames import MemoryFrames
from g6.adapters.memory.ledger import MemoryLedger
from g6.adapters.memory.panels import MemoryPanels
from g6.adapters.memory.sender import MemorySender
from g6.adapters.panel_files import PanelFiles
from g6.adapters.parquet.listings import kept_listing
from g6.adapters.wrapping.backfill import Backfill
from g6.adapters.wrapping.resilient import Resilient
from g6.bootstrap import process_runtime as bootstrap
from g6.bootstrap.redis_address import broker_clock
from g6.config import Settings, calendar, plan
from g6.domain.cycles.cycle import Timing
from g6.domain.market.calendar import day_of
from g6.domain.market.dump_layout import INDEX_TOKENS
from g6.domain.market.instrument import Listing
from g6.errors import Unavailable
from g6.pipeline import Runtime
from g6.ports.candles import Candles
from g6.ports.provider import Provider
from g6.simulation import SimulatedMarket
from g6.simulation.candles import SimulatedCandles

KEPT = ".candles"
"""Where candles wait below the data directory while their day is not repaired yet."""


class _Still:
    """Vitals port of a system that does not run."""

    def read(self) -> dict[str, object]:
        """Return nothing."""
        return {}


def mending(settings: Settings) -> tuple[Runtime, Backfill]:
    """Return the Runtime that `pipeline.repair` takes, and its provider. Errors: Unavailable (a provider without candles).

    A broker is asked in the slots that its workers share, so that a repair beside a running system takes none from it.
    """
    built = settings.provider.name in ("sim", "replay")
    source: Provider = bootstrap.provider(settings) if built else bootstrap.asked(settings)
    shop = Backfill(
        _candles(settings, source),
        _listings(settings, source),
        time.time,
        settings.directory / KEPT,
    )
    runtime = Runtime(
        plan=plan(settings), timing=Timing(settings.wall_interval), calendar=calendar(), clock=WallClock(), provider=shop,
        frames=MemoryFrames(), ledger=MemoryLedger(), store=bootstrap.store(settings), panels=MemoryPanels(),
        panel_files=PanelFiles(settings.panels_dir), bus=MemoryBus(), controls=MemoryControls(), sender=MemorySender(),
        vitals=_Still(),
    )  # fmt: skip
    return runtime, shop


def _candles(settings: Settings, source: Provider) -> Candles:
    if isinstance(source, SimulatedMarket):
        return SimulatedCandles(source)
    inner = source.first if isinstance(source, Resilient) else source
    if isinstance(inner, KiteProvider):
        return KiteCandles(inner.minutes, INDEX_TOKENS)
    if isinstance(inner, Candles):
        return inner
    raise Unavailable(
        f"the provider {settings.provider.name} has no minute candles to repair with",
        "say which one has: --set provider.name=kite",
    )


def _listings(settings: Settings, source: Provider) -> Callable[[str, datetime], Listing]:
    """Return what tells what was listed on a day: as it was kept on that day, else as the provider knows it.

    The simulated market knows every day. A broker lists only today: the newest listing kept before the day comes first, which has
    the expiries that are gone since.
    """
    known: dict[tuple[str, date], Listing] = {}

    def listing(index: str, at: datetime) -> Listing:
        day = day_of(at)
        if (index, day) not in known:
            kept = kept_listing(settings.directory, index, day)
            if kept is not None and (kept.on == day or isinstance(source, Resilient)):
                known[index, day] = replace(kept, on=day)
            elif isinstance(source, Resilient):
                known[index, day] = replace(
                    source.listing(index, broker_clock(settings).market()), on=day
                )
            else:
                known[index, day] = source.listing(index, at)
        return known[index, day]

    return listing
