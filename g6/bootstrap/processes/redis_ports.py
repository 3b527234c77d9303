"""Builds single ports over Redis, for processes that need no whole Runtime.

And asks the server what the lint wants to know.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypedDict

from g6.adapters.redis.bus import RedisBus
from g6.adapters.redis.clocks.feed_clock import FeedClock
from g6.adapters.redis.clocks.shared_clock import SharedClock
from g6.adapters.redis.controls import RedisControls
from g6.adapters.redis.panels import RedisPanels
from g6.adapters.redis.server import cluster_of, connect, refuse_wrong_tls, translated
from g6.adapters.redis.totals import RedisTotals
from g6.adapters.redis.vitals import RedisVitals
from g6.bootstrap.wiring import Wiring, clock_speed
from g6.domain.schema.words import QueueName
from g6.errors import RedisDown, Retryable
from g6.ports.clock import Clock


class RedisFacts(TypedDict):
    """What a Redis server says of itself that matters to messages and the ledger.

    None where it was not asked.
    """

    maxmemory_policy: str | None
    appendonly: bool | None


def redis_facts(url: str, master_name: str = "") -> RedisFacts:
    """Return what the server says of itself, for the lint at start.

    Raises:
        RedisDown: It does not answer.
        Unavailable: It is a cluster, rights are missing, or TLS was spoken to a server without it.
    """
    try:
        return _facts(url, master_name)
    except RedisDown:
        refuse_wrong_tls(url)
        raise


@translated
def _facts(url: str, master_name: str) -> RedisFacts:
    client = connect(url, master_name=master_name)
    # kombu has no support for Redis Cluster; high availability is Sentinel.
    if (refusal := cluster_of(client)) is not None:
        raise refusal
    memory: Any = client.info("memory")
    persistence: Any = client.info("persistence")
    return {
        "maxmemory_policy": memory.get("maxmemory_policy"),
        "appendonly": bool(persistence.get("aof_enabled")),
    }


def bus(wiring: Wiring) -> RedisBus:
    """Return the stream of events."""
    return RedisBus(wiring.clients.main, wiring.namespace)


@translated
def redis_room(url: str, master_name: str = "") -> tuple[float, float]:
    """Return the bytes that the server holds and may hold, 0 without a limit.

    Raises:
        RedisDown: It does not answer.
    """
    memory: Any = connect(url, master_name=master_name).info("memory")
    return float(memory.get("used_memory", 0)), float(memory.get("maxmemory", 0))


def vitals(wiring: Wiring) -> RedisVitals:
    """Return the port that knows queues and workers."""
    directory = wiring.settings.directory
    return RedisVitals(wiring.clients.main, wiring.namespace, tuple(QueueName), directory)


@contextmanager
def signing(wiring: Wiring, role: str) -> Iterator[Callable[[], None]]:
    """Give the block what tells that this process lives, and take its sign back at its end.

    One that is ended by an error leaves its sign. Without this one that was asked to end counted as
    silent until it was forgotten, for ten minutes.
    """
    ports = vitals(wiring)
    yield partial(ports.sign_process, role, os.getpid())
    with suppress(Retryable):
        ports.sign_off(role, os.getpid())


def totals(wiring: Wiring) -> RedisTotals:
    """Return where the totals of the metrics stay."""
    return RedisTotals(wiring.clients.main, wiring.namespace)


def panels(wiring: Wiring) -> RedisPanels:
    """Return the newest panels."""
    return RedisPanels(wiring.clients.main, wiring.namespace)


def controls(wiring: Wiring) -> RedisControls:
    """Return the switches that reach a running system."""
    return RedisControls(wiring.clients.main, wiring.namespace)


def market_clock(wiring: Wiring) -> Clock:
    """Return the clock of a running system's market, for a process that only looks at it.

    The market of a recording stands in the far future until its first instant is sent.
    """
    settings = wiring.settings
    if settings.source.is_simulated:
        start = settings.market.start
        return SharedClock(wiring.clients.main, wiring.namespace, start, clock_speed(settings))
    if settings.source.is_live:
        return wiring.clock
    return FeedClock(wiring.clients.main, wiring.namespace, datetime.max.replace(tzinfo=UTC))
