"""One thread keeps the lease of whatever a process works on."""

from __future__ import annotations

import threading
from types import SimpleNamespace

from g6.domain.cycles.cycle import Unit
from g6.entrypoints.workers.leases import Leases
from g6.errors import RedisDown
from tests.waiting import eventually

UNIT = Unit("2026-11-18T05:30:00Z", "NIFTY")
OTHER = Unit("2026-11-18T05:30:00Z", "SENSEX")


class Ledger:
    def __init__(self, away: int = 0) -> None:
        self.renewed: list[tuple[Unit, str, str]] = []
        self.leases: list[float] = []
        self.away = away

    def renew(self, unit: Unit, stage: str, task: str, until: float, now: float) -> bool:
        if self.away:
            self.away -= 1
            raise RedisDown("away")
        self.renewed.append((unit, stage, task))
        self.leases.append(until - now)
        return True


def world(away: int = 0):
    ledger = Ledger(away)
    return ledger, SimpleNamespace(ledger=ledger, timing=SimpleNamespace(lease=5.0))


def test_a_lease_is_renewed_while_its_stage_runs():
    ledger, runtime = world()
    with Leases(every=0.01).renewed(runtime, UNIT, "analyse", "task"):
        eventually(lambda: len(ledger.renewed) >= 2)
    assert set(ledger.renewed) == {(UNIT, "analyse", "task")}
    assert ledger.leases[0] == 5.0


def test_the_next_stage_is_renewed_by_the_same_thread():
    ledger, runtime = world()
    leases, before = Leases(every=0.01), threading.active_count()
    for unit in (UNIT, OTHER):
        with leases.renewed(runtime, unit, "collect", unit.index):
            eventually(lambda unit=unit: (unit, "collect", unit.index) in ledger.renewed)
    assert threading.active_count() == before + 1


def test_a_redis_that_is_away_ends_no_renewal():
    ledger, runtime = world(away=3)
    with Leases(every=0.01).renewed(runtime, UNIT, "collect", "task"):
        eventually(lambda: bool(ledger.renewed))
    assert ledger.away == 0
