"""What the store costs: sizes against CSV with the same columns, loading against pandas, folding, one day of the simulated market.

    make bench-store                                  six indices; makes the day first, which takes a few minutes
    make bench-store ARGS="--indices NIFTY --keep DIR"    one index; the day stays in DIR and is used again
    make bench-store ARGS=--require                   exit status 1 where a limit is missed

Load and read_csv alternate, so that both see the same machine; figures are medians. Writes `store` in benchmarks/results.json.
"""

import argparse
import gc
import json
import multiprocessing
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
from bench_report import load as load_average
from bench_report import surroundings
from bench_store_day import CYCLES, DAY, make
from rich.console import Console
from rich.progress import track

import g6
from g6.adapters.clocks import WallClock
from g6.adapters.memory.bus import MemoryBus
from g6.adapters.parquet import ParquetHistory
from g6.config import load, plan
from g6.pipeline import recompute

ROOT = Path(__file__).resolve().parents[2]
SIX = ("NIFTY", "BANKNIFTY", "FINNIFTY", "MIDCPNIFTY", "SENSEX", "BANKEX")
LAST_QUARTER = datetime(2026, 11, 18, 10, 0, tzinfo=UTC)
LIMITS = {
    "compacted_smaller_than_csv": (">", 7.0), "load_compacted_ms": ("<", 60.0), "load_running_ms": ("<", 400.0),
    "load_faster_than_pandas": (">", 10.0), "recompute_options_per_second": (">", 300_000.0),
}  # fmt: skip


def arguments() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--indices", default=",".join(SIX), help="names between commas")
    parser.add_argument(
        "--keep", type=Path, help="directory for the day; one that is there already is used"
    )
    parser.add_argument("--rounds", type=int, default=7, help="times each reading is done (7)")
    parser.add_argument(
        "--require", action="store_true", help="exit status 1 where a limit is missed"
    )
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks/results.json")
    return parser.parse_args()


def prepared(given: argparse.Namespace, directory: Path) -> tuple[str, ...]:
    """Make parts, running and compacted days below `directory`, unless they are there; return the indices."""
    indices = tuple(given.indices.split(","))
    parts = directory / "parts"
    if not (parts / "made").exists():
        units = make(parts, indices)
        for _ in track(
            range(len(indices) * CYCLES), "making the day", console=Console(stderr=True)
        ):
            next(units)
        (parts / "made").touch()
    for name in ("running", "compacted"):
        shutil.rmtree(directory / name, ignore_errors=True)
        shutil.copytree(parts, directory / name)
    return indices


def folded(directory: Path, indices: tuple[str, ...]) -> dict[str, float]:
    """Fold the copies; return seconds a day of one index takes."""
    running, compacted = (
        ParquetHistory(directory / "running"),
        ParquetHistory(directory / "compacted"),
    )
    began = time.perf_counter()
    for index in indices:
        running.fold(index, DAY, LAST_QUARTER)
    between = time.perf_counter()
    for index in indices:
        compacted.compact(index, DAY)
    return {
        "fold_seconds": round((between - began) / len(indices), 2),
        "compact_seconds": round((time.perf_counter() - between) / len(indices), 2),
    }


def recomputed(directory: Path, indices: tuple[str, ...]) -> dict[str, float]:
    """Compute the compacted days again, in as many processes as `manual` has on two cores; return options per wall second."""
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        list(pool.map(_warm, [directory] * 2, indices[:2]))
        began = time.perf_counter()
        options = sum(pool.map(_recomputed, [directory] * len(indices), indices))
        taken = time.perf_counter() - began
    return {
        "recompute_options_per_second": round(options / taken),
        "recompute_seconds": round(taken, 2),
    }


def _warm(directory: Path, index: str) -> int:
    """Compute a day once, so that everything is imported and set up, and freeze that, as a worker does when it has warmed up."""
    options = _recomputed(directory, index)
    gc.freeze()
    return options


def _recomputed(directory: Path, index: str) -> int:
    settings = load(None, {"interval": 60, "collection.scope": "window"}, {})
    runtime = SimpleNamespace(
        plan=plan(settings),
        clock=WallClock(),
        bus=MemoryBus(),
        history=ParquetHistory(directory / "compacted"),
    )
    return recompute(runtime, DAY.isoformat(), index).options


def sizes(directory: Path, indices: tuple[str, ...]) -> dict[str, Any]:
    """Write each index's day as CSV with the same columns; return bytes per option row, and how many times smaller a day is."""
    options, csv = 0, 0
    for index in indices:
        frame = g6.load(index, DAY, data_dir=directory / "compacted")
        frame.to_csv(directory / f"{index}.csv", index=False)
        options += 2 * len(frame)
        csv += (directory / f"{index}.csv").stat().st_size
    held = {
        name: sum(path.stat().st_size for path in (directory / name / "chain").rglob("*.parquet"))
        for name in ("parts", "running", "compacted")
    }
    per_option = {name: round(size / options, 1) for name, size in {"csv": csv, **held}.items()}
    return {
        "options": options,
        "bytes_per_option": per_option,
        "compacted_smaller_than_csv": round(csv / held["compacted"], 2),
    }


def timings(directory: Path, index: str, rounds: int) -> dict[str, float]:
    """Load one index's day, all columns, in turns with pandas reading its CSV with instants and dates parsed; medians in ms."""
    frame = g6.load(index, DAY, data_dir=directory / "compacted")
    dates = [name for name, kind in frame.dtypes.items() if str(kind).startswith("datetime")]
    tasks: dict[str, Callable[[], Any]] = {
        "load_compacted_ms": lambda: g6.load(
            index, DAY, engine="arrow", data_dir=directory / "compacted"
        ),
        "load_running_ms": lambda: g6.load(
            index, DAY, engine="arrow", data_dir=directory / "running"
        ),
        "load_compacted_pandas_ms": lambda: g6.load(index, DAY, data_dir=directory / "compacted"),
        "read_csv_ms": lambda: pd.read_csv(directory / f"{index}.csv", parse_dates=dates),
    }
    taken: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(rounds):
        for name, task in tasks.items():
            began = time.perf_counter()
            task()
            taken[name].append(1000 * (time.perf_counter() - began))
    found = {name: round(statistics.median(values), 1) for name, values in taken.items()}
    found |= {
        name.replace("_ms", "_best_ms"): round(min(values), 1) for name, values in taken.items()
    }
    return found | {
        "load_faster_than_pandas": round(found["read_csv_ms"] / found["load_compacted_ms"], 1),
        "load_pandas_faster_than_pandas": round(
            found["read_csv_ms"] / found["load_compacted_pandas_ms"], 1
        ),
    }


COLD = """
import sys, time
began = time.perf_counter()
import g6
g6.load(sys.argv[3:], sys.argv[2], data_dir=sys.argv[1])
print(1000 * (time.perf_counter() - began))
"""


def cold(directory: Path, indices: tuple[str, ...], rounds: int = 3) -> dict[str, float]:
    """Load a day of four indices as the first thing a process does, imports of g6, pyarrow and pandas in it; median in ms."""
    command = [
        sys.executable,
        "-c",
        COLD,
        str(directory / "compacted"),
        DAY.isoformat(),
        *indices[:4],
    ]
    taken = [
        float(subprocess.run(command, capture_output=True, check=True).stdout)
        for _ in range(rounds)
    ]
    return {"load_cold_four_ms": round(statistics.median(taken), 1)}


def main() -> int:
    """Measure, print, write; return the exit status."""
    given = arguments()
    with tempfile.TemporaryDirectory(prefix="g6-store-") as temporary:
        directory = given.keep or Path(temporary)
        indices = prepared(given, directory)
        found: dict[str, Any] = {
            "indices": list(indices),
            **folded(directory, indices),
            **sizes(directory, indices),
        }
        found |= timings(directory, indices[0], given.rounds)
        found |= cold(directory, indices)
        found |= recomputed(directory, indices)
    missed = [
        f"{name}: {found[name]:g}, must be {sign} {limit:g}"
        for name, (sign, limit) in LIMITS.items()
        if not (found[name] > limit if sign == ">" else found[name] < limit)
    ]
    found |= {"missed": missed, "load_average": load_average(), **surroundings()}
    results = json.loads(given.output.read_text("utf-8")) if given.output.exists() else {}
    given.output.write_text(json.dumps(results | {"store": found}, indent=1) + "\n", "utf-8")
    print(
        json.dumps(
            {name: value for name, value in found.items() if name not in ("machine", "versions")},
            indent=1,
        )
    )
    return 1 if missed and given.require else 0


if __name__ == "__main__":
    sys.exit(main())
