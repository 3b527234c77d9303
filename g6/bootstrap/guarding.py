"""A broker's provider, put together: token, request slots, breaker, a second provider, and the state that all workers share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib.metadata import entry_points
from typing import Any

import pybreaker
import stamina

from g6.adapters.kite import Access
from g6.adapters.kite.authorized_requests import KiteSettings
from g6.adapters.kite.browser_login import exchange
from g6.adapters.kite.kite_provider import KiteProvider
from g6.adapters.kite.limits import REQUEST_SPACINGS
from g6.adapters.memory.limiter import MemoryLimiter
from g6.adapters.memory.shared_cache import MemorySharedCache
from g6.adapters.redis.bus import RedisBus
from g6.adapters.redis.limiter import RedisLimiter
from g6.adapters.redis.server import connect
from g6.adapters.redis.shared_cache import RedisSharedCache
from g6.adapters.wrapping.resilient import (
    Breaker,
    FurtherRequests,
    Outage,
    Patience,
    RequestGate,
    Resilient,
)
from g6.bootstrap.redis_address import (
    BUILT_IN,
    PLUGINS,
    TOKEN_FILE,
    broker_clock,
    broker_url,
    credentials,
)
from g6.bootstrap.rest_budget import answer_seconds, begin_seconds, request_seconds, rest_budget
from g6.config import Settings, calendar
from g6.errors import BadConfig, Unavailable
from g6.ports import Clock, Limiter, Provider, SharedCache

ASKED_BY_UNITS = 6
"""Contracts whose previous open interest a unit asks for on a first day, unless a stream's process asks for all of them."""


@dataclass(frozen=True, slots=True)
class Shared:
    """What all workers know of a broker: shelf, events, and by name its request slots and the state of its breaker."""

    shelf: SharedCache
    limiter: Callable[[str], Limiter]
    storage: Callable[[str], Callable[[], Any]]
    tell: Callable[[Mapping[str, Any]], None]


def shared_state(settings: Settings, broker: str = "") -> Shared:
    """Return the state in Redis, or one of this process alone where no broker runs (`g6 login`, `g6 check`)."""
    try:
        url = broker or broker_url(settings)
    except Unavailable:
        return Shared(
            MemorySharedCache(),
            lambda _: MemoryLimiter(spacings=REQUEST_SPACINGS),
            lambda _: lambda: None,
            lambda _: None,
        )
    client = connect(url, master_name=settings.redis.master_name or "")
    space, bus = settings.namespace, RedisBus(client, settings.namespace)

    def tell(fact: Mapping[str, Any]) -> None:
        bus.publish("provider.state", fact, key=settings.provider.name)
        if fact.get("fix"):
            bus.publish("alert", fact, key=str(fact["state"]))

    return Shared(
        RedisSharedCache(client, space),
        lambda name: RedisLimiter(
            client,
            space if name == settings.provider.name else f"{space}:{name}",
            spacings=REQUEST_SPACINGS,
        ),
        lambda name: (
            lambda: pybreaker.CircuitRedisStorage(
                pybreaker.STATE_CLOSED, client, namespace=f"{space}:breaker:{name}"
            )
        ),
        tell,
    )


def guarded(
    settings: Settings,
    shared: Shared,
    name: str,
    root: str | None,
    scope: str,
    second: Provider | None = None,
) -> Resilient:
    """Return the provider `name` with its guards; requests that belong together share the budget of `scope`. Errors: BadConfig."""
    stamina.instrumentation.set_on_retry_hooks(())  # further tries stand in the unit's report
    wanted, clock = settings.provider, broker_clock(settings)
    limiter = shared.limiter(scope)
    breaker = Breaker(
        scope,
        shared.storage(scope),
        shared.shelf,
        failures=wanted.breaker_failures,
        seconds=wanted.breaker_seconds,
        tell=shared.tell,
    )
    patience = Patience(wanted.retries, wanted.retry_base, wanted.retry_cap)
    gate = RequestGate(limiter, breaker, patience, answer_seconds=answer_seconds(settings))
    source = (
        _kite(settings, shared, gate, clock, root)
        if name == "kite"
        else plugged(settings, name, gate)
    )
    asking = begin_seconds(settings)
    further = FurtherRequests(
        shared.shelf, scope, rest_budget(settings).spare, 2 * settings.wall_interval
    )
    outage = Outage(
        scope,
        shared.shelf,
        shared.tell,
        threshold=wanted.outage_threshold,
        every=wanted.outage_log_every,
    )
    return Resilient(
        source, gate, breaker, limiter, shared.shelf, lambda at: clock.wall_of(at) + asking, second=second, outage=outage,
        fallback_seconds=2 * settings.wall_interval, further=further, tell=shared.tell,
    )  # fmt: skip


def _kite(
    settings: Settings, shared: Shared, gate: RequestGate, clock: Clock, root: str | None
) -> KiteProvider:
    kite = KiteSettings(
        api_key=credentials(settings).api_key,
        dump_directory=settings.directory / "dumps",
        root=root,
        timeout=request_seconds(settings),
        mode=settings.kind,
        previous_per_unit=0 if settings.streamed else ASKED_BY_UNITS,
        indices=settings.indices,
    )
    return KiteProvider(
        access(settings, shared),
        gate,
        shared.shelf,
        clock,
        calendar(),
        kite,
        tell=shared.tell,
    )


def access(settings: Settings, shared: Shared) -> Access:
    """Return the access token's keeper."""
    mine, clock = credentials(settings), broker_clock(settings)
    fetch = partial(
        exchange,
        mine,
        root=settings.provider.root,
        timeout=settings.provider.timeout,
        now=clock.market,
    )
    return Access(
        mine,
        shared.shelf,
        settings.directory / TOKEN_FILE,
        clock.market,
        fetch if mine.api_secret else None,
        shared.tell,
    )


def plugged(settings: Settings, name: str, gate: RequestGate) -> Provider:
    """Return a provider that another distribution registered under `g6.providers`. Errors: BadConfig."""
    plugin = {each.name: each for each in entry_points(group=PLUGINS)}[name]
    made: Provider = plugin.load()(settings, gate)
    return made


def check_names(settings: Settings) -> None:
    """See that the configured provider and its stand-in are there, and that the stand-in can be one. Errors: BadConfig."""
    plugins = sorted(each.name for each in entry_points(group=PLUGINS))
    wanted = settings.provider
    if wanted.name not in (*BUILT_IN, *plugins):
        known = ", ".join([*BUILT_IN, *plugins])
        sentence = f"provider.name = {wanted.name!r}: no such provider; there are {known}"
        raise BadConfig(sentence, "g6 providers lists them; install the one you mean")
    if wanted.fallback in (None, "kite", *plugins):
        return
    others = ", ".join(["kite", *plugins])
    if wanted.fallback in BUILT_IN:
        reason = "a simulated market or a recording has no quotes of today, so it cannot serve in place of a broker"
    else:
        reason = "no such provider"
    raise BadConfig(
        f"provider.fallback = {wanted.fallback!r}: {reason}; one of {others} can",
        "set provider.fallback=kite, or leave it out",
    )
