"""Several faults at a time, each in a process of its own with everything it starts."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed

from tests.chaos.table import Fault, Outcome

LONGEST = ("5b", "33", "33b", "2", "29")
"""Faults that are begun first, so that none of them is waited for alone in the end."""
MOST_SECONDS = 1200.0


def run_side_by_side(
    faults: Sequence[Fault], jobs: int, begins: Callable[[Fault], None]
) -> Iterator[Outcome]:
    """Run faults `jobs` at a time; yield each outcome as it comes."""
    running: list[subprocess.Popen[str]] = []
    first = sorted(faults, key=lambda each: each.number not in LONGEST)
    with ThreadPoolExecutor(jobs) as pool:
        try:
            for outcome in as_completed(
                [pool.submit(_run, each, running, begins) for each in first]
            ):
                yield outcome.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for child in running:
                child.send_signal(signal.SIGINT)  # upon which it ends what it started
            raise


def _run(
    one: Fault, running: list[subprocess.Popen[str]], begins: Callable[[Fault], None]
) -> Outcome:
    begins(one)
    command = [sys.executable, "-m", "tests.chaos", "--only", one.number, "--exactly", "--json"]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    running.append(child)
    try:
        told, complaint = child.communicate(timeout=MOST_SECONDS)
    except subprocess.TimeoutExpired:
        child.send_signal(signal.SIGINT)
        return Outcome(one, error=f"it was not over after {MOST_SECONDS:g} s")
    finally:
        running.remove(child)
    if not told:
        return Outcome(one, error=f"it ended with {child.returncode}: {complaint[-300:]}")
    return Outcome.from_json(json.loads(told)[0])
