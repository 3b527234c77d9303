"""Wiring -> Runtime: the ports of one process of a running system."""

from __future__ import annotations

import time
from dataclasses import dataclass

from g6.adapters.memory.sender import MemorySender
from g6.adapters.panel_files import PanelFiles
from g6.adapters.redis.bus import RedisBus
from g6.adapters.redis.chain_memories import RedisChainMemories
from g6.adapters.redis.clocks.feed_clock import FeedClock
from g6.adapters.redis.clocks.shared_clock import SharedClock
from g6.adapters.redis.controls import RedisControls
from g6.adapters.redis.frames import RedisFrames
from g6.adapters.redis.ledger import RedisLedger
from g6.adapters.redis.lifeline import RedisLifeline
from g6.adapters.redis.panels import RedisPanels
from g6.adapters.wrapping.throttled_bus import ThrottledBus
from g6.bootstrap import stores
from g6.bootstrap.processes.redis_ports import vitals
from g6.bootstrap.quote_sources.sources import collection_plan, provider
from g6.bootstrap.stored_files import certified_days
from g6.bootstrap.wiring import Wiring, clock_speed, data_option
from g6.config import Settings
from g6.domain.cycles.cycle import LONGEST_QUOTES, Timing, isoformat_z
from g6.domain.reports.switches import RunWindow
from g6.pipeline import Runtime
from g6.ports.clock import Clock, InstantFeed, MarketStart
from g6.ports.sender import Sender
from g6.ports.sources import Provider, RecordedMarket, abilities_of

START_SECONDS = 0.2
"""Seconds until a simulated market's clock runs, so that beat finds the first cycle ahead."""


def build_runtime(
    wiring: Wiring, sender: Sender | None = None, source: Provider | None = None
) -> Runtime:
    """Return the Runtime of one process, whose clients connect when they are first used.

    Args:
        wiring: Of the process.
        sender: Sends tasks. None keeps them in this process, which sends none.
        source: A provider that was made already, before the fork.
    """
    settings = wiring.settings
    main = wiring.clients.main
    # The cache may evict, the other one must not: it holds messages and the ledger.
    cache = wiring.clients.cache
    namespace = wiring.namespace
    source = source or provider(wiring)
    recorded = abilities_of(source).recorded
    market = _market_clock(wiring, recorded)
    timing = Timing(settings.wall_interval)
    return Runtime(
        plan=collection_plan(settings, source),
        timing=timing,
        calendar=wiring.calendar,
        clock=market.clock,
        provider=source,
        # In messages a chain of 500 KB costs four stages 205 ms, through frames 15 ms.
        frames=RedisFrames(cache, namespace, max_bytes=settings.frames.max_bytes),
        ledger=RedisLedger(main, namespace, has_frames=cache is main),
        store=stores.store(settings),
        panels=RedisPanels(main, namespace),
        panel_files=PanelFiles(settings.panels_dir, validate=settings.panels.validate_),
        bus=ThrottledBus(RedisBus(main, namespace), wiring.clock, settings.stream_bounds.number),
        controls=RedisControls(main, namespace),
        sender=sender or MemorySender(),
        vitals=vitals(wiring),
        feeds=None if recorded is None else recorded.indices,
        quotes_seconds=settings.frames.unpersisted_seconds,
        persisted_seconds=_persisted_seconds(settings, timing),
        history=certified_days.history(settings),
        lifeline=_lifeline(wiring, timing, market.start),
        heartbeat_seconds=float(settings.heartbeat_interval),
        chain_memories=RedisChainMemories(cache, namespace),
        market_start=market.start,
        instant_feed=market.feed,
        data_option=data_option(settings),
        pressure_rules=settings.memory.rules,
        detail_rules=settings.metrics.rules,
    )


def _persisted_seconds(settings: Settings, timing: Timing) -> float:
    """Return how long quotes stay in Redis once their unit is persisted, for reruns."""
    configured = settings.frames.persisted_seconds
    if configured is not None:
        return configured
    # CSV files hold the window alone, so that nothing but the frame has the whole chain.
    if not settings.storage.parquet.enabled:
        return LONGEST_QUOTES
    return timing.quotes_life


def _lifeline(wiring: Wiring, timing: Timing, start: MarketStart | None) -> RedisLifeline:
    """Return the signs of life of the system, which last as long as a cycle may."""
    return RedisLifeline(
        wiring.clients.main,
        wiring.namespace,
        reach=timing.grace + timing.hard,
        origin=start.wall_origin if start else lambda: None,
    )


@dataclass(frozen=True, slots=True)
class _MarketClock:
    """The clock of a source's market, and what starts or moves it."""

    clock: Clock
    start: MarketStart | None = None
    feed: InstantFeed | None = None


def _market_clock(wiring: Wiring, recorded: RecordedMarket | None) -> _MarketClock:
    """Return the clock of the source's market: the feeder's, a shared one or the wiring's."""
    main = wiring.clients.main
    settings = wiring.settings
    if recorded is not None:
        fed = FeedClock(main, wiring.namespace, recorded.cycles()[0])
        return _MarketClock(fed, feed=fed)
    if settings.source.is_simulated:
        start = settings.market.start
        shared = SharedClock(main, wiring.namespace, start, clock_speed(settings))
        return _MarketClock(shared, start=shared)
    return _MarketClock(wiring.clock)


def start_market(runtime: Runtime) -> None:
    """Start a simulated market's clock a moment from now, unless it runs already.

    Its first instant is the run's first.
    """
    if runtime.market_start is None:
        return
    if runtime.controls.read().window is None:
        runtime.controls.set("window", RunWindow(isoformat_z(runtime.clock.market())).to_json())
    runtime.market_start.set_origin(time.time() + START_SECONDS)
