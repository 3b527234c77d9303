"""The whole of `g6 up` on one core and 700 MB, cycles five seconds apart: memory flat, cycles whole.

    make bench-small                       an hour
    make bench-small ARGS="--minutes 5"    for the shape; what fills slowly is not full by then

It runs `g6 up` on the simulated market with every process on core 0, and looks at its processes from outside. Writes
benchmarks/small.json; exit status 1 when a unit is not OK, when memory is above 700 MB, or rises over the second half of the run.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT), str(ROOT / "tests/benchmarks")]

from bench_report import load as load_average  # noqa: E402
from bench_report import surroundings  # noqa: E402

from g6.config.settings_model import SIX  # noqa: E402
from tests.benchmarks.running.footprint import START, closed_cycles, system  # noqa: E402
from tests.benchmarks.running.long_watch import closings, endings, wait_until, watch  # noqa: E402

MOST_MB = 700.0


def arguments() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=60.0, help="how long (60)")
    parser.add_argument("--interval", type=int, default=5, help="seconds between cycles (5)")
    parser.add_argument("--every", type=float, default=5.0, help="seconds between samples (5)")
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks/small.json")
    return parser.parse_args()


def main() -> int:
    """Run, look, judge; return the exit status."""
    given = arguments()
    cores = os.sched_getaffinity(0)
    with tempfile.TemporaryDirectory(prefix="g6-small-", ignore_cleanup_errors=True) as base:
        rows = Path(base) / "rows"
        rows.mkdir()
        options = ("--provider", "sim", "--start", START, "--interval", str(given.interval))
        load_before = load_average()
        # What is started inherits the core; this process looks from another one.
        os.sched_setaffinity(0, {min(cores)})
        with system(rows, (*options, "--speed", "1")) as supervisor:
            os.sched_setaffinity(0, cores)
            wait_until(lambda: closed_cycles(rows) >= 2, supervisor, rows.parent / "up.log", 90.0)
            seen = watch(supervisor, 60 * given.minutes, given.every)
            taken = closings(rows)
        day = START.partition(" ")[0]
        units = endings(rows, day, SIX)
    wrong = [f"{count} units ended {status}" for status, count in units.items() if status != "OK"]
    most = max(seen.memory.values)
    if most > MOST_MB:
        wrong.append(f"{most:.0f} MB are held, allowed are {MOST_MB:.0f}")
    if not seen.is_flat:
        wrong.append(f"memory rises by {seen.memory.rise:.0f} MB over the second half")
    document = surroundings() | {
        "minutes": given.minutes,
        "interval": given.interval,
        "load_before": load_before,
        "busy_cores": round(seen.busy_cores, 2),
        "memory_mb": {"first": round(seen.memory.values[0]), "most": round(most)},
        "rise_of_second_half_mb": round(seen.memory.rise, 1),
        "by_role_mb": {role: round(size) for role, size in seen.by_role.items()},
        "units": dict(units),
        "closed_seconds": taken,
        "wrong": wrong,
    }
    given.output.write_text(json.dumps(document, indent=1) + "\n", "utf-8")
    print(
        json.dumps(
            {k: v for k, v in document.items() if k not in ("machine", "versions")}, indent=1
        )
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
