"""One message per index fans out over the collectors there are, and no further."""

from __future__ import annotations

from pathlib import Path

from tests.chaos.stack import LAYOUT, Setup, Stack, started
from tests.waiting import eventually

SLOW = {"G6_MARKET__FAULTS": "delay:0.5"}


def spans(stack: Stack, cycle: str) -> list[tuple[float, float]]:
    """Return when each index of a cycle was collected, the first to begin first."""
    record = stack.ledger.record(cycle)
    assert record is not None
    return sorted(
        (unit.stages["collect"].started, unit.stages["collect"].ended)
        for unit in record.units.values()
    )


def test_two_collectors_ask_for_two_of_three_indices_at_a_time(tmp_path: Path) -> None:
    layout = dict(LAYOUT) | {"collect": ("collect", 2)}
    with started(tmp_path, Setup(interval=5, layout=layout, more=SLOW)) as stack:

        def are_two_at_once() -> bool:
            first, second, third = spans(stack, stack.whole(0.0)[-1])
            assert third[0] >= min(first[1], second[1])
            return second[0] < first[1]

        # A collector that gets no processor for half a second begins after the other one's end.
        eventually(are_two_at_once, every=0.5)
