"""Wiring -> the ports of the ticker's process, which stays small without a Runtime."""

from __future__ import annotations

from dataclasses import dataclass

from g6.adapters.kite import Access
from g6.adapters.redis.bus import RedisBus
from g6.adapters.redis.quote_cache import RedisQuoteCache
from g6.adapters.redis.shared_cache import RedisSharedCache
from g6.adapters.redis.vitals import RedisVitals
from g6.bootstrap.settings_checks.credentials import token_reader
from g6.bootstrap.wiring import Wiring


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
