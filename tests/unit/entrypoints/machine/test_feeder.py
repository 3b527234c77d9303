"""Feeding a recording: each instant once, in order, the next when the last is closed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from g6.adapters.memory.sender import MemorySender
from g6.adapters.memory.store import MemoryStore
from g6.adapters.replay import Recording
from g6.bootstrap.inprocess import memory_runtime
from g6.config import Settings, calendar, plan
from g6.domain.cycles.cycle import isoformat_z
from g6.entrypoints.machine.feeder import Feeder
from g6.errors import RedisDown
from g6.pipeline import Runtime

FIRST = datetime(2026, 8, 19, 5, 57, tzinfo=UTC)
INSTANTS = tuple(FIRST + timedelta(seconds=seconds) for seconds in (0, 60, 97))


@dataclass(slots=True)
class Fed:
    """A runtime over a recording of three instants, one of them off the grid, and what was noted and swept."""

    runtime: Runtime
    store: MemoryStore
    recording: Recording
    noted: list[datetime] = field(default_factory=list)
    swept: int = 0

    def note(self, at: datetime) -> float:
        self.noted.append(at)
        return 0.0

    def sweep(self) -> None:
        self.swept += 1

    def feeder(self, runtime: Runtime | None = None, speed: float | None = None) -> Feeder:
        return Feeder(runtime or self.runtime, self.recording, self.note, self.sweep, speed)


@pytest.fixture
def fed(tmp_path: Path) -> Fed:
    path = tmp_path / "day.parquet"
    rows = [
        {
            "timestamp": at, "symbol": "NIFTY", "expiry": "2026-08-25", "strike": float(strike), "option_type": side,
            "spot": 24_000.0, "ltp": 100.0, "volume": 65_000.0, "oi": 130_000.0,
        }
        for at in INSTANTS
        for strike in (23_950, 24_000, 24_050)
        for side in ("CE", "PE")
    ]  # fmt: skip
    pq.write_table(pa.Table.from_pylist(rows), path)
    recording = Recording.open(path)
    runtime, store = memory_runtime(recording, plan(Settings()), calendar())
    return Fed(runtime, store, recording)


def test_every_instant_is_sent_once_in_order_and_closed(fed: Fed) -> None:
    assert fed.feeder().feed() == 3
    assert fed.noted == list(INSTANTS)
    assert list(fed.store.overview_cycles(INSTANTS[0], INSTANTS[-1])) == [
        isoformat_z(at) for at in INSTANTS
    ]


def test_a_feeder_that_starts_again_sends_only_what_is_not_closed(fed: Fed) -> None:
    fed.runtime.controls.set(
        "window", {"first": isoformat_z(INSTANTS[0]), "last": isoformat_z(INSTANTS[1])}
    )
    assert fed.feeder().feed() == 2
    fed.runtime.controls.set("window", None)
    assert fed.feeder().feed() == 1


def test_the_recordings_pace_is_kept_at_a_speed(fed: Fed) -> None:
    began = fed.runtime.clock.wall()
    fed.feeder(speed=600.0).feed()
    assert fed.runtime.clock.wall() - began >= 97 / 600


def test_a_cycle_that_nobody_opened_is_sent_again(fed: Fed) -> None:
    sender = MemorySender()
    lossy = replace(fed.runtime, sender=sender, timing=replace(fed.runtime.timing, lease=0.05))
    feeder = fed.feeder(lossy)

    def note(at: datetime) -> float:
        if len(sender.sent) == 2:
            feeder.stopped.set()
        return fed.note(at)

    feeder.note = note
    feeder.feed()
    assert [message[2].cycle for message in sender.sent] == [isoformat_z(INSTANTS[0])] * 3


def test_the_sweep_is_sent_while_it_waits_and_a_broker_that_is_away_is_waited_for(fed: Fed) -> None:
    feeder = fed.feeder()
    asked = 0

    def swept() -> None:
        nonlocal asked
        asked += 1
        feeder.stopped.set()
        raise RedisDown("away")

    feeder.sweep = swept
    feeder.keep_sweeping()
    assert asked == 1


def test_an_index_that_is_not_recorded_then_is_not_sent(fed: Fed) -> None:
    @dataclass
    class Other:
        def cycles(self) -> Sequence[datetime]:
            return INSTANTS

        def indices(self, at: datetime | None = None) -> Sequence[str]:
            return ("NIFTY",) if at == INSTANTS[1] else ("SENSEX",)

    sent = Feeder(fed.runtime, Other(), fed.note, fed.sweep).feed()
    assert sent == 1
    assert fed.noted == [INSTANTS[1]]
