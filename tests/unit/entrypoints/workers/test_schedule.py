"""When beat sends: a fake clock around weekends, holidays and the session's two ends, and celery's own scheduler on top."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from g6.adapters.memory.clock import StoppedClock
from g6.adapters.memory.controls import MemoryControls
from g6.config import load, plan
from g6.domain.cycles.cycle import parse_z
from g6.domain.market.calendar import IST
from g6.entrypoints.workers.app import create_app
from g6.entrypoints.workers.jobs import JOBS
from g6.entrypoints.workers.schedule import CycleSchedule, WallSchedule, beat_schedule
from tests.worlds.schedules import runtime_of_a_beat

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Beat:
    """One index's schedule and what beat knows of it."""

    clock: StoppedClock
    schedule: CycleSchedule
    last: datetime

    @property
    def at(self) -> datetime:
        """The market's instant."""
        return self.clock.market()

    def move(self, at: datetime) -> None:
        """Set the clock to an instant of the market."""
        self.clock.now = self.clock.wall_of(at)

    def later(self, seconds: float) -> None:
        """Move the market on by so many of its seconds."""
        self.clock.now += seconds / self.clock.speed

    def due_at(self, text: str) -> bool:
        self.move(ist(text))
        return bool(self.schedule.is_due(self.last).is_due)

    def tick(self) -> str | None:
        """Do what celery does at a tick: ask, send, remember."""
        if not self.schedule.is_due(self.last).is_due:
            return None
        self.last = datetime.fromtimestamp(self.clock.wall(), UTC)
        return self.schedule.cycle()


def ist(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=IST).astimezone(UTC)


def made(
    start: str = "2026-11-18 11:00:00",
    *,
    interval: int = 60,
    speed: float = 1.0,
    window: Any = None,
) -> Beat:
    settings, origin, controls = (
        load(None, {"interval": interval}, {}),
        ist(start),
        MemoryControls(),
    )
    if window:
        controls.set("window", window)
    clock = StoppedClock(origin.timestamp(), origin.timestamp(), speed)
    runtime = runtime_of_a_beat(settings, interval / speed, clock, controls)
    return Beat(clock, CycleSchedule(runtime, "NSE"), LONG_AGO)


@pytest.mark.parametrize(
    "closed",
    ["2026-11-21 11:00:00", "2026-11-22 11:00:00", "2026-11-24 11:00:00", "2026-11-18 09:14:00", "2026-11-18 09:14:59",
     "2026-11-18 15:41:00", "2026-11-18 23:00:00"],
    ids=["saturday", "sunday", "holiday", "09:14", "a second before the open", "15:41", "night"],
)  # fmt: skip
def test_nothing_is_due_outside_the_session(closed: str) -> None:
    assert not made("2026-11-16 00:00:00").due_at(closed)


@pytest.mark.parametrize(
    "open_", ["2026-11-18 09:15:00", "2026-11-18 12:00:00", "2026-11-18 15:40:00"]
)
def test_the_open_the_day_and_the_closing_cycle_are_due(open_: str) -> None:
    assert made("2026-11-16 00:00:00").due_at(open_)


def test_a_day_has_every_cycle_once() -> None:
    beat, sent = made("2026-11-18 09:00:00"), []
    for second in range(0, 7 * 3600, 20):
        beat.move(ist("2026-11-18 09:00:00") + timedelta(seconds=second))
        sent.append(beat.tick())
    cycles = [parse_z(cycle) for cycle in sent if cycle]
    assert len(cycles) == 386
    assert cycles[0] == ist("2026-11-18 09:15:00")
    assert {(b - a).total_seconds() for a, b in pairwise(cycles)} == {60.0}


def test_a_cycle_is_sent_once_however_often_beat_asks() -> None:
    beat = made()
    assert beat.tick() == "2026-11-18T05:30:00Z"
    assert beat.tick() is None
    beat.later(59)
    assert beat.tick() is None


def test_a_late_tick_sends_the_cycle_that_is_now_and_no_burst() -> None:
    beat = made()
    beat.tick()
    beat.later(60 * 10 + 7)
    assert beat.tick() == "2026-11-18T05:40:00Z"
    assert beat.tick() is None


def test_the_next_tick_is_asked_for_at_the_next_instant() -> None:
    beat = made()
    beat.later(17.5)
    assert beat.schedule.is_due(LONG_AGO).next == pytest.approx(42.5)


@pytest.mark.parametrize("clock", ["2026-12-31 15:41:00", "2027-01-04 11:00:00"])
def test_after_the_last_day_of_the_calendar_beat_has_no_cycle_and_no_error(clock: str) -> None:
    beat = made("2026-12-31 15:39:00")
    assert beat.tick() == "2026-12-31T10:09:00Z"
    beat.later(60)
    assert beat.tick() == "2026-12-31T10:10:00Z"
    beat.move(ist(clock))
    assert beat.schedule.is_due(beat.last) == (False, 300.0)


def test_after_the_close_beat_sleeps_long_and_does_not_creep() -> None:
    beat = made("2026-11-18 15:41:00")
    assert beat.schedule.is_due(LONG_AGO).next == 300.0


def test_a_hundred_ticks_do_not_drift() -> None:
    beat = made(interval=1)
    for n in range(100):
        assert beat.tick() == (
            ist("2026-11-18 11:00:00") + timedelta(seconds=n)
        ).isoformat().replace("+00:00", "Z")
        beat.later(float(beat.schedule.is_due(beat.last).next) + 0.0004)


def test_asked_a_hair_too_early_the_instant_is_still_its_own() -> None:
    beat = made()
    beat.later(59.999)
    beat.last = beat.at - timedelta(seconds=50)
    assert beat.tick() == "2026-11-18T05:31:00Z"
    beat.later(0.001)
    assert beat.tick() is None


def test_a_faster_market_is_due_sooner_on_the_wall() -> None:
    beat = made(speed=12.0)
    beat.tick()
    assert beat.schedule.is_due(beat.last).next == pytest.approx(5.0)


def test_a_bounded_run_ends_with_its_window() -> None:
    beat = made(window={"first": "2026-11-18T05:31:00Z", "last": "2026-11-18T05:32:00Z"})
    assert [beat.due_at(f"2026-11-18 11:0{minute}:00") for minute in range(4)] == [
        False,
        True,
        True,
        False,
    ]
    assert beat.schedule.is_due(beat.last).next == 300.0


def test_a_market_that_is_about_to_start_is_waited_for() -> None:
    beat = made()
    beat.clock.now = beat.clock.origin - 0.2
    state = beat.schedule.is_due(LONG_AGO)
    assert (state.is_due, state.next) == (False, pytest.approx(0.2))


def test_the_sweep_is_due_at_every_even_second() -> None:
    schedule, seen = WallSchedule(lambda: 1000.0, 2.0), datetime.fromtimestamp(999.9, UTC)
    assert schedule.is_due(seen) == (True, 2.0)
    assert not WallSchedule(lambda: 1001.9, 2.0).is_due(datetime.fromtimestamp(1000.0, UTC)).is_due


def test_beat_has_one_entry_per_enabled_index_and_three_of_its_own() -> None:
    settings = load(None, {"index_params.BANKEX.enabled": False}, {})
    app = create_app(settings, "redis://127.0.0.1:1/0")
    runtime = replace(made().schedule._runtime, plan=plan(settings))
    entries = beat_schedule(settings, runtime, app)
    names = [
        f"collect-{name}" for name in ("NIFTY", "BANKNIFTY", "FINNIFTY", "MIDCPNIFTY", "SENSEX")
    ]
    assert list(entries) == [*names, "sweep", "verify-panels", "tidy", "keep-events"]
    assert entries["collect-NIFTY"]["options"]["expires"] == 30.0


def test_parts_are_folded_at_every_quarter_hour_whatever_the_interval() -> None:
    settings = load(None, {"interval": 5}, {})
    five = made(interval=5)
    tidy = beat_schedule(
        settings, five.schedule._runtime, create_app(settings, "redis://127.0.0.1:1/0")
    )["tidy"]["schedule"]
    assert tidy == WallSchedule(lambda: 0.0, 900.0)
    late = WallSchedule(lambda: ist("2026-11-18 11:29:59").timestamp(), 900.0)
    assert late.is_due(ist("2026-11-18 11:15:00")) == (False, 1.0)
    assert (
        WallSchedule(lambda: ist("2026-11-18 11:30:00").timestamp(), 900.0)
        .is_due(ist("2026-11-18 11:15:00"))
        .is_due
    )


@pytest.mark.parametrize(
    ("changed", "seconds"),
    [({}, 900.0), ({"interval": 5}, 666.0), ({"interval": 1, "redis.max_events": 4_000}, 97.0)],
)
def test_events_are_stored_twice_before_the_bus_drops_them(
    changed: dict[str, int], seconds: float
) -> None:
    settings = load(None, changed, {})
    (job,) = (job for job in JOBS if job.name == "keep_events")
    assert job.beat is not None
    assert job.beat(settings) == seconds
    assert job.beat(settings) <= settings.stream_bounds.seconds / 2


def test_what_beat_sends_brings_the_two_later_stages_along() -> None:
    settings = load(None, {}, {})
    entries = beat_schedule(
        settings, made().schedule._runtime, create_app(settings, "redis://127.0.0.1:1/0")
    )
    (analyse,) = entries["collect-SENSEX"]["options"]["link"]
    (persist,) = analyse.options["link"]
    assert (analyse.task, persist.task) == ("g6.analyse", "g6.persist")
    assert "expires" not in analyse.options
    assert "expires" not in persist.options
