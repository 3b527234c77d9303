"""Checks simulated days that have no fault: no check of data quality may fail on any of them.

    python -m tests.benchmarks.running.clean_days --days 30 --interval 300

Prints what each day took, and every check that failed. The exit code is 1 when one did.
"""

from __future__ import annotations

import argparse
import sys
import time
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from g6.bootstrap.sample import last_sessions, sample_plan, sample_settings, write_sample
from g6.bootstrap.stored_files.kept_quality import keep_quality
from g6.config import Settings


def main() -> int:
    """Make the days in a temporary directory, and check them one after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--interval", type=int, default=300)
    parser.add_argument("--indices", default="NIFTY,SENSEX")
    parser.add_argument("--seed", type=int)
    options = parser.parse_args()
    with TemporaryDirectory() as directory:
        settings = sample_settings(
            indices=options.indices.split(","),
            interval=options.interval,
            seed=options.seed,
            directory=Path(directory),
        )
        days = last_sessions(settings, options.days)
        for _ in write_sample(settings, sample_plan(settings, days)):
            pass
        failures = sum(checked(settings, day) for day in days)
    print(f"{len(days)} days, {failures} failed checks")
    return int(failures > 0)


def checked(settings: Settings, day: date) -> int:
    """Check one day, print what it took and what failed, and return how much failed."""
    start = time.process_time()
    quality = keep_quality(settings, day)
    seconds = time.process_time() - start
    if quality is None:
        raise SystemExit(f"{day} has no chain")
    cycles = sum(of.cycles for of in quality.indices)
    print(f"{day}: {cycles} chains, {seconds:.2f} s, {quality.failures} failed checks")
    for of in quality.indices:
        for result in of.results:
            if result.failures:
                print(f"  {of.index} {result}")
    return quality.failures


if __name__ == "__main__":
    sys.exit(main())
