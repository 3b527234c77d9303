"""How fast stored days are computed again, quotes to files: linked days of six indices on two processes, not a byte changed.

    make bench-year                                   20 days; makes the first of them, which takes some minutes
    make bench-year ARGS="--keep DIR --days 250"      a year; the day stays in DIR/rows and is used again
    make bench-year ARGS=--require                    exit status 1 where a limit is missed

One day is simulated and stored. The others are hard links to its files, so that a year takes the space of a day. Each day of each
index is computed from its raw columns, encoded, and compared with its file, as `g6 recompute` does. The same processes do two floors
in the same run: the solver alone on the day's prices (what no recomputation can leave out), and pyarrow alone, which reads all columns
of the day's file and encodes them again. Rounds of days and floors alternate. Writes benchmarks/year.json.
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import json
import multiprocessing
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track

ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT), str(ROOT / "tests/benchmarks")]

from bench_report import load as load_average  # noqa: E402
from bench_report import surroundings  # noqa: E402
from bench_store_day import CYCLES, DAY, make  # noqa: E402

from g6.adapters.clocks import WallClock  # noqa: E402
from g6.adapters.memory.bus import MemoryBus  # noqa: E402
from g6.adapters.parquet import ParquetHistory  # noqa: E402
from g6.adapters.parquet.columns import CHAIN_SCHEMA, encode  # noqa: E402
from g6.adapters.parquet.reading import read  # noqa: E402
from g6.config import load, plan  # noqa: E402
from g6.domain.pricing.black76 import PHI, greeks, implied_vol  # noqa: E402
from g6.domain.schema import layout  # noqa: E402
from g6.domain.schema.layout import DAY_FILE, Kind  # noqa: E402
from g6.pipeline import recompute  # noqa: E402

SIX = ("NIFTY", "BANKNIFTY", "FINNIFTY", "MIDCPNIFTY", "SENSEX", "BANKEX")
LEAST_A_SECOND = 700_000
PROCESSES = 2
TOGETHER = 64
"""Units of one call of the solver, as the recomputation has them."""


def arguments() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--days", type=int, default=20, help="days, linked (20)")
    parser.add_argument("--indices", default=",".join(SIX), help="names between commas")
    parser.add_argument("--cycles", type=int, default=CYCLES, help=f"of a day ({CYCLES})")
    parser.add_argument(
        "--rounds", type=int, default=3, help="parts of the days, floors between (3)"
    )
    parser.add_argument("--keep", type=Path, help="directory of the day; one that is there is used")
    parser.add_argument(
        "--require", action="store_true", help="exit status 1 where a limit is missed"
    )
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks/year.json")
    return parser.parse_args()


def made(directory: Path, indices: Sequence[str], cycles: int) -> Path:
    """Store one compacted day, unless it is there, and return its data directory."""
    rows = directory / "rows"
    if not (directory / "made").exists():
        units = make(rows, tuple(indices), cycles)
        total = len(indices) * cycles
        for _ in track(range(total), "making the day", console=Console(stderr=True)):
            next(units)
        history = ParquetHistory(rows)
        for name in history.names():
            history.compact(name, DAY)
        for index in indices:
            recomputed((index, DAY), rows)
        (directory / "made").touch()
    return rows


def linked(rows: Path, indices: Sequence[str], days: int) -> list[date]:
    """Link the day's files under earlier days, and return all days."""
    every = [DAY - timedelta(days=number) for number in range(days)]
    for day in every[1:]:
        for kind, index in [*((Kind.CHAIN, name) for name in indices), (Kind.OVERVIEW, "")]:
            source = rows / layout.day_folder(kind, DAY, index) / DAY_FILE
            if not source.exists():
                continue
            target = rows / layout.day_folder(kind, day, index) / DAY_FILE
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)
            os.link(source, target)
    return every


def digests(rows: Path, indices: Sequence[str], days: Sequence[date]) -> set[str]:
    """Return the digests of all day files of each index, as one text a file."""
    found = set()
    for index in indices:
        for day in days:
            content = (rows / layout.day_folder(Kind.CHAIN, day, index) / DAY_FILE).read_bytes()
            found.add(f"{index} {hashlib.sha256(content).hexdigest()}")
    return found


def recomputed(job: tuple[str, date], rows: Path) -> tuple[int, bool]:
    """Compute a day of an index again. Return its options and whether a byte has changed."""
    index, day = job
    settings = load("", {"interval": 60, "collection.scope": "window"}, {})
    runtime = SimpleNamespace(
        plan=plan(settings), clock=WallClock(), bus=MemoryBus(), history=ParquetHistory(rows)
    )
    report = recompute(runtime, day.isoformat(), index)  # type: ignore[arg-type]
    return report.options, bool(report.changed)


def rewritten(job: tuple[str, date], rows: Path) -> tuple[int, bool]:
    """Read all columns of a day's file and encode them again, with pyarrow alone."""
    index, day = job
    path = rows / layout.day_folder(Kind.CHAIN, day, index) / DAY_FILE
    table = read(path, CHAIN_SCHEMA)
    encode(table, small=True)
    return 2 * table.num_rows, False


PRICES: dict[str, dict[str, Any]] = {}
"""What the solver is given, by index: each process reads it once, before anything is measured."""


def remember_prices(rows: Path, indices: Sequence[str]) -> None:
    """Read what the solver is given."""
    PRICES.update(prices_of(rows, indices))


def solved(job: tuple[str, date]) -> tuple[int, bool]:
    """Solve the prices, bids and asks of a day and compute Greeks, with the solver alone."""
    day = PRICES[job[0]]
    rows_together = TOGETHER * day["rows_of_cycle"]
    for first in range(0, day["strike"].size, rows_together):
        part = slice(first, first + rows_together)
        terms = (day["forward"][part], day["strike"][part], day["years"][part], day["rate"])
        solution = implied_vol(day["quoted"][..., part], *terms, PHI)
        greeks(solution.sigma[0], *terms, PHI)
    return 2 * day["strike"].size, False


def prices_of(rows: Path, indices: Sequence[str]) -> dict[str, Any]:
    """Return what the solver is given for a day of each index."""
    named = ("strike", "forward", "years_to_expiry", "rate", "timestamp")
    sides = [f"{side}_{name}" for name in ("price", "bid", "ask") for side in ("ce", "pe")]
    days = {}
    for index in indices:
        path = rows / layout.day_folder(Kind.CHAIN, DAY, index) / DAY_FILE
        table = read(path, CHAIN_SCHEMA, [*named, *sides])
        column = lambda name, table=table: np.asarray(  # noqa: E731
            table.column(name).to_numpy(), dtype=np.float64
        )
        cycles = len(set(table.column("timestamp").to_pylist()))
        days[index] = {
            "strike": column("strike"),
            "forward": column("forward"),
            "years": column("years_to_expiry"),
            "rate": float(column("rate")[0]),
            "quoted": np.stack([column(name) for name in sides]).reshape(3, 2, -1),
            "rows_of_cycle": table.num_rows // cycles,
        }
    return days


def warmed(task: Callable[[tuple[str, date]], tuple[int, bool]], job: tuple[str, date]) -> None:
    """Do a job once, so that everything is imported, and freeze that, as a worker does when it has warmed up."""
    task(job)
    gc.freeze()


Job = tuple[str, date]


def rate(
    pool: ProcessPoolExecutor, task: Callable[[Job], tuple[int, bool]], jobs: Sequence[Job]
) -> tuple[float, int, int]:
    """Do jobs; return options a second, options, and how many days have changed."""
    began = time.perf_counter()
    answers = list(pool.map(task, jobs))
    taken = time.perf_counter() - began
    options = sum(count for count, _ in answers)
    return options / taken, options, sum(changed for _, changed in answers)


def parts(jobs: Sequence[Job], rounds: int) -> Iterator[Sequence[Job]]:
    """Yield the jobs in as many parts as there are rounds."""
    size = -(-len(jobs) // rounds)
    for first in range(0, len(jobs), size):
        yield jobs[first : first + size]


def measure(
    rows: Path, indices: Sequence[str], days: Sequence[date], rounds: int
) -> dict[str, Any]:
    """Compute all days again, with the floors between, and return the rates."""
    jobs = [(index, day) for day in days for index in indices]
    tasks = {
        "recompute": partial(recomputed, rows=rows),
        "pyarrow": partial(rewritten, rows=rows),
        "solver": solved,
    }
    rates: dict[str, list[float]] = {name: [] for name in tasks}
    options = 0
    changed = 0
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(
        PROCESSES, context, initializer=remember_prices, initargs=(rows, indices)
    ) as pool:
        for name in ("solver", "pyarrow", "recompute"):
            list(pool.map(partial(warmed, tasks[name]), jobs[:PROCESSES]))
        every = list(parts(jobs, rounds))
        for part in track(every, "recomputing", console=Console(stderr=True)):
            per_second, count, differing = rate(pool, tasks["recompute"], part)
            rates["recompute"].append(per_second)
            options += count
            changed += differing
            # A floor needs no more days than make its time exact.
            floor_jobs = jobs[: 4 * len(indices)]
            for name in ("pyarrow", "solver"):
                rates[name].append(rate(pool, tasks[name], floor_jobs)[0])
    return {"rates": rates, "options": options, "changed": changed}


def main() -> int:
    """Make, measure, print, write; return the exit status."""
    given = arguments()
    indices = given.indices.split(",")
    with tempfile.TemporaryDirectory(prefix="g6-year-") as temporary:
        directory = given.keep or Path(temporary)
        rows = made(directory, indices, given.cycles)
        days = linked(rows, indices, given.days)
        before = digests(rows, indices, days)
        load_before = load_average()
        told = measure(rows, indices, days, given.rounds)
        after = digests(rows, indices, days)
    medians = {name: statistics.median(values) for name, values in told["rates"].items()}
    missed = []
    if medians["recompute"] < LEAST_A_SECOND:
        missed.append(f"{medians['recompute']:,.0f} options a second, must be {LEAST_A_SECOND:,}")
    if told["changed"] or before != after:
        missed.append(f"{told['changed']} days have changed, and none may")
    document = surroundings() | {
        "load_before": load_before,
        "days": len(days),
        "indices": indices,
        "cycles": given.cycles,
        "options": told["options"],
        "days_changed": told["changed"],
        "options_per_second": {name: round(value) for name, value in medians.items()},
        "rounds": {name: [round(one) for one in values] for name, values in told["rates"].items()},
        "times_the_solver": round(medians["solver"] / medians["recompute"], 2),
        "times_pyarrow": round(medians["pyarrow"] / medians["recompute"], 2),
        "missed": missed,
    }
    given.output.parent.mkdir(parents=True, exist_ok=True)
    given.output.write_text(json.dumps(document, indent=1) + "\n", "utf-8")
    shown = {name: value for name, value in document.items() if name not in ("machine", "versions")}
    print(json.dumps(shown, indent=1))
    return 1 if missed and given.require else 0


if __name__ == "__main__":
    sys.exit(main())
