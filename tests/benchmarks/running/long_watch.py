"""Runs of `g6 up` for minutes, looked at from outside: memory and processor time by process, how cycles ended and when."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from rich.console import Console
from rich.progress import track

ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT), str(ROOT / "tests/benchmarks")]

from bench_report import load as load_average  # noqa: E402
from bench_report import surroundings  # noqa: E402

import g6  # noqa: E402
from g6.adapters.data_dir.owner import owner  # noqa: E402
from g6.adapters.redis.bus import RedisBus  # noqa: E402
from g6.adapters.redis.server import connect  # noqa: E402
from tests.benchmarks.running.footprint import START, closed_cycles, footprint  # noqa: E402
from tests.benchmarks.running.soak import Series  # noqa: E402

FLAT_SHARE = 0.04
"""What memory may rise by over the second half of a run, as a share of it."""
UNSHOWN = ("machine", "versions")


def arguments(
    about: str | None, *, minutes: float, every: float, output: str
) -> argparse.Namespace:
    """Return what was asked for.

    Args:
        about: What the benchmark does.
        minutes: How long it runs where nobody says.
        every: Seconds between two looks where nobody says.
        output: The file below benchmarks that it writes.
    """
    parser = argparse.ArgumentParser(
        description=about, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=minutes, help=f"how long ({minutes:g})")
    parser.add_argument("--interval", type=int, default=5, help="seconds between cycles (5)")
    parser.add_argument(
        "--every", type=float, default=every, help=f"seconds between samples ({every:g})"
    )
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks" / output)
    return parser.parse_args()


@dataclass
class Watched:
    """What was seen of a run.

    Attributes:
        memory: MB of all processes, shared pages once, over time.
        by_role: MB of each kind of process at the end.
        busy_cores: Processor time of all processes by the second.
        since: The last cycle before the watch. Those after it are judged.
        closed_seconds: From a cycle's instant to its close, p50 and p95 over the cycles.
    """

    memory: Series = field(default_factory=lambda: Series("all", "PSS MiB"))
    by_role: dict[str, float] = field(default_factory=dict)
    busy_cores: float = 0.0
    since: str = ""
    closed_seconds: dict[str, float] = field(default_factory=dict)

    @property
    def is_flat(self) -> bool:
        """Whether memory rises by no more than the share, over the second half."""
        return bool(self.memory.rise <= FLAT_SHARE * float(np.median(self.memory.values)))


@dataclass(frozen=True)
class LongRun:
    """One run: what was asked for, where its rows are, and how busy the machine was before it."""

    given: argparse.Namespace
    rows: Path
    load_before: float

    def warm(self, supervisor: psutil.Process, cycles: int, seconds: float) -> None:
        """Wait until the first cycles are closed."""
        limit = time.monotonic() + seconds
        while closed_cycles(self.rows) < cycles:
            is_over = not supervisor.is_running() or supervisor.status() == psutil.STATUS_ZOMBIE
            if is_over or time.monotonic() > limit:
                log = self.rows.parent / "up.log"
                raise SystemExit(log.read_text("utf-8", "replace")[-3000:])
            time.sleep(0.5)

    def watch(self, supervisor: psutil.Process) -> Watched:
        """Look at the system again and again, and return what was seen."""
        every = self.given.every
        closings = Closings(self.rows)
        closings.look()
        watched = Watched(since=max(closings.seconds))
        began, spent = time.monotonic(), _processor_seconds(supervisor)
        looks = range(int(60 * self.given.minutes / every))
        for number in track(looks, "watching", console=Console(stderr=True)):
            time.sleep(max(0.0, began + (number + 1) * every - time.monotonic()))
            closings.look()
            by_role = footprint(supervisor)
            watched.by_role = {role: sum(sizes) / 1e6 for role, sizes in by_role.items()}
            watched.memory.seconds.append(time.monotonic() - began)
            watched.memory.values.append(sum(watched.by_role.values()))
        passed = time.monotonic() - began
        watched.busy_cores = (_processor_seconds(supervisor) - spent) / passed
        closings.look()
        seconds = [taken for cycle, taken in closings.seconds.items() if cycle > watched.since]
        if seconds:
            p50, p95 = np.percentile(seconds, (50, 95)).tolist()
            watched.closed_seconds = {
                "cycles": len(seconds),
                "p50": round(p50, 3),
                "p95": round(p95, 3),
            }
        return watched

    def document(self, watched: Watched, indices: Sequence[str]) -> dict[str, Any]:
        """Return what is written of the run, once it has ended."""
        return surroundings() | {
            "minutes": self.given.minutes,
            "interval": self.given.interval,
            "load_before": self.load_before,
            "busy_cores": round(watched.busy_cores, 2),
            "memory_mb": {
                "first": round(watched.memory.values[0]),
                "most": round(max(watched.memory.values)),
            },
            "rise_of_second_half_mb": round(watched.memory.rise, 1),
            "by_role_mb": {role: round(size) for role, size in watched.by_role.items()},
            "units": dict(_endings(self.rows, indices, watched.since)),
            "closed_seconds": watched.closed_seconds,
        }

    def finish(self, watched: Watched, document: dict[str, Any], wrong: Iterable[str]) -> int:
        """Judge, write, print; return the exit status.

        Args:
            watched: What was seen.
            document: What is written.
            wrong: A sentence for each thing that is not as this benchmark alone wants it.
        """
        sentences = [
            f"{count} units ended {status}"
            for status, count in document["units"].items()
            if status != "OK"
        ]
        sentences += wrong
        if not watched.is_flat:
            sentences.append(f"memory rises by {watched.memory.rise:.0f} MB over the second half")
        document["wrong"] = sentences
        self.given.output.write_text(json.dumps(document, indent=1) + "\n", "utf-8")
        shown = {name: value for name, value in document.items() if name not in UNSHOWN}
        print(json.dumps(shown, indent=1))
        return 1 if sentences else 0


@contextmanager
def long_run(given: argparse.Namespace) -> Iterator[LongRun]:
    """Yield a run with a directory of its own, which goes with the block."""
    with tempfile.TemporaryDirectory(prefix="g6-long-", ignore_cleanup_errors=True) as base:
        rows = Path(base) / "rows"
        rows.mkdir()
        yield LongRun(given, rows, load_average())


def _processor_seconds(supervisor: psutil.Process) -> float:
    total = 0.0
    for process in [supervisor, *supervisor.children(recursive=True)]:
        with suppress(psutil.Error):
            times = process.cpu_times()
            total += times.user + times.system
    return total


def _endings(directory: Path, indices: Sequence[str], since: str) -> Counter[str]:
    """Return how many later units ended in each status, with its reason, and which index has no row."""
    # By name, an index without any stored chain is refused, and with it the figures of the others.
    rows = g6.load("*", START.partition(" ")[0], kind="overview", data_dir=directory, tz="UTC")
    absent = set(indices) - set(rows.underlying.astype(str))
    counts = Counter({f"nowhere: {name} has no row": 1 for name in sorted(absent)})
    later = rows[rows.timestamp > since]
    for status, reason in zip(later.status.astype(str), later.reason, strict=True):
        counts[f"{status} {reason}" if isinstance(reason, str) and reason else status] += 1
    return counts


@dataclass
class Closings:
    """The seconds from each cycle's instant to its close, from the running system's bus.

    Events are stored now and then, and those of a short run are not stored at all when it ends. The
    bus holds those of twenty minutes: it is looked at again and again.
    """

    directory: Path
    seconds: dict[str, float] = field(default_factory=dict)
    last: str = "0"

    def look(self) -> None:
        """Read what was published since the last look."""
        broker = (owner(self.directory) or {})["broker"]
        with connect(broker) as client:
            events = RedisBus(client, "g6").read(self.last, count=20_000)
        for event in events:
            self.last = event.id
            if event.type == "cycle.report":
                cycle = str(event.document["cycle"])
                self.seconds[cycle] = float(event.document["elapsed_seconds"])
