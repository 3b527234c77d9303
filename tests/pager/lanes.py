"""A row of faults on one system, in a process of its own."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.pager.faults import FAULTS
from tests.pager.matrix import PagerOutcome, play
from tests.pager.system import Pace, mounts, running


def lane(names: Sequence[str], *, is_streamed: bool) -> list[dict[str, Any]]:
    """Run faults one after the other on a system of their own."""
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="g6-pager-", ignore_cleanup_errors=True) as directory:
        try:
            with running(
                Path(directory), Pace(), is_streamed=is_streamed, has_disks=mounts()
            ) as system:
                for fault in (fault for fault in FAULTS if fault.name in names):
                    rows += [told_row(play(system, fault))]
        except AssertionError as error:
            missed = [name for name in names if name not in {row["fault"] for row in rows}]
            rows += [_broken(name, str(error)) for name in missed]
    return rows


def told_row(outcome: PagerOutcome) -> dict[str, Any]:
    """Print what came of a fault, and return its row."""
    row = outcome.as_json()
    took = ", ".join(f"{alert} {seconds:g} s" for alert, seconds in outcome.fired.items())
    verdict = "; ".join(row["wrong"]) or "right"
    print(f"{outcome.fault:28} {took or 'silence':50} {verdict}", flush=True)
    return row


def _broken(name: str, why: str) -> dict[str, Any]:
    print(f"{name:28} {why}", flush=True)
    fault = next(fault for fault in FAULTS if fault.name == name)
    outcome = PagerOutcome(name, fault.sentence, list(fault.expected))
    return outcome.as_json() | {"wrong": [why]}
