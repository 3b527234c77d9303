"""Plants each fault on a running system, and writes whom the pager woke.

    make pager                                    all of them, some twenty minutes
    make pager ARGS="--only 'Redis away'"
    make pager ARGS="--recorded"                  only those that are evaluated by promtool
    make pager ARGS="--resume"                    goes on with a run that was broken off

Writes benchmarks/pager.json, from which docs/reference/pager.md is made. Exit status 1 when an
alert was late, silent, repeated or not expected.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.pager.faults import FAULTS, PagerFault
from tests.pager.lanes import append_row, lane, told_row
from tests.pager.recorded import evaluated
from tests.pager.recordings import RECORDED
from tests.pager.system import Pace, mounts

OUTPUT = Path(__file__).parents[2] / "benchmarks/pager.json"
ROWS = Path(__file__).parents[2] / "build/pager.rows"
"""Each row as it is known, so that a run that is broken off can go on."""
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
    parser.add_argument("--resume", action="store_true", help="leave out what has a right row")
    arguments = parser.parse_args()
    began = time.monotonic()
    ROWS.parent.mkdir(exist_ok=True)
    if not arguments.resume:
        ROWS.write_text("", "utf-8")
    done = {name for name, row in _rows().items() if not row["wrong"]}
    names = [fault.name for fault in ([] if arguments.recorded else chosen(arguments.only))]
    play_live([name for name in names if name not in done], arguments.lanes)
    for recording in RECORDED:
        is_named = not arguments.only or recording.name in arguments.only
        if is_named and recording.name not in done:
            append_row(ROWS, told_row(evaluated(recording)))
    rows = list(_rows().values())
    _write(rows, time.monotonic() - began)
    return 1 if any(row["wrong"] for row in rows) else 0


def play_live(names: Sequence[str], lanes: int) -> None:
    """Play faults of running systems, in so many lanes side by side."""
    streamed = {fault.name for fault in FAULTS if fault.is_streamed}
    rest = [name for name in names if name not in streamed]
    shares = [(rest[number::lanes], False) for number in range(lanes)]
    shares.append(([name for name in names if name in streamed], True))
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(lanes, mp_context=context) as pool:
        futures = [
            pool.submit(lane, share, ROWS, is_streamed=is_streamed)
            for share, is_streamed in shares
            if share
        ]
        for future in futures:
            future.result()


def _rows() -> dict[str, dict[str, Any]]:
    """Return the newest row of each fault of this run."""
    if not ROWS.exists():
        return {}
    rows = [json.loads(line) for line in ROWS.read_text("utf-8").splitlines()]
    return {row["fault"]: row for row in rows}


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
