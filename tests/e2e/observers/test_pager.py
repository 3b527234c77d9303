"""A fifth of the pager's matrix on one running system of few processes, `make pager` has all."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from g6.observability.generators.prometheus_files import AlertTiming
from tests.observe import alertmanager, prometheus
from tests.pager.faults import FAULTS, PagerFault, together
from tests.pager.matrix import play
from tests.pager.system import ONE_WORKER, Pace, System, running

QUICK = {fault.name: fault for fault in FAULTS if fault.is_quick}
ROUNDS = (
    QUICK["g6 serve killed"],
    QUICK["Redis away"],
    # A panel and a login have nothing to do with each other. One after the other took 25 s more.
    together(QUICK["expired token"], QUICK["panel tampered"]),
)
HASTY = Pace(
    seconds=1.0,
    timing=AlertTiming("1s", "4s", "1s"),
    shorter=10,
    linger=3.0,
    interval=6,
    workers=ONE_WORKER,
)
"""Cycles are ten times as frequent as those that the alerts' times are made for."""
MISSING = [
    name
    for name, module in (("prometheus", prometheus), ("prometheus-alertmanager", alertmanager))
    if module.PROGRAM is None
]
pytestmark = [
    pytest.mark.skipif(bool(MISSING), reason=f"{MISSING} not installed: make test-services"),
]


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    # A short path: a socket's name may have 107 bytes.
    with (
        tempfile.TemporaryDirectory(prefix="g6-pager-", ignore_cleanup_errors=True) as directory,
        running(Path(directory), HASTY, in_thread=True) as system,
    ):
        yield system


def test_a_fifth_of_the_faults_is_quick() -> None:
    assert len(QUICK) >= len(FAULTS) / 5
    assert set(QUICK) == set(" and ".join(fault.name for fault in ROUNDS).split(" and "))


@pytest.mark.parametrize("fault", ROUNDS, ids=lambda fault: fault.name)
def test_a_fault_is_told_once_and_resolved(system: System, fault: PagerFault) -> None:
    assert play(system, fault).wrong() == []
