"""Schedules of faults lose no cycle unseen, and a schedule is the same wherever it is run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import fields, replace
from datetime import timedelta
from pathlib import Path

import pytest

from g6.domain.cycles.claims import ClaimAnswer
from g6.domain.cycles.cycle import Unit, isoformat_z, parse_z
from g6.domain.schema.words import Reason, Stage, Status
from g6.entrypoints.workers.jobs import JOBS
from g6.pipeline import Runtime
from g6.pipeline.rerun import RERUN_SECONDS
from g6.ports import Opening, UnitEnd
from tests.simulate.__main__ import PLANTED, bugs_of, read
from tests.simulate.deviations import KINDS, Deviation, draw, shrink
from tests.simulate.judge import problems
from tests.simulate.reasons import BEAT_SLACK, BY_STAGE, BY_SWEEP
from tests.simulate.redis_state import Message
from tests.simulate.running import CYCLES, INDICES, run, run_seed, shrunk
from tests.simulate.system import System
from tests.simulate.witness import (
    LEASE_SLACK,
    AcceptedRerun,
    BeatLife,
    Forgetting,
    Grant,
    Strike,
    WatchedLedger,
)
from tests.simulate.world import Actor, SteppedPort, World

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/simulation.md"
VALUES = {
    "plan", "timing", "calendar", "clock", "quotes_seconds", "persisted_seconds", "heartbeat_seconds", "data_option",
    "memory", "pressure_rules", "detail_rules",
}  # fmt: skip
"""What a runtime has that is no port, and its clock, which waits in the world's time."""
SENT = {"collect", "analyse", "persist", "aggregate", "publish", "sweep", "rerun"}
"""The jobs that run here."""
SCHEDULES_EACH = 20
FAILED_ONCE = (
    # A persist stood still in its write among two reruns, and its time limit struck before it looked.
    (82834, "2926:rerun:0,2957:stand_still:14.55,2993:rerun:0"),
    # A beat that was born in an outage had a sweep close a unit of it before the older beat told of it.
    (
        83007,
        "142:die:37.86,743:slow_provider:11.76,1176:lose:0,1856:redis_away:10.83,1865:die_after:4.63",
    ),
    # A slow sweep freed an index that was still collected.
    (95716, "595:kill_beat:11.02,634:kill_beat:18.12,659:overload:4.98"),
    # A beat stood still between its birth and its first sign.
    (151023, "0:stand_still:24.08,70:die_after:18.01,76:stand_still:20.32"),
    # The only beat of an overloaded host signed after an instant and stood still before it sent the cycle.
    (151136, "1195:overload:3.66,1300:stand_still:11.42"),
    # A full disk kept a cycle open, and an emptied Redis forgot it: it was said to have had no worker.
    (130226, "752:disk_full:13.13,1425:redis_emptied:1.71"),
    # The frames of a rerun were evicted between its analysis and its persistence.
    (200168, "405:slow:6.87,1301:rerun:2.64,1380:evict_frames:0"),
    # A clock went back, Redis was emptied, and its beat sent cycles anew: OK rows became MISSING.
    (210128, "1254:slow_provider:10.32,1283:jump_clock:-16.74,1291:redis_emptied:1.35"),
    # In a Redis that was emptied a unit was collected twice, and who gave up first freed its index.
    (150066, "104:slow_provider:10.42,108:redis_emptied:1.09"),
    # Redis was emptied before a cycle was closed, and a rerun stored the row of one of its units.
    (303428, "116:rerun:6.97,135:redis_emptied:1.66,143:jump_clock:10.29"),
    # A beat that had stood still by its clock signed first in an emptied Redis: the first cycle was lost.
    (304850, "0:overload:5.24,5:jump_clock:6.88,88:redis_emptied:1.02"),
    # A beat that stood still as it published told all of that as an outage, which began 12 s later.
    (333240, "0:kill_beat:15.59,3:stand_still:22.73,28:redis_away:18.23"),
    # A sweep of an overloaded host told `no_beat` before the beat that had sent the cycle signed again.
    (342341, "866:overload:5.95"),
    # A beat slept over an instant, sent it as it woke, and met an outage: the unit was `redis_down`.
    (382934, "142:stand_still:20.26,153:redis_away:12.27"),
    # A beat woke before an instant, sent it, and signed after it: the unit was said to have had no beat.
    (
        372583,
        "1314:slow:11.27,1317:redis_away:8.41,1322:kill_worker:38.59,1351:stand_still:18.64,1353:stand_still:9.75,1416:stand_still:16.75",
    ),
)
"""Schedules that showed a fault, by seed and deviations, beside those of the planted bugs."""
NO_FAULTS = (
    # A beat of an overloaded host stood still between the messages of two indices.
    (
        91886,
        "799:rerun:10.29,805:lose:0,833:lose:0,838:kill_worker:24.67,838:overload:3.1,851:slow:10.19,876:stand_still:16.42",
    ),
    # Likewise, 3 s after an outage of Redis.
    (
        130488,
        "1310:kill_beat:16.56,1310:redis_away:6.9,1327:disk_full:16.81,1382:overload:5.65,1399:rerun:15.41,1411:stand_still:9.11",
    ),
    # A collection ended 1.1 s after its deadline, between a sweep's look and what it said.
    (96049, "3338:slow_provider:2.52,3352:redis_away:12.01,3359:rerun:15.31,3425:overload:1.45"),
    # On an overloaded host a collection had ended its unit, and was killed before it had freed its index.
    (230731, "132:disk_full:16.69,221:overload:4.98"),
    # A Redis that went back had a lease again that held up the cycle after the last one.
    (301088, "243:slow:11.93,1276:slow:3.52,1677:overload:5,1813:redis_restored:1.01"),
    # The only beat died in the second of two outages, 0.9 s after the first, in which it had not signed.
    (382731, "919:redis_away:10.06,929:redis_away:19.61,944:die:11.24"),
    # The beats of an overloaded host signed 5.3 s before they met an outage.
    (305811, "266:overload:5.68,268:evict_frames:0,334:lose:0,338:redis_away:18.08"),
    # On an overloaded host a collection claimed its index a second after it had looked at its clock.
    (9265, "1814:redis_away:12.28,1816:overload:5.1,1840:die_after:38.21"),
    # An operator's rerun met Redis away, and its unit came too late to be analysed.
    (200667, "48:double:2.34,65:redis_away:23.55,68:rerun:18.36"),
    # The only beat died at its first call, and Redis was emptied with the window in it.
    (301188, "0:die_after:14.52,0:redis_emptied:2.25"),
    # A disk that was full for 15 s left nine cycles to be stored in a queue of an overloaded host.
    (305588, "772:disk_full:15.31,1283:jump_clock:14.28,1299:overload:0.99,1369:disk_full:16.58"),
    # A beat that was born just after an instant sent its stored cycle anew into an emptied Redis.
    (514319, "40:kill_beat:2.85,113:redis_emptied:0.19"),
    # It sent one unit of the cycle alone, and the row of the other one stayed.
    (513164, "29:kill_beat:4.85,116:redis_emptied:2.91"),
    # A collection stood still meanwhile before it claimed its unit.
    (508139, "46:stand_still:8.17,151:redis_emptied:1.9"),
    # The only beat was slow over an instant, and met Redis away as it was about to send the cycle.
    (341487, "420:slow:9.2,425:redis_away:16"),
    # Redis went back while a slow operator's process was between a rerun's quotes and its opening.
    (372935, "2319:redis_away:3.71,2342:rerun:17.1,2354:slow:11.69,2361:redis_restored:2.74"),
    # The other beat was dead, and one that hung in a call since then met Redis away.
    (366165, "1087:slow:11.41,1099:rerun:6.92,1109:die:21.28,1114:redis_away:5.69"),
    # It stood still over an instant and sent the cycle 1.5 s late, which an overloaded host did not take.
    (
        354703,
        "317:jump_clock:5.99,325:kill_beat:4.34,330:slow_provider:10.3,344:stand_still:20.2,358:redis_restored:2.33,365:stand_still:13.46,377:die_after:36,380:overload:2.64",
    ),
    # A clock that went back had a unit sent anew into a cycle that a rerun had opened under its settings.
    (625531, "493:redis_emptied:1.83,624:rerun:8.48,626:jump_clock:-18.59"),
)
"""Schedules that the judge took for a fault and that showed none."""


@pytest.mark.parametrize("first", range(0, 320, SCHEDULES_EACH))
def test_no_schedule_loses_a_cycle_unseen(first: int) -> None:
    failed = {}
    for seed in range(first, first + SCHEDULES_EACH):
        outcome, deviations = run_seed(seed)
        if outcome.problems:
            fewest = ",".join(map(str, shrunk(seed, deviations)))
            failed[f"python -m tests.simulate --seed {seed} --deviations {fewest}"] = (
                outcome.problems
            )
    assert failed == {}


@pytest.mark.parametrize(("seed", "deviations"), FAILED_ONCE + NO_FAULTS)
def test_a_schedule_that_failed_once_is_whole(seed: int, deviations: str) -> None:
    outcome = run(seed, read(deviations))
    assert (outcome.problems, outcome.struck) == ((), deviations.count(",") + 1)


@pytest.mark.parametrize("has_sent", [False, True])
@pytest.mark.parametrize("is_away", [False, True])
@pytest.mark.parametrize("goes_on", [False, True])
def test_only_a_beat_that_stood_still_before_it_sent_a_unit_counts_as_none(
    *, has_sent: bool, is_away: bool, goes_on: bool
) -> None:
    world = System(World(0, (), cycles=1, interval=10, indices=INDICES)).world
    unit = Unit(world.cycles[0], "NIFTY")
    due = unit.instant.timestamp()
    life = BeatLife("a", due - 60.0, awake=[due - 1.0, due + 0.5])
    world.witness.beat_lives = [life]
    world.witness.strikes.append(Strike(due + 0.5, due + 20.0, "stand_still", "beat"))
    if has_sent:
        world.witness.beats_sent[unit] = due + 1.0
    if is_away:
        world.witness.strikes.append(Strike(due, due + 1.0, "redis_away"))
    if goes_on:
        life.awake.append(due + 1.5)
    says_no_beat = BY_SWEEP["MISSING", "no_beat"](world, unit)
    assert says_no_beat == (not (has_sent or is_away or goes_on))


@pytest.mark.parametrize("is_refused", [False, True])
@pytest.mark.parametrize("is_emptied", [False, True])
@pytest.mark.parametrize("reason", ["ledger_lost", "no_worker"])
def test_only_a_cycle_that_a_full_disk_refused_and_redis_forgot_may_be_lost_with_the_ledger(
    *, is_refused: bool, is_emptied: bool, reason: str
) -> None:
    system = System(World(0, (), cycles=1, interval=10, indices=INDICES))
    world = system.world
    unit = Unit(world.cycles[0], "NIFTY")
    due = unit.instant.timestamp()
    world.witness.beat_lives = [BeatLife("a", due - 60.0, awake=[due, due + 1.0])]
    row = {"underlying": "NIFTY", "timestamp": unit.cycle, "status": "SKIPPED", "reason": reason}
    world.store.write_overview(unit.cycle, [row])
    if is_refused:
        world.witness.unwritten.add(unit.cycle)
    if is_emptied:
        cycles = frozenset((unit.cycle,))
        world.witness.forgettings.append(Forgetting(due + 30.0, due + 30.0, cycles))
    complaint = (
        f"{unit.index} at {unit.cycle} is SKIPPED ({reason}) and nothing went wrong around it"
    )
    is_excused = is_refused and is_emptied and reason == "ledger_lost"
    assert (complaint not in problems(system)) == is_excused


@pytest.mark.parametrize(("since", "seconds"), [(-1.0, 5.4), (-1.0, 5.6), (0.0, 5.4)])
def test_only_a_redis_that_went_back_has_a_lease_again_and_for_as_long_as_it_lasts(
    since: float, seconds: float
) -> None:
    world = System(World(0, (), cycles=1, interval=10, indices=INDICES)).world
    later = Unit(isoformat_z(parse_z(world.cycles[0]) + timedelta(seconds=10)), "NIFTY")
    world.now = later.instant.timestamp() + 10.0
    world.current = Actor("b", lambda: None, lambda *_: None, task="collect")
    at = world.now - seconds
    world.witness.forgettings.append(Forgetting(at, at + since, frozenset()))
    world.witness.claimed(later, "collect", "two", ClaimAnswer.OVERRUN, world.now)
    assert (world.witness.violations == []) == (since < 0.0 and seconds < 5.5)


@pytest.mark.parametrize("who", ["it", "a sweep"])
def test_who_has_ended_its_own_unit_collects_no_more_and_whose_unit_a_sweep_closed_may(
    who: str,
) -> None:
    world = System(World(0, (), cycles=2, interval=10, indices=INDICES)).world
    first, second = (Unit(cycle, "NIFTY") for cycle in world.cycles)
    opening = Opening(INDICES, "c1", first.instant.timestamp() + 8.0, first.instant.timestamp())
    ledger = WatchedLedger(world)
    collector = Actor("a", lambda: None, lambda *_: None, task="collect", unit=first)
    sweep = Actor("b", lambda: None, lambda *_: None, task="sweep", soft_limit_hit=True)
    collector.soft_limit_hit = True
    world.current = collector
    world.now = first.instant.timestamp()
    ledger.begin(first, "one", opening, world.now, 5.0)
    world.current = collector if who == "it" else sweep
    ledger.finish(first, UnitEnd(Status.MISSING, Reason.TIME_LIMIT), world.now)
    world.current = Actor("b", lambda: None, lambda *_: None, task="collect", unit=second)
    world.now = second.instant.timestamp()
    ledger.begin(second, "two", replace(opening, deadline=world.now + 8.0), world.now, 5.0)
    complaint = f"NIFTY at {second.cycle} is collected while {first.cycle} is"
    assert (complaint in world.witness.violations) == (who == "a sweep")


@pytest.mark.parametrize("seconds", [-0.1, 0.1])
def test_an_index_is_held_by_a_dead_collector_until_its_lease_lapses_as_who_claims_sees_it(
    seconds: float,
) -> None:
    world = System(World(0, (), cycles=2, interval=10, indices=INDICES)).world
    first, second = (Unit(cycle, "NIFTY") for cycle in world.cycles)
    world.now = second.instant.timestamp()
    died = world.now - 5.0
    dead = Actor("a", lambda: None, lambda *_: None, task="collect", ended=died, dead="lost")
    world.witness.by_index["NIFTY"] = [Grant(dead, first, "collect", "one", died - 1.0)]
    world.current = Actor("b", lambda: None, lambda *_: None, task="collect")
    lapses = died + world.timing.lease + LEASE_SLACK
    world.now = lapses + 1.0
    world.witness.claimed(second, "collect", "two", ClaimAnswer.OVERRUN, lapses + seconds)
    complaint = f"NIFTY at {second.cycle} was skipped as overrun and no other cycle was collected"
    assert world.witness.violations == ([complaint] if seconds > 0 else [])


@pytest.mark.parametrize("seconds", [-16.7, -5.0, 16.7])
@pytest.mark.parametrize("is_emptied", [False, True])
def test_only_a_clock_that_went_back_before_a_cycle_and_an_emptied_redis_have_it_sent_anew(
    *, seconds: float, is_emptied: bool
) -> None:
    system = System(World(0, (), cycles=1, interval=10, indices=INDICES))
    world = system.world
    (cycle,) = world.cycles
    due = Unit(cycle, "NIFTY").instant.timestamp()
    world.witness.beat_lives = [BeatLife("a", due - 60.0, awake=[due, due + 1.0])]
    world.witness.sends["aggregate", cycle] = 2
    world.witness.wrong_clocks.append((due + 12.0, seconds))
    if is_emptied:
        world.witness.forgettings.append(Forgetting(due + 14.0, due + 14.0, frozenset()))
    complaint = f"{cycle}: 2 messages aggregate and nothing went wrong around it"
    assert (complaint not in problems(system)) == (is_emptied and seconds == -16.7)


@pytest.mark.parametrize("seconds", [-1.0, 0.0])
@pytest.mark.parametrize("is_reopened", [False, True])
def test_a_unit_that_a_rerun_opened_has_its_deadline_and_one_that_it_did_not_has_that_of_before(
    *, seconds: float, is_reopened: bool
) -> None:
    world = System(World(0, (), cycles=1, interval=10, indices=INDICES)).world
    unit = Unit(world.cycles[0], "NIFTY")
    deadline = unit.instant.timestamp() + world.timing.grace
    world.rerun_order.append(unit)
    if is_reopened:
        world.now = deadline + 60.0
        opening = Opening(INDICES, "c1", world.now, unit.instant.timestamp())
        WatchedLedger(world).reopen(unit, Stage.ANALYSE, opening, world.now)
        deadline = world.now + RERUN_SECONDS
    world.current = Actor("a", lambda: None, lambda *_: None, task="analyse")
    world.now = deadline + seconds
    came_too_late = BY_STAGE["MISSING", "expired"](world, unit)
    assert came_too_late == (seconds >= 0.0)


@pytest.mark.parametrize("knows", [False, True])
@pytest.mark.parametrize("signs", [-1.0, 1.0, None])
def test_only_a_beat_that_signs_in_an_emptied_redis_says_where_the_run_began(
    *, knows: bool, signs: float | None
) -> None:
    system = System(World(0, (), cycles=3, interval=10, indices=INDICES))
    world = system.world
    first = parse_z(world.cycles[0]).timestamp()
    emptied = first + 1.0
    life = BeatLife("a", first - 4.0, signs=[] if signs is None else [emptied + signs])
    next_life = BeatLife("a", first + 18.0, signs=[first + 18.1])
    world.witness.beat_lives = [life, next_life]
    world.witness.beginnings_lost.append((emptied, (life,) if knows else ()))
    sentences = problems(system)
    asked = [f"NIFTY at {cycle} has 0 overview rows" in sentences for cycle in world.cycles]
    is_told = signs == 1.0
    # The beat that signs first sends what was due 5 s before its birth.
    assert asked == [is_told and knows, is_told, True]


def opened_twice(emptied: float | None, since: float, *, is_stored: bool) -> tuple[World, Unit]:
    """Return a world in which a unit was analysed, its cycle stored and then claimed again 3 s after its instant."""
    world = System(World(0, (), cycles=1, interval=10, indices=INDICES)).world
    unit = Unit(world.cycles[0], "NIFTY")
    due = unit.instant.timestamp()
    world.now = due
    world.witness.chained(unit, 1.0)
    if is_stored:
        rows = [
            {"underlying": index, "timestamp": unit.cycle, "status": "OK", "reason": ""}
            for index in INDICES
        ]
        world.store.write_overview(unit.cycle, rows)
    if emptied is not None:
        at = due + emptied
        world.witness.forgettings.append(Forgetting(at, at + since, frozenset()))
    world.now = due + 3.0
    WatchedLedger(world).begin(unit, "one", Opening(INDICES, "c1", due + 8.0, due), due, 5.0)
    return world, unit


ANEW = [
    (None, 0.0, True),
    (-1.0, 0.0, True),
    (1.0, 0.0, True),
    (1.0, 0.0, False),
    (1.0, -0.5, True),
    (4.0, 0.0, True),
]


@pytest.mark.parametrize(("emptied", "since", "is_stored"), ANEW)
def test_only_a_stored_cycle_that_is_claimed_in_an_emptied_redis_is_analysed_of_two_answers(
    emptied: float | None, since: float, *, is_stored: bool
) -> None:
    world, unit = opened_twice(emptied, since, is_stored=is_stored)
    world.witness.chained(unit, 2.0)
    complaint = f"NIFTY at {unit.cycle} was analysed of the answers [1.0, 2.0]"
    is_excused = (emptied, since, is_stored) == (1.0, 0.0, True)
    assert world.witness.violations == ([] if is_excused else [complaint])


@pytest.mark.parametrize(("emptied", "since", "is_stored"), ANEW)
@pytest.mark.parametrize("is_kept", [False, True])
def test_only_a_row_that_such_a_cycle_keeps_may_differ_from_what_the_ledger_was_told(
    emptied: float | None, since: float, *, is_stored: bool, is_kept: bool
) -> None:
    world, unit = opened_twice(emptied, since, is_stored=is_stored)
    other = Unit(unit.cycle, "BANKNIFTY")
    row = {"underlying": other.index, "timestamp": unit.cycle, "status": "OK", "reason": ""}
    if not is_kept:
        row |= {"status": "MISSING", "reason": "expired"}
    world.store.write_overview(unit.cycle, [row])
    world.current = Actor("b", lambda: None, lambda *_: None, task="sweep")
    world.witness.ended(other, "MISSING", "expired")
    complaint = f"{other.index} at {unit.cycle} is MISSING (expired), which is not what happened"
    is_excused = (emptied, since, is_stored, is_kept) == (1.0, 0.0, True, True)
    assert (complaint not in world.witness.violations) == is_excused


@pytest.mark.parametrize("seconds", [-1.0, 1.0, 11.0, 13.0])
def test_only_a_redis_that_forgets_while_an_operator_asks_for_a_rerun_overshadows_it(
    seconds: float,
) -> None:
    system = System(World(0, (), cycles=1, interval=10, indices=INDICES))
    world = system.world
    unit = Unit(world.cycles[0], "NIFTY")
    began = unit.instant.timestamp() + 60.0
    row = {"underlying": "NIFTY", "timestamp": unit.cycle, "status": "OK", "reason": ""}
    world.store.write_overview(unit.cycle, [row | {"status": "PARTIAL", "reason": "config"}])
    world.rerun_order.append(unit)
    world.witness.reruns.append(
        AcceptedRerun(unit, began, began + 12.0, "analyse", 2, "settings", row)
    )
    at = began + seconds
    world.witness.forgettings.append(Forgetting(at, at - 2.0, frozenset()))
    complaint = f"NIFTY at {unit.cycle}, run again from analyse, is PARTIAL (config)"
    assert (complaint not in problems(system)) == (seconds >= 0.0)


@pytest.mark.parametrize("stopped", ["beat", "sweep", None])
@pytest.mark.parametrize("back", [8.0, 12.0])
@pytest.mark.parametrize("signed", [None, 2.0, 5.0])
def test_only_a_beat_that_hung_into_an_outage_before_another_one_signed_tells_of_it_too_early(
    *, stopped: str | None, back: float, signed: float | None
) -> None:
    world = System(World(0, (), cycles=1, interval=10, indices=INDICES)).world
    unit = Unit(world.cycles[0], "NIFTY")
    due = unit.instant.timestamp()
    if stopped is not None:
        world.witness.strikes.append(Strike(due - 2.0, due + 10.0, "slow", stopped))
    world.witness.strikes.append(Strike(due + 6.0, due + back, "redis_away"))
    if signed is not None:
        world.witness.beat_lives.append(BeatLife("b", due + 1.0, signs=[due + signed]))
    was_cut_off = BY_SWEEP["SKIPPED", "redis_down"](world, unit)
    assert was_cut_off == (stopped == "beat" and back == 12.0 and signed != 5.0)


@pytest.mark.parametrize("woke", [-1.0, 1.0])
@pytest.mark.parametrize("seconds", [4.0, 6.0])
@pytest.mark.parametrize("other", [None, (0.5,), (-1.0, 1.1)])
def test_only_a_beat_that_slept_long_over_an_instant_counts_as_none_although_it_woke_just_after(
    *, woke: float, seconds: float, other: tuple[float, ...] | None
) -> None:
    world = System(World(0, (), cycles=1, interval=10, indices=INDICES)).world
    unit = Unit(world.cycles[0], "NIFTY")
    due = unit.instant.timestamp()
    lives = [BeatLife("a", due - 60.0, awake=[due + 1.1, due + 2.1])]
    if other is not None:
        lives.append(BeatLife("b", due - 60.0, awake=[due + at for at in other]))
    world.witness.beat_lives = lives
    ends = due + woke
    world.witness.strikes.append(Strike(ends - seconds, ends, "stand_still", "beat"))
    says_no_beat = BY_SWEEP["SKIPPED", "no_beat"](world, unit)
    assert says_no_beat == (woke == 1.0 and seconds == 6.0 and other is None)


@pytest.mark.parametrize("signs", [(), (10.5,)])
@pytest.mark.parametrize("died", [27.0, float("inf")])
def test_only_a_beat_that_died_unsigned_between_two_outages_leaves_the_first_untold(
    *, signs: tuple[float, ...], died: float
) -> None:
    world = System(World(0, (), cycles=1, interval=10, indices=INDICES)).world
    unit = Unit(world.cycles[0], "NIFTY")
    due = unit.instant.timestamp()
    life = BeatLife("a", due - 60.0, due + died, awake=[due, due + 5.0])
    life.signs = [due - 4.0, *(due + at for at in signs)]
    world.witness.beat_lives = [life]
    for began, ended in ((-3.0, 10.0), (11.0, 30.0)):
        world.witness.strikes.append(Strike(due + began, due + ended, "redis_away"))
    says_no_beat = BY_SWEEP["SKIPPED", "no_beat"](world, unit)
    assert says_no_beat == (not signs and died == 27.0)


@pytest.mark.parametrize("is_anew", [False, True])
@pytest.mark.parametrize("index", [None, "NIFTY", "BANKNIFTY"])
def test_only_beside_a_rerun_of_a_cycle_that_was_opened_anew_has_a_unit_other_settings(
    *, is_anew: bool, index: str | None
) -> None:
    system = System(World(0, (), cycles=1, interval=10, indices=INDICES))
    world = system.world
    (cycle,) = world.cycles
    row = {"underlying": "NIFTY", "timestamp": cycle, "status": "PARTIAL", "reason": "config"}
    world.store.write_overview(cycle, [row])
    if index is not None:
        world.rerun_order.append(Unit(cycle, index))
    if is_anew:
        world.witness.opened_anew.add(cycle)
    complaint = f"NIFTY at {cycle} is PARTIAL (config) and was never run again"
    due = Unit(cycle, "NIFTY").instant.timestamp()
    world.witness.strikes.append(Strike(due, due + 1.0, "redis_emptied"))
    is_excused = index == "NIFTY" or (index == "BANKNIFTY" and is_anew)
    assert (complaint not in problems(system)) == is_excused


@pytest.mark.parametrize(("each", "units"), [(20, 1), (2, 10), (1, 20)])
@pytest.mark.parametrize("is_refused", [False, True])
def test_a_queue_may_be_long_of_few_messages_of_each_thing_that_a_full_disk_refused(
    *, each: int, units: int, is_refused: bool
) -> None:
    system = System(World(0, (), cycles=units, interval=10, indices=INDICES))
    world = system.world
    if is_refused:
        world.witness.unwritten.update(world.cycles)
    for cycle in world.cycles:
        for number in range(each):
            system.send(Message("persist", (cycle, "NIFTY"), f"task-{number}", "persist"))
    complaints = [sentence for sentence in problems(system) if "waited in the queue" in sentence]
    is_excused = is_refused and each <= 2
    assert bool(complaints) != is_excused


@pytest.mark.parametrize("calls", [0.0, 3.9, 4.1])
@pytest.mark.parametrize("overloaded", [None, 0.0, 60.0])
def test_only_the_calls_of_a_host_that_is_overloaded_then_come_between_an_instant_and_an_outage(
    *, calls: float, overloaded: float | None
) -> None:
    world = System(World(0, (), cycles=1, interval=10, indices=INDICES)).world
    unit = Unit(world.cycles[0], "NIFTY")
    due = unit.instant.timestamp()
    if overloaded is not None:
        world.overload_seconds = 1.2
        world.witness.strikes.append(Strike(due - overloaded, due - overloaded + 20.0, "overload"))
    away = due + BEAT_SLACK + calls * 1.2
    world.witness.strikes.append(Strike(away, away + 10.0, "redis_away"))
    was_cut_off = BY_SWEEP["SKIPPED", "redis_down"](world, unit)
    assert was_cut_off == (calls == 0.0 or (overloaded == 0.0 and calls < 4.0))


def test_a_run_without_deviations_is_whole() -> None:
    outcome = run(0, ())
    assert (outcome.problems, outcome.struck) == ((), 0)


def test_a_seed_is_the_same_under_another_hash_seed_and_locale() -> None:
    seed = 3
    here, _ = run_seed(seed)
    answer = simulate_elsewhere("--seed", str(seed), "--json")
    assert json.loads(answer.stdout)["digest"] == here.digest


def test_a_seed_and_cycles_run_the_schedules_from_that_seed_on() -> None:
    answer = simulate_elsewhere("--seed", "3", "--cycles", str(2 * CYCLES), "--jobs", "1")
    assert answer.returncode == 0, answer.stdout
    assert f"2 schedules from seed 3, {2 * CYCLES} cycles, " in answer.stdout


def test_deviations_are_of_one_schedule() -> None:
    answer = simulate_elsewhere("--seed", "3", "--cycles", "32", "--deviations", "none")
    assert answer.returncode == 2
    assert "--deviations are of one schedule: leave out --cycles" in answer.stderr


def simulate_elsewhere(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command under another hash seed, locale and time zone."""
    return subprocess.run(
        [sys.executable, "-m", "tests.simulate", *arguments],
        cwd=ROOT, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONHASHSEED": "271828", "LC_ALL": "C", "TZ": "America/New_York"},
    )  # fmt: skip


def test_a_deviation_waits_for_a_step_at_which_it_does_something() -> None:
    never = Deviation(10**9, "die")
    assert run(0, [Deviation(400, "lose"), never]).struck == 1


def test_every_kind_of_deviation_is_drawn() -> None:
    drawn = {deviation.kind for seed in range(400) for deviation in draw(seed, 1_000)}
    assert drawn == set(KINDS)


def test_a_deviation_is_read_as_it_was_written() -> None:
    deviation = Deviation(909, "disk_full", 15.12)
    assert Deviation.parse(str(deviation)) == deviation


def test_a_kind_that_is_none_strikes_nothing_and_is_refused() -> None:
    with pytest.raises(ValueError, match=r"'disk_ful'; there are .*disk_full"):
        Deviation.parse("909:disk_ful:15.12")


def test_the_schedule_of_a_planted_bug_is_told_from_one_that_is_well() -> None:
    row = json.loads(PLANTED.read_text("utf-8"))[0]
    deviations = ",".join(row["deviations"])
    assert row["bug"] in bugs_of(row["seed"], deviations)
    assert row["bug"] not in bugs_of(row["seed"] + 1, deviations)


def test_shrinking_leaves_what_the_failure_needs() -> None:
    deviations = [Deviation(step, "die") for step in range(9)]
    needed = {2, 7}
    rest = shrink(deviations, lambda some: needed <= {deviation.step for deviation in some})
    assert [deviation.step for deviation in rest] == [2, 7]


def test_every_port_of_the_runtime_is_a_step_or_named_as_not_seen() -> None:
    system = System(World(0, (), cycles=1, interval=10, indices=INDICES))
    runtime = system.runtimes["a"]
    ports = {field.name for field in fields(Runtime)} - VALUES
    empty = {name for name in ports if not isinstance(getattr(runtime, name), SteppedPort)}
    not_seen = PAGE.read_text("utf-8").split("## What it cannot see")[1]
    assert {name for name in empty | {"vitals"} if f"`{name}`" not in not_seen} == set()


def test_every_job_runs_here_or_is_named_as_not_seen() -> None:
    not_seen = PAGE.read_text("utf-8").split("## What it cannot see")[1]
    others = {job.name for job in JOBS} - SENT
    assert {name for name in others if f"`{name}`" not in not_seen} == set()
