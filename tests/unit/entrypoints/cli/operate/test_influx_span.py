"""The span of `g6 influx backfill`: what its two ends mean."""

from __future__ import annotations

import pytest

from g6.domain.cycles.cycle import isoformat_z
from g6.entrypoints.cli.operate.influx_command import _span


@pytest.mark.parametrize(
    ("first", "last", "ends"),
    [
        ("2026-11-17 11:00", "11:30", ("2026-11-17T05:30:00Z", "2026-11-17T06:00:00Z")),
        ("11:00", "2026-11-17 11:30", ("2026-11-17T05:30:00Z", "2026-11-17T06:00:00Z")),
        ("2026-11-17", "2026-11-17", ("2026-11-16T18:30:00Z", "2026-11-17T18:29:59Z")),
    ],
)
def test_an_end_without_a_day_is_of_the_day_of_the_other(
    first: str, last: str, ends: tuple[str, str]
) -> None:
    assert tuple(map(isoformat_z, _span(first, last))) == ends
