"""Cycles that wait for a full disk: few are looked at by one sweep, and none is lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from g6 import pipeline
from g6.adapters.memory.ledger import MemoryLedger
from g6.adapters.memory.store import MemoryStore
from g6.domain.cycles.claims import CycleRests, no_rest
from g6.domain.cycles.cycle import Timing, Unit
from g6.domain.schema.frame import Frame
from g6.errors import StoreBusy
from g6.pipeline.maintenance.waiting_cycles import LONGEST_REST, awake_cycles
from g6.pipeline.sweep import PERSIST_SECONDS, STORE_SECONDS
from g6.ports import CycleRecord, Opening, UnitEnd, WriteReport
from tests.worlds.pipeline import BANKNIFTY, FIRST, NIFTY, World, after

SAID = "cannot write: No space left on device"


class CountingLedger(MemoryLedger):
    """Counts the records that are read."""

    read = 0

    def open_cycles(self, rests: CycleRests = no_rest) -> Sequence[CycleRecord]:
        records = super().open_cycles(rests)
        self.read += len(records)
        return records


class FullStore(MemoryStore):
    """A store on a disk that is full."""

    is_full = True

    def write_chain(self, unit: Unit, frame: Frame) -> WriteReport:
        if self.is_full:
            raise StoreBusy(SAID, {"parquet": SAID})
        return super().write_chain(unit, frame)

    def write_overview(self, cycle: str, rows: Sequence[Mapping[str, Any]]) -> WriteReport:
        if self.is_full:
            raise StoreBusy(SAID, {"parquet": SAID})
        return super().write_overview(cycle, rows)


@pytest.fixture
def ledger(world: World) -> CountingLedger:
    ledger = CountingLedger(world.bus)
    world.ledger = ledger
    world.runtime = replace(world.runtime, ledger=ledger, timing=Timing(1.0), feeds=lambda _: ())
    return ledger


def waiting(world: World, ledger: MemoryLedger, count: int) -> None:
    """Let one cycle a second close that no sink takes."""
    for second in range(count):
        cycle = after(FIRST, second)
        due = world.clock.now
        opening = Opening(("NIFTY", "BANKNIFTY"), "c1", due + 0.8, due)
        for unit in (Unit(cycle, "NIFTY"), Unit(cycle, "BANKNIFTY")):
            ledger.begin(unit, "task", opening, due, 5.0)
            ledger.end_stage(unit, "collect", "task", due + 0.1)
            ledger.start(unit, "analyse", "task", due + 0.1, 5.0)
            end = UnitEnd("OK", "", {"config_id": "c1", "options": 10})
            ledger.finish(unit, end, due + 0.2)
        ledger.close(cycle, due + 0.3)
        world.later(1.0)


def test_a_sweep_looks_at_few_of_an_hour_of_waiting_cycles(
    world: World, ledger: CountingLedger
) -> None:
    waiting(world, ledger, 3000)
    pipeline.sweep(world.runtime)
    assert ledger.read == 3000, "a process that begins knows none of them"
    ledger.read = 0
    for _ in range(30):
        world.later(2.0)
        pipeline.sweep(world.runtime)
    assert ledger.read >= 3000, "each is looked at within the longest rest"
    assert ledger.read / 30 < 3000 / 10


def test_each_waiting_cycle_is_sent_again_and_given_up_in_time(
    world: World, ledger: CountingLedger
) -> None:
    waiting(world, ledger, 20)
    sent: dict[str, list[float]] = {}
    began = world.clock.now
    while world.clock.now < began + STORE_SECONDS + LONGEST_REST:
        world.sender.sent.clear()
        pipeline.sweep(world.runtime)
        for kind, *rest in world.sender.sent:
            if kind == "publish":
                sent.setdefault(rest[0], []).append(world.clock.now - began)
        world.later(2.0)
    assert len(sent) == 20
    for instants in sent.values():
        assert instants[0] < 8.0
        assert len(instants) > 10
        assert max(instants) > STORE_SECONDS / 2
    assert ledger.open_cycles() == []


def test_a_rerun_of_a_waiting_cycle_ends_its_rest(world: World, ledger: CountingLedger) -> None:
    waiting(world, ledger, 1)
    world.later(PERSIST_SECONDS / 2)
    pipeline.sweep(world.runtime)
    now = world.clock.now
    assert awake_cycles(world.runtime, now + 1.0) == []
    opening = Opening(("NIFTY", "BANKNIFTY"), "c1", now + 60.0, now)
    ledger.reopen(NIFTY, "analyse", opening, now)
    assert len(awake_cycles(world.runtime, now + 1.0)) == 1


def test_a_clock_that_goes_back_ends_every_rest(world: World, ledger: CountingLedger) -> None:
    waiting(world, ledger, 5)
    world.later(300.0)
    pipeline.sweep(world.runtime)
    assert awake_cycles(world.runtime, world.clock.now - 60.0) != []


def test_the_backlog_has_the_options_of_cycles_that_rest(
    world: World, ledger: CountingLedger
) -> None:
    waiting(world, ledger, 50)
    for _ in range(3):
        pipeline.sweep(world.runtime)
        world.clock.now = world.clock.now // 2 * 2 + 2.0
        pipeline.heartbeat(world.runtime)
    assert world.reports("heartbeat")[-1]["backlog"] == {"memory": 50 * 2 * 10}


def test_cycles_of_a_full_disk_are_all_stored_once_it_has_room(world: World) -> None:
    store = FullStore()
    world.store = store
    world.runtime = replace(world.runtime, store=store)
    for unit in (NIFTY, BANKNIFTY):
        for stage in (pipeline.collect, pipeline.analyse):
            assert stage(world.runtime, unit, stage.__name__)
    pipeline.aggregate(world.runtime, FIRST)
    for _ in range(60):
        world.later(2.0)
        pipeline.sweep(world.runtime)
        world.sender.sent.clear()
    store.is_full = False
    for _ in range(60):
        world.later(2.0)
        pipeline.sweep(world.runtime)
        world.drain()
    assert world.ends() == {"NIFTY": ("OK", ""), "BANKNIFTY": ("OK", "")}
    assert world.ledger.open_cycles() == []
