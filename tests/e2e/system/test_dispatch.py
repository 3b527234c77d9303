"""One message per index fans out over the collectors there are, and no further."""

from __future__ import annotations

from pathlib import Path

from tests.chaos.stack import LAYOUT, Setup, started

SLOW = {"G6_MARKET__FAULTS": "delay:0.5"}


def test_two_collectors_ask_for_two_of_three_indices_at_a_time(tmp_path: Path) -> None:
    layout = dict(LAYOUT) | {"collect": ("collect", 2)}
    with started(tmp_path, Setup(interval=5, layout=layout, more=SLOW)) as stack:
        record = stack.ledger.record(stack.whole(0.0)[-1])
        assert record is not None
        first, second, third = sorted(
            (unit.stages["collect"].started, unit.stages["collect"].ended)
            for unit in record.units.values()
        )
        assert second[0] < first[1]
        assert third[0] >= min(first[1], second[1])
