"""A row of faults on one system, in a process of its own."""

from __future__ import annotations

import json
import subprocess
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx

from g6.errors import G6Error
from tests.pager.faults import FAULTS, PagerFault
from tests.pager.matrix import PagerOutcome, play
from tests.pager.system import Pace, System, mounts, running

FAILURES = (AssertionError, OSError, httpx.HTTPError, subprocess.SubprocessError, G6Error)
"""What ends one fault, or one system, and not the programme."""


def lane(names: Sequence[str], rows_file: Path, *, is_streamed: bool) -> None:
    """Run faults one after the other on a system of their own; write each row as it is known."""
    left = list(names)
    # What goes wrong here must not reach the pool, which ends the other lane then.
    try:
        with (
            tempfile.TemporaryDirectory(prefix="g6-pager-", ignore_cleanup_errors=True) as base,
            running(Path(base), Pace(), is_streamed=is_streamed, has_disks=mounts()) as system,
        ):
            for fault in (fault for fault in FAULTS if fault.name in names):
                append_row(rows_file, told_row(tried(system, fault)))
                left.remove(fault.name)
    except FAILURES as error:
        traceback.print_exc()
        for name in left:
            append_row(rows_file, broken_row(name, f"{type(error).__name__}: {error}"))


def tried(system: System, fault: PagerFault) -> PagerOutcome:
    """Return what came of a fault, also where it could not be played to its end."""
    try:
        return play(system, fault)
    except FAILURES as error:
        traceback.print_exc()
        outcome = PagerOutcome(fault.name, fault.sentence, list(fault.expected))
        outcome.error = f"{type(error).__name__}: {error}"
        return outcome


def append_row(rows_file: Path, row: dict[str, Any]) -> None:
    """Add a row to those of a run."""
    with rows_file.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")


def told_row(outcome: PagerOutcome) -> dict[str, Any]:
    """Print what came of a fault, and return its row."""
    row = outcome.as_json()
    took = ", ".join(f"{alert} {seconds:g} s" for alert, seconds in outcome.fired.items())
    verdict = "; ".join(row["wrong"]) or "right"
    print(f"{outcome.fault:28} {took or 'silence':50} {verdict}", flush=True)
    return row


def broken_row(name: str, why: str) -> dict[str, Any]:
    """Return the row of a fault that could not be planted."""
    print(f"{name:28} {why}", flush=True)
    fault = next(fault for fault in FAULTS if fault.name == name)
    outcome = PagerOutcome(name, fault.sentence, list(fault.expected))
    return outcome.as_json() | {"wrong": [why]}
