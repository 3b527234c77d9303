"""Runs the cycles of one point of the scale table, and prints what they took as JSON.

PYTHONPATH=TREE:HERE/../.. python one_point.py INDICES OPTIONS PROCESSES INTERVAL CYCLES
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

import bench_figures
from bench_stack import Plan, run
from cycle.scale import prepared_market

from g6.config import Settings, load
from g6.domain.market.instrument import INVENTED
from g6.entrypoints.machine.market_start import aligned
from g6.simulation.roots import WIDE

WARM = 2
"""Cycles before those that count: the first of an index writes the heads of its files."""
IDLE = 2
"""Cycles whose commands are counted, against as long without any."""
NARROW_OPTIONS = 700
"""The most options that the roots with some eighty strikes an expiry have."""


def names_of(indices: int, options: int) -> tuple[str, ...]:
    """Return the invented indices of a point: those with more strikes where many are wanted."""
    if options <= NARROW_OPTIONS:
        return INVENTED[:indices]
    return tuple(sorted(WIDE))[:indices]


def settings_of(directory: Path, names: tuple[str, ...], interval: int) -> Settings:
    """Return settings that collect whole chains of some invented indices and of nothing else."""
    rules = [f"nth:{number}" for number in range(1, prepared_market.EXPIRIES + 1)]
    enabled = {
        f"index_params.{name}.enabled": name in names for name in (*load("").indices, *names)
    }
    expiries = {f"index_params.{name}.expiries": rules for name in names}
    given = {"data_dir": directory, "demo_dir": directory, "interval": interval}
    scope = {"collection.scope": "chain"}
    return aligned(load("", {**given, **scope, **enabled, **expiries}, {}))


def layout_of(processes: int) -> dict[str, int]:
    """Return the workers of a run by queue, so that each queue's processor time is apart."""
    return {
        "collect": max(2, processes),
        "analytics": processes,
        "persist": 2,
        "aggregate": 2,
        "maintenance,manual": 1,
    }


def main() -> None:
    """Prepare, run, print."""
    indices, options, processes, interval, cycles = map(int, sys.argv[1:])
    names = names_of(indices, options)
    with tempfile.TemporaryDirectory(prefix="g6-scale-") as temporary:
        results = Path(temporary) / "quotes"
        start = settings_of(Path(temporary), names, interval).market.start.isoformat()
        # In a process of its own: the tapes of sixty indices hold more than what is measured.
        simulate = "from cycle.scale.prepared_market import main; main()"
        command = [sys.executable, "-c", simulate, results, options, start, *names]
        subprocess.run(list(map(str, command)), check=True)
        plan = Plan(
            "cycle.scale.scale_app",
            layout_of(processes),
            cycles,
            warm=WARM,
            idle=min(IDLE, cycles),
            interval=interval,
            settings=partial(settings_of, names=names, interval=interval),
        )
        left = run(plan, results)
    figures = bench_figures.options(left)
    found = {
        "indices": indices,
        "options": options,
        "processes": processes,
        "interval": interval,
        "cycles": len(left.records),
        "options_median": figures.get("options_median", 0.0),
        "iv_ok_median": figures.get("iv_ok_median", 0.0),
        "cycle": bench_figures.percentiles(bench_figures.cycles(left)),
        "stored": bench_figures.percentiles(bench_figures.ticks_to_stored(left)),
        "units": bench_figures.statuses(left),
        "cpu": {name: round(spent, 2) for name, spent in left.cpu_until_stored.items()},
        "commands": left.commands_per_cycle,
        "pool_mb": {
            name: round(statistics.mean(sizes[1:]), 1)
            for name, sizes in left.memory.items()
            if len(sizes) > 1
        },
        "main_mb": {name: round(sizes[0], 1) for name, sizes in left.memory.items()},
        "frames": left.frames,
        "load": round(os.getloadavg()[0], 2),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
