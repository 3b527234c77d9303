"""`g6.listen` over a system that runs, and over the day that it stored: one program for both."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import pytest

import g6
from tests.e2e.running import World


def seen(cycles: Iterator[Any], count: int) -> dict[str, tuple[int, float]]:
    """Work on a few cycles as a person's program would: rows of the chain, and spot."""
    return {
        cycle.id: (cycle.chain.num_rows, cycle.overview["spot"][0].as_py())
        for cycle in islice(cycles, count)
    }


@pytest.mark.timeout(240)
def test_a_program_follows_a_running_system_resumes_by_id_and_replays_the_day(live: World) -> None:
    source = {"engine": "arrow", "data_dir": live.data}
    running = seen(g6.listen("NIFTY", **source), 2)
    first, second = running
    assert second > first
    assert all(rows > 0 for rows, _ in running.values())
    # Begun anew after the first, the program gets the second once more and goes on with what comes.
    resumed = seen(g6.listen("NIFTY", after=first, **source), 3)
    assert next(iter(resumed)) == second
    assert sorted(resumed) == list(resumed)
    stored = seen(g6.listen("NIFTY", "latest", speed="max", **source), 1000)
    for id, facts in (running | resumed).items():
        assert stored[id] == facts
