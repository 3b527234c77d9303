"""What a wish needs: processes, memory, commands, bytes a day, from what was measured."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from g6.domain.cycles.capacity_constants import (
    COMMANDS,
    FRAMES,
    MAIN_MEGABYTES,
    POOL,
    PROCESSOR,
    REDIS_MEGABYTES,
)
from g6.domain.cycles.cycle import Timing
from g6.domain.cycles.sizing import Sizing, of_wish

__all__ = ["Bound", "Capacity", "PoolNeed", "Wish", "capacity", "most_indices"]

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
FRAME_BUDGET = 512 * 1024**2
"""Bytes that all frames may take (`frames.max_bytes`): the oldest stored ones go first."""


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
        megabytes: Memory of all processes, Redis and its frames included.
        frame_megabytes: Of these, the frames in Redis.
        commands: Commands to Redis of a cycle.
        commands_a_second: The same by the second.
        day: Bytes of a session day.
        bounds: What there is one of, the most used first.
        systems: Into how many the indices are divided, so that each has enough of what a system has
            one of. 0 where one index is too much for one already.
        accounts: How many accounts stream that many instruments.
    """

    pools: tuple[PoolNeed, ...]
    processor_seconds: float
    busy_cores: float
    hosts: int
    megabytes: float
    frame_megabytes: float
    commands: float
    commands_a_second: float
    day: Sizing
    bounds: tuple[Bound, ...]
    systems: int
    accounts: int


def capacity(wish: Wish) -> Capacity:
    """Return what a wish needs.

    >>> small = capacity(Wish(indices=6, options=400, expiries=4, interval=60, cores=2))
    >>> small.hosts
    1
    >>> [pool.queue for pool in small.pools]
    ['collect', 'analytics', 'persist', 'closing']
    """
    seconds = _seconds(wish)
    pools = (
        _pool(wish, "collect", seconds["collect"], STAGE_SHARE),
        _pool(wish, "analytics", seconds["analytics"], STAGE_SHARE),
        _pool(wish, "persist", seconds["persist"], STORING_SHARE),
        _pool(wish, "closing", seconds["closing"], STAGE_SHARE, CLOSING_PROCESSES),
    )
    busy = sum(seconds.values()) / wish.interval
    commands = COMMANDS.cycle + COMMANDS.unit * wish.indices
    bounds = [*_bounds_of_a_system(wish, seconds), _stream(wish)]
    in_one = most_indices(wish)
    systems = math.ceil(wish.indices / in_one) if in_one else 0
    frames = _frame_megabytes(wish, systems)
    mains = max(1, systems) * (MAIN_MEGABYTES + REDIS_MEGABYTES)
    return Capacity(
        pools=pools,
        processor_seconds=sum(seconds.values()),
        busy_cores=busy,
        hosts=max(1, math.ceil(busy / (HOST_SHARE * wish.cores))),
        megabytes=mains + frames + sum(pool.megabytes for pool in pools),
        frame_megabytes=frames,
        commands=commands,
        commands_a_second=commands / wish.interval,
        day=of_wish(
            wish.indices,
            wish.options,
            wish.expiries,
            cycles=SESSION_SECONDS // wish.interval + 1,
            interval=wish.interval,
        ),
        bounds=tuple(sorted(bounds, key=lambda bound: -bound.share)),
        systems=systems,
        accounts=math.ceil(_stream(wish).share),
    )


def most_indices(wish: Wish) -> int:
    """Return how many indices, at most those of a wish, one system has enough of everything for.

    >>> most_indices(Wish(indices=6, options=414, expiries=4, interval=60, cores=2))
    6
    """
    enough = 0
    too_many = wish.indices + 1
    while too_many - enough > 1:
        middle = (enough + too_many) // 2
        part = replace(wish, indices=middle)
        fits = all(bound.share <= 1 for bound in _bounds_of_a_system(part, _seconds(part)))
        enough, too_many = (middle, too_many) if fits else (enough, middle)
    return enough


def _seconds(wish: Wish) -> dict[str, float]:
    """Return the processor time of a cycle by the part of the system that takes it."""
    options = wish.indices * wish.options
    seconds = {}
    for part, cost in PROCESSOR.items():
        seconds[part] = cost.seconds(wish.indices, options, wish.interval)
    return seconds


def _pool(wish: Wish, queue: str, seconds: float, share: float, least: int = 1) -> PoolNeed:
    processes = max(least, math.ceil(seconds / (share * wish.interval)))
    megabytes = processes * POOL.megabytes(wish.options)
    return PoolNeed(queue, seconds / wish.interval, processes, megabytes)


def _frame_megabytes(wish: Wish, systems: int) -> float:
    """Return the MB of the quotes and chains that stay in Redis for reruns and readers."""
    timing = Timing(float(wish.interval))
    kept = FRAMES.quotes * timing.quotes_life + FRAMES.chain * timing.chain_life
    most = max(1, systems) * FRAME_BUDGET
    return min(most, wish.indices * wish.options * kept / wish.interval) / 1e6


def _bounds_of_a_system(wish: Wish, seconds: dict[str, float]) -> tuple[Bound, ...]:
    """Return what a system has one of: beat, Redis, the task that closes a cycle, the disk."""
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
    )


def _stream(wish: Wish) -> Bound:
    return Bound(
        "the stream of one account",
        wish.indices * (wish.options + 2) / STREAMED_TOKENS,
        "an account for each group of indices, or fewer strikes (collection.scope=window)",
    )
