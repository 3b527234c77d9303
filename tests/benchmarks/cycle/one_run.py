"""Runs the cycles of one tree, by the benchmark that stands beside this file, and prints what they took as JSON.

    PYTHONPATH=TREE:HERE/.. TREE/.venv/bin/python one_run.py null|up|full CYCLES [IDLE]

`null` has the floor's layout, `up` that of g6 up without compute, `full` that of g6 up with all of it.
"""

import json
import sys
import tempfile
from pathlib import Path

import bench_figures
import null_app
from bench_stack import FLOOR_LAYOUT, UP_LAYOUT, Plan, run, settings_for

PLANS = {
    "null": ("null_app", FLOOR_LAYOUT),
    "up": ("null_app", UP_LAYOUT),
    "full": ("g6", UP_LAYOUT),
}


def main() -> None:
    kind, cycles, idle = sys.argv[1], int(sys.argv[2]), int((*sys.argv, 0)[3])
    application, layout = PLANS[kind]
    with tempfile.TemporaryDirectory(prefix="g6-bench-") as directory:
        results = Path(directory) / "results.pickle"
        if kind != "full":
            null_app.prepare(settings_for(Path(directory)), results)
        left = run(Plan(application, layout, cycles, idle=idle), results)
    found = {
        "cpu": left.cpu_until_stored,
        "cycle": bench_figures.percentiles(bench_figures.cycles(left)),
        "units": bench_figures.statuses(left),
        "commands": left.commands_per_cycle,
        "by_name": left.commands_by_name,
        "way": bench_figures.way(left),
        "compute": bench_figures.compute(left) if kind == "full" else {},
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
