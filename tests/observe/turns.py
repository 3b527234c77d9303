"""Which file of tests a process runs next: some take those that wait, others those that compute.

Tests of whole systems wait for most of their time. One after the other as they are collected, they
came first and left half of the processors idle, and those that compute came last.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController

WAITING = ("tests/e2e/", "tests/integration/", "tests/docs/test_console_blocks.py")
"""Where tests stand that start systems of processes and wait for them."""
LONGEST = (
    "tests/e2e/faults/test_kite.py",
    "tests/docs/test_console_blocks.py",
    "tests/e2e/observers/test_pager.py",
    "tests/e2e/observers/test_runbook_commands.py",
    "tests/e2e/stream/test_stream_up.py",
    "tests/e2e/observers/test_prometheus.py",
    "tests/e2e/runs/test_live.py",
    "tests/e2e/observers/test_observers.py",
    "tests/integration/machine/test_planted_faults.py",
    "tests/integration/web/test_page.py",
    "tests/observe/test_healthy_day.py",
    "tests/planted/test_planted.py",
    "tests/unit/test_house.py",
)
"""Files to begin with, the dearest first, so that none of them is left for the end."""


def processes() -> int:
    """Return how many processes run the tests: one more than there are processors."""
    return (os.cpu_count() or 1) + 1


def waits(scope: str) -> bool:
    """Return whether the tests of a file wait for most of their time."""
    return scope.startswith(WAITING)


def takes_waiting(name: str) -> bool:
    """Return whether a process, gw0 and so on, takes files that wait: two of three do."""
    return int(name.removeprefix("gw")) % 3 != 0


def next_file(scopes: Iterable[str], name: str) -> str:
    """Return the file that a process takes of those that are left.

    >>> next_file(["tests/e2e/a.py", "tests/unit/b.py"], "gw0")
    'tests/unit/b.py'
    """
    left = list(scopes)
    order = {file: place for place, file in enumerate(LONGEST)}
    left.sort(key=lambda scope: (waits(scope) != takes_waiting(name), order.get(scope, len(order))))
    return left[0]


class Turns(LoadFileScheduling):
    """Gives each process the next file of its kind, and of the other kind once those are done."""

    def _assign_work_unit(self, node: WorkerController) -> None:
        scope = next_file(self.workqueue, node.gateway.id)
        self.workqueue.move_to_end(scope, last=False)
        super()._assign_work_unit(node)

    def _reschedule(self, node: WorkerController) -> None:
        # xdist keeps three tests ahead: a process held three dear files while another was idle.
        # It runs a test only while it has the one after it.
        if self.workqueue and self._pending_of(self.assigned_work[node]) > 1:
            return
        super()._reschedule(node)


def scheduling(config: pytest.Config, log: Producer) -> Turns | None:
    """Return the scheduler of this run, None where files do not go whole to one process."""
    return Turns(config, log) if config.getvalue("dist") == "loadfile" else None
