"""One ledger, two adapters: the same steps give the same answers."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from math import isnan

import numpy as np
import pytest
import redis

from g6.adapters.memory.bus import MemoryBus
from g6.adapters.memory.controls import MemoryControls
from g6.adapters.memory.ledger import MemoryLedger
from g6.adapters.redis.bus import RedisBus
from g6.adapters.redis.controls import RedisControls
from g6.adapters.redis.frames import RedisFrames, frame_key
from g6.adapters.redis.ledger import RedisLedger
from g6.adapters.redis.server import connect
from g6.domain.cycles.claims import ClaimAnswer
from g6.domain.cycles.cycle import Unit
from g6.domain.market.slot import SlotLevels
from g6.domain.reports import CycleReport, StageReport, Switches
from g6.domain.schema.frame import Frame, FrameName
from g6.errors import Unavailable
from g6.ports import Bus, Claim, Controls, Ledger, Opening, UnitEnd, UnitRecord

CYCLE, LATER = "2026-11-18T05:30:00Z", "2026-11-18T05:31:00Z"
AFTER = "2026-11-18T05:32:00Z"
NIFTY, SENSEX = Unit(CYCLE, "NIFTY"), Unit(CYCLE, "SENSEX")
OPENING = Opening(("NIFTY", "SENSEX"), "c1", deadline=148.0, due=100.0)
LEASE = 5.0
EXPIRY = date(2026, 11, 23)
SUMMARY = {"config_id": "c1", "options": 4}


@pytest.fixture(params=["memory", "redis"])
def world(
    request: pytest.FixtureRequest, namespace: str, redis_client: redis.Redis
) -> tuple[Ledger, Bus, Controls]:
    if request.param == "memory":
        bus, controls = MemoryBus(), MemoryControls()
        return MemoryLedger(bus, controls), bus, controls
    return (
        RedisLedger(redis_client, namespace),
        RedisBus(redis_client, namespace),
        RedisControls(redis_client, namespace),
    )


@pytest.fixture
def ledger(world: tuple[Ledger, Bus, Controls]) -> Ledger:
    return world[0]


@pytest.fixture
def controls(world: tuple[Ledger, Bus, Controls]) -> Controls:
    return world[2]


def collected(ledger: Ledger, unit: Unit, now: float = 100.0) -> None:
    assert ledger.begin(unit, f"task-{unit.index}", OPENING, now, LEASE).answer == "run"
    assert ledger.end_stage(unit, "collect", f"task-{unit.index}", now + 1)


def analysed(ledger: Ledger, unit: Unit, now: float = 102.0, status: str = "OK") -> str:
    assert ledger.start(unit, "analyse", "a", now, LEASE).answer == "run"
    return ledger.finish(unit, UnitEnd(status, "", SUMMARY), now + 1)


def test_a_stage_that_starts_is_given_its_frame_where_frames_are_beside_the_ledger(
    redis_client: redis.Redis, namespace: str
) -> None:
    ledger = RedisLedger(redis_client, namespace, has_frames=True)
    frames = RedisFrames(redis_client, namespace)
    for name, strike in ((FrameName.QUOTES, 26_000.0), (FrameName.CHAIN, 26_050.0)):
        frames.put(NIFTY, name, Frame({"name": name}, {"strike": np.array([strike])}), 60.0)
    redis_client.set(frame_key(namespace, SENSEX, FrameName.QUOTES), b"no frame")
    for unit in (NIFTY, SENSEX):
        collected(ledger, unit)
    assert ledger.start(SENSEX, "analyse", "a", 101.0, LEASE).frame is None
    quotes = ledger.start(NIFTY, "analyse", "a", 101.0, LEASE).frame
    assert ledger.start(NIFTY, "analyse", "b", 101.5, LEASE).frame is None
    ledger.finish(NIFTY, UnitEnd("OK", "", SUMMARY), 102.0)
    chain = ledger.start(NIFTY, "persist", "p", 103.0, LEASE).frame
    for frame, name in ((quotes, FrameName.QUOTES), (chain, FrameName.CHAIN)):
        stored = frames.get(NIFTY, name)
        assert frame is not None
        assert frame.header == stored.header
        assert frame.columns["strike"].tolist() == stored.columns["strike"].tolist()
    assert RedisLedger(redis_client, namespace).start(NIFTY, "persist", "p", 103.1, LEASE) == (
        Claim(ClaimAnswer.AGAIN, 148.0, 102.0, config_id="c1", started_before=103.0)
    )


def test_a_stage_starts_with_its_frame_where_the_server_has_forgotten_the_script(
    redis_client: redis.Redis, redis_url: str, namespace: str
) -> None:
    ledger = RedisLedger(redis_client, namespace, has_frames=True)
    frame = Frame({}, {"strike": np.array([26_000.0])})
    RedisFrames(redis_client, namespace).put(NIFTY, FrameName.QUOTES, frame, 60.0)
    collected(ledger, NIFTY)
    with connect(redis_url.replace("tests:password@", "")) as admin:
        admin.script_flush()
    claim = ledger.start(NIFTY, "analyse", "a", 101.0, LEASE)
    assert claim.answer == "run"
    assert claim.frame is not None


def test_a_stage_does_not_start_where_the_server_refuses_its_step(
    redis_client: redis.Redis, namespace: str
) -> None:
    ledger = RedisLedger(redis_client, namespace, has_frames=True)
    redis_client.set(f"{namespace}:cycle:{CYCLE}", "no hash")
    with pytest.raises(Unavailable, match="WRONGTYPE"):
        ledger.start(NIFTY, "analyse", "a", 101.0, LEASE)


def test_the_first_task_runs_and_its_twin_is_ignored(ledger: Ledger) -> None:
    assert ledger.begin(NIFTY, "one", OPENING, 100.0, LEASE).answer == "run"
    assert ledger.begin(NIFTY, "two", OPENING, 100.1, LEASE).answer == "twin"


def test_the_same_task_id_again_is_a_redelivery_and_runs(ledger: Ledger) -> None:
    ledger.begin(NIFTY, "one", OPENING, 100.0, LEASE)
    assert ledger.begin(NIFTY, "one", OPENING, 100.1, LEASE).answer == "again"


def test_another_task_takes_over_when_the_lease_has_lapsed(ledger: Ledger) -> None:
    ledger.begin(NIFTY, "one", OPENING, 100.0, LEASE)
    assert ledger.begin(NIFTY, "two", OPENING, 105.1, LEASE).answer == "again"


def test_a_unit_that_never_began_is_told_from_one_that_is_only_late(ledger: Ledger) -> None:
    assert ledger.begin(NIFTY, "one", OPENING, 130.0, LEASE).answer == "run"
    assert ledger.begin(SENSEX, "sent again", OPENING, 135.5, LEASE).answer == "again"


def test_a_collector_that_died_holds_its_index_no_longer_than_its_deadline(ledger: Ledger) -> None:
    opening = replace(OPENING, deadline=102.4)
    ledger.begin(NIFTY, "one", opening, 100.0, LEASE)
    assert (
        ledger.begin(Unit(LATER, "NIFTY"), "two", replace(OPENING, due=103.0), 103.0, LEASE).answer
        == "run"
    )


def test_a_collector_that_renews_holds_its_index_past_its_deadline(ledger: Ledger) -> None:
    ledger.begin(NIFTY, "one", replace(OPENING, deadline=102.4), 100.0, LEASE)
    ledger.renew(NIFTY, "collect", "one", 106.5, 101.5)
    assert (
        ledger.begin(Unit(LATER, "NIFTY"), "two", replace(OPENING, due=103.0), 103.0, LEASE).answer
        == "overrun"
    )


@pytest.mark.parametrize(("renewed", "answer"), [(104.6, "overrun"), (0.0, "run")])
def test_a_collection_whose_unit_a_sweep_closed_holds_its_index_as_long_as_it_renews(
    ledger: Ledger, renewed: float, answer: str
) -> None:
    opening = replace(OPENING, deadline=104.0)
    ledger.begin(NIFTY, "slow", opening, 102.3, LEASE)
    ledger.renew(NIFTY, "collect", "slow", 108.8, 103.8)
    ledger.finish(NIFTY, UnitEnd("MISSING", "provider"), 104.1)
    later = replace(OPENING, deadline=109.0, due=105.0)
    unit = Unit(LATER, "NIFTY")
    if not renewed:
        assert ledger.begin(unit, "two", later, 105.9, LEASE).answer == answer
        return
    ledger.renew(NIFTY, "collect", "slow", renewed + LEASE, renewed)
    assert ledger.begin(unit, "two", later, 105.9, LEASE).answer == answer
    assert ledger.end_stage(NIFTY, "collect", "", 106.0)
    assert (
        ledger.begin(Unit(AFTER, "NIFTY"), "three", replace(later, due=110.0), 110.0, LEASE).answer
        == "run"
    )


def test_a_renewed_lease_is_not_taken_over(ledger: Ledger) -> None:
    ledger.begin(NIFTY, "one", OPENING, 100.0, LEASE)
    assert ledger.renew(NIFTY, "collect", "one", 108.0, 103.0)
    assert ledger.begin(NIFTY, "two", OPENING, 105.1, LEASE).answer == "twin"
    assert not ledger.renew(NIFTY, "collect", "two", 120.0, 105.2)


def test_a_copy_that_finds_collect_done_lets_the_chain_go_on(ledger: Ledger) -> None:
    collected(ledger, NIFTY)
    assert ledger.begin(NIFTY, "task-NIFTY", OPENING, 102.0, LEASE).answer == "done"


def test_a_cycle_is_skipped_while_its_predecessor_is_being_collected(ledger: Ledger) -> None:
    ledger.begin(NIFTY, "one", OPENING, 100.0, LEASE)
    later = replace(OPENING, expected=("NIFTY",))
    assert ledger.begin(Unit(LATER, "NIFTY"), "two", later, 104.0, LEASE).answer == "overrun!"
    record = ledger.record(LATER)
    assert record is not None
    assert (record.units["NIFTY"].status, record.units["NIFTY"].reason) == ("SKIPPED", "overrun")


def test_who_goes_on_collecting_past_its_deadline_costs_the_next_cycle_and_who_died_does_not(
    ledger: Ledger,
) -> None:
    ledger.begin(NIFTY, "slow", OPENING, 130.0, LEASE)
    ledger.begin(SENSEX, "dead", OPENING, 130.0, LEASE)
    for unit in (NIFTY, SENSEX):
        ledger.finish(unit, UnitEnd("MISSING", "provider"), 148.5)
    assert ledger.renew(NIFTY, "collect", "slow", 164.0, 159.0)
    later = replace(OPENING, deadline=208.0, due=160.0)
    assert ledger.begin(Unit(LATER, "NIFTY"), "two", later, 160.0, LEASE).answer == "overrun"
    assert ledger.begin(Unit(LATER, "SENSEX"), "three", later, 160.0, LEASE).answer == "run"


def test_who_gives_up_collecting_after_its_unit_was_closed_costs_no_cycle(ledger: Ledger) -> None:
    ledger.begin(NIFTY, "slow", OPENING, 130.0, LEASE)
    ledger.finish(NIFTY, UnitEnd("MISSING", "provider"), 148.5)
    assert ledger.renew(NIFTY, "collect", "slow", 164.0, 159.0)
    assert ledger.finish(NIFTY, UnitEnd("MISSING", "time_limit"), 159.5) == "late"
    assert ledger.end_stage(NIFTY, "collect", "slow", 159.5)
    assert not ledger.renew(NIFTY, "collect", "slow", 164.6, 159.6)
    later = replace(OPENING, deadline=208.0, due=160.0)
    assert ledger.begin(Unit(LATER, "NIFTY"), "two", later, 160.0, LEASE).answer == "run"


def test_a_cycle_runs_once_its_predecessor_is_collected(ledger: Ledger) -> None:
    collected(ledger, NIFTY)
    assert ledger.begin(Unit(LATER, "NIFTY"), "two", OPENING, 101.5, LEASE).answer == "run"


def test_the_last_finisher_alone_completes_the_cycle(ledger: Ledger) -> None:
    collected(ledger, NIFTY)
    collected(ledger, SENSEX)
    assert analysed(ledger, NIFTY) == "finished"
    assert analysed(ledger, SENSEX) == "completed"
    assert ledger.finish(SENSEX, UnitEnd("MISSING", "late"), 104.0) == "late"


def test_a_unit_under_another_configuration_is_partial(ledger: Ledger) -> None:
    collected(ledger, NIFTY)
    ledger.start(NIFTY, "analyse", "a", 102.0, LEASE)
    ledger.finish(NIFTY, UnitEnd("OK", "", {"config_id": "other"}), 103.0)
    record = ledger.record(CYCLE)
    assert record is not None
    assert (record.units["NIFTY"].status, record.units["NIFTY"].reason) == ("PARTIAL", "config")


def test_a_later_stage_of_an_unknown_cycle_does_not_run(ledger: Ledger) -> None:
    assert ledger.start(NIFTY, "analyse", "a", 100.0, LEASE).answer == "unknown"


def test_two_copies_of_a_stage_do_not_run_at_once(ledger: Ledger) -> None:
    collected(ledger, NIFTY)
    assert ledger.start(NIFTY, "analyse", "a", 102.0, LEASE).answer == "run"
    assert ledger.start(NIFTY, "analyse", "b", 103.0, LEASE).answer == "busy"
    assert ledger.start(NIFTY, "analyse", "b", 107.1, LEASE).answer == "again"
    record = ledger.record(CYCLE)
    assert record is not None
    assert record.units["NIFTY"].stages["analyse"].starts == 2


def test_analysis_of_a_unit_that_was_closed_is_refused_and_so_is_its_persistence(
    ledger: Ledger,
) -> None:
    collected(ledger, NIFTY)
    ledger.finish(NIFTY, UnitEnd("MISSING", "late"), 150.0)
    assert ledger.start(NIFTY, "analyse", "a", 151.0, LEASE).answer == "closed"
    assert ledger.start(NIFTY, "persist", "p", 151.0, LEASE).answer == "closed"


def test_the_last_success_is_a_closed_cycle_with_an_index_analysed(ledger: Ledger) -> None:
    assert ledger.last_success(90.0) == 90.0
    assert ledger.last_success(95.0) == 90.0
    for unit in (NIFTY, SENSEX):
        ledger.begin(unit, "task", OPENING, 100.0, LEASE)
        ledger.finish(unit, UnitEnd("MISSING", "provider"), 101.0)
    ledger.close(CYCLE, 102.0)
    assert ledger.last_success(103.0) == 90.0


def test_one_index_analysed_is_a_success(ledger: Ledger) -> None:
    collected(ledger, NIFTY)
    analysed(ledger, NIFTY)
    ledger.finish(SENSEX, UnitEnd("MISSING", "provider"), 103.0)
    ledger.close(CYCLE, 104.0)
    assert ledger.last_success(110.0) == 104.0


def test_a_closed_cycle_is_open_until_everything_is_persisted(ledger: Ledger) -> None:
    for unit in (NIFTY, SENSEX):
        collected(ledger, unit)
        analysed(ledger, unit)
    assert ledger.close(CYCLE, 104.0)
    assert not ledger.close(CYCLE, 104.1)
    assert [record.cycle for record in ledger.open_cycles()] == [CYCLE]
    for unit in (NIFTY, SENSEX):
        assert ledger.start(unit, "persist", "p", 105.0, LEASE).answer == "run"
        assert ledger.end_stage(unit, "persist", "p", 106.0)
        assert ledger.start(unit, "persist", "again", 106.1, LEASE).answer == "done"
    assert [record.stored for record in ledger.open_cycles()] == [False]
    assert ledger.mark_stored(CYCLE, 1, StageReport(CYCLE, "", "publish", "OK"))
    assert ledger.open_cycles() == []


def test_an_aggregate_that_never_came_is_fired_again_once(ledger: Ledger) -> None:
    for unit in (NIFTY, SENSEX):
        collected(ledger, unit)
        analysed(ledger, unit, 102.0)
    assert not ledger.fire_again(CYCLE, 104.0)
    assert ledger.fire_again(CYCLE, 105.1)
    assert not ledger.fire_again(CYCLE, 105.2)


def test_skipping_every_unit_of_an_unopened_cycle_completes_it(ledger: Ledger) -> None:
    assert ledger.skip(NIFTY, OPENING, "no_beat", 100.0) == "finished"
    assert ledger.skip(SENSEX, OPENING, "no_beat", 100.0) == "completed"
    assert ledger.skip(SENSEX, OPENING, "no_beat", 100.0) == "late"


def test_a_rerun_raises_the_attempt_and_closes_the_cycle_again(ledger: Ledger) -> None:
    for unit in (NIFTY, SENSEX):
        collected(ledger, unit)
        analysed(ledger, unit)
    ledger.close(CYCLE, 104.0)
    again = replace(OPENING, deadline=500.0)
    assert ledger.reopen(NIFTY, "analyse", again, 200.0) == 2
    assert ledger.start(NIFTY, "analyse", "r", 201.0, LEASE).answer == "run"
    assert ledger.finish(NIFTY, UnitEnd("OK", "", SUMMARY), 202.0) == "completed"
    assert ledger.close(CYCLE, 203.0)
    record = ledger.record(CYCLE)
    assert record is not None
    assert (record.attempt, record.units["NIFTY"].attempt, record.units["SENSEX"].attempt) == (
        2,
        2,
        1,
    )
    # A rerun of another unit is the cycle's third attempt and that unit's second run.
    assert ledger.reopen(SENSEX, "analyse", again, 300.0) == 3
    assert (unit_of(ledger, NIFTY).runs, unit_of(ledger, SENSEX).runs) == (2, 2)


def test_a_rerun_of_a_cycle_the_ledger_forgot_opens_it_for_the_indices_rerun(
    ledger: Ledger,
) -> None:
    alone = replace(OPENING, expected=("NIFTY",))
    ledger.reopen(NIFTY, "analyse", alone, 200.0)
    ledger.reopen(SENSEX, "analyse", replace(OPENING, expected=("SENSEX",)), 200.0)
    assert analysed(ledger, NIFTY, 201.0) == "finished"
    assert analysed(ledger, SENSEX, 201.0) == "completed"


def rerun_alone(ledger: Ledger) -> None:
    """Let a rerun open a cycle that the ledger had forgotten, for one unit of two."""
    assert ledger.reopen(NIFTY, "analyse", replace(OPENING, expected=("NIFTY",)), 200.0) == 2


def closed_and_stored(ledger: Ledger, attempt: int) -> None:
    assert ledger.close(CYCLE, 204.0)
    assert ledger.mark_stored(CYCLE, attempt, StageReport(CYCLE, "", "publish", "OK"))


def test_a_unit_that_a_rerun_of_another_left_out_closes_the_stored_cycle_again(
    ledger: Ledger,
) -> None:
    rerun_alone(ledger)
    assert analysed(ledger, NIFTY, 201.0) == "completed"
    assert ledger.start(NIFTY, "persist", "p", 203.0, LEASE).answer == "run"
    assert ledger.end_stage(NIFTY, "persist", "p", 203.5)
    closed_and_stored(ledger, 2)
    assert ledger.open_cycles() == []
    assert ledger.skip(SENSEX, OPENING, "ledger_lost", 300.0) == "completed"
    assert ledger.skip(SENSEX, OPENING, "ledger_lost", 300.0) == "late"
    (record,) = ledger.open_cycles()
    assert (record.attempt, record.closed, record.stored) == (3, 0.0, False)
    assert {index: unit.status for index, unit in record.units.items()} == {
        "NIFTY": "OK",
        "SENSEX": "SKIPPED",
    }
    closed_and_stored(ledger, 3)
    assert ledger.open_cycles() == []


def test_a_unit_that_a_rerun_of_another_left_out_ends_before_that_one(ledger: Ledger) -> None:
    rerun_alone(ledger)
    assert ledger.skip(SENSEX, OPENING, "ledger_lost", 200.5) == "finished"
    assert analysed(ledger, NIFTY, 201.0) == "completed"
    assert (attempt_of(ledger), ledger.close(CYCLE, 204.0)) == (2, True)


def test_an_aggregate_that_does_not_know_of_a_unit_left_out_closes_nothing(ledger: Ledger) -> None:
    rerun_alone(ledger)
    assert analysed(ledger, NIFTY, 201.0) == "completed"
    older = CycleReport(CYCLE, "OK", {"NIFTY": "OK"}, {}, {}, 0.0, 0.0, attempt=2)
    assert ledger.skip(SENSEX, OPENING, "ledger_lost", 202.0) == "completed"
    assert not ledger.close(CYCLE, 203.0, older)
    assert ledger.close(CYCLE, 203.5, replace(older, attempt=3))


def test_a_collection_that_a_rerun_of_another_unit_left_out_is_waited_for(ledger: Ledger) -> None:
    rerun_alone(ledger)
    assert ledger.begin(SENSEX, "late", OPENING, 200.5, LEASE).answer == "run"
    assert analysed(ledger, NIFTY, 201.0) == "finished"
    assert ledger.finish(SENSEX, UnitEnd("MISSING", "expired"), 203.0) == "completed"


@pytest.mark.parametrize("answer", ["failed collection", "message of an analysis"])
def test_a_unit_that_a_cycle_does_not_wait_for_ends_nothing(ledger: Ledger, answer: str) -> None:
    """It was claimed before the server was emptied, and counted as the unit that was waited for."""
    rerun_alone(ledger)
    if answer == "failed collection":
        assert ledger.finish(SENSEX, UnitEnd("MISSING", "provider"), 200.5) == "late"
    else:
        assert ledger.start(SENSEX, "analyse", "a", 200.5, LEASE).answer == "unknown"
    assert analysed(ledger, NIFTY, 201.0) == "completed"
    assert ledger.skip(SENSEX, OPENING, "ledger_lost", 300.0) == "completed"


def attempt_of(ledger: Ledger) -> int:
    record = ledger.record(CYCLE)
    assert record is not None
    return record.attempt


def stored_unit(ledger: Ledger, unit: Unit) -> None:
    collected(ledger, unit)
    analysed(ledger, unit)
    ledger.start(unit, "persist", "p", 104.0, LEASE)
    ledger.end_stage(unit, "persist", "p", 105.0)


def unit_of(ledger: Ledger, unit: Unit = NIFTY) -> UnitRecord:
    record = ledger.record(unit.cycle)
    assert record is not None
    return record.units[unit.index]


FAILED = UnitEnd("MISSING", "time_limit")
AGAIN = replace(OPENING, config_id="c2", deadline=500.0)
PUBLISHED = StageReport(CYCLE, "", "publish", "OK")


def run_again(ledger: Ledger, unit: Unit = NIFTY) -> None:
    """Run a unit again, until its rows and its cycle's are stored."""
    attempt = ledger.reopen(unit, "analyse", AGAIN, 200.0)
    ledger.start(unit, "analyse", "rerun", 201.0, LEASE)
    ledger.finish(unit, UnitEnd("OK", "", {"config_id": "c2"}, task="rerun"), 202.0)
    assert ledger.start(unit, "persist", "rerun", 203.0, LEASE).answer == "run"
    assert ledger.end_stage(unit, "persist", "rerun", 204.0)
    assert ledger.close(CYCLE, 205.0)
    assert ledger.mark_stored(CYCLE, attempt, PUBLISHED)


def persist_is_begun(ledger: Ledger) -> None:
    ledger.start(NIFTY, "persist", "slow", 104.0, LEASE)
    ledger.close(CYCLE, 105.0)
    ledger.mark_stored(CYCLE, 1, PUBLISHED)


def persist_is_begun_twice(ledger: Ledger) -> None:
    ledger.start(NIFTY, "persist", "slow", 104.0, LEASE)
    ledger.start(NIFTY, "persist", "next", 110.0, LEASE)
    ledger.end_stage(NIFTY, "persist", "next", 111.0)
    ledger.close(CYCLE, 112.0)
    ledger.mark_stored(CYCLE, 1, PUBLISHED)


def publish_may_be_begun(ledger: Ledger) -> None:
    ledger.start(NIFTY, "persist", "p", 104.0, LEASE)
    ledger.end_stage(NIFTY, "persist", "p", 105.0)
    ledger.close(CYCLE, 106.0)


@pytest.mark.parametrize(
    "writing", [persist_is_begun, persist_is_begun_twice, publish_may_be_begun]
)
def test_a_cycle_that_was_being_written_when_a_rerun_began_is_written_once_more(
    ledger: Ledger, writing: Callable[[Ledger], None]
) -> None:
    """Who wrote put its older rows over the rerun's, was killed, and nobody looked again."""
    collected(ledger, NIFTY)
    analysed(ledger, NIFTY)
    stored_unit(ledger, SENSEX)
    writing(ledger)
    assert not ledger.must_write_again(CYCLE, 150.0, 15.0)
    run_again(ledger)
    assert [record.cycle for record in ledger.open_cycles()] == [CYCLE]
    assert not ledger.must_write_again(CYCLE, 215.0, 15.0)
    ledger.forget_overtaken(CYCLE, 215.0, 15.0)
    # Who asks and is killed before it sends leaves the cycle to the next that asks.
    for now in (215.1, 217.1):
        assert ledger.must_write_again(CYCLE, now, 15.0)
        assert [record.cycle for record in ledger.open_cycles()] == [CYCLE]
    ledger.forget_overtaken(CYCLE, 217.1, 15.0)
    assert ledger.open_cycles() == []
    assert not ledger.must_write_again(CYCLE, 300.0, 15.0)


def test_a_writer_that_a_rerun_overtook_since_is_not_forgotten(ledger: Ledger) -> None:
    collected(ledger, NIFTY)
    analysed(ledger, NIFTY)
    stored_unit(ledger, SENSEX)
    persist_is_begun(ledger)
    run_again(ledger)
    assert ledger.must_write_again(CYCLE, 215.1, 15.0)
    # The rows that are sent now are being written when the next rerun begins.
    ledger.reopen(NIFTY, "persist", AGAIN, 215.2)
    ledger.start(NIFTY, "persist", "sent", 215.3, LEASE)
    ledger.reopen(NIFTY, "persist", AGAIN, 215.4)
    ledger.forget_overtaken(CYCLE, 215.1, 15.0)
    ledger.start(NIFTY, "persist", "third", 216.0, LEASE)
    ledger.end_stage(NIFTY, "persist", "third", 217.0)
    assert not ledger.must_write_again(CYCLE, 230.4, 15.0)
    assert ledger.must_write_again(CYCLE, 230.5, 15.0)


def test_a_cycle_is_written_once_more_only_when_the_rerun_is_stored(ledger: Ledger) -> None:
    collected(ledger, NIFTY)
    analysed(ledger, NIFTY)
    stored_unit(ledger, SENSEX)
    persist_is_begun(ledger)
    ledger.reopen(NIFTY, "analyse", AGAIN, 200.0)
    assert not ledger.must_write_again(CYCLE, 300.0, 15.0)
    assert not ledger.must_write_again("2026-11-18T05:29:00Z", 300.0, 15.0)


def test_a_stored_cycle_is_settled_with_its_rerun(ledger: Ledger) -> None:
    for unit in (NIFTY, SENSEX):
        stored_unit(ledger, unit)
    ledger.close(CYCLE, 106.0)
    ledger.mark_stored(CYCLE, 1, PUBLISHED)
    run_again(ledger)
    assert ledger.open_cycles() == []


def test_a_rerun_that_fails_leaves_its_unit_as_it_was_stored(ledger: Ledger) -> None:
    for unit in (NIFTY, SENSEX):
        stored_unit(ledger, unit)
    ledger.close(CYCLE, 106.0)
    ledger.mark_stored(CYCLE, 1, PUBLISHED)
    ledger.reopen(NIFTY, "analyse", AGAIN, 200.0)
    assert unit_of(ledger).status == ""
    assert ledger.start(NIFTY, "analyse", "rerun", 201.0, LEASE).answer == "run"
    assert ledger.finish(NIFTY, FAILED, 202.0) == "completed"
    state = unit_of(ledger)
    assert (state.status, state.reason, state.summary) == ("OK", "", SUMMARY)
    assert (state.failure, state.stages["persist"].state) == ("time_limit", "done")
    assert ledger.start(NIFTY, "persist", "late", 203.0, LEASE).answer == "done"
    assert ledger.close(CYCLE, 203.0)
    ledger.mark_stored(CYCLE, 2, StageReport(CYCLE, "", "publish", "OK"))
    assert list(ledger.open_cycles()) == []


def test_who_began_before_a_rerun_ends_nothing_of_it(ledger: Ledger) -> None:
    """An older analysis ended the rerun's, and its chain counted as the rerun's."""
    collected(ledger, NIFTY)
    ledger.start(NIFTY, "analyse", "slow", 102.0, LEASE)
    ledger.reopen(NIFTY, "analyse", AGAIN, 200.0)
    older = UnitEnd("OK", "", SUMMARY, task="slow")
    assert ledger.finish(NIFTY, older, 201.0) == "late"
    ledger.start(NIFTY, "analyse", "rerun", 202.0, LEASE)
    assert ledger.finish(NIFTY, older, 203.0) == "late"
    newer = UnitEnd("OK", "", {"config_id": "c2"}, task="rerun")
    assert ledger.finish(NIFTY, newer, 204.0) == "finished"
    ledger.start(NIFTY, "persist", "slow", 205.0, LEASE)
    ledger.reopen(NIFTY, "persist", AGAIN, 300.0)
    assert not ledger.end_stage(NIFTY, "persist", "slow", 301.0)
    assert ledger.start(NIFTY, "persist", "newer", 302.0, LEASE).answer == "run"
    assert ledger.end_stage(NIFTY, "persist", "newer", 303.0)


def test_who_starts_a_stage_hears_the_settings_of_its_attempt(ledger: Ledger) -> None:
    collected(ledger, NIFTY)
    assert ledger.start(NIFTY, "analyse", "first", 102.0, LEASE).config_id == OPENING.config_id
    ledger.reopen(NIFTY, "analyse", AGAIN, 200.0)
    assert ledger.start(NIFTY, "analyse", "rerun", 202.0, LEASE).config_id == AGAIN.config_id


def test_whose_lease_lapsed_ends_no_stage_that_another_has(ledger: Ledger) -> None:
    ledger.begin(NIFTY, "slow", OPENING, 100.0, LEASE)
    ledger.begin(NIFTY, "next", OPENING, 106.0, LEASE)
    assert not ledger.end_stage(NIFTY, "collect", "slow", 107.0)
    assert ledger.end_stage(NIFTY, "collect", "next", 108.0)


def test_the_report_of_an_older_attempt_closes_nothing(ledger: Ledger) -> None:
    for unit in (NIFTY, SENSEX):
        stored_unit(ledger, unit)
    report = CycleReport(CYCLE, "OK", {}, {}, {}, 0.0, 3.0)
    ledger.reopen(NIFTY, "analyse", AGAIN, 200.0)
    ledger.start(NIFTY, "analyse", "rerun", 201.0, LEASE)
    ledger.finish(NIFTY, UnitEnd("OK", "", {"config_id": "c2"}), 202.0)
    assert not ledger.close(CYCLE, 203.0, report)
    assert ledger.close(CYCLE, 203.0, replace(report, attempt=2))


def test_the_failure_of_a_rerun_is_forgotten_with_the_next_one(ledger: Ledger) -> None:
    stored_unit(ledger, NIFTY)
    ledger.reopen(NIFTY, "analyse", AGAIN, 200.0)
    ledger.finish(NIFTY, FAILED, 202.0)
    ledger.reopen(NIFTY, "analyse", AGAIN, 300.0)
    ledger.start(NIFTY, "analyse", "rerun", 301.0, LEASE)
    ledger.finish(NIFTY, UnitEnd("OK", "", {"config_id": "c2", "options": 9}), 302.0)
    state = unit_of(ledger)
    assert (state.status, state.failure, state.summary["options"]) == ("OK", "", 9)


def test_a_rerun_of_a_rerun_falls_back_to_what_was_stored(ledger: Ledger) -> None:
    stored_unit(ledger, NIFTY)
    ledger.reopen(NIFTY, "analyse", AGAIN, 200.0)
    ledger.reopen(NIFTY, "analyse", AGAIN, 210.0)
    ledger.start(NIFTY, "analyse", "rerun", 211.0, LEASE)
    # Analysed, and not stored: the store has the rows of before.
    ledger.finish(NIFTY, UnitEnd("OK", "", {"config_id": "c2", "options": 9}), 212.0)
    ledger.reopen(NIFTY, "analyse", AGAIN, 220.0)
    ledger.finish(NIFTY, FAILED, 221.0)
    assert (unit_of(ledger).summary, unit_of(ledger).failure) == (SUMMARY, "time_limit")


def test_a_rerun_of_a_unit_that_was_never_stored_ends_as_it_failed(ledger: Ledger) -> None:
    collected(ledger, NIFTY)
    analysed(ledger, NIFTY)
    ledger.finish(SENSEX, UnitEnd("MISSING", "provider"), 103.0)
    for unit in (NIFTY, SENSEX):
        ledger.reopen(unit, "analyse", AGAIN, 200.0)
        ledger.finish(unit, FAILED, 202.0)
        state = unit_of(ledger, unit)
        assert (state.status, state.reason, state.failure) == ("MISSING", "time_limit", "")


def test_a_failed_rerun_of_a_forgotten_unit_ends_as_the_store_has_it(ledger: Ledger) -> None:
    alone = replace(AGAIN, expected=("NIFTY",))
    in_store = UnitEnd("PARTIAL", "config", {"underlying": "NIFTY", "note": "a|b", "spot": None})
    ledger.reopen(NIFTY, "analyse", alone, 200.0, in_store)
    ledger.reopen(NIFTY, "analyse", alone, 210.0)
    assert ledger.finish(NIFTY, FAILED, 211.0) == "completed"
    state = unit_of(ledger)
    assert (state.status, state.reason, state.summary) == ("PARTIAL", "config", in_store.summary)


LOST = StageReport(CYCLE, "NIFTY", "persist", "MISSING", "frame_missing")


def rerun_is_analysed(ledger: Ledger, task: str = "rerun") -> int:
    """Store both units, run one again under other settings, and let a task persist it."""
    for unit in (NIFTY, SENSEX):
        stored_unit(ledger, unit)
    ledger.close(CYCLE, 106.0)
    ledger.mark_stored(CYCLE, 1, PUBLISHED)
    attempt = ledger.reopen(NIFTY, "analyse", AGAIN, 200.0)
    ledger.start(NIFTY, "analyse", task, 201.0, LEASE)
    end = UnitEnd("OK", "", {"config_id": "c2", "options": 9}, task=task)
    assert ledger.finish(NIFTY, end, 202.0) == "completed"
    assert ledger.start(NIFTY, "persist", task, 203.0, LEASE).answer == "run"
    return attempt


@pytest.mark.parametrize("closed", ["not yet", "not stored", "stored"])
def test_a_rerun_whose_chain_is_lost_ends_as_it_was_stored_and_is_closed_anew(
    ledger: Ledger, closed: str
) -> None:
    """Its row was of the settings of the rerun, and the stored chain of those before."""
    attempt = rerun_is_analysed(ledger)
    report = CycleReport(CYCLE, "OK", {}, {}, {}, 0.0, 3.0, attempt=attempt)
    if closed != "not yet":
        assert ledger.close(CYCLE, 203.5, report)
    if closed == "stored":
        assert ledger.mark_stored(CYCLE, attempt, PUBLISHED)
    assert ledger.fail_persist(NIFTY, "rerun", 204.0, LOST) == "completed"
    state = unit_of(ledger)
    assert (state.status, state.reason, state.summary) == ("OK", "", SUMMARY)
    assert (state.failure, state.attempt) == ("frame_missing", attempt + 1)
    assert [record.cycle for record in ledger.open_cycles()] == [CYCLE]
    assert ledger.start(NIFTY, "persist", "twin", 204.5, LEASE).answer == "done"
    # An aggregate that has read the rows of the analysis closes nothing.
    assert not ledger.close(CYCLE, 205.0, report)
    assert not ledger.mark_stored(CYCLE, attempt, PUBLISHED)
    assert ledger.close(CYCLE, 205.0, replace(report, attempt=attempt + 1))
    assert ledger.mark_stored(CYCLE, attempt + 1, PUBLISHED)
    # Who publishes the rows of the analysis may be killed before it looks.
    assert ledger.must_write_again(CYCLE, 300.0, 15.0) == (closed == "not stored")
    ledger.forget_overtaken(CYCLE, 300.0, 15.0)
    assert ledger.open_cycles() == []


def test_a_rerun_whose_chain_is_lost_waits_for_the_other_units_of_its_cycle(
    ledger: Ledger,
) -> None:
    rerun_is_analysed(ledger)
    ledger.reopen(SENSEX, "analyse", AGAIN, 203.0)
    assert ledger.fail_persist(NIFTY, "rerun", 204.0, LOST) == "finished"
    assert not ledger.close(CYCLE, 205.0)
    assert analysed(ledger, SENSEX, 206.0) == "completed"


@pytest.mark.parametrize("task", ["older", "twin"])
def test_who_has_not_the_stage_says_nothing_of_a_lost_chain(ledger: Ledger, task: str) -> None:
    rerun_is_analysed(ledger)
    assert ledger.fail_persist(NIFTY, task, 204.0, LOST) == "late"
    assert ledger.end_stage(NIFTY, "persist", "rerun", 205.0)
    assert ledger.fail_persist(NIFTY, "rerun", 206.0, LOST) == "late"
    assert ledger.fail_persist(Unit(LATER, "NIFTY"), "", 206.0, LOST) == "late"
    assert (unit_of(ledger).config_id, unit_of(ledger).failure) == ("c2", "")


def test_a_unit_without_stored_rows_keeps_its_row_without_a_chain(ledger: Ledger) -> None:
    stored_unit(ledger, SENSEX)
    collected(ledger, NIFTY)
    analysed(ledger, NIFTY)
    ledger.close(CYCLE, 104.0)
    ledger.mark_stored(CYCLE, 1, PUBLISHED)
    ledger.start(NIFTY, "persist", "p", 105.0, LEASE)
    assert ledger.fail_persist(NIFTY, "p", 106.0, LOST) == "finished"
    state = unit_of(ledger)
    assert (state.status, state.failure, state.summary) == ("OK", "", SUMMARY)
    assert ledger.open_cycles() == []


def test_a_rerun_from_persist_that_loses_its_chain_keeps_the_row_of_the_stored_one(
    ledger: Ledger,
) -> None:
    """What was stored before the rerun before it is gone."""
    rerun_is_analysed(ledger)
    ledger.end_stage(NIFTY, "persist", "rerun", 204.0)
    ledger.reopen(NIFTY, "persist", AGAIN, 300.0)
    ledger.start(NIFTY, "persist", "p", 301.0, LEASE)
    assert ledger.fail_persist(NIFTY, "p", 302.0, LOST) == "completed"
    state = unit_of(ledger)
    assert (state.summary["options"], state.failure) == (9, "frame_missing")
    ledger.reopen(NIFTY, "persist", AGAIN, 400.0)
    assert unit_of(ledger).failure == ""


def test_a_lost_chain_is_reported_once(world: tuple[Ledger, Bus, Controls]) -> None:
    ledger, bus, _ = world
    rerun_is_analysed(ledger)
    for _ in range(2):
        ledger.fail_persist(NIFTY, "rerun", 204.0, LOST)
    ends = [(event.key, event.document["reason"]) for event in bus.read("0") if event.key]
    assert ends == [("NIFTY", "frame_missing")]


def test_who_persists_hears_the_settings_of_the_row_and_when_it_was_tried_before(
    ledger: Ledger,
) -> None:
    """Those of the cycle are by then another unit's."""
    collected(ledger, NIFTY)
    stored_unit(ledger, SENSEX)
    ledger.start(NIFTY, "analyse", "a", 102.0, LEASE)
    ledger.finish(NIFTY, UnitEnd("OK", "", {"config_id": "c1"}), 103.0)
    ledger.reopen(SENSEX, "analyse", AGAIN, 200.0)
    claims = [ledger.start(NIFTY, "persist", "p", now, LEASE) for now in (201.0, 202.0)]
    assert [(claim.config_id, claim.started_before) for claim in claims] == [
        ("c1", 0.0), ("c1", 201.0),
    ]  # fmt: skip


def test_a_stage_that_is_started_again_is_told_from_one_of_a_rerun(ledger: Ledger) -> None:
    collected(ledger, NIFTY)
    analysed(ledger, NIFTY)
    assert ledger.start(NIFTY, "persist", "p", 104.0, LEASE).answer == "run"
    assert ledger.start(NIFTY, "persist", "p", 105.0, LEASE).answer == "again"
    ledger.end_stage(NIFTY, "persist", "p", 106.0)
    ledger.reopen(NIFTY, "persist", OPENING, 200.0)
    assert ledger.start(NIFTY, "persist", "q", 201.0, LEASE).answer == "run"


def test_a_rerun_from_persist_leaves_the_analysis_alone(ledger: Ledger) -> None:
    collected(ledger, NIFTY)
    analysed(ledger, NIFTY)
    ledger.start(NIFTY, "persist", "p", 104.0, LEASE)
    ledger.end_stage(NIFTY, "persist", "p", 105.0)
    ledger.reopen(NIFTY, "persist", OPENING, 200.0)
    assert ledger.start(NIFTY, "persist", "q", 201.0, LEASE).answer == "run"
    record = ledger.record(CYCLE)
    assert record is not None
    assert record.units["NIFTY"].status == "OK"


def test_reports_are_published_with_their_step_and_only_with_the_first(
    world: tuple[Ledger, Bus, Controls],
) -> None:
    ledger, bus, _ = world
    ledger.begin(NIFTY, "one", OPENING, 100.0, LEASE)
    report = StageReport(CYCLE, "NIFTY", "collect", "OK", seconds={"total": 0.5})
    assert ledger.end_stage(NIFTY, "collect", "one", 101.0, report)
    assert not ledger.end_stage(NIFTY, "collect", "one", 101.1, report)
    ledger.finish(NIFTY, UnitEnd("MISSING", "late", report=replace(report, stage="analyse")), 102.0)
    ledger.finish(SENSEX, UnitEnd("MISSING", "late"), 102.0)
    ledger.close(CYCLE, 103.0, CycleReport(CYCLE, "PARTIAL", {}, {}, {}, 0.0, 3.0))
    events = bus.read("0")
    assert [(event.type, event.key) for event in events] == [
        ("unit.report", "NIFTY"), ("unit.report", "NIFTY"), ("cycle.report", CYCLE),
    ]  # fmt: skip
    assert events[0].document["seconds"] == {"total": 0.5}


def test_atm_is_kept_for_the_session_and_yields_only_to_a_newer_cycle(ledger: Ledger) -> None:
    for cycle, atm in ((LATER, 24500.0), (CYCLE, 24400.0)):
        collected(ledger, unit := Unit(cycle, "NIFTY"))
        ledger.finish(unit, UnitEnd("OK", "", SUMMARY, levels={EXPIRY: SlotLevels(atm)}), 103.0)
    levels = ledger.recall_levels("NIFTY", date(2026, 11, 18))
    assert {day: own.atm for day, own in levels.items()} == {EXPIRY: 24500.0}
    assert ledger.recall_levels("NIFTY", date(2026, 11, 19)) == {}


def test_levels_of_an_expiry_come_back_with_what_is_known_of_them(ledger: Ledger) -> None:
    collected(ledger, NIFTY)
    levels = {EXPIRY: SlotLevels(24500.0, 312.5), date(2026, 12, 29): SlotLevels(deviation=900.0)}
    ledger.finish(NIFTY, UnitEnd("OK", "", SUMMARY, levels=levels), 103.0)
    recalled = ledger.recall_levels("NIFTY", date(2026, 11, 18))
    assert recalled[EXPIRY] == SlotLevels(24500.0, 312.5)
    assert isnan(recalled[date(2026, 12, 29)].atm)
    assert recalled[date(2026, 12, 29)].deviation == 900.0


def test_a_claim_tells_the_deadline_and_when_the_stage_before_ended(ledger: Ledger) -> None:
    collected(ledger, NIFTY, 100.0)
    claim = ledger.start(NIFTY, "analyse", "a", 103.0, LEASE)
    assert (claim.deadline, claim.since) == (OPENING.deadline, 101.0)


def test_a_claim_tells_the_switches_in_force_to_who_may_run(
    ledger: Ledger, controls: Controls
) -> None:
    controls.set("greeks", value=False)
    assert ledger.begin(NIFTY, "one", OPENING, 100.0, LEASE).controls == Switches(greeks=False)
    assert ledger.begin(NIFTY, "two", OPENING, 100.0, LEASE).controls == Switches()


def test_what_was_stored_of_a_cycle_is_reported_once_an_attempt(
    world: tuple[Ledger, Bus, Controls],
) -> None:
    ledger, bus, _ = world
    report = StageReport(CYCLE, "", "publish", "OK")
    assert not ledger.mark_stored(CYCLE, 1, report)
    collected(ledger, NIFTY)
    assert [ledger.mark_stored(CYCLE, 1, report), ledger.mark_stored(CYCLE, 1, report)] == [
        True,
        False,
    ]
    ledger.reopen(NIFTY, "analyse", OPENING, 200.0)
    assert not ledger.mark_stored(CYCLE, 1, report)
    assert ledger.mark_stored(CYCLE, 2, report)
    assert [event.type for event in bus.read("0")] == ["unit.report", "unit.report"]


def test_a_closed_cycle_that_nobody_stored_is_sent_again_by_one_at_a_time(ledger: Ledger) -> None:
    for unit in (NIFTY, SENSEX):
        collected(ledger, unit)
        analysed(ledger, unit)
    assert not ledger.store_again(CYCLE, 200.0, 5.0)
    ledger.close(CYCLE, 104.0)
    claims = [ledger.store_again(CYCLE, now, 5.0) for now in (108.9, 109.1, 109.2, 114.2)]
    assert claims == [False, True, False, True]
    ledger.mark_stored(CYCLE, 1, StageReport(CYCLE, "", "publish", "OK"))
    assert not ledger.store_again(CYCLE, 200.0, 5.0)


def test_a_unit_is_sent_again_by_one_at_a_time_and_anew_once_it_is_reopened(ledger: Ledger) -> None:
    assert not ledger.send_again(NIFTY, 100.0, 5.0)
    collected(ledger, NIFTY)
    claims = [ledger.send_again(NIFTY, now, 5.0) for now in (104.0, 104.1, 108.9, 109.1)]
    assert claims == [True, False, False, True]
    assert ledger.send_again(SENSEX, 109.1, 5.0)
    assert last_sent(ledger) == {"NIFTY": 109.1, "SENSEX": 109.1}
    ledger.reopen(NIFTY, "analyse", OPENING, 110.0)
    assert last_sent(ledger) == {"NIFTY": 0.0, "SENSEX": 109.1}
    assert ledger.send_again(NIFTY, 110.0, 5.0)


def last_sent(ledger: Ledger) -> dict[str, float]:
    """Return when each unit of the cycle was last sent again."""
    record = ledger.record(CYCLE)
    assert record is not None
    return {index: unit.sent for index, unit in record.units.items()}


def test_a_rerun_from_persist_leaves_the_overview_stored(ledger: Ledger) -> None:
    for unit in (NIFTY, SENSEX):
        collected(ledger, unit)
        analysed(ledger, unit)
    ledger.close(CYCLE, 104.0)
    ledger.mark_stored(CYCLE, 1, StageReport(CYCLE, "", "publish", "OK"))
    ledger.reopen(NIFTY, "persist", OPENING, 200.0)
    record = ledger.record(CYCLE)
    assert record is not None
    assert record.stored


def test_a_rerun_from_persist_keeps_a_cycle_open_for_an_analysed_unit_alone(
    ledger: Ledger,
) -> None:
    """The persistence of another is refused, and its cycle stayed open for ever."""
    collected(ledger, NIFTY)
    ledger.finish(NIFTY, UnitEnd("MISSING", "late"), 102.0)
    collected(ledger, SENSEX)
    analysed(ledger, SENSEX)
    ledger.start(SENSEX, "persist", "p", 104.0, LEASE)
    ledger.end_stage(SENSEX, "persist", "p", 105.0)
    ledger.close(CYCLE, 106.0)
    ledger.mark_stored(CYCLE, 1, StageReport(CYCLE, "", "publish", "OK"))
    assert ledger.reopen(NIFTY, "persist", OPENING, 200.0) == 2
    assert ledger.start(NIFTY, "persist", "q", 201.0, LEASE).answer == "closed"
    assert ledger.open_cycles() == []
    ledger.reopen(SENSEX, "persist", OPENING, 210.0)
    assert [record.cycle for record in ledger.open_cycles()] == [CYCLE]
    ledger.start(SENSEX, "persist", "r", 211.0, LEASE)
    ledger.end_stage(SENSEX, "persist", "r", 212.0)
    assert ledger.open_cycles() == []


def test_the_walk_is_remembered(ledger: Ledger) -> None:
    assert ledger.swept_until() is None
    assert ledger.record_swept(CYCLE, None)
    assert ledger.swept_until() == CYCLE


@pytest.mark.parametrize("before", [None, "2026-11-18T05:29:00Z"])
def test_a_mark_is_put_over_the_one_that_was_read_alone(ledger: Ledger, before: str | None) -> None:
    later = "2026-11-18T05:59:00Z"
    assert not ledger.record_swept(later, "2026-11-18T05:28:00Z")
    assert ledger.swept_until() is None
    assert ledger.record_swept(CYCLE, None)
    assert not ledger.record_swept(later, before)
    assert ledger.swept_until() == CYCLE
    assert ledger.record_swept(later, CYCLE)
    assert ledger.swept_until() == later


@pytest.mark.parametrize("order", range(4))
def test_sweep_and_last_finisher_never_both_complete(ledger: Ledger, order: int) -> None:
    collected(ledger, NIFTY)
    collected(ledger, SENSEX)
    analysed(ledger, NIFTY)
    calls: list[Callable[[], str]] = [
        lambda: ledger.finish(SENSEX, UnitEnd("OK", "", SUMMARY), 148.0),
        lambda: ledger.finish(SENSEX, UnitEnd("MISSING", "late"), 148.0),
    ]
    answers = [call() for call in (calls if order % 2 else calls[::-1])]
    assert answers == ["completed", "late"]


@pytest.mark.parametrize(("grace", "kept"), [(2.0, 300), (48.0, 3600), (240.0, 3600)])
def test_a_settled_cycle_is_kept_for_sixty_cycles(
    redis_client: redis.Redis, namespace: str, grace: float, kept: int
) -> None:
    ledger = RedisLedger(redis_client, namespace)
    ledger.skip(
        NIFTY, Opening(("NIFTY",), "c1", deadline=100.0 + grace, due=100.0), "no_beat", 110.0
    )
    ledger.close(CYCLE, 111.0)
    ledger.mark_stored(CYCLE, 1, StageReport(CYCLE, "", "publish", "OK"))
    assert kept - 10 < redis_client.ttl(f"{namespace}:cycle:{CYCLE}") <= kept


def test_a_cycle_that_waits_for_a_unit_is_not_closed(ledger: Ledger) -> None:
    """An aggregate that was under way when a rerun opened the cycle again closed it without it."""
    for unit in (NIFTY, SENSEX):
        collected(ledger, unit)
        analysed(ledger, unit)
    ledger.reopen(NIFTY, "analyse", OPENING, 103.0)
    assert not ledger.close(CYCLE, 104.0)
    analysed(ledger, NIFTY, 105.0)
    assert ledger.close(CYCLE, 106.0)


def test_cycles_that_rest_are_left_out_by_name_and_deadline(ledger: Ledger) -> None:
    for cycle, deadline in ((CYCLE, 148.0), (LATER, 208.000001), (AFTER, 268.0)):
        opening = replace(OPENING, deadline=deadline)
        ledger.begin(Unit(cycle, "NIFTY"), f"task-{cycle}", opening, deadline - 48.0, LEASE)
    asked = []

    def rests(cycle: str, deadline: float) -> bool:
        asked.append((cycle, deadline))
        return cycle == LATER

    assert [record.cycle for record in ledger.open_cycles(rests)] == [CYCLE, AFTER]
    assert asked == [(CYCLE, 148.0), (LATER, 208.000001), (AFTER, 268.0)]
    records = {record.cycle: record.opening.deadline for record in ledger.open_cycles()}
    assert records == dict(asked), "the deadline of a record is the one that a look remembers"
