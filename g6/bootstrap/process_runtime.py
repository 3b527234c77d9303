"""Settings -> Runtime: the only place that builds adapters."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from g6.adapters.csv import CsvStore
from g6.adapters.panel_files import PanelFiles
from g6.adapters.parquet import ParquetHistory, ParquetStore
from g6.adapters.redis.bus import RedisBus
from g6.adapters.redis.chain_memories import RedisChainMemories
from g6.adapters.redis.clock import SharedClock
from g6.adapters.redis.controls import RedisControls
from g6.adapters.redis.feed_clock import FeedClock
from g6.adapters.redis.frames import RedisFrames
from g6.adapters.redis.ledger import RedisLedger
from g6.adapters.redis.lifeline import RedisLifeline
from g6.adapters.redis.panels import RedisPanels
from g6.adapters.redis.quote_cache import RedisQuoteCache
from g6.adapters.redis.server import cluster_of, connect, refuse_wrong_tls, translated
from g6.adapters.redis.totals import RedisTotals
from g6.adapters.redis.vitals import RedisVitals
from g6.adapters.replay import Recording, Replay
from g6.adapters.replay.tables.table_layout import read_layout
from g6.adapters.wrapping.streamed import Streamed
from g6.adapters.wrapping.tee import Tee
from g6.bootstrap.redis_address import broker_clock, broker_url, speed
from g6.config import Settings, calendar, plan
from g6.domain.cycles.cycle import Timing, isoformat_z
from g6.domain.cycles.plan import Plan
from g6.domain.market.dump_layout import INDEX_TOKENS
from g6.domain.schema.words import QueueName
from g6.errors import BadConfig, RedisDown, Unavailable
from g6.pipeline import Runtime
from g6.ports import Clock, Provider, Sender, Store
from g6.simulation import SimulatedMarket
from g6.simulation.faults import MarketFaults

if TYPE_CHECKING:
    from g6.adapters.wrapping.resilient import Resilient

SESSION_SECONDS = 86_400.0
SIMULATED = ("sim", "replay")


def check_start(settings: Settings) -> None:
    """Build what a start builds of the settings alone, and ask nobody. Errors: BadConfig, BadInput, as the start has them."""
    collected(settings, provider(settings))
    for url in (settings.redis.broker_url, settings.redis.cache_url):
        if url:
            connect(url, master_name=settings.redis.master_name or "")


def build(
    settings: Settings, sender: Sender, broker: str = "", quotes: Provider | None = None
) -> Runtime:
    """Return the Runtime of one process. Clients connect when first used. `quotes`: a provider that was made already."""
    url = broker or broker_url(settings)
    source = quotes or provider(settings, url)
    master = settings.redis.master_name or ""
    client = connect(url, master_name=master)
    timing, clock = Timing(settings.wall_interval), _clock(settings, client, source)
    origin = clock.wall_origin if isinstance(clock, SharedClock) else lambda: None
    cache = (
        connect(settings.redis.cache_url, master_name=master)
        if settings.redis.cache_url
        else client
    )
    return Runtime(
        plan=collected(settings, source),
        timing=timing,
        calendar=calendar(),
        clock=clock,
        provider=source,
        frames=RedisFrames(cache, settings.namespace, max_bytes=settings.frames.max_bytes),
        ledger=RedisLedger(client, settings.namespace),
        store=store(settings),
        panels=RedisPanels(client, settings.namespace),
        panel_files=PanelFiles(settings.panels_dir, validate=settings.panels.validate_),
        bus=RedisBus(client, settings.namespace),
        controls=RedisControls(client, settings.namespace),
        sender=sender,
        vitals=vitals(settings, client),
        feeds=source.recording.indices if isinstance(source, Replay) else None,
        quotes_seconds=settings.frames.unpersisted_seconds,
        persisted_seconds=settings.frames.persisted_seconds,
        history=ParquetHistory(settings.directory, settings.csv_dir)
        if settings.storage.parquet.enabled
        else None,
        lifeline=RedisLifeline(
            client, settings.namespace, reach=timing.grace + timing.hard, origin=origin
        ),
        heartbeat_seconds=float(settings.heartbeat_interval),
        chain_memories=RedisChainMemories(cache, settings.namespace),
    )


def store(settings: Settings) -> Store:
    """Return the configured sinks as one store."""
    sinks: list[Store] = []
    if settings.storage.parquet.enabled:
        sinks.append(ParquetStore(settings.directory))
    if settings.storage.csv.enabled:
        sinks.append(CsvStore(settings.csv_dir))
    return Tee(*sinks)


def _clock(settings: Settings, client: Any, source: Provider) -> Clock:
    if isinstance(source, Replay):
        return FeedClock(client, settings.namespace, source.recording.cycles()[0])
    if settings.provider.name == "sim":
        return SharedClock(client, settings.namespace, settings.market.start, speed(settings))
    return broker_clock(settings)


def provider(settings: Settings, broker: str = "") -> Provider:
    """Return the configured source of quotes; a broker's is guarded, and shares its budget with all workers of `broker`.

    Errors: BadInput (a recording that cannot be read), BadConfig (a name that nobody answers to).
    """
    if settings.provider.name not in SIMULATED or settings.provider.fallback is not None:
        from g6.bootstrap.guarding import (
            check_names,
        )  # with the broker's client, which takes half a second to import

        check_names(settings)
    if settings.provider.name == "replay":
        return Replay(opened(settings, thorough=False))
    if settings.provider.name == "sim":
        return simulated(settings)
    source = asked(settings, broker)
    return streamed(settings, source, broker) if settings.streamed else source


def asked(settings: Settings, broker: str = "") -> Resilient:
    """Return the broker's guarded provider as it answers requests, without its stream. Errors: BadConfig."""
    from g6.bootstrap.guarding import (
        guarded,
        shared_state,
    )  # with the broker's client, which takes half a second to import

    shared = shared_state(settings, broker)
    second = None
    if name := settings.provider.fallback:
        second = guarded(
            settings, shared, name, settings.provider.fallback_root, f"fallback-{name}"
        )
    return guarded(
        settings,
        shared,
        settings.provider.name,
        settings.provider.root,
        settings.provider.name,
        second,
    )


def streamed(settings: Settings, asked: Provider, broker: str = "") -> Provider:
    """Return `asked` behind the quote cache; itself where no broker runs, so that nobody streams (`g6 check`)."""
    try:
        url = settings.redis.cache_url or broker or broker_url(settings)
    except Unavailable:
        return asked
    cache = RedisQuoteCache(
        connect(url, master_name=settings.redis.master_name or ""), settings.namespace
    )
    return Streamed(
        asked,
        cache,
        broker_clock(settings),
        calendar(),
        INDEX_TOKENS,
        max_age=settings.ticker.max_age,
    )


def simulated(settings: Settings) -> SimulatedMarket:
    """Return the simulated market as configured."""
    wanted = settings.market
    return SimulatedMarket(
        calendar(),
        seed=wanted.seed,
        faults=MarketFaults.parse(wanted.faults),
        skew=wanted.skew,
        event=wanted.event,
    )


def recording(settings: Settings) -> Path:
    """Return the path of the recording to replay. Errors: BadConfig."""
    if settings.provider.recording is None:
        raise BadConfig("provider.name is replay, but no recording is named", "--recording PATH")
    return settings.provider.recording


def opened(settings: Settings, *, thorough: bool = True) -> Recording:
    """Return the configured recording, of the configured indices. Errors: BadInput, BadConfig."""
    return Recording.open(
        recording(settings),
        thorough=thorough,
        strict=settings.provider.strict,
        indices=frozenset(settings.indices),
        closes=calendar().close_of,
        layout=None if settings.provider.layout is None else read_layout(settings.provider.layout),
        max_trade_age=settings.quality.max_trade_age,
    )


def collected(settings: Settings, source: Provider) -> Plan:
    """Return the plan: of a recording every expiry it has, else the configured ones."""
    wanted = plan(in_force(settings, source))
    return source.recording.planned(wanted) if isinstance(source, Replay) else wanted


def in_force(settings: Settings, source: Provider) -> Settings:
    """Return the settings that rows of `source` are made under.

    A table without trade times knows only in which snapshot a volume last grew. Its last prices are believed all session unless
    `quality.max_trade_age` was set.
    """
    if not isinstance(source, Replay) or source.recording.kind != "table":
        return settings
    if settings.origin("quality.max_trade_age") != "default":
        return settings
    quality = settings.quality.model_copy(update={"max_trade_age": SESSION_SECONDS})
    return settings.model_copy(update={"quality": quality})


def broker_facts(url: str, master_name: str = "") -> dict[str, Any]:
    """Return what the broker says of itself for the start-up lint: maxmemory_policy and appendonly.

    Errors: RedisDown; Unavailable for a cluster, for rights that are missing, for TLS where none was asked for.
    """
    try:
        return _facts(url, master_name)
    except RedisDown:
        refuse_wrong_tls(url)
        raise


@translated
def _facts(url: str, master_name: str) -> dict[str, Any]:
    client = connect(url, master_name=master_name)
    if (said := cluster_of(client)) is not None:
        raise said
    memory: Any = client.info("memory")
    persistence: Any = client.info("persistence")
    return {
        "maxmemory_policy": memory.get("maxmemory_policy"),
        "appendonly": bool(persistence.get("aof_enabled")),
    }


def start_market(runtime: Runtime) -> None:
    """Start a simulated market's clock a moment from now, unless it runs already; its first instant is the run's first."""
    if isinstance(runtime.clock, SharedClock):
        if "window" not in runtime.controls.read():
            runtime.controls.set(
                "window", {"first": isoformat_z(runtime.clock.market()), "last": None}
            )
        runtime.clock.set_origin(time.time() + 0.2)


def vitals(settings: Settings, client: Any) -> RedisVitals:
    """Return the port that knows queues and workers."""
    return RedisVitals(client, settings.namespace, tuple(QueueName), settings.directory)


def totals(settings: Settings) -> RedisTotals:
    """Return where the totals of the metrics stay."""
    client = connect(broker_url(settings), master_name=settings.redis.master_name or "")
    return RedisTotals(client, settings.namespace)
