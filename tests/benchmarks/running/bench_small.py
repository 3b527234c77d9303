"""The whole of `g6 up` on one core and 700 MB, cycles five seconds apart: memory flat, cycles whole.

    make bench-small                       an hour
    make bench-small ARGS="--minutes 5"    for the shape; what fills slowly is not full by then

It runs `g6 up` on the simulated market with every process on core 0, and looks at its processes from outside. Writes
benchmarks/small.json; exit status 1 when a unit is not OK, when memory is above 700 MB, or rises over the second half of the run.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[3])]

from g6.config.settings_model import SIX  # noqa: E402
from tests.benchmarks.running.footprint import START, system  # noqa: E402
from tests.benchmarks.running.long_watch import Watched, arguments, long_run  # noqa: E402

MOST_MB = 700.0


def wrongs(watched: Watched) -> Iterator[str]:
    """Yield a sentence for each thing that is not as it should be on a small machine."""
    most = max(watched.memory.values)
    if most > MOST_MB:
        yield f"{most:.0f} MB are held, allowed are {MOST_MB:.0f}"


def main() -> int:
    """Run, look, judge; return the exit status."""
    given = arguments(__doc__, minutes=60.0, every=5.0, output="small.json")
    cores = os.sched_getaffinity(0)
    options = ("--provider", "sim", "--start", START, "--speed", "1")
    with long_run(given) as run:
        # What is started inherits the core; this process looks from another one.
        os.sched_setaffinity(0, {min(cores)})
        with system(run.rows, (*options, "--interval", str(given.interval))) as supervisor:
            os.sched_setaffinity(0, cores)
            run.warm(supervisor, cycles=2, seconds=90.0)
            watched = run.watch(supervisor)
        document = run.document(watched, SIX)
    return run.finish(watched, document, wrongs(watched))


if __name__ == "__main__":
    sys.exit(main())
