"""Watches a running `g6 up` for minutes: memory and processor time by process, then how its cycles ended and when."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from rich.console import Console
from rich.progress import track

import g6
from g6.adapters.data_dir.owner import owner
from g6.adapters.redis.bus import RedisBus
from g6.adapters.redis.server import connect
from tests.benchmarks.running.footprint import footprint
from tests.benchmarks.running.soak import Series

FLAT_SHARE = 0.04
"""What memory may rise by over the second half of a run, as a share of it."""


@dataclass
class Watched:
    """What was seen of a run.

    Attributes:
        memory: MB of all processes, shared pages once, over time.
        by_role: MB of each kind of process at the end.
        busy_cores: Processor time of all processes by the second.
    """

    memory: Series = field(default_factory=lambda: Series("all", "PSS MiB"))
    by_role: dict[str, float] = field(default_factory=dict)
    busy_cores: float = 0.0

    @property
    def is_flat(self) -> bool:
        """Whether memory rises by no more than the share, over the second half."""
        return bool(self.memory.rise <= FLAT_SHARE * float(np.median(self.memory.values)))


def watch(
    supervisor: psutil.Process, seconds: float, every: float, what: str = "watching"
) -> Watched:
    """Look at a system again and again, and return what was seen."""
    watched = Watched()
    began, spent = time.monotonic(), _processor_seconds(supervisor)
    for number in track(range(int(seconds / every)), what, console=Console(stderr=True)):
        time.sleep(max(0.0, began + (number + 1) * every - time.monotonic()))
        by_role = footprint(supervisor)
        watched.by_role = {role: sum(sizes) / 1e6 for role, sizes in by_role.items()}
        watched.memory.seconds.append(time.monotonic() - began)
        watched.memory.values.append(sum(watched.by_role.values()))
    passed = time.monotonic() - began
    watched.busy_cores = (_processor_seconds(supervisor) - spent) / passed
    return watched


def _processor_seconds(supervisor: psutil.Process) -> float:
    total = 0.0
    for process in [supervisor, *supervisor.children(recursive=True)]:
        with suppress(psutil.Error):
            times = process.cpu_times()
            total += times.user + times.system
    return total


def wait_until(
    holds: Callable[[], Any], supervisor: psutil.Process, log: Path, seconds: float
) -> None:
    """Wait until something holds of a running system."""
    limit = time.monotonic() + seconds
    while not holds():
        is_over = not supervisor.is_running() or supervisor.status() == psutil.STATUS_ZOMBIE
        if is_over or time.monotonic() > limit:
            raise SystemExit(log.read_text("utf-8", "replace")[-3000:])
        time.sleep(0.5)


def endings(directory: Path, day: str, indices: Sequence[str]) -> Counter[str]:
    """Return how many units ended in each status, with its reason."""
    rows = g6.load(list(indices), day, kind="overview", data_dir=directory)
    counts: Counter[str] = Counter()
    for status, reason in zip(rows.status.astype(str), rows.reason, strict=True):
        counts[f"{status} {reason}" if isinstance(reason, str) and reason else status] += 1
    return counts


def closings(directory: Path) -> dict[str, float]:
    """Return p50 and p95 of the seconds from a cycle's instant to its close, from the running system's bus."""
    # Events are stored now and then, and those of a short run are not stored at all when it ends.
    broker = (owner(directory) or {})["broker"]
    with connect(broker) as client:
        events = RedisBus(client, "g6").read("0", count=200_000)
    taken = [event.document["elapsed_seconds"] for event in events if event.type == "cycle.report"]
    if not taken:
        return {}
    p50, p95 = np.percentile(taken, (50, 95)).tolist()
    return {"cycles": len(taken), "p50": round(p50, 3), "p95": round(p95, 3)}
