"""One thread keeps the lease of whatever a process works on."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

from g6.adapters.memory.ledger import MemoryLedger
from g6.domain.cycles.cycle import Unit
from g6.entrypoints.workers.leases import Leases
from g6.errors import RedisDown
from g6.pipeline import Runtime
from g6.ports import Opening
from tests.waiting import eventually
from tests.worlds.pipeline import World

UNIT = Unit("2026-11-18T05:30:00Z", "NIFTY")
OTHER = Unit("2026-11-18T05:30:00Z", "SENSEX")
OPENING = Opening(("NIFTY", "SENSEX"), "c1", time.time() + 3600.0, 0.0)


class AwayAtFirst(MemoryLedger):
    """A ledger whose Redis is away for the first renewals."""

    away = 3

    def renew(self, unit: Unit, stage: str, task: str, until: float, now: float) -> bool:
        if self.away:
            self.away -= 1
            raise RedisDown("away")
        return super().renew(unit, stage, task, until, now)


def begun(ledger: MemoryLedger, *units: Unit) -> Runtime:
    """Return a runtime over a ledger in which the collection of units has begun, without a lease."""
    for unit in units:
        ledger.begin(unit, unit.index, OPENING, time.time(), 0.0)
    return replace(World().runtime, ledger=ledger)


def lease(runtime: Runtime, unit: Unit) -> float:
    """Return until when a unit's collection is leased."""
    record = runtime.ledger.record(unit.cycle)
    assert record is not None
    return record.units[unit.index].stages["collect"].lease_until


def is_leased(runtime: Runtime, unit: Unit) -> bool:
    return lease(runtime, unit) > time.time() + runtime.timing.lease / 2


def test_a_lease_is_renewed_while_its_stage_runs() -> None:
    runtime = begun(MemoryLedger(), UNIT)
    with Leases(every=0.01).renewed(runtime, UNIT, "collect", UNIT.index):
        eventually(lambda: is_leased(runtime, UNIT))
        first = lease(runtime, UNIT)
        eventually(lambda: lease(runtime, UNIT) > first)


def test_the_next_stage_is_renewed_by_the_same_thread() -> None:
    runtime = begun(MemoryLedger(), UNIT, OTHER)
    leases, before = Leases(every=0.01), threading.active_count()
    for unit in (UNIT, OTHER):
        with leases.renewed(runtime, unit, "collect", unit.index):
            eventually(lambda unit=unit: is_leased(runtime, unit))
    assert threading.active_count() == before + 1


def test_a_redis_that_is_away_ends_no_renewal() -> None:
    ledger = AwayAtFirst()
    runtime = begun(ledger, UNIT)
    with Leases(every=0.01).renewed(runtime, UNIT, "collect", UNIT.index):
        eventually(lambda: is_leased(runtime, UNIT))
    assert ledger.away == 0
