"""When beat sends, on a clock that moves between two readings: an instant may pass at any moment and must not be slept through."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from g6.adapters.memory.clock import StoppedClock
from g6.config import load
from g6.entrypoints.workers.schedule import SLACK, CycleSchedule
from tests.worlds.schedules import runtime_of_a_beat

INSTANT = datetime(2026, 11, 18, 5, 30, tzinfo=UTC)


@dataclass(slots=True)
class MovingClock(StoppedClock):
    """The shipped clock, `step` seconds further at every reading."""

    step: float = 0.0

    def wall(self) -> float:
        self.sleep(self.step)
        return self.now

    def market(self) -> datetime:
        self.sleep(self.step)
        return datetime.fromtimestamp(self.now, UTC)


def schedule(clock: MovingClock) -> CycleSchedule:
    runtime = runtime_of_a_beat(load(None, {"interval": 1}, {}), 1.0, clock)
    return CycleSchedule(runtime, "NSE")


@pytest.mark.parametrize("readings_before", [0.5, 1.5, 2.5, 3.5, 4.5])
def test_an_instant_that_passes_between_two_readings_is_not_slept_through(
    readings_before: float,
) -> None:
    step = 0.0001
    first = INSTANT - timedelta(seconds=SLACK + readings_before * step)
    clock = MovingClock(first.timestamp(), step=step)
    answer = schedule(clock).is_due(INSTANT - timedelta(seconds=1))
    assert answer.is_due or answer.next <= 2 * SLACK
