"""Cycles for as long as asked on real processes: content whole, nothing skipped, memory, descriptors, Redis keys and disk flat.

    make soak                                          fifteen minutes of 1 s cycles of 6 x 400 options; 1000 s in all
    make soak ARGS="--cycles 3600"                     an hour
    make soak ARGS="--cycles 120 --budget-mb 96"       for the shape; what fills slowly is not full by then
    make soak ARGS="--json soak.json"                  the samples too

It runs `g6 run --cycles N --interval 1 --config config/wide.json` and looks at its processes and its server from outside.
Flat means that the second half of the run rises by no more than the limit printed beside it: Redis is full by
then, its frames by their budget (`--budget-mb`), its settled cycles by their age (five minutes). A half's rise is twice the step
between the medians of its quarters: a sample in which a child that is just forked still has its parent's name does not count. RSS is held flat, since PSS
moves with what else runs here; the sum of PSS says what the run costs. Descriptors are those opened since a process was first
seen: the child that takes a used-up one's place is born with its parent's. Files of rows, which are kept open to be added to,
count only where a process has one open twice: such a child opens 1,400 of them anew. Cycles must close within one interval at p95.
Redis is told without its stream of events: that ends at 20,000, which cycles a second apart reach after sixteen minutes.
The disk is looked at by what fills it: rows grow with each cycle, and by no more in the second half than in the first; Redis'
files, logs and all else are held flat. Exit status 1 when something is not as it should be.

SIGTERM or Ctrl-C ends the run in order and shows what was measured until then, without judging its content; exit status 3.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT))

import g6  # noqa: E402 (the checkout's own)
from g6.adapters.data_dir.owner import owner  # noqa: E402
from g6.adapters.redis.server import connect  # noqa: E402
from g6.config import load  # noqa: E402
from g6.domain.cycles.cycle import isoformat_z  # noqa: E402
from g6.domain.schema.layout import Folder, Kind  # noqa: E402
from g6.entrypoints.machine.market_start import aligned  # noqa: E402
from g6.entrypoints.machine.pools import WORKERS  # noqa: E402
from g6.errors import NothingToDo  # noqa: E402
from tests.worlds.ledger_check import Ledgered, check  # noqa: E402

WIDE = ROOT / "config" / "wide.json"
BLOCKS = "▁▂▃▄▅▆▇█"
LIMITS = {
    "RSS MiB": (0.025, 6.0),
    "PSS MiB": (0.04, 30.0),
    "fds": (0.0, 2.0),
    "keys": (0.03, 30.0),
    "redis MiB": (0.04, 8.0),
    "aof MiB": (0.5, 64.0),
    "logs MiB": (0.5, 1.0),
    "else MiB": (0.1, 1.0),
    "threads": (0.0, 1.0),
    "listeners": (0.0, 2.0),
    "events": (0.02, 8.0),
    "backlogs": (0.0, 0.5),
}
"""What the second half may rise by, per unit of a series: a share of its median, or that much, whichever is more.

About twice what fifteen minutes of 2 s cycles rose by on 29 November 2026, at a load of 6 to 18: Redis by 1.4 % of its RSS and
1.8 % of its memory, pools by 0.2 % at most, all processes by 1.1 %, the append-only file, which is rewritten again and again, by
15 MiB of 111, logs by 0.1 MiB, descriptors, keys and other files by nothing.
"""
GROWS = {"rows MiB": 1.15, "stream MiB": 1.15}
"""What grows with each cycle: how many times the first half's rise the second half's may be."""
PLACES = {str(Folder.REDIS): "aof MiB", str(Folder.LOGS): "logs MiB"} | dict.fromkeys(
    map(str, Kind), "rows MiB"
)
"""What the folders of a data directory are counted as."""
OPTIONS = 400
LEAST_IV = 0.95


@dataclass
class Series:
    """One thing that was looked at, at `seconds` after the start."""

    name: str
    unit: str
    seconds: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)

    @property
    def rise(self) -> float:
        """How much the second half rises, nan with less than two samples in each of its quarters."""
        return self._rise(0.5)

    def _rise(self, begin: float) -> float:
        """Return how much a half rises that begins at a share of the run."""
        at, seen = np.array(self.seconds) / max(self.seconds[-1], 1e-9), np.array(self.values)
        medians = []
        for quarter in (begin, begin + 0.25):
            inside = seen[(at >= quarter) & (at <= quarter + 0.25)]
            if len(inside) < 2:
                return float("nan")
            medians.append(float(np.median(inside)))
        return 2 * (medians[1] - medians[0])

    @property
    def limit(self) -> float:
        """What it may rise by."""
        if self.unit in GROWS:
            return GROWS[self.unit] * self._rise(0.0)
        share, least = LIMITS[self.unit]
        return max(least, share * float(np.median(self.values)))

    @property
    def flat(self) -> bool:
        """Whether it keeps within the limit."""
        return bool(self.rise <= self.limit)

    def drawn(self, width: int = 16) -> str:
        """Return the run as a line of blocks."""
        picked = np.array(self.values)[
            np.linspace(0, len(self.values) - 1, min(width, len(self.values))).astype(int)
        ]
        low, high = picked.min(), picked.max()
        return "".join(
            BLOCKS[int((value - low) / (high - low or 1) * (len(BLOCKS) - 1))] for value in picked
        )


def arguments() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cycles", type=int, default=900, help="how many (900)")
    parser.add_argument("--interval", type=int, default=1, help="seconds between two (1)")
    parser.add_argument(
        "--config", type=Path, default=WIDE, help="configuration (config/wide.json)"
    )
    parser.add_argument("--every", type=float, default=5.0, help="seconds between two samples (5)")
    parser.add_argument(
        "--budget-mb", type=int, default=256, help="frames.max_bytes of the run (256)"
    )
    parser.add_argument("--json", type=Path, help="write everything there")
    return parser.parse_args()


def kind(process: psutil.Process, parents: Mapping[int, str]) -> str:
    """Return what a process is: `cycle` a worker's main process, `cycle pool` its children, `beat`, `server`, `g6 run`."""
    if process.ppid() in parents and process.pid not in parents:
        return f"{parents[process.ppid()]} pool"
    words = process.cmdline()
    if words[:1] == ["g6"] and words[1] in WORKERS:
        return words[1]
    return next(
        (
            name
            for name in ("beat", "valkey-server", "redis-server")
            if any(name in word for word in words)
        ),
        "g6 run",
    )


def processes(run: psutil.Process) -> dict[str, list[psutil.Process]]:
    """Return the processes of a run by kind."""
    family = [run, *run.children(recursive=True)]
    parents = {
        each.pid: kind(each, {})
        for each in family
        if each.cmdline()[:1] == ["g6"]
        and each.cmdline()[1] in WORKERS
        and each.parent().cmdline()[:1] != ["g6"]
    }
    found: dict[str, list[psutil.Process]] = {}
    for each in family:
        found.setdefault(kind(each, parents), []).append(each)
    return found


def disk(directory: Path) -> Counter[str]:
    """Return the bytes below a data directory, by what they are counted as."""
    found = Counter(dict.fromkeys(("rows MiB", "aof MiB", "logs MiB", "else MiB"), 0))
    for folder, _, names in os.walk(directory):
        parts = Path(folder).relative_to(directory).parts
        place = PLACES.get(parts[0], "else MiB") if parts else "else MiB"
        for name in names:
            with suppress(FileNotFoundError):
                found[place] += (Path(folder) / name).stat().st_size
    return found


def descriptors(pid: int, directory: Path) -> int:
    """Return how many descriptors a process holds; a file of rows counts where it is open once more."""
    rows: set[Path] = set()
    count = 0
    with suppress(FileNotFoundError):
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(FileNotFoundError):  # closed meanwhile
                target = descriptor.readlink()
                is_first_of_rows = target not in rows and is_of_rows(target, directory)
                if is_first_of_rows:
                    rows.add(target)
                count += not is_first_of_rows
    return count


def is_of_rows(file: Path, directory: Path) -> bool:
    """Return whether a file holds rows of the store in a directory."""
    if not file.is_relative_to(directory):
        return False
    return PLACES.get(file.relative_to(directory).parts[0]) == "rows MiB"


def look(
    run: psutil.Process,
    series: dict[str, Series],
    seconds: float,
    directory: Path,
    born: dict[int, int],
) -> None:
    """Take one sample of every process, the server and the disk; `born`: descriptors of each process when it was first seen."""

    def note(name: str, unit: str, value: float) -> None:
        held = series.setdefault(f"{name} {unit}", Series(name, unit))
        held.seconds.append(round(seconds, 2))
        held.values.append(round(value, 2))

    found = processes(run)
    if "beat" not in found:  # it is about to end
        return
    with connect(broker_of(directory)) as client:
        memory: Any = client.info("memory")
        keys: Any = client.dbsize()
        streamed = float(client.memory_usage("g6:events", samples=0) or 0) / 2**20
    note("keys", "keys", float(keys))
    note("memory", "redis MiB", memory["used_memory"] / 2**20 - streamed)
    note("stream", "stream MiB", streamed)
    for name, some in found.items():
        resident = sum(each.memory_info().rss for each in some) / 2**20
        note(name, "RSS MiB", resident - (streamed if name == "redis-server" else 0.0))
        held = {each.pid: descriptors(each.pid, directory) for each in some}
        note(name, "fds", sum(held[pid] - born.setdefault(pid, held[pid]) for pid in held))
    note(
        "all",
        "PSS MiB",
        sum(each.memory_full_info().pss for some in found.values() for each in some) / 2**20,
    )
    for unit, count in disk(directory).items():
        note("disk", unit, count / 2**20)


def broker_of(directory: Path) -> str:
    """Return the address of the run's Redis, nothing while there is none."""
    return str((owner(directory) or {}).get("broker", ""))


def stops_on_signals() -> threading.Event:
    """Return what SIGTERM and Ctrl-C set."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


def watch(
    command: Sequence[str], directory: Path, every: float, stop: threading.Event
) -> tuple[dict[str, Series], int, float]:
    """Run the command, look at it again and again; return the series, its exit code and how long it took."""
    series, born = dict[str, Series](), dict[int, int]()
    began = time.monotonic()
    with (directory / "run.log").open("wb") as log:
        child = subprocess.Popen(
            command,
            stdout=log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    run, after = psutil.Process(child.pid), 0.0
    while child.poll() is None and not stop.is_set():
        if broker_of(directory) and (directory / "overview").exists():
            after = after or time.monotonic()
            try:
                look(run, series, time.monotonic() - after, directory, born)
            except (psutil.Error, OSError):  # it ends just now
                continue
        until = time.monotonic() + every
        while child.poll() is None and not stop.wait(0.2) and time.monotonic() < until:
            pass
    if child.poll() is None:
        child.terminate()
    return series, child.wait(60), time.monotonic() - began


def content(found: Ledgered) -> list[str]:
    """Return what is wrong with what the run left: sentences of the ledger check, units not OK, thin chains."""
    wrong = list(found.problems)
    wrong += [
        f"{count} units ended {status}"
        for status, count in found.statuses.items()
        if status != "OK"
    ]
    reasons = sorted({row["reason"] for row in found.rows.values() if row["reason"]})
    wrong += [f"reasons: {', '.join(reasons)}"] if reasons else []
    options = [int(row["options"]) for row in found.rows.values() if row["status"] == "OK"]
    solved = [
        int(row["iv_ok"]) / int(row["options"])
        for row in found.rows.values()
        if row["status"] == "OK"
    ]
    if options and min(options) < OPTIONS:
        wrong.append(f"a unit has {min(options)} options, expected are {OPTIONS}")
    if solved and float(np.median(solved)) < LEAST_IV:
        wrong.append(
            f"an implied volatility for {np.median(solved):.0%} of the options at the median, expected are {LEAST_IV:.0%}"
        )
    return wrong


def closings(directory: Path, day: date) -> tuple[float, float]:
    """Return p50 and p95 of the seconds from a cycle's instant to its overview and panels, as the stored events say.

    Both are nan where none are stored, as after a run that was given up.
    """
    try:
        events = g6.load("NIFTY", day, kind="events", data_dir=directory)
    except NothingToDo:
        return float("nan"), float("nan")
    taken = [
        json.loads(payload)["elapsed_seconds"]
        for payload in events[events.type == "cycle.report"].payload
    ]
    p50, p95 = np.percentile(taken, (50, 95)).tolist()
    return p50, p95


def show(series: Mapping[str, Series]) -> None:
    """Print the table."""
    table = Table("what", "", "first", "last", "2nd half", "may", "run", "")
    for each in series.values():
        numbers = (
            f"{each.values[0]:.0f}",
            f"{each.values[-1]:.0f}",
            f"{each.rise:+.1f}",
            f"{each.limit:.1f}",
        )
        table.add_row(
            each.name, each.unit, *numbers, each.drawn(), "flat" if each.flat else "rises"
        )
    Console().print(table)


def tell(wrong: Sequence[str], found: Ledgered, seconds: float) -> None:
    """Print the sentences."""
    console = Console()
    console.print(
        f"{found.cycles} cycles in {seconds:.0f} s; rows {found.rows_found} of {found.rows_expected}; {dict(found.statuses)}"
    )
    for sentence in wrong[:20]:
        console.print(sentence, style="red", highlight=False)


def main() -> None:
    """Run, look, judge."""
    given = arguments()
    stop = stops_on_signals()
    with tempfile.TemporaryDirectory(prefix="g6-soak-", ignore_cleanup_errors=True) as name:
        directory = Path(name)
        settings = aligned(
            load(given.config, {"data_dir": directory, "interval": given.interval}, {})
        )
        options = [
            "--cycles",
            str(given.cycles),
            "--interval",
            str(given.interval),
            "--config",
            str(given.config),
        ]
        options += ["--data-dir", name, "--set", f"frames.max_bytes={given.budget_mb * 2**20}"]
        load_before = os.getloadavg()[0]
        series, code, seconds = watch(
            [sys.executable, "-m", "g6.entrypoints.cli", "run", *options],
            directory,
            given.every,
            stop,
        )
        show(series)
        if stop.is_set():
            print(f"stopped after {seconds:.0f} s; {given.cycles} cycles were asked for")
            raise SystemExit(3)
        first = settings.market.start
        last = first + timedelta(seconds=(given.cycles - 1) * given.interval)
        found = check(
            directory, isoformat_z(first), isoformat_z(last), given.interval, settings.indices
        )
        wrong = ([f"g6 run ended with exit status {code}"] if code else []) + content(found)
        p50, p95 = closings(directory, first.date())
        # nan, where no cycle said when it closed, is not in time either.
        if not p95 <= given.interval:
            wrong.append(f"cycles close {p95:.2f} s after their instant at p95")
        wrong += [
            f"{each.name}: {each.unit} rise by {each.rise:.1f}"
            for each in series.values()
            if not each.flat
        ]
        tell(wrong, found, seconds)
        print(f"closed {1000 * p50:.0f} ms (p50), {1000 * p95:.0f} ms (p95) after the instant")
        if code:
            sys.stderr.write((directory / "run.log").read_text("utf-8", errors="replace")[-2000:])
    if given.json:
        load_seen = [round(load, 2) for load in (load_before, os.getloadavg()[0])]
        told = {
            "cycles": found.cycles,
            "statuses": dict(found.statuses),
            "rows": [found.rows_found, found.rows_expected],
        }
        told |= {
            "closed_seconds": {"p50": p50, "p95": p95},
            "wrong": wrong,
            "load": load_seen,
            "series": [asdict(each) | {"rise": each.rise} for each in series.values()],
        }
        given.json.write_text(json.dumps(told, indent=1) + "\n", "utf-8")
    raise SystemExit(1 if wrong else 0)


if __name__ == "__main__":
    main()
