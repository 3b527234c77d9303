"""What a wish needs: processes, memory, commands, bytes a day, from what was measured."""

from __future__ import annotations

import math
from dataclasses import dataclass

from g6.domain.cycles.capacity_constants import (
    COMMANDS,
    MAIN_MEGABYTES,
    POOL_MEGABYTES,
    PROCESSOR,
)
from g6.domain.cycles.sizing import Sizing, of_wish

__all__ = ["Bound", "Capacity", "PoolNeed", "Wish", "capacity"]

STAGE_SHARE = 0.5
"""Part of the interval in which a stage is to be done with all indices: deadlines are at 0.8."""
STORING_SHARE = 0.7
"""Part of the interval in which files are to be written. No cycle waits for them."""
HOST_SHARE = 0.7
"""Part of a host's cores that may be busy."""
SINGLE_SHARE = 0.5
"""Part of a core that a process may be busy of which there is one: beyond it messages wait."""
SESSION_SECONDS = 385 * 60
"""From 9:15 to 15:40, the hours of options since August 2026."""
STREAMED_TOKENS = 9_000
"""What Kite streams to one account: three connections of 3,000 instruments."""
CLOSING_PROCESSES = 2
"""One may fold a day's files for minutes while the other closes cycles."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to collect.

    Attributes:
        indices: How many indices.
        options: Options of each.
        expiries: Expiries of each.
        interval: Seconds between two cycles.
        cores: Cores of a host.
    """

    indices: int
    options: int
    expiries: int
    interval: int
    cores: int


@dataclass(frozen=True, slots=True)
class PoolNeed:
    """The pool processes of one queue.

    Attributes:
        queue: Its name, that of the first where a worker serves several.
        busy_cores: How many cores are busy with it, on average.
        processes: How many there are to be, on all hosts together.
        megabytes: What they hold in memory.
    """

    queue: str
    busy_cores: float
    processes: int
    megabytes: float


@dataclass(frozen=True, slots=True)
class Bound:
    """Something of which a system has one, and how much of it a wish uses.

    Attributes:
        name: What it is.
        share: Part of what is allowed, 1 where it is used up.
        beyond: What is done where it is more.
    """

    name: str
    share: float
    beyond: str


@dataclass(frozen=True, slots=True)
class Capacity:
    """What a wish needs.

    Attributes:
        pools: The processes of each queue.
        processor_seconds: Of a cycle, everything together.
        busy_cores: How many cores are busy, on average.
        hosts: Of as many cores as the wish says.
        megabytes: Memory of all processes.
        commands: Commands to Redis of a cycle.
        commands_a_second: The same by the second.
        day: Bytes of a session day.
        bounds: What there is one of, the most used first.
    """

    pools: tuple[PoolNeed, ...]
    processor_seconds: float
    busy_cores: float
    hosts: int
    megabytes: float
    commands: float
    commands_a_second: float
    day: Sizing
    bounds: tuple[Bound, ...]


def capacity(wish: Wish) -> Capacity:
    """Return what a wish needs.

    >>> small = capacity(Wish(indices=6, options=400, expiries=4, interval=60, cores=2))
    >>> small.hosts
    1
    >>> [pool.queue for pool in small.pools]
    ['collect', 'analytics', 'persist', 'closing']
    """
    options = wish.indices * wish.options
    seconds = {part: cost.seconds(wish.indices, options) for part, cost in PROCESSOR.items()}
    pools = (
        _pool("collect", seconds["collect"], wish.interval, STAGE_SHARE),
        _pool("analytics", seconds["analytics"], wish.interval, STAGE_SHARE),
        _pool("persist", seconds["persist"], wish.interval, STORING_SHARE),
        _pool("closing", seconds["closing"], wish.interval, STAGE_SHARE, CLOSING_PROCESSES),
    )
    busy = sum(seconds.values()) / wish.interval
    commands = COMMANDS.cycle + COMMANDS.unit * wish.indices
    bounds = sorted(_bounds(wish, seconds), key=lambda bound: -bound.share)
    return Capacity(
        pools=pools,
        processor_seconds=sum(seconds.values()),
        busy_cores=busy,
        hosts=max(1, math.ceil(busy / (HOST_SHARE * wish.cores))),
        megabytes=MAIN_MEGABYTES + sum(pool.megabytes for pool in pools),
        commands=commands,
        commands_a_second=commands / wish.interval,
        day=of_wish(
            wish.indices,
            wish.options,
            wish.expiries,
            cycles=SESSION_SECONDS // wish.interval + 1,
            interval=wish.interval,
        ),
        bounds=tuple(bounds),
    )


def _pool(queue: str, seconds: float, interval: int, share: float, least: int = 1) -> PoolNeed:
    processes = max(least, math.ceil(seconds / (share * interval)))
    return PoolNeed(queue, seconds / interval, processes, processes * POOL_MEGABYTES)


def _bounds(wish: Wish, seconds: dict[str, float]) -> tuple[Bound, ...]:
    """Return what there is one of: one beat, one Redis, one task that closes a cycle, one disk."""
    whole = float(wish.interval)
    return (
        Bound(
            "the process of beat",
            seconds["beat"] / whole / SINGLE_SHARE,
            "a system for each group of indices, each with a namespace and a beat of its own",
        ),
        Bound(
            "the core of Redis",
            seconds["redis"] / whole / SINGLE_SHARE,
            "frames on a second server (redis.cache_url), then a Redis for each group of indices",
        ),
        Bound(
            "the task that closes a cycle",
            seconds["closing"] / whole / STAGE_SHARE,
            "a system for each group of indices, whose panels are put together by who reads them",
        ),
        Bound(
            "the host that writes files",
            seconds["persist"] / whole / (STORING_SHARE * wish.cores),
            "a host with more cores, then a storage host for each group of indices",
        ),
        Bound(
            "the stream of one account",
            wish.indices * (wish.options + 2) / STREAMED_TOKENS,
            "an account for each group of indices, or fewer strikes (collection.scope=window)",
        ),
    )
