"""Plants each fault on a running system, and writes whom the pager woke.

    make pager                                    all of them, some twenty minutes
    make pager ARGS="--only 'Redis away'"
    make pager ARGS="--recorded"                  only those that are evaluated by promtool

Writes benchmarks/pager.json, from which docs/reference/pager.md is made. Exit status 1 when an
alert was late, silent, repeated or not expected.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.pager.faults import FAULTS, PagerFault
from tests.pager.lanes import lane, told_row
from tests.pager.recorded import evaluated
from tests.pager.recordings import RECORDED
from tests.pager.system import Pace, mounts

OUTPUT = Path(__file__).parents[2] / "benchmarks/pager.json"
LANES = 2
"""Systems that run side by side."""


def chosen(only: Sequence[str]) -> list[PagerFault]:
    """Return the faults to plant: those named, else all that this machine can plant."""
    faults = [fault for fault in FAULTS if fault.name in only] if only else list(FAULTS)
    for fault in faults:
        if fault.needs_mount and not mounts():
            print(f"{fault.name}: left out, this user may not mount a file system")
    return [fault for fault in faults if mounts() or not fault.needs_mount]


def main() -> int:
    """Run the faults and write down what came of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="append", default=[], help="name of a fault")
    parser.add_argument("--recorded", action="store_true", help="only the recorded ones")
    parser.add_argument("--lanes", type=int, default=LANES)
    arguments = parser.parse_args()
    began = time.monotonic()
    faults = [] if arguments.recorded else chosen(arguments.only)
    rows: list[dict[str, Any]] = []
    lanes: list[tuple[list[str], bool]] = []
    rest = [fault.name for fault in faults if not fault.is_streamed]
    shares = [rest[number :: arguments.lanes] for number in range(arguments.lanes)]
    lanes += [(names, False) for names in shares if names]
    if streamed := [fault.name for fault in faults if fault.is_streamed]:
        lanes.append((streamed, True))
    context = multiprocessing.get_context("spawn")
    with (
        tempfile.TemporaryDirectory() as directory,
        ProcessPoolExecutor(arguments.lanes, mp_context=context) as pool,
    ):
        rows_file = Path(directory) / "rows"
        rows_file.touch()
        futures = [
            pool.submit(lane, names, rows_file, is_streamed=streamed) for names, streamed in lanes
        ]
        for future in futures:
            future.result()
        rows += [json.loads(line) for line in rows_file.read_text("utf-8").splitlines()]
    for recording in RECORDED:
        if not arguments.only or recording.name in arguments.only:
            rows.append(told_row(evaluated(recording)))
    _write(rows, time.monotonic() - began)
    return 1 if any(row["wrong"] for row in rows) else 0


def _write(rows: Sequence[dict[str, Any]], seconds: float) -> None:
    """Write the rows over those of the same faults in the file."""
    before: dict[str, Any] = {}
    if OUTPUT.exists():
        kept = json.loads(OUTPUT.read_text("utf-8"))["rows"]
        before = {row["fault"]: row for row in kept}
    before |= {row["fault"]: row for row in rows}
    order = [fault.name for fault in FAULTS] + [recording.name for recording in RECORDED]
    document = {
        "measured": datetime.now(UTC).date().isoformat(),
        "seconds": round(seconds),
        "pace": {"scrape_seconds": Pace().seconds},
        "rows": [before[name] for name in order if name in before],
    }
    OUTPUT.write_text(json.dumps(document, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    sys.exit(main())
