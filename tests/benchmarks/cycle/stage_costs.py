"""What each stage of a unit costs in processor time, in one process, on a server of its own, without Celery.

    python tests/benchmarks/cycle/stage_costs.py                        the wide configuration: 6 indices of 400 options
    PYTHONPATH=TREE:TREE/tests/benchmarks TREE/.venv/bin/python tests/benchmarks/cycle/stage_costs.py    the stages of another tree
    python tests/benchmarks/cycle/stage_costs.py --profile persist      what takes the time of one of them, by cProfile

Real adapters: frames, ledger and panels in Redis, rows in Parquet and CSV. One process does all of them in turn, so that nothing
waits for a processor. Prints milliseconds a unit (a cycle, for aggregate and publish): least, median, and of the first cycle.
"""

import argparse
import cProfile
import hashlib
import pstats
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

sys.path.insert(1, str(Path(__file__).resolve().parents[1]))

from bench_stack import settings_for

from g6.adapters.clocks import ScaledClock
from g6.adapters.memory.sender import MemorySender
from g6.adapters.redis.server import EmbeddedServer
from g6.domain.cycles.cycle import Timing, Unit, isoformat_z
from g6.entrypoints.workers.app import create_app
from g6.pipeline import aggregate, analyse, collect, persist, publish

UNIT_STAGES = {"collect": collect, "analyse": analyse, "persist": persist}
CYCLE_STAGES = {"aggregate": aggregate, "publish": publish}


def main() -> None:
    """Run the cycles and print what they took."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cycles", type=int, default=30, help="cycles that count (30)")
    parser.add_argument("--profile", help="a stage, or a sink: parquet or csv")
    parser.add_argument("--digest", action="store_true", help="print the SHA-256 of what is stored")
    parser.add_argument("--lines", type=int, default=45, help="lines of the profile (45)")
    parser.add_argument("--by", default="tottime", help="order of the profile (tottime)")
    given = parser.parse_args()
    spent: dict[str, list[float]] = defaultdict(list)
    profile = cProfile.Profile(time.process_time)

    def timed(name: str, act: Callable[..., object], *arguments: object) -> None:
        if name == given.profile and len(spent[name]) > 6:
            profile.enable()
        began = time.process_time()
        act(*arguments)
        spent[name].append(1e3 * (time.process_time() - began))
        profile.disable()

    with tempfile.TemporaryDirectory(prefix="g6-costs-") as folder:
        directory = Path(folder)
        settings = settings_for(directory)
        with EmbeddedServer.start(directory / ".broker") as server:
            runtime = create_app(settings, server.url).runtime
            first = settings.market.start
            for number in range(given.cycles + 1):
                instant = first + timedelta(seconds=number)
                ready = replace(
                    runtime,
                    clock=ScaledClock(time.time(), instant),
                    sender=MemorySender(),
                    timing=Timing(60.0),
                )
                cycle = isoformat_z(instant)
                for name, stage in UNIT_STAGES.items():
                    for index in runtime.plan.indices:
                        timed(name, stage, ready, Unit(cycle, index), "costs")
                for name, act in CYCLE_STAGES.items():
                    timed(name, act, ready, cycle)
            record = runtime.ledger.record(cycle)
            assert record is not None, "the ledger forgot the last cycle"
            assert record.stored, "the last cycle is not stored"
        units = len(runtime.plan.indices)
        total = 0.0
        for name, values in spent.items():
            of_first = units if name in UNIT_STAGES else 1
            rest = values[of_first:]
            total += of_first * statistics.median(rest)
            print(
                f"{name:10} least {min(rest):6.2f}  median {statistics.median(rest):6.2f}  mean {statistics.mean(rest):6.2f}"
                f"  first cycle {statistics.mean(values[:of_first]):6.2f}"
            )
        print(f"a cycle, by the medians: {total:.1f}")
        if given.digest:
            print(digest(directory))
    if given.profile:
        pstats.Stats(profile).sort_stats(given.by).print_stats(given.lines)


def digest(directory: Path) -> str:
    """Return one hash of every stored row's file, by its path."""
    total = hashlib.sha256()
    for kind in ("chain", "overview", "csv", "instruments"):
        for path in sorted((directory / kind).rglob("*")):
            if path.is_file():
                total.update(str(path.relative_to(directory)).encode() + path.read_bytes())
    return total.hexdigest()


if __name__ == "__main__":
    main()
