"""The workers of one machine, and how many processes each has."""

from __future__ import annotations

import os
from typing import NamedTuple

import psutil

from g6.config import Settings

# With one worker for all queues a cycle waits behind the files of the one before, so the files and
# the closing have a worker each.
WORKERS = {
    "cycle": "collect,analytics,manual",
    "persist": "persist",
    "closing": "aggregate,maintenance",
}
"""The workers of one machine and their queues."""
LITTLE_MEMORY = 2e9
"""Bytes of a machine below which processes that only wait are left out."""
LONG_INTERVAL = 30.0
"""Wall seconds between two cycles from which the files of one process are done in time."""


class Machine(NamedTuple):
    """What a machine has: cores, and bytes of memory."""

    cores: int
    memory: float


class PoolSizes(NamedTuple):
    """The pool processes of each of `WORKERS`."""

    cycle: int
    persist: int
    closing: int


def this_machine() -> Machine:
    """Return what this machine has for its processes."""
    # `taskset -c 0 g6 up` on two cores had pools for two: a container's cpuset is seen here alone.
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    return Machine(cores, psutil.virtual_memory().total)


def pool_sizes(settings: Settings, machine: Machine | None = None) -> PoolSizes:
    """Return the pool processes of each of `WORKERS`: as configured, else as the machine needs.

    Args:
        settings: The configuration.
        machine: None for this one.
    """
    machine = machine or this_machine()
    workers = settings.workers
    is_small = machine.memory < LITTLE_MEMORY
    is_single = machine.cores == 1
    return PoolSizes(
        workers.cycle or _cycle_processes(settings, machine, is_small=is_small),
        # A second process holds 64 MB. At a cycle a minute it has nothing to do, and on one core it
        # waits for the first.
        workers.persist or (1 if settings.wall_interval >= LONG_INTERVAL or is_single else 2),
        # One process closes a cycle while another sweeps. On one core it waits for the other, and
        # held 63 MB after twenty minutes of cycles five seconds apart. What folds a day's files
        # for minutes is in the queue persist.
        workers.closing or (1 if is_single else 2),
    )


def _cycle_processes(settings: Settings, machine: Machine, *, is_small: bool) -> int:
    """Return one process per index, or no more than can compute at once."""
    # A process for each index is there to wait for a provider. A simulated market or a recording
    # answers at once, and each of these processes holds 50 MB: one more than there are cores
    # computes while another reads and writes.
    waits = settings.source.is_live or bool(settings.market.faults)
    is_slow = settings.wall_interval >= LONG_INTERVAL
    # Streamed quotes wait in Redis. Where the stream is away, the provider answers one request a
    # second, whoever asks: a process for each index would wait in the same line.
    if not waits or (is_slow and (is_small or settings.streamed)):
        most = machine.cores + 1 if machine.cores > 1 else 1
        return max(machine.cores, min(len(settings.indices), most))
    return max(machine.cores, len(settings.indices))
