"""The sweep: nothing that was lost stays lost, nothing stays open, nothing is written twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from g6 import pipeline
from g6.adapters.memory.ledger import MemoryLedger
from g6.adapters.memory.lifeline import LifeSigns, MemoryLifeline
from g6.adapters.memory.sender import MemorySender
from g6.domain.cycles.cycle import Unit, parse_z
from g6.domain.cycles.gaps import REPAIRED
from g6.domain.market.calendar import Calendar
from g6.domain.schema.frame import Frame
from g6.domain.schema.words import Stage
from g6.pipeline.sweep import MOST_SKIPPED, PERSIST_SECONDS, POISON
from g6.ports import CycleRecord
from tests.worlds.pipeline import BANKNIFTY, FIRST, NIFTY, SECOND, World, after

NO_BANKNIFTY = {"index_params__BANKNIFTY__enabled": False}
OK, LOST = ("OK", ""), ("SKIPPED", "ledger_lost")
CALM = {"closed": 0, "sent_again": 0, "fired_again": 0, "gaps": 0}


def sent_stages(world: World) -> list[tuple[Unit, tuple[str, ...]]]:
    return [(each[2], each[3]) for each in world.sender.sent if each[0] == "stages"]


def swept(world: World, seconds: float = 0.0) -> dict[str, int]:
    world.later(seconds)
    return pipeline.sweep(world.runtime)


def test_a_sweep_over_nothing_does_nothing(world: World) -> None:
    assert swept(world) == CALM


def test_a_stage_that_runs_is_left_alone(world: World) -> None:
    world.begin(NIFTY, "collect")
    assert swept(world, 4.0) == CALM


def test_a_collection_whose_lease_lapsed_is_sent_again_with_all_that_follows(world: World) -> None:
    world.run(BANKNIFTY)
    world.begin(NIFTY, "collect")
    assert swept(world, 5.1)["sent_again"] == 1
    assert (NIFTY, ("collect", "analyse", "persist")) in sent_stages(world)


def test_an_analysis_whose_worker_died_is_sent_again_from_its_frame(world: World) -> None:
    world.run(NIFTY, "collect")
    world.begin(NIFTY, "analyse")
    swept(world, 5.1)
    assert (NIFTY, ("analyse", "persist")) in sent_stages(world)
    world.drain()
    assert world.ledger.record(FIRST).units["NIFTY"].status == "OK"  # type: ignore[union-attr]


def test_a_message_lost_between_two_stages_is_sent_again(world: World) -> None:
    world.run(NIFTY, "collect")
    assert swept(world, 4.0)["sent_again"] == 0
    swept(world, 1.1)
    assert sent_stages(world)[0] == (NIFTY, ("analyse", "persist"))


def test_a_unit_that_never_began_is_sent_once_its_cycle_is_open(world: World) -> None:
    world.run(NIFTY, "collect", "analyse", "persist")
    swept(world, 5.1)
    assert sent_stages(world) == [(BANKNIFTY, ("collect", "analyse", "persist"))]


def test_persistence_lost_after_the_overview_is_sent_again(world: World) -> None:
    world.run(NIFTY)
    world.run(BANKNIFTY, "collect", "analyse")
    world.drain()
    swept(world, 5.1)
    world.drain()
    assert world.store.read_chain(BANKNIFTY) is not None
    assert world.ledger.open_cycles() == []


def test_persistence_that_fails_is_tried_again_at_growing_distances(world: World) -> None:
    world.run(NIFTY)
    world.run(BANKNIFTY, "collect", "analyse")
    world.drain()
    tries = []
    for second in range(int(PERSIST_SECONDS)):
        if swept(world, 1.0)["sent_again"]:
            world.begin(BANKNIFTY, "persist", task=f"dies-{second}")
            tries.append(second)
    distances = [later - earlier for earlier, later in pairwise(tries)]
    assert distances == sorted(distances)
    assert 6 < len(tries) < 10
    assert max(distances) > 200
    assert swept(world, PERSIST_SECONDS)["sent_again"] == 0
    assert FIRST not in [record.cycle for record in world.ledger.open_cycles()]


@pytest.mark.parametrize("distance", [1.0, 2.1, 4.0])
def test_a_persistence_that_waits_is_sent_again_however_far_apart_the_sweeps_are(
    world: World, distance: float
) -> None:
    """It was due for two seconds after each rest, which a sweep 2.1 s after another missed."""
    world.run(NIFTY)
    world.run(BANKNIFTY, "collect", "analyse")
    world.drain()
    counts = [swept(world, distance)["sent_again"] for _ in range(int(100.0 / distance))]
    assert sum(counts) == 4


@pytest.mark.parametrize("distance", [2.0, 4.0])
def test_a_rerun_that_waits_is_sent_again_however_far_apart_the_sweeps_are(
    world: World, distance: float
) -> None:
    world.cycle()
    pipeline.rerun(world.runtime, NIFTY)
    counts = [swept(world, distance)["sent_again"] for _ in range(int(100.0 / distance))]
    assert sum(counts) == 3


def test_a_rerun_whose_workers_die_is_sent_again_at_once_and_then_after_six_leases(
    world: World,
) -> None:
    world.cycle()
    pipeline.rerun(world.runtime, NIFTY)
    world.begin(NIFTY, "analyse", task="dies")
    assert [swept(world, 2.0)["sent_again"] for _ in range(4)] == [0, 0, 1, 0]
    world.begin(NIFTY, "analyse", task="dies-too")
    assert swept(world, 6.0)["sent_again"] == 0
    assert swept(world, 24.0)["sent_again"] == 1


@pytest.mark.parametrize(
    ("stages", "dies_in", "reason"),
    [((), "", "expired"), ((), "collect", "provider"), (("collect",), "analyse", "late")],
)
def test_a_deadline_closes_what_did_not_arrive_and_says_why(
    world: World, stages: tuple[str, ...], dies_in: str, reason: str
) -> None:
    world.run(NIFTY)
    if stages:
        world.run(BANKNIFTY, *stages)
    if dies_in:
        world.begin(BANKNIFTY, dies_in)
    assert swept(world, 48.1)["closed"] == 1
    world.drain()
    assert world.ends() == {"NIFTY": ("OK", ""), "BANKNIFTY": ("MISSING", reason)}
    assert world.reports("cycle.report")[0]["status"] == "PARTIAL"


def test_a_unit_that_kills_whoever_takes_it_is_poison(world: World) -> None:
    world.run(NIFTY)
    world.run(BANKNIFTY, "collect")
    for attempt in range(POISON):
        world.begin(BANKNIFTY, "analyse", task=f"dies-{attempt}")
        world.later(5.1)
    assert swept(world)["sent_again"] == 0
    swept(world, 48.0)
    world.drain()
    assert world.ends()["BANKNIFTY"] == ("MISSING", "poison")


def test_nothing_is_sent_again_when_the_deadline_is_too_near(world: World) -> None:
    world.begin(NIFTY, "collect")
    assert swept(world, 47.5)["sent_again"] == 0


def test_a_cycle_that_was_fired_and_not_closed_is_fired_again_after_two_seconds(
    world: World,
) -> None:
    world.run(NIFTY)
    world.run(BANKNIFTY)
    world.sender.sent.clear()
    assert swept(world, 1.9)["fired_again"] == 0
    assert swept(world, 0.2)["fired_again"] == 1
    world.drain()
    assert world.ends() == {"NIFTY": ("OK", ""), "BANKNIFTY": ("OK", "")}


def test_the_last_finisher_and_the_sweep_fire_a_cycle_once(world: World) -> None:
    world.run(NIFTY)
    world.run(BANKNIFTY, "collect")
    world.later(48.1)
    pipeline.sweep(world.runtime)
    world.run(BANKNIFTY, "analyse")
    assert world.sender.sent.count(("aggregate", FIRST)) == 1


def test_an_overview_whose_message_was_lost_is_stored_after_all(world: World) -> None:
    for unit in (NIFTY, BANKNIFTY):
        world.run(unit)
    world.sender.sent.clear()
    pipeline.aggregate(world.runtime, FIRST)
    world.sender.sent.clear()
    assert world.ends() == {}
    assert swept(world, 4.9)["fired_again"] == 0
    assert swept(world, 0.2)["fired_again"] == 1
    world.drain()
    assert world.ends() == {"NIFTY": ("OK", ""), "BANKNIFTY": ("OK", "")}
    assert world.ledger.open_cycles() == []


def test_an_overview_that_cannot_be_stored_is_given_up_after_an_hour(world: World) -> None:
    for unit in (NIFTY, BANKNIFTY):
        world.run(unit)
    pipeline.aggregate(world.runtime, FIRST)
    swept(world, 3601.0)
    assert FIRST not in {record.cycle for record in world.ledger.open_cycles()}


def test_a_first_walk_on_an_empty_store_begins_now(world: World) -> None:
    assert swept(world, 600.0)["gaps"] == 0
    assert swept(world)["gaps"] == 0


def test_instants_that_nobody_opened_are_written_down_once(world: World) -> None:
    world.cycle()
    swept(world, 60.0)
    found = swept(world, 180.0)
    assert found["gaps"] == 2 * 3
    world.drain()
    assert [world.ends(after(FIRST, 60 * n))["NIFTY"] for n in (1, 2, 3)] == [
        ("SKIPPED", "no_beat")
    ] * 3
    assert swept(world, 1.0)["gaps"] == 0


def test_a_cycle_that_may_still_be_opened_is_not_a_gap(world: World) -> None:
    world.cycle()
    swept(world, 50.0)
    assert swept(world, 30.0)["gaps"] == 0


def test_a_window_bounds_the_walk_at_both_ends(world: World) -> None:
    world.controls.set("window", {"first": SECOND, "last": after(FIRST, 120)})
    assert swept(world, 1200.0)["gaps"] == 2 * 2
    world.drain()
    assert swept(world, 1200.0)["gaps"] == 0
    assert world.ends(SECOND)["NIFTY"] == ("SKIPPED", "no_beat")


def test_the_first_cycle_of_a_run_is_owed_although_a_later_one_is_the_first_that_is_stored(
    world: World,
) -> None:
    world.controls.set("window", {"first": FIRST, "last": None})
    world.later(60.0)
    world.cycle(SECOND)
    assert swept(world, 60.0)["gaps"] == 2
    world.drain()
    assert world.ends(FIRST)["NIFTY"][0] == "SKIPPED"
    assert world.ends(SECOND)["NIFTY"] == ("OK", "")


def test_an_emptied_redis_hides_nothing_and_doubles_nothing(world: World) -> None:
    world.cycle()
    swept(world, 49.0)
    world.forget()
    world.later(200.0)
    world.cycle(after(FIRST, 240))
    swept(world, 60.0)
    while swept(world)["gaps"]:
        world.drain()
    world.drain()
    lost = [world.ends(after(FIRST, 60 * n)).get("NIFTY") for n in (1, 2, 3)]
    assert world.ends(FIRST)["NIFTY"] == ("OK", "")
    assert lost == [("SKIPPED", "ledger_lost")] * 3
    assert world.ends(after(FIRST, 240))["NIFTY"] == ("OK", "")


def test_a_long_walk_never_overwrites_what_is_stored(world: World) -> None:
    world.cycle()
    late = "2026-11-18T08:30:00Z"
    world.cycle(late)
    world.forget()
    world.later(60.0)
    while swept(world)["gaps"]:
        world.drain()
    assert world.ends(FIRST) == world.ends(late) == {"NIFTY": ("OK", ""), "BANKNIFTY": ("OK", "")}
    assert world.ends(after(late, -60))["NIFTY"][0] == "SKIPPED"
    assert world.ends(after(FIRST, -60)) == {}


def test_a_long_gap_is_written_down_in_small_lots_so_that_live_cycles_get_through(
    world: World,
) -> None:
    world.cycle()
    swept(world, 60.0)
    assert swept(world, 3600.0)["gaps"] == 2 * MOST_SKIPPED
    assert swept(world)["gaps"] == 0
    world.drain()
    assert swept(world)["gaps"] == 2 * MOST_SKIPPED


def test_the_walk_leaves_the_night_out(world: World) -> None:
    world.cycle()
    swept(world, 60.0)
    world.clock.now = Unit("2026-11-19T03:50:00Z", "NIFTY").instant.timestamp()
    total = 0
    while gaps := swept(world)["gaps"]:
        total += gaps
        world.drain()
    until_close = 4 * 60 + 40  # 11:00 to 15:40, the first instant collected, the closing one due
    assert total == 2 * (until_close + 5)
    assert world.ends("2026-11-18T10:10:00Z")["NIFTY"] == ("SKIPPED", "no_beat")
    assert world.ends("2026-11-18T10:11:00Z") == {}


def test_a_sweep_goes_on_where_the_calendar_ends_and_the_next_year_is_owed(world: World) -> None:
    known, owed = "2026-12-31T10:09:00Z", "2027-01-04T03:45:00Z"
    world.cycle(known)
    swept(world, 50.0)
    # The closing cycle is nobody's: the sweep tells of it although no session follows.
    assert swept(world, 120.0)["gaps"] == 2
    world.drain()
    assert world.ends("2026-12-31T10:10:00Z")["NIFTY"] == ("SKIPPED", "no_beat")
    world.clock.now = parse_z(owed).timestamp() + 90.0
    assert swept(world) == CALM
    # Somebody enters the year and starts the workers again. Friday was a day of trading as well.
    entered = {2027, *world.runtime.calendar.covered_years}
    extended = Calendar(world.runtime.calendar.exchanges, frozenset(entered))
    world.runtime = replace(world.runtime, calendar=extended)
    while swept(world)["gaps"]:
        world.drain()
    assert world.ends("2027-01-01T03:45:00Z")["NIFTY"] == ("SKIPPED", "no_beat")
    assert world.ends(owed)["NIFTY"] == ("SKIPPED", "no_beat")


def test_a_heartbeat_comes_in_a_year_without_a_calendar_and_no_cycle_is_due(world: World) -> None:
    cycle = "2027-01-04T05:30:00Z"
    world.clock.now = parse_z(cycle).timestamp()
    pipeline.heartbeat(world.runtime)
    (beat,) = world.reports("heartbeat")
    assert beat["market_open"] == {"NSE": False}
    assert world.runtime.expected(cycle) == ()


class Known:
    """Lifeline port that knows one reason for everything."""

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def record_beat(self) -> bool:
        return True

    def last_beat(self) -> float | None:
        return None

    def first_beat(self) -> float | None:
        return parse_z(FIRST).timestamp()

    def is_settled(self, now: float) -> bool:
        return now > 0.0

    def before_publish(self) -> None: ...

    def after_publish(self) -> None: ...
    def fail_publish(self) -> None: ...

    def reasons(self, dues: Sequence[float]) -> Sequence[str]:
        return [self.reason] * len(dues)


@pytest.mark.parametrize(
    ("known", "reason"), [("redis_down", "redis_down"), ("no_worker", "no_worker"), ("", "no_beat")]
)
def test_an_instant_that_nobody_opened_has_the_reason_that_the_beats_know(
    world: World, known: str, reason: str
) -> None:
    world.runtime = replace(world.runtime, lifeline=Known(known))
    world.cycle()
    swept(world, 60.0)
    swept(world, 180.0)
    world.drain()
    assert world.ends(SECOND)["NIFTY"] == ("SKIPPED", reason)


@pytest.mark.parametrize(
    ("known", "reason"), [("redis_down", "redis_down"), ("no_worker", "expired"), ("", "no_beat")]
)
def test_a_unit_that_nobody_began_has_the_reason_that_the_beats_know(
    world: World, known: str, reason: str
) -> None:
    world.runtime = replace(world.runtime, lifeline=Known(known))
    world.run(NIFTY)
    swept(world, 48.1)
    world.drain()
    assert world.ends()["BANKNIFTY"] == ("MISSING", reason)


class Signed(Known):
    """Lifeline port of a beat that vouches for nothing and signed last at an instant."""

    def __init__(self, signed: float) -> None:
        super().__init__("")
        self.signed = signed

    def last_beat(self) -> float | None:
        return self.signed


LATE_SIGNS = [(0.6, 5.4, True), (0.6, 6.7, False), (5.1, 5.4, False)]
"""Seconds from an instant to a sign and to a sweep, and whether that waits for the next sign."""


@pytest.mark.parametrize(("signed", "looks", "waits"), LATE_SIGNS)
def test_a_sweep_waits_for_the_next_sign_before_it_says_of_a_cycle_that_no_beat_was_there(
    world: World, signed: float, looks: float, *, waits: bool
) -> None:
    """On an overloaded host it told `no_beat` 0.6 s before the sign that told of the sending."""
    world.settle_on(interval=5)
    world.cycle()
    swept(world, 5.0)
    due = parse_z(FIRST).timestamp() + 5.0
    world.runtime = replace(world.runtime, lifeline=Signed(due + signed))
    assert swept(world, looks)["gaps"] == (0 if waits else 2)


@pytest.mark.parametrize(("signed", "looks", "waits"), LATE_SIGNS)
def test_a_sweep_waits_likewise_before_it_closes_a_unit_that_nobody_began(
    world: World, signed: float, looks: float, *, waits: bool
) -> None:
    world.settle_on(interval=5)
    world.run(NIFTY)
    due = parse_z(FIRST).timestamp()
    world.runtime = replace(world.runtime, lifeline=Signed(due + signed))
    assert swept(world, looks)["closed"] == (0 if waits else 1)


def test_a_first_cycle_that_an_emptied_server_forgot_is_not_lost(world: World) -> None:
    """A sweep before the next beat marked the grid as walked, with nothing stored and no window."""
    signs = LifeSigns()
    beat = MemoryLifeline(signs, world.controls, world.clock)
    world.runtime = replace(world.runtime, lifeline=beat)
    world.controls.set("window", {"first": FIRST, "last": None})
    beat.record_beat()
    world.begin(NIFTY, "collect")
    signs.empty()
    world.controls.empty()
    world.forget()
    swept(world, 55.0)
    beat.record_beat()
    swept(world)
    world.drain()
    assert world.ends()["NIFTY"] == ("SKIPPED", "ledger_lost")


def live_beat(world: World) -> tuple[LifeSigns, MemoryLifeline]:
    """Let a beat of a run without a window live in the world."""
    signs = LifeSigns()
    beat = MemoryLifeline(signs, world.controls, world.clock)
    world.runtime = replace(world.runtime, lifeline=beat)
    beat.record_beat()
    return signs, beat


def test_a_beat_that_sends_all_the_time_lives_on_however_late_it_signs(world: World) -> None:
    """On an overloaded host it signed 5.7 s after its last sign, and a unit of then was `no_beat`."""
    signs, beat = live_beat(world)
    beat.record_beat()
    for _ in range(3):
        world.later(4.0)
        beat.before_publish()
        beat.after_publish()
    beat.record_beat()
    assert len(signs.beats) == 1
    world.later(6.0)
    beat.before_publish()
    beat.after_publish()
    beat.record_beat()
    assert len(signs.beats) == 2, "it slept, and woke to send before it signed"


def test_a_beat_that_was_born_in_an_outage_waits_for_what_an_older_one_knows(world: World) -> None:
    signs, older = live_beat(world)
    world.cycle()
    swept(world, 60.0)
    older.record_beat()
    signs.is_away = True
    older.record_beat()
    world.later(121.0)
    younger = MemoryLifeline(signs, world.controls, world.clock)
    younger.record_beat()
    older.record_beat()
    signs.is_away = False
    world.later(1.0)
    younger.record_beat()
    assert swept(world)["gaps"] == 0
    older.record_beat()
    assert swept(world)["gaps"] == 2 * 2
    world.drain()
    for cycle in (SECOND, after(FIRST, 120)):
        assert world.ends(cycle)["NIFTY"] == ("SKIPPED", "redis_down")


class SlowLedger(MemoryLedger):
    """The ledger as an overloaded host has it: the first list of open cycles takes two seconds."""

    def __init__(self, world: World) -> None:
        super().__init__(world.bus, world.controls)
        self._world = world
        self._seconds = 2.0

    def open_cycles(self, *arguments: Any) -> Sequence[CycleRecord]:
        self._world.later(self._seconds)
        self._seconds = 0.0
        return super().open_cycles(*arguments)


def test_a_sweep_on_an_overloaded_host_frees_no_index_that_is_still_collected(world: World) -> None:
    """The time within which a collection renews was counted from the start of the sweep."""
    world.ledger = SlowLedger(world)
    world.runtime = replace(world.runtime, ledger=world.ledger)
    world.begin(NIFTY, "collect", task="slow")
    world.later(world.runtime.timing.grace + 0.1)
    until = world.clock.now + world.runtime.timing.lease
    assert world.ledger.renew(NIFTY, Stage.COLLECT, "slow", until, world.clock.now)
    assert swept(world)["closed"] == 2
    assert world.begin(Unit(SECOND, "NIFTY"), "collect", task="next") == "overrun"


@pytest.mark.parametrize(
    ("older_lives", "reason"), [(True, "redis_down"), (False, "no_beat")], ids=["lives", "dead"]
)
def test_a_unit_of_an_outage_is_closed_when_an_older_beat_has_had_its_time_to_tell_of_it(
    world: World, older_lives: bool, reason: str
) -> None:
    """A beat that was born in the outage had its sweep close the unit as `no_beat` before."""
    signs, older = live_beat(world)
    world.later(-2.0)
    older.record_beat()
    world.later(2.0)
    world.run(NIFTY)
    signs.is_away = True
    older.record_beat()
    world.later(60.0)
    younger = MemoryLifeline(signs, world.controls, world.clock)
    younger.record_beat()
    signs.is_away = False
    world.later(1.0)
    younger.record_beat()
    assert swept(world)["closed"] == 0
    if older_lives:
        older.record_beat()
    else:
        world.later(6.1)
    assert swept(world)["closed"] == 1
    world.drain()
    assert world.ends()["BANKNIFTY"] == ("MISSING", reason)


def test_the_grid_of_a_live_run_begins_with_its_oldest_beat(world: World) -> None:
    """Its first cycles were in a Redis that was emptied before any of them was stored."""
    signs, beat = live_beat(world)
    world.begin(NIFTY, "collect")
    signs.empty()
    world.forget()
    assert swept(world, 130.0)["gaps"] == 0
    beat.record_beat()
    assert swept(world)["gaps"] == 2 * 2
    world.drain()
    assert world.ends()["NIFTY"][0] == world.ends(SECOND)["NIFTY"][0] == "SKIPPED"
    assert world.ends(after(FIRST, -60)) == {}


def test_the_grid_of_a_live_run_begins_before_the_first_row_that_is_stored(world: World) -> None:
    live_beat(world)
    world.cycle(SECOND)
    assert swept(world, 60.0)["gaps"] == 2
    world.drain()
    assert world.ends()["NIFTY"] == ("SKIPPED", "no_worker")
    assert world.ends(SECOND)["NIFTY"] == ("OK", "")


def test_an_emptied_redis_whose_beats_died_as_well_finds_the_mark_in_the_store(
    world: World,
) -> None:
    signs, _ = live_beat(world)
    swept(world)
    world.begin(NIFTY, "collect")
    world.later(90.0)
    signs.empty()
    world.forget()
    live_beat(world)
    assert swept(world, 60.0)["gaps"] == 2 * 2
    world.drain()
    assert world.ends()["NIFTY"] == world.ends(SECOND)["NIFTY"] == ("SKIPPED", "ledger_lost")


def test_the_mark_in_the_store_is_before_every_cycle_that_is_not_stored(world: World) -> None:
    live_beat(world)
    world.cycle()
    world.later(60.0)
    world.begin(Unit(SECOND, "NIFTY"), "collect")
    assert swept(world, 55.0)["gaps"] == 0
    assert world.ledger.swept_until() == after(SECOND, 6)
    assert world.store.swept_until() == parse_z(SECOND) - timedelta(microseconds=1)


class EmptyingSender(MemorySender):
    """A sender whose first aggregate meets a Redis that is emptied."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world

    def aggregate(self, cycle: str) -> None:
        super().aggregate(cycle)
        if len(self.sent) == 1:
            MemoryLedger.__init__(self.world.ledger, self.world.bus, self.world.controls)


def test_a_walk_during_which_the_server_was_emptied_is_walked_again(world: World) -> None:
    world.cycle()
    swept(world, 60.0)
    sound = world.runtime
    world.runtime = replace(sound, sender=EmptyingSender(world))
    assert swept(world, 240.0)["gaps"] > 2
    world.runtime = sound
    swept(world)
    world.drain()
    assert world.ends(SECOND)["NIFTY"] == ("SKIPPED", "ledger_lost")


class EmptiedLedger(MemoryLedger):
    """A ledger that is emptied as soon as the mark of the walk was read."""

    def swept_until(self) -> str | None:
        mark = super().swept_until()
        MemoryLedger.__init__(self, self._bus, self._controls)
        return mark


def test_a_mark_is_not_put_into_a_server_that_was_emptied_since_it_was_read(world: World) -> None:
    ledger = EmptiedLedger(world.bus, world.controls)
    ledger.record_swept(after(FIRST, -50), None)
    world.runtime = replace(world.runtime, ledger=ledger)
    assert swept(world)["gaps"] == 0
    assert ledger.swept_until() is None


def test_a_recording_is_never_walked(world: World) -> None:
    world.cycle()
    world.runtime = replace(world.runtime, feeds=lambda _at: ["NIFTY"])
    assert swept(world, 600.0)["gaps"] == 0


def test_a_rerun_of_a_forgotten_cycle_is_never_collected(world: World) -> None:
    """A sweep sent stage collect for it, which came too late and made the OK row MISSING."""
    world.cycle()
    world.forget()
    world.later(3_600.0)
    pipeline.rerun(world.runtime, NIFTY)
    world.sender.sent.clear()
    for _ in range(20):
        world.later(2.0)
        pipeline.sweep(world.runtime)
    stages = [message[3] for message in world.sender.sent if message[0] == "stages"]
    assert stages == [("analyse", "persist")]
    world.drain()
    assert world.ends()["NIFTY"] == ("OK", "")


def lose_cycle(world: World) -> None:
    """Empty Redis when the chains of the second cycle are stored and its rows are not."""
    world.cycle()
    world.later(60.0)
    for index in ("NIFTY", "BANKNIFTY"):
        world.run(Unit(SECOND, index))
    world.sender.sent.clear()
    world.forget()


def sweep_all(world: World) -> None:
    """Sweep until nothing is found, and do what is sent."""
    pipeline.sweep(world.runtime)
    world.drain()
    while pipeline.sweep(world.runtime)["gaps"]:
        world.drain()
    world.drain()


@pytest.mark.parametrize("is_stored", [False, True], ids=["under way", "stored"])
@pytest.mark.parametrize("rate", [0.055, 0.07], ids=["same settings", "other settings"])
def test_a_rerun_of_one_unit_of_a_lost_cycle_hides_no_other(
    world: World, rate: float, *, is_stored: bool
) -> None:
    lose_cycle(world)
    before = world.runtime
    world.settle_on(greeks__risk_free_rate=rate)
    world.later(60.0)
    pipeline.rerun(world.runtime, Unit(SECOND, "NIFTY"))
    if is_stored:
        world.drain()
        assert world.ends(SECOND) == {"NIFTY": OK}
    world.runtime = before
    sweep_all(world)
    assert world.ends(SECOND) == {"NIFTY": OK, "BANKNIFTY": LOST}
    assert world.ledger.open_cycles() == []


def test_a_rerun_of_one_unit_of_the_first_cycle_hides_no_other(world: World) -> None:
    """Its row was the first of the day, after which the walk began."""
    for index in ("NIFTY", "BANKNIFTY"):
        world.run(Unit(FIRST, index))
    world.sender.sent.clear()
    world.forget()
    world.later(60.0)
    pipeline.rerun(world.runtime, Unit(FIRST, "NIFTY"))
    world.drain()
    sweep_all(world)
    assert world.ends() == {"NIFTY": OK, "BANKNIFTY": LOST}


def test_a_run_with_fewer_indices_earlier_on_the_day_gets_no_rows_of_the_others(
    world: World,
) -> None:
    world.settle_on(**NO_BANKNIFTY)
    cycles = [after(FIRST, 60 * number) for number in range(3)]
    for cycle in cycles:
        world.cycle(cycle)
    world.forget()
    world.settle_on()
    world.cycle(after(FIRST, 180))
    world.later(60.0)
    sweep_all(world)
    assert [world.ends(cycle) for cycle in cycles] == [{"NIFTY": OK}] * 3
    assert world.ends(after(FIRST, 180)) == {"NIFTY": OK, "BANKNIFTY": OK}


def test_an_index_that_was_switched_on_within_a_cycle_is_not_due_in_it(world: World) -> None:
    world.settle_on(**NO_BANKNIFTY)
    world.cycle()
    world.later(55.0)
    pipeline.sweep(world.runtime)
    world.cycle(SECOND)
    world.settle_on()
    world.later(60.0)
    sweep_all(world)
    assert world.ends(SECOND) == {"NIFTY": OK}


def test_a_row_that_a_repair_made_says_of_no_other_index_that_it_was_due(world: World) -> None:
    world.cycle()
    world.cycle(SECOND)
    world.store._overview[SECOND].pop("BANKNIFTY")
    world.store._overview[SECOND]["NIFTY"]["reason"] = REPAIRED
    world.forget()
    world.later(60.0)
    sweep_all(world)
    assert world.ends(SECOND) == {"NIFTY": ("OK", REPAIRED)}


def test_a_cycle_of_which_nobody_says_what_collected_it_is_left_as_it_is(world: World) -> None:
    world.cycle()
    world.cycle(SECOND)
    world.store._overview[SECOND].pop("BANKNIFTY")
    world.store._chains.clear()
    world.forget()
    world.later(60.0)
    sweep_all(world)
    assert world.ends(SECOND) == {"NIFTY": OK}


def test_a_long_run_with_fewer_indices_is_asked_about_in_lots(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("g6.pipeline.grid_walk.MOST_READ", 2)
    world.settle_on(**NO_BANKNIFTY)
    cycles = [after(FIRST, 60 * number) for number in range(3)]
    for cycle in cycles:
        world.cycle(cycle)
    world.forget()
    world.settle_on()
    world.later(60.0)
    reads: list[str] = []
    read_chain = world.store.read_chain

    def counted(_: object, unit: Unit) -> Frame | None:
        reads.append(unit.cycle)
        return read_chain(unit)

    monkeypatch.setattr(type(world.store), "read_chain", counted)
    pipeline.sweep(world.runtime)
    assert reads == cycles[:2]
    assert world.ledger.swept_until() == cycles[1]
    pipeline.sweep(world.runtime)
    assert reads == cycles
    assert [world.ends(cycle) for cycle in cycles] == [{"NIFTY": OK}] * 3


def test_a_cycle_whose_other_unit_was_lost_is_published_once_more(world: World) -> None:
    lose_cycle(world)
    world.later(60.0)
    pipeline.rerun(world.runtime, Unit(SECOND, "NIFTY"))
    world.drain()
    sweep_all(world)
    reports = [report for report in world.reports("cycle.report") if report["cycle"] == SECOND]
    assert [(report["attempt"], dict(report["units"])) for report in reports] == [
        (2, {"NIFTY": "OK"}),
        (3, {"NIFTY": "OK", "BANKNIFTY": "SKIPPED"}),
    ]
    assert world.ends() == {"NIFTY": OK, "BANKNIFTY": OK}
