"""Puts a live source behind its guards, and those over the state that all workers share."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pybreaker
import stamina

from g6.adapters.kite.limits import REQUEST_SPACINGS
from g6.adapters.memory.limiter import MemoryLimiter
from g6.adapters.memory.shared_cache import MemorySharedCache
from g6.adapters.redis.bus import RedisBus
from g6.adapters.redis.controls import RedisControls
from g6.adapters.redis.limiter import RedisLimiter
from g6.adapters.redis.quote_cache import RedisQuoteCache
from g6.adapters.redis.shared_cache import RedisSharedCache
from g6.adapters.wrapping.resilient import (
    Breaker,
    FurtherRequests,
    Outage,
    Patience,
    RequestGate,
    Resilient,
)
from g6.bootstrap.settings_checks.rest_budget import answer_seconds, begin_seconds, rest_budget
from g6.bootstrap.wiring import Wiring, data_option
from g6.config.provider_section import ProviderSettings
from g6.config.source_table import source_named
from g6.domain.reports import Alert, AlertRule, ListingCounts, ProviderState
from g6.domain.reports.alerts import BREAKER_OPEN, PROVIDER_SILENT, TOKEN_MISSING
from g6.errors import Retryable
from g6.pipeline.raised_alerts import settle
from g6.ports.clock import Clock
from g6.ports.limiter import Limiter
from g6.ports.shared_cache import SharedCache
from g6.ports.sources import Provider, Surroundings

STATES: Mapping[str, AlertRule] = {
    "token": TOKEN_MISSING,
    "breaker": BREAKER_OPEN,
    "outage": PROVIDER_SILENT,
    "answers": PROVIDER_SILENT,
}
"""The alert that a provider's state raises, or ends where the state names no fix."""


@dataclass(frozen=True, slots=True)
class SharedState:
    """What all workers know of the live sources.

    Attributes:
        cache: Values that all workers share for a while.
        limiter: The request slots of a source, by name.
        breaker_storage: Makes the state of a source's breaker, by name.
        notify: Puts facts on the bus.
    """

    cache: SharedCache
    limiter: Callable[[str], Limiter]
    breaker_storage: Callable[[str], pybreaker.CircuitBreakerStorage | None]
    notify: Callable[[ProviderState | ListingCounts], None]


def shared_state(wiring: Wiring) -> SharedState:
    """Return the state in Redis, or one of this process alone where no Redis is known."""
    if wiring.redis is None:
        return SharedState(
            MemorySharedCache(),
            lambda _: MemoryLimiter(spacings=REQUEST_SPACINGS),
            lambda _: None,
            lambda _: None,
        )
    client = wiring.redis.main
    namespace = wiring.namespace
    first = wiring.settings.provider.name
    bus = RedisBus(client, namespace)

    def limiter(name: str) -> Limiter:
        # One sequence for all hosts: Celery's own rate_limit holds for each worker by itself.
        # The first source's slots stand under the namespace alone, as they did before there was a
        # second one.
        prefix = namespace if name == first else f"{namespace}:{name}"
        return RedisLimiter(client, prefix, spacings=REQUEST_SPACINGS)

    def breaker_storage(name: str) -> pybreaker.CircuitBreakerStorage:
        return pybreaker.CircuitRedisStorage(
            pybreaker.STATE_CLOSED, client, namespace=f"{namespace}:breaker:{name}"
        )

    controls = RedisControls(client, namespace)

    def notify(change: ProviderState | ListingCounts) -> None:
        bus.publish(change, key=first)
        if isinstance(change, ListingCounts):
            return
        alert = None
        if change.fix:
            alert = Alert(change.state, change.sentence, change.fix, change.facts)
            alert = alert.completed(data_option(wiring.settings))
        if rule := STATES.get(change.state):
            settle(bus, controls, controls.read().alerts, time.time(), rule, alert)
        elif alert is not None:
            bus.publish(alert, key=change.state)

    return SharedState(RedisSharedCache(client, namespace), limiter, breaker_storage, notify)


def guarded(
    wiring: Wiring,
    shared: SharedState,
    name: str,
    root: str | None,
    scope: str,
    second: Provider | None = None,
) -> Resilient:
    """Return a live source behind its guards.

    Args:
        wiring: Of the process.
        shared: What all workers know.
        name: The source's.
        root: Address of its interface, None for its own.
        scope: Requests that belong together share the budget and the breaker of this name.
        second: Serves when the source fails.

    Raises:
        BadConfig: The source cannot be built with these settings.
    """
    # stamina logs each further try by default; here the tries stand in the unit's report.
    stamina.instrumentation.set_on_retry_hooks(())
    settings = wiring.settings
    options = settings.provider
    limiter = shared.limiter(scope)
    breaker = _breaker(options, shared, scope, wiring.clock)
    patience = Patience(options.retries, options.retry_base, options.retry_cap)
    answer_within = answer_seconds(settings)
    gate = RequestGate(limiter, breaker, patience, wiring.clock, answer_seconds=answer_within)
    surroundings = Surroundings(
        gate, wiring.clock, wiring.calendar, shared.cache, root, shared.notify
    )
    begin_within = begin_seconds(settings)
    fallback_seconds = 2 * settings.wall_interval
    return Resilient(
        source_named(name).builder(settings, surroundings),
        gate,
        breaker,
        limiter,
        shared.cache,
        lambda at: wiring.clock.wall_of(at) + begin_within,
        outage=_outage(wiring, shared, scope),
        second=second,
        fallback_seconds=fallback_seconds,
        further=FurtherRequests(shared.cache, scope, rest_budget(settings).spare, fallback_seconds),
        notify=shared.notify,
    )


def _outage(wiring: Wiring, shared: SharedState, scope: str) -> Outage:
    """Return what notices that one scope gets no answers for long."""
    options = wiring.settings.provider
    return Outage(
        scope,
        shared.cache,
        shared.notify,
        threshold=options.outage_threshold,
        every=options.outage_log_every,
        last_sign=_last_frame(wiring, scope),
    )


def _last_frame(wiring: Wiring, scope: str) -> Callable[[], float]:
    """Return what tells when the stream of a scope last sent a frame, 0 where there is none."""
    settings = wiring.settings
    if wiring.redis is None or not settings.streamed or scope != settings.provider.name:
        return lambda: 0.0
    cache = RedisQuoteCache(wiring.redis.cache, wiring.namespace)

    def last_frame() -> float:
        try:
            feeds = cache.feeds().values()
        except Retryable:
            return 0.0
        return max((feed.last_frame for feed in feeds), default=0.0)

    return last_frame


def _breaker(options: ProviderSettings, shared: SharedState, scope: str, clock: Clock) -> Breaker:
    """Return the breaker of one scope, open for all workers once it is open for one."""
    return Breaker(
        scope,
        lambda: shared.breaker_storage(scope),
        shared.cache,
        clock,
        failures=options.breaker_failures,
        seconds=options.breaker_seconds,
        notify=shared.notify,
    )
