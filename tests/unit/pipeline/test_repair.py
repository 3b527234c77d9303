"""A gap is filled by repairs, however often they are ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from g6 import pipeline
from g6.adapters.memory.store import MemoryStore
from g6.domain.cycles.cycle import Unit, parse_z
from g6.domain.cycles.gaps import NO_CHAIN, NO_ROW, Outcomes, as_stored, instants_of
from g6.domain.quotes.stamp import LOST, collection_of
from g6.domain.schema.frame import Frame
from g6.domain.schema.overview_row import OverviewRow
from g6.ports import WriteReport
from tests.worlds.pipeline import FIRST, NIFTY, World


class FewWrites(MemoryStore):
    """A store whose process is ended at the write after the next few."""

    def __init__(self, writes: int) -> None:
        super().__init__()
        self.writes = writes

    def write_chain(self, unit: Unit, frame: Frame) -> WriteReport:
        self._count()
        return super().write_chain(unit, frame)

    def write_overview(self, cycle: str, rows: Sequence[OverviewRow]) -> WriteReport:
        self._count()
        return super().write_overview(cycle, rows)

    def _count(self) -> None:
        if not self.writes:
            raise KeyboardInterrupt
        self.writes -= 1


def outcome(store: MemoryStore) -> tuple[str, str]:
    """Return status and reason of the unit as readers of the store have them."""
    at = parse_z(FIRST)
    stored = store.read_overview(FIRST)
    rows = {parse_z(row["timestamp"]): (row["status"], row["reason"]) for row in stored}
    chains = instants_of([] if store.read_chain(NIFTY) is None else [at])
    return dict(as_stored(Outcomes.of(rows), chains).items()).get(at, ("", NO_ROW))


@pytest.mark.parametrize("writes", [0, 1])
def test_a_repair_that_is_ended_leaves_a_gap_that_the_next_one_fills(
    world: World, writes: int
) -> None:
    """A chain without its row was left, and no later repair made the row."""
    store = FewWrites(writes)
    runtime = replace(world.runtime, store=store)
    with pytest.raises(KeyboardInterrupt):
        pipeline.repair(runtime, NIFTY)
    _, reason = outcome(store)
    assert reason in (NO_ROW, NO_CHAIN)
    store.writes = 2
    assert pipeline.repair(runtime, NIFTY, row_stands=reason == NO_CHAIN) == "OK"
    assert outcome(store) == ("OK", "backfill")


@pytest.mark.parametrize(("row_stands", "collection"), [(True, LOST), (False, "")])
def test_a_chain_that_is_made_anew_does_not_say_who_collected_it(
    world: World, row_stands: bool, collection: str
) -> None:
    assert pipeline.repair(world.runtime, NIFTY, row_stands=row_stands) == "OK"
    frame = world.runtime.store.read_chain(NIFTY)
    assert frame is not None
    assert collection_of(frame) == (collection or world.runtime.plan.config_id)
