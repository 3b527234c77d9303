"""Builds the configured source of quotes, by its record in `g6.config.source_table`."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from g6.adapters.parquet import ParquetStore
from g6.adapters.redis.quote_cache import RedisQuoteCache
from g6.adapters.replay import Recording, Replay
from g6.adapters.replay.stamped_day import StampedDay
from g6.adapters.replay.stored_chains import StoredRecording
from g6.adapters.replay.tables.table_files import TableFiles
from g6.adapters.replay.tables.table_layout import TableLayout, read_layout
from g6.adapters.wrapping.resilient import Resilient
from g6.adapters.wrapping.streamed import Streamed
from g6.bootstrap.quote_sources.guarding import guarded, shared_state
from g6.bootstrap.wiring import Wiring, connect_to, wire_without_redis
from g6.config import Settings, calendar, plan
from g6.config.source_table import SHIPPED, is_shipped, plugged_in
from g6.domain.cycles.plan import Plan
from g6.domain.market.dump_layout import INDEX_TOKENS
from g6.errors import BadConfig, BadInput
from g6.ports.sources import Provider, abilities_of

SESSION_SECONDS = 86_400.0


def provider(wiring: Wiring) -> Provider:
    """Return the configured source.

    A live one is guarded, shares its budget with all workers, and may be streamed.

    Raises:
        BadInput: The recording cannot be read.
        BadConfig: Nobody answers to the configured name.
    """
    settings = wiring.settings
    check_names(settings)
    if not settings.source.is_live:
        return settings.source.builder(settings)
    # Built by name: the client of Kite takes half a second to import, and a simulated market none.
    source = guarded_source(wiring)
    if not settings.streamed or wiring.redis is None:
        return source
    return Streamed(
        source,
        RedisQuoteCache(wiring.redis.cache, wiring.namespace),
        wiring.clock,
        wiring.calendar,
        INDEX_TOKENS,
        max_age=settings.ticker.max_age,
    )


def guarded_source(wiring: Wiring) -> Resilient:
    """Return the live source as it answers requests, without its stream.

    The fallback stands behind it.

    Raises:
        BadConfig: The source cannot be built with these settings.
    """
    options = wiring.settings.provider
    shared = shared_state(wiring)
    second = None
    if name := options.fallback:
        second = guarded(wiring, shared, name, options.fallback_root, f"fallback-{name}")
    return guarded(wiring, shared, options.name, options.root, options.name, second)


def check_names(settings: Settings) -> None:
    """Refuse settings whose source or stand-in there is not.

    Raises:
        BadConfig: It is unknown, or cannot serve as one.
    """
    plugins = [point.name for point in plugged_in()] if _needs_plugins(settings) else []
    shipped = [source.name for source in SHIPPED]
    name = settings.provider.name
    if name not in (*shipped, *plugins):
        raise BadConfig(
            f"provider.name = {name!r}: no such provider; "
            f"there are {', '.join([*shipped, *plugins])}",
            "g6 providers lists them; install the one you mean",
        )
    fallback = settings.provider.fallback
    live = [source.name for source in SHIPPED if source.is_live]
    if fallback in (None, *live, *plugins):
        return
    if is_shipped(str(fallback)):
        reason = (
            "a simulated market or a recording has no quotes of today, "
            "so it cannot serve in place of a live provider"
        )
    else:
        reason = "no such provider"
    raise BadConfig(
        f"provider.fallback = {fallback!r}: {reason}; one of {', '.join([*live, *plugins])} can",
        "set provider.fallback=kite, or leave it out",
    )


def _needs_plugins(settings: Settings) -> bool:
    """Return whether to ask other distributions, which takes milliseconds at every start."""
    return not is_shipped(settings.provider.name) or settings.provider.fallback is not None


def replayed_market(settings: Settings) -> Provider:
    """Return the provider that answers from the configured recording.

    Raises:
        BadInput: It cannot be read.
        BadConfig: None is named.
    """
    if settings.provider.stored_from is not None:
        path = recording_path(settings)
        last = settings.provider.stored_to or datetime.max.replace(tzinfo=UTC)
        return StampedDay(path, ParquetStore(path), settings.provider.stored_from, last)
    return Replay(open_recording(settings, thorough=False))


def stored_market(directory: Path, day: date) -> Replay:
    """Return the provider that answers from the quotes of a stored day.

    Raises:
        BadInput: There is no such day, or a file of it cannot be read.
    """
    source = StoredRecording(directory, thorough=False, day=day)
    if not source.instants():
        raise BadInput(directory, None, f"has no chain of {day}", "g6 data ls lists what is stored")
    return Replay(Recording(directory, "stored", source))


def recorded_day(path: Path) -> Replay:
    """Return the provider that answers from the recording at a path, whatever is configured.

    Raises:
        BadInput: It cannot be read.
    """
    return Replay(Recording.open(path, closes=calendar().close_of))


def recording_path(settings: Settings) -> Path:
    """Return the path of the recording to replay.

    Raises:
        BadConfig: None is named.
    """
    if settings.provider.recording is None:
        raise BadConfig("provider.name is replay, but no recording is named", "--recording PATH")
    return settings.provider.recording


def open_recording(settings: Settings, *, thorough: bool = True) -> Recording:
    """Return the configured recording, of the configured indices.

    Raises:
        BadInput: It cannot be read.
        BadConfig: None is named, or its layout is wrong.
    """
    layout = settings.provider.layout
    return Recording.open(
        recording_path(settings),
        thorough=thorough,
        strict=settings.provider.strict,
        indices=frozenset(settings.indices),
        closes=calendar().close_of,
        layout=replace(
            TableLayout() if layout is None else read_layout(layout), calendar=calendar()
        ),
        max_trade_age=settings.quality.max_trade_age,
    )


def collection_plan(settings: Settings, source: Provider) -> Plan:
    """Return the plan: of a recording every expiry it has, else the configured ones."""
    configured = plan(settings_in_force(settings, source))
    recorded = abilities_of(source).recorded
    return configured if recorded is None else recorded.planned(configured)


def settings_in_force(settings: Settings, source: Provider) -> Settings:
    """Return the settings that rows of a source are made under.

    A table without trade times knows only in which snapshot a volume last grew. Its last prices are
    believed all session unless `quality.max_trade_age` was set.
    """
    recorded = abilities_of(source).recorded
    if recorded is None or recorded.kind != "table":
        return settings
    if settings.origin("quality.max_trade_age") != "default":
        return settings
    quality = settings.quality.model_copy(update={"max_trade_age": SESSION_SECONDS})
    return settings.model_copy(update={"quality": quality})


def check_start(settings: Settings) -> None:
    """Build what a start builds of the settings alone, and ask nobody.

    Raises:
        BadConfig: As the start has it.
        BadInput: As the start has it.
    """
    collection_plan(settings, provider(wire_without_redis(settings)))
    for url in (settings.redis.broker_url, settings.redis.cache_url):
        if url:
            connect_to(settings, url)


def replay_provider(recording: Recording) -> Replay:
    """Return the provider that answers from a recording."""
    return Replay(recording)


def recorded_plan(settings: Settings, recording: Recording) -> Plan:
    """Return the plan that collects a recording, which need not be the configured one."""
    return collection_plan(settings, replay_provider(recording))


def table_recording(path: Path, table: TableFiles, max_trade_age: float | None = None) -> Recording:
    """Return a table that is open already as a recording.

    Args:
        path: What people call it by.
        table: Its files.
        max_trade_age: Seconds for which a last price is believed, None for the usual ones.
    """
    if max_trade_age is None:
        return Recording(path, "table", table)
    return Recording(path, "table", table, max_trade_age=max_trade_age)


def recorded_table(path: Path, layout: TableLayout) -> TableFiles | None:
    """Return the table that is recorded at a path, None where that is no table.

    Raises:
        BadInput: It cannot be read.
    """
    return Recording.open(path, layout=replace(layout, calendar=calendar())).table
