"""`g6.listen` over a system that runs, and over the day that it stored: one program for both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import g6
from tests.e2e.running import World
from tests.waiting import eventually


def seen(cycles: Iterator[Any], count: int) -> dict[str, tuple[int, float]]:
    """Work on a few cycles as a person's program would: rows of the chain, and spot.

    A cycle that is late on a busy machine has neither, and is left out.
    """
    whole = (cycle for cycle in cycles if cycle.status == "OK")
    return {
        cycle.id: (cycle.chain.num_rows, cycle.overview["spot"][0].as_py())
        for cycle in islice(whole, count)
    }


def wait_until_stored(world: World, ids: Iterable[str]) -> None:
    """Wait for the rows of cycles that have closed: they are written a moment after that."""
    for id in ids:
        cycle, _, index = id.partition(" ")
        eventually(lambda cycle=cycle, index=index: world.is_stored(cycle, index), every=0.1)


def test_a_program_follows_a_running_system_resumes_by_id_and_replays_the_day(live: World) -> None:
    source = {"engine": "arrow", "data_dir": live.data}
    running = seen(g6.listen("NIFTY", **source), 2)
    first, second = sorted(running)
    assert all(rows > 0 for rows, _ in running.values())
    # Begun anew after the first, the program gets the second once more and goes on with what comes.
    wait_until_stored(live, running)
    resumed = seen(g6.listen("NIFTY", after=first, **source), 3)
    assert next(iter(resumed)) == second
    assert min(resumed) == second
    wait_until_stored(live, resumed)
    stored = seen(g6.listen("NIFTY", "latest", speed="max", **source), 1000)
    for id, facts in (running | resumed).items():
        assert stored[id] == facts
