"""Why nobody opened a cycle."""

from __future__ import annotations

import pytest

from g6.domain.cycles.unopened import why_unopened

LIVED = [(100.0, 200.0), (300.0, 400.0)]
OUTAGES = [(150.0, 170.0, "redis_down"), (350.0, 360.0, "ledger_lost")]


@pytest.mark.parametrize(
    ("due", "reason"),
    [(120.0, "no_worker"), (150.0, "redis_down"), (250.0, ""), (355.0, "ledger_lost"), (500.0, "")],
)
def test_an_outage_explains_more_than_a_beat_that_lived(due: float, reason: str) -> None:
    assert why_unopened(due, LIVED, OUTAGES) == reason
