"""How the cycles of a run went, in a few numbers."""

from __future__ import annotations

import pytest

from g6.domain.reports import CycleReport
from g6.domain.reports.closed_cycles import closed_cycles
from g6.domain.schema.words import Status
from g6.rendering.run_screen import summary_lines


def report(status: Status, seconds: float, **options: int) -> CycleReport:
    return CycleReport("2026-11-18T05:30:00Z", status, {}, {}, options, 0.0, seconds)


def test_the_median_is_told_with_what_one_in_twenty_exceeds() -> None:
    closed = closed_cycles(
        [
            report(Status.PARTIAL, 0.1, NIFTY=10, SENSEX=20),
            report(Status.OK, 0.2, NIFTY=30),
            report(Status.OK, 0.3, NIFTY=60),
        ]
    )
    assert closed.statuses == {"OK": 2, "PARTIAL": 1}
    assert closed.options == pytest.approx(40.0)
    assert (closed.p50_ms, closed.p95_ms) == pytest.approx((200.0, 290.0))
    assert list(summary_lines(closed, 4)) == [
        "3 of 4 cycles closed: 2 OK, 1 PARTIAL",
        "40 options a cycle; closed 200 ms (p50), 290 ms (p95) after their instant",
    ]


def test_a_run_without_a_cycle_has_no_times() -> None:
    assert list(summary_lines(closed_cycles([]), 4)) == ["0 of 4 cycles closed: none"]
