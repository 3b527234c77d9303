"""What a cycle takes as indices, options and analytics processes grow: time, processor time, commands, memory.

    make bench-scale                              all rows, a quarter of an hour on two quiet cores
    make bench-scale ARGS="--only 1x400,6x400 --processes 2 --output build/scale"     some of them
    make bench-scale ARGS=--again                 rows that were measured at this commit too
    make bench-scale ARGS=--memory                of each row that is there, what processes and frames hold, whatever else runs

A row is a run of its own processes on invented indices of the simulated market (S01 … S60), whose quotes are simulated before.
Rows stand in scale.json as soon as they are measured: a run that was ended goes on where it was. Cycles are so far apart that they
leave half of the machine idle. Constants, which `g6 plan` counts with, are fitted to the rows: milliseconds of each process for a
cycle, for a unit in it, for an option in that. Writes scale.json, scale.md and scale.png.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[3]
sys.path[:0] = [str(ROOT), str(HERE.parents[1])]

from bench_report import load as load_average  # noqa: E402
from bench_report import surroundings  # noqa: E402
from cycle.scale.scale_figures import as_python, constants, draw, missed, table  # noqa: E402

INDICES = ((1, 400), (6, 400), (24, 400), (60, 400))
OPTIONS = ((2, 400), (2, 2_000), (2, 10_000))
"""Indices and options of each, of the two series."""
PROCESSES = (1, 2, 4)
INTERVALS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 30)
SECONDS_OF_AN_OPTION, SECONDS_OF_A_UNIT = 300e-6, 20e-3
"""Processor time by which the interval of a row is chosen, on the safe side."""
IDLE_SHARE = 0.5
HELD = ("pool_mb", "main_mb", "frames")
"""What of a row does not change with what else the machine does."""


@dataclass(frozen=True)
class Point:
    """One row: indices, options of each, analytics processes."""

    indices: int
    options: int
    processes: int

    @property
    def interval(self) -> int:
        """Seconds between two cycles that leave half of the cores idle."""
        busy = self.indices * (SECONDS_OF_A_UNIT + self.options * SECONDS_OF_AN_OPTION)
        cores = min(self.processes, os.cpu_count() or 1)
        return next((one for one in INTERVALS if one * cores * IDLE_SHARE >= busy), INTERVALS[-1])

    def is_of(self, row: dict[str, Any]) -> bool:
        """Tell whether a row is this one's."""
        return (row["indices"], row["options"], row["processes"]) == (
            self.indices,
            self.options,
            self.processes,
        )


def arguments() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default="", help="sizes such as 6x400, between commas")
    parser.add_argument("--processes", default="1,2,4", help="analytics processes (1,2,4)")
    parser.add_argument("--cycles", type=int, default=4, help="cycles that count in a row (4)")
    parser.add_argument("--again", action="store_true", help="measure every row anew")
    parser.add_argument(
        "--memory", action="store_true", help="of rows that are there, measure memory alone anew"
    )
    parser.add_argument("--require", action="store_true", help="exit status 1 above a limit")
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks")
    return parser.parse_args()


def points(given: argparse.Namespace) -> list[Point]:
    """Return the rows that were asked for, small ones first."""
    sizes = dict.fromkeys((*INDICES, *OPTIONS))
    only = [word for word in given.only.split(",") if word]
    chosen = [size for size in sizes if not only or f"{size[0]}x{size[1]}" in only]
    counts = [int(count) for count in given.processes.split(",")]
    every = [Point(*size, count) for size in chosen for count in counts]
    return sorted(every, key=lambda point: point.indices * point.options)


def tree() -> str:
    """Return the commit that is measured, with a mark where files differ from it."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
    described = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return described.stdout.strip() or "unknown"


def measured(point: Point, cycles: int) -> dict[str, Any]:
    """Run one row and return its figures."""
    words = (point.indices, point.options, point.processes, point.interval, cycles)
    command = [sys.executable, str(HERE / "one_point.py"), *map(str, words)]
    path = os.pathsep.join((str(ROOT), str(HERE.parents[1])))
    ran = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path}, check=False
    )
    if ran.returncode:
        raise SystemExit(f"{point}: {ran.stderr[-2000:]}")
    row: dict[str, Any] = json.loads(ran.stdout.strip().splitlines()[-1])
    return row


def _is_done(earlier: Sequence[dict[str, Any]], of_tree: str, given: argparse.Namespace) -> bool:
    """Tell whether nothing is to be measured of a row."""
    if given.memory:
        return all(row.get("memory_tree") == of_tree for row in earlier)
    return not given.again and any(row["tree"] == of_tree for row in earlier)


def measured_at(path: Path) -> str:
    """Return when the newest row of a file was measured."""
    date: str = json.loads(path.read_text("utf-8"))["date"]
    return date


def main() -> int:
    """Measure row by row, write, judge; return the exit status."""
    given = arguments()
    console = Console(stderr=True)
    given.output.mkdir(parents=True, exist_ok=True)
    path = given.output / "scale.json"
    stored = json.loads(path.read_text("utf-8")) if path.exists() else {}
    of_tree = tree()
    rows: list[dict[str, Any]] = stored.get("rows", [])
    every = points(given)
    for number, point in enumerate(every, 1):
        earlier = [row for row in rows if point.is_of(row)]
        if _is_done(earlier, of_tree, given):
            continue
        console.print(f"{number} of {len(every)}: {point}, {point.interval} s apart")
        row = measured(point, given.cycles) | {"tree": of_tree, "date": surroundings()["date"]}
        if given.memory:
            row = earlier[0] | {name: row[name] for name in HELD} | {"memory_tree": of_tree}
        rows = [other for other in rows if not point.is_of(other)] + [row]
        rows.sort(key=lambda row: (row["indices"], row["options"], row["processes"]))
        told = {"rows": rows, "constants": constants(rows), "missed": missed(rows)}
        told |= surroundings() | {"load_average": load_average()}
        path.write_text(json.dumps(told, indent=1) + "\n", "utf-8")
    text = table(rows)
    (given.output / "scale.md").write_text(text, "utf-8")
    draw(rows, given.output / "scale.png")
    sys.stdout.write(text)
    around = surroundings()
    sys.stdout.write("\nfor g6/domain/cycles/capacity_constants.py:\n")
    sys.stdout.write(as_python(constants(rows), measured_at(path), around["machine"]))
    return 1 if given.require and missed(rows) else 0


if __name__ == "__main__":
    sys.exit(main())
