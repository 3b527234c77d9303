"""Indices are collected side by side: as many at once as there are processes, and no more."""

from __future__ import annotations

from pathlib import Path

import pytest

from g6.ports import CycleRecord
from tests.e2e.running import START, World
from tests.waiting import eventually

SIX = 6
DELAY = 5.0
"""Seconds that the provider takes to answer; all processes must have begun by then, however busy the machine."""


def collected(world: World) -> CycleRecord:
    """Run one cycle of six indices; return what the ledger knows once all are collected."""
    with world.ledger() as ledger:

        def whole() -> CycleRecord | None:
            record = ledger.record(START)
            ended = (
                [
                    unit.stages["collect"].ended
                    for unit in record.units.values()
                    if "collect" in unit.stages
                ]
                if record
                else []
            )
            return record if len(ended) == SIX and all(ended) else None

        return eventually(whole, 150.0)  # type: ignore[return-value]


def most_at_once(record: CycleRecord) -> int:
    """Return how many indices were being collected at the busiest moment."""
    spans = [
        (unit.stages["collect"].started, unit.stages["collect"].ended)
        for unit in record.units.values()
    ]
    return max(sum(first <= at < last for first, last in spans) for at, _ in spans)


@pytest.mark.parametrize("count", [SIX, 2])
def test_as_many_indices_are_collected_at_once_as_there_are_processes(
    tmp_path: Path, count: int
) -> None:
    world = World(tmp_path)
    try:
        world.start_g6(
            "run", "--once", "--interval", "60", "--start", START, "--faults", f"delay:{DELAY}",
            "--set", "collection.scope=window", "--set", f"workers.cycle={count}",
        )  # fmt: skip
        assert most_at_once(collected(world)) == count
    finally:
        world.end()
