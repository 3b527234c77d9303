"""Celery's scheduler over G6's schedules: what it sends and when, on a clock that sends, waits and hands move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from celery import Celery
from celery.beat import ScheduleEntry, Scheduler
from kombu.exceptions import OperationalError

from g6.adapters.memory.clock import StoppedClock
from g6.config import load
from g6.entrypoints.workers.grid_beat import GridBeat
from g6.entrypoints.workers.schedule import CycleSchedule, WallSchedule
from tests.worlds.schedules import runtime_of_a_beat

OPEN = datetime(2026, 11, 18, 5, 30, tzinfo=UTC).timestamp()
HOUR = 3600.0
INDICES = ("NIFTY", "SENSEX")


@dataclass(slots=True)
class Sent:
    """What a beat sent: the second after `OPEN` at which it began to, and which instant it was for."""

    clock: StoppedClock
    costs: dict[float, float] = field(default_factory=dict)
    messages: list[tuple[str, float, float]] = field(default_factory=list)

    def of(self, name: str) -> list[tuple[float, float]]:
        """Return the instants of an entry, each with the seconds that it was late."""
        return [(due, round(at - due, 3)) for entry, at, due in self.messages if entry == name]

    def add(self, entry: ScheduleEntry) -> None:
        now = self.clock.now - OPEN
        step = 5.0 if entry.name in INDICES else 2.0
        due = (now + 0.002) // step * step
        self.messages.append((entry.name, now, due))
        self.clock.sleep(self.costs.pop(due, 0.001))


def beat_of(scheduler: type[Scheduler], sent: Sent) -> Any:
    """Return a beat of two indices and a sweep, five and two seconds apart."""

    class Beat(scheduler):  # type: ignore[misc,valid-type]
        def apply_entry(self, entry: ScheduleEntry, producer: object = None) -> None:
            sent.add(entry)

    app = Celery("beat", set_as_current=False, broker="memory://")
    runtime = runtime_of_a_beat(load(None, {"interval": 5}, {}), 5.0, sent.clock)
    beat = Beat(app, lazy=True, max_interval=1.0)
    entries: dict[str, dict[str, object]] = {
        name: {"task": name, "schedule": CycleSchedule(runtime, "NSE")} for name in INDICES
    }
    entries["sweep"] = {"task": "sweep", "schedule": WallSchedule(sent.clock.wall, 2.0)}
    beat.update_from_dict(entries)
    return beat


def run(beat: Any, clock: StoppedClock, until: float) -> int:
    """Let beat send and sleep until a second after `OPEN`, and return how often it looked."""
    looks = 0
    while clock.now < OPEN + until:
        wait = beat.tick()
        looks += 1
        clock.sleep(max(wait, 0.0001))
    return looks


def dues(sent: Sent, name: str) -> Sequence[float]:
    return [due for due, _ in sent.of(name)]


def test_beat_looks_once_a_second_and_once_for_what_is_due() -> None:
    sent = Sent(StoppedClock(OPEN + 0.5))
    looks = run(beat_of(GridBeat, sent), sent.clock, 20.5)
    assert dues(sent, "NIFTY") == dues(sent, "SENSEX") == [5.0, 10.0, 15.0, 20.0]
    assert looks <= 20 + 2 * len(sent.messages)
    celerys = Sent(StoppedClock(OPEN + 0.5))
    beat = beat_of(Scheduler, celerys)
    run(beat, celerys.clock, 4.991)
    assert beat.tick() <= 0.0, "Celery waits by itself now: adjust can go"


@pytest.mark.parametrize("seconds", [0.2, 2.2, 4.0])
def test_a_send_that_took_long_makes_no_later_instant_late(seconds: float) -> None:
    """A Redis that stood still in a send cost the index its next cycle: it was sent as late again."""
    sent = Sent(StoppedClock(OPEN + 0.5), costs={5.0: seconds})
    run(beat_of(GridBeat, sent), sent.clock, 20.5)
    for name in INDICES:
        assert dues(sent, name) == [5.0, 10.0, 15.0, 20.0]
        assert max(late for due, late in sent.of(name) if due > 5.0) <= 0.01
    celerys = Sent(StoppedClock(OPEN + 0.5), costs={5.0: seconds})
    run(beat_of(Scheduler, celerys), celerys.clock, 14.5)
    late = [late for name in INDICES for due, late in celerys.of(name) if due == 10.0]
    assert max(late) > seconds - 0.02, "Celery counts from the instant now: _when can go"


def test_a_send_that_outlasts_the_next_instant_is_followed_by_it_at_once() -> None:
    sent = Sent(StoppedClock(OPEN + 0.5), costs={5.0: 5.7})
    run(beat_of(GridBeat, sent), sent.clock, 20.5)
    both = sorted(sent.of("NIFTY") + sent.of("SENSEX"))
    assert [due for due, _ in both] == [5.0, 10.0, 10.0, 15.0, 15.0, 20.0, 20.0]
    assert max(late for due, late in both if due == 10.0) <= 0.71


def test_where_the_clock_is_set_back_the_instants_of_now_are_sent() -> None:
    sent = Sent(StoppedClock(OPEN + HOUR + 0.5))
    beat = beat_of(GridBeat, sent)
    run(beat, sent.clock, HOUR + 12.0)
    before = len(sent.messages)
    sent.clock.now -= HOUR
    run(beat, sent.clock, 20.5)
    sent.messages = sent.messages[before:]
    assert dues(sent, "NIFTY") == dues(sent, "SENSEX") == [15.0, 20.0]
    assert dues(sent, "sweep") == [14.0, 16.0, 18.0, 20.0]


def test_a_clock_that_is_corrected_by_less_than_a_second_has_nothing_sent_twice() -> None:
    sent = Sent(StoppedClock(OPEN + 0.5))
    beat = beat_of(GridBeat, sent)
    run(beat, sent.clock, 10.1)
    sent.clock.now -= 0.9
    run(beat, sent.clock, 20.5)
    assert dues(sent, "NIFTY") == dues(sent, "SENSEX") == [5.0, 10.0, 15.0, 20.0]


def test_a_clock_that_is_set_forward_has_the_instant_of_now_sent_and_no_burst() -> None:
    sent = Sent(StoppedClock(OPEN + 0.5))
    beat = beat_of(GridBeat, sent)
    run(beat, sent.clock, 10.1)
    sent.clock.now += HOUR
    run(beat, sent.clock, HOUR + 20.5)
    after = [HOUR + due for due in (10.0, 15.0, 20.0)]
    assert dues(sent, "NIFTY") == dues(sent, "SENSEX") == [5.0, 10.0, *after]


class Refused(GridBeat):
    """A beat whose messages nobody takes."""

    def send_task(self, *_: object, **__: object) -> None:
        raise OperationalError("Connection refused")


def test_a_message_that_was_not_sent_is_told_at_once() -> None:
    """A sign that went through first dated the outage from itself on, behind the cycle it had cost."""
    beat = Refused(Celery("beat", set_as_current=False, broker="memory://"), lazy=True)
    told: list[str] = []
    beat.fail_publish = lambda: told.append("away")
    clock = StoppedClock(OPEN)
    beat.update_from_dict({"sweep": {"task": "sweep", "schedule": WallSchedule(clock.wall, 2.0)}})
    beat.apply_entry(beat.schedule["sweep"])
    assert told == ["away"]
