"""Wiring -> the ports of the ticker's process and its stream, small without a Runtime."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from g6.adapters.kite import Access
from g6.adapters.kite.ticker.feeds import StreamLimits, Ticker
from g6.adapters.kite.ticker.socket import Login, TellFeed
from g6.adapters.kite.ticker.stream_client import route
from g6.adapters.redis.bus import RedisBus
from g6.adapters.redis.quote_cache import RedisQuoteCache
from g6.adapters.redis.shared_cache import RedisSharedCache
from g6.adapters.redis.vitals import RedisVitals
from g6.bootstrap.settings_checks.credentials import credentials, token_reader
from g6.bootstrap.wiring import Wiring
from g6.config import Settings
from g6.errors import TokenDead
from g6.ports import Clock


@dataclass(frozen=True, slots=True)
class TickerPorts:
    """What the ticker writes ticks to, tells events to and takes its token from."""

    quotes: RedisQuoteCache
    bus: RedisBus
    vitals: RedisVitals
    access: Access


def ticker_ports(wiring: Wiring) -> TickerPorts:
    """Return the ports of the ticker's process."""
    main = wiring.clients.main
    namespace = wiring.namespace
    return TickerPorts(
        RedisQuoteCache(wiring.clients.cache, namespace),
        RedisBus(main, namespace),
        RedisVitals(main, namespace, (), wiring.settings.directory),
        token_reader(wiring, RedisSharedCache(main, namespace)),
    )


def stream_login(settings: Settings, access: Access) -> Login | None:
    """Return key and token in force, None while there is none."""
    try:
        token = access.token()
    except TokenDead:
        return None
    return Login(credentials(settings).api_key, token.value, settings.provider.ws_root)


def tick_stream(
    settings: Settings,
    ports: TickerPorts,
    clock: Clock,
    *,
    trading_since: Callable[[], float | None],
    login: Callable[[], Login | None],
    tell: TellFeed,
    prepare: Callable[[], None],
    beat: Callable[[], None],
) -> Ticker:
    """Return the stream under its settings, with what the process answers and is told."""
    limits = StreamLimits(
        settings.ticker.connections,
        settings.ticker.tokens,
        settings.ticker.flush_seconds,
        settings.ticker.silent_seconds,
    )
    return Ticker(
        ports.quotes,
        clock.market,
        trading_since,
        login,
        tell,
        prepare=prepare,
        route=route(settings.provider.ws_root),
        limits=limits,
        beat=beat,
    )
