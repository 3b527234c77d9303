"""Doing a past unit again: the same settings give the same bytes, and nothing is ever fetched."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from g6 import pipeline
from g6.domain.cycles.cycle import Unit
from g6.domain.quotes.stamp import settings_of
from g6.domain.schema.frame import Frame
from g6.errors import NothingToDo
from g6.pipeline.rerun import RERUN_SECONDS, Rerun
from g6.pipeline.rerun_results import note_end, send_again
from g6.pipeline.sweep import RERUN_LEASES
from g6.ports import UnitRecord
from tests.worlds.pipeline import BANKNIFTY, FIRST, NIFTY, SECOND, World


def stored(world: World, unit: Unit = NIFTY) -> Frame:
    frame = world.store.read_chain(unit)
    assert frame is not None
    return frame


def same(one: Frame, other: Frame) -> bool:
    return list(one.columns) == list(other.columns) and all(
        np.array_equal(column, other.columns[name], equal_nan=column.dtype.kind == "f")
        for name, column in one.columns.items()
    )


def again(world: World, unit: Unit = NIFTY, stage: str = "analyse") -> Rerun:
    result = pipeline.rerun(world.runtime, unit, stage)
    world.drain()
    return result


@pytest.fixture
def past(world: World) -> World:
    """A world with two whole cycles, a while ago."""
    world.cycle(FIRST)
    world.cycle(SECOND)
    world.later(1000.0)
    return world


def test_a_rerun_reproduces_the_rows_and_asks_the_provider_nothing(past: World) -> None:
    chain, row, asked = stored(past), past.rows()["NIFTY"], past.provider.count
    result = again(past)
    assert (result.source, result.attempt, result.run) == ("frame", 2, 2)
    assert same(chain, stored(past))
    assert past.rows()["NIFTY"] == row
    assert past.provider.count == asked


def test_it_runs_on_the_manual_queue_under_a_fresh_id(past: World) -> None:
    pipeline.rerun(past.runtime, NIFTY)
    (sent,) = past.sender.sent
    assert sent[2:] == (NIFTY, ("analyse", "persist"), True)


def test_another_rate_changes_the_greeks(past: World) -> None:
    chain = stored(past)
    past.settle_on(greeks__risk_free_rate=0.12)
    again(past)
    assert not same(chain, stored(past))
    assert np.array_equal(chain.columns["ce_last"], stored(past).columns["ce_last"], equal_nan=True)
    assert past.rows()["NIFTY"]["status"] == "OK"


def test_without_the_frame_the_stored_quotes_serve_and_give_the_same(past: World) -> None:
    chain = stored(past)
    past.forget()
    assert again(past).source == "store"
    assert same(chain, stored(past))


def test_gone_quotes_are_said_to_be_gone(past: World) -> None:
    past.forget()
    past.store._chains.clear()
    with pytest.raises(NothingToDo, match="never fetches today's quotes"):
        pipeline.rerun(past.runtime, NIFTY)
    assert past.sender.sent == []


def test_the_rows_of_the_other_indices_stay(past: World) -> None:
    rows = past.rows()
    past.forget()
    again(past)
    assert past.rows() == rows


def test_a_panel_never_steps_back(past: World) -> None:
    again(past)
    assert set(past.panels.cycles().values()) == {SECOND}
    assert set(past.archive.cycles().values()) == {SECOND}


def test_from_persist_only_the_writing_is_done_again(past: World) -> None:
    world, chain = past, stored(past)
    world.cycle("2026-11-18T05:50:00Z")
    unit = Unit("2026-11-18T05:50:00Z", "NIFTY")
    chain = stored(world, unit)
    world.store._chains.pop(unit)
    pipeline.rerun(world.runtime, unit, "persist")
    assert world.sender.sent[0][3] == ("persist",)
    world.drain()
    assert same(chain, stored(world, unit))


def test_from_persist_without_a_chain_frame_analysis_is_done_again(past: World) -> None:
    assert again(past, stage="persist").stage == "analyse"


def test_from_persist_a_unit_that_was_not_analysed_begins_with_analyse(world: World) -> None:
    """An analysis that stood still had left a chain, and nobody would persist it."""
    world.run(BANKNIFTY)
    world.run(NIFTY, "collect")
    world.begin(NIFTY, "analyse")
    other = world.frames.get(BANKNIFTY, "chain")
    world.frames.put(NIFTY, "chain", other, 900.0)
    world.later(world.runtime.timing.grace + 1.0)
    pipeline.sweep(world.runtime)
    world.drain()
    assert world.ends()["NIFTY"] == ("MISSING", "late")
    assert again(world, stage="persist").stage == "analyse"
    assert world.ends()["NIFTY"] == ("OK", "")
    assert not same(stored(world), other)
    assert world.ledger.open_cycles() == []


def test_from_persist_a_unit_that_the_ledger_forgot_begins_with_analyse(world: World) -> None:
    world.cycle(FIRST)
    chain, quotes = (world.frames.get(NIFTY, name) for name in ("chain", "quotes"))
    world.forget()
    world.frames.put(NIFTY, "chain", chain, 900.0)
    world.frames.put(NIFTY, "quotes", quotes, 900.0)
    assert again(world, stage="persist").stage == "analyse"
    assert world.ends()["NIFTY"] == ("OK", "")
    assert world.ledger.open_cycles() == []


def test_the_same_rerun_twice_ends_the_same(past: World) -> None:
    chain = stored(past)
    pipeline.rerun(past.runtime, NIFTY)
    pipeline.rerun(past.runtime, NIFTY)
    past.drain()
    assert same(chain, stored(past))
    assert past.ledger.open_cycles() == []
    assert past.ledger.record(FIRST).attempt == 3  # type: ignore[union-attr]


def test_a_rerun_that_dies_is_taken_up_by_the_sweep(past: World) -> None:
    pipeline.rerun(past.runtime, NIFTY)
    past.sender.sent.clear()
    past.later(RERUN_LEASES * past.runtime.timing.lease + 0.1)
    assert pipeline.sweep(past.runtime)["sent_again"] == 1
    past.drain()
    assert past.ends()["NIFTY"] == ("OK", "")


@pytest.mark.parametrize("has_forgotten", [False, True])
def test_a_rerun_that_fails_says_why_and_leaves_what_was_stored(
    past: World, *, has_forgotten: bool
) -> None:
    """An OK row became MISSING although its chain stayed stored."""
    chain = stored(past)
    rows = past.rows()
    if has_forgotten:
        past.forget()
    past.settle_on(greeks__risk_free_rate=0.12)
    result = send_again(past.runtime, NIFTY, "analyse")
    past.frames.expire(NIFTY, "quotes", 0.0)
    past.drain()
    assert past.rows() == rows
    assert same(chain, stored(past))
    assert past.reports("cycle.report")[-1]["failures"] == {"NIFTY": "frame_missing"}
    assert note_end(past.runtime, result, compares=True)
    assert (result.outcome, result.failure, result.is_done) == ("OK", "frame_missing", False)
    assert past.ledger.open_cycles() == []


def test_a_rerun_that_nobody_takes_leaves_what_was_stored_when_its_time_is_up(past: World) -> None:
    rows = past.rows()
    pipeline.rerun(past.runtime, NIFTY)
    past.sender.sent.clear()
    past.later(RERUN_SECONDS + 0.1)
    assert pipeline.sweep(past.runtime)["closed"] == 1
    past.drain()
    assert past.rows() == rows
    assert past.ledger.open_cycles() == []


def test_a_failed_unit_that_fails_again_has_the_newer_reason(world: World) -> None:
    world.run(NIFTY, "collect")
    world.run(BANKNIFTY)
    world.later(60.0)
    pipeline.sweep(world.runtime)
    world.drain()
    assert world.ends()["NIFTY"] == ("MISSING", "late")
    pipeline.rerun(world.runtime, NIFTY)
    world.frames.expire(NIFTY, "quotes", 0.0)
    world.drain()
    assert world.ends()["NIFTY"] == ("MISSING", "frame_missing")
    assert "failures" not in world.reports("cycle.report")[-1]


def test_a_publish_that_comes_while_a_rerun_is_open_stores_nothing(past: World) -> None:
    """It counted as the rerun's: lost later, the rerun's overview was never sent to be stored."""
    rows = past.rows()
    past.settle_on(greeks__risk_free_rate=0.12)
    pipeline.rerun(past.runtime, NIFTY)
    assert not pipeline.publish(past.runtime, FIRST)
    assert past.rows() == rows
    (kind, *_), *others = past.sender.sent
    assert (kind, others) == ("stages", [])
    for stage in ("analyse", "persist"):
        past.run(NIFTY, stage, task="rerun")
    pipeline.aggregate(past.runtime, FIRST)
    past.sender.sent.clear()
    past.later(30.0)
    assert pipeline.sweep(past.runtime)["fired_again"] == 1
    past.drain()
    assert past.rows() != rows
    assert past.ledger.open_cycles() == []


def state_of(world: World, unit: Unit) -> UnitRecord:
    record = world.ledger.record(unit.cycle)
    assert record is not None
    return record.units[unit.index]


def lose_frames(world: World, unit: Unit = NIFTY) -> None:
    for name in ("quotes", "chain"):
        world.frames.expire(unit, name, 0.0)


def analysed_again(past: World) -> tuple[Frame, Mapping[str, Mapping[str, object]]]:
    """Analyse a unit again under another rate, lose its frames, and return its chain and rows of before."""
    chain = stored(past)
    rows = past.rows()
    past.settle_on(greeks__risk_free_rate=0.12)
    pipeline.rerun(past.runtime, NIFTY)
    past.sender.sent.clear()
    past.run(NIFTY, "analyse", task="rerun")
    lose_frames(past)
    return chain, rows


@pytest.mark.parametrize("is_closed", [False, True])
@pytest.mark.parametrize("has_forgotten", [False, True])
def test_a_rerun_whose_frames_are_lost_before_it_is_stored_says_so_and_leaves_what_was_stored(
    past: World, *, is_closed: bool, has_forgotten: bool
) -> None:
    """Its row was of the settings of now, and the stored chain of those before."""
    if has_forgotten:
        past.forget()
    chain, rows = analysed_again(past)
    if is_closed:
        past.drain()
        assert past.rows() != rows
    past.run(NIFTY, "persist", task="rerun")
    past.drain()
    assert past.rows() == rows
    assert same(chain, stored(past))
    report = past.reports("cycle.report")[-1]
    assert report["failures"] == {"NIFTY": "frame_missing"}
    assert report["attempt"] == 3
    assert past.ledger.open_cycles() == []


def test_the_result_of_a_rerun_whose_frames_are_lost_is_that_it_failed(past: World) -> None:
    past.settle_on(greeks__risk_free_rate=0.12)
    result = send_again(past.runtime, NIFTY, "analyse")
    past.sender.sent.clear()
    past.run(NIFTY, "analyse", task="rerun")
    past.drain()
    lose_frames(past)
    past.run(NIFTY, "persist", task="rerun")
    assert not note_end(past.runtime, result, compares=True), "its cycle is closed anew"
    past.drain()
    assert note_end(past.runtime, result, compares=True)
    assert (result.outcome, result.failure, result.is_done) == ("OK", "frame_missing", False)
    assert (result.changed, result.is_reconfigured) == (False, False)


def test_a_first_run_whose_frames_are_lost_keeps_its_row(world: World) -> None:
    world.run(NIFTY, "collect", "analyse")
    world.run(BANKNIFTY)
    lose_frames(world)
    assert world.run(NIFTY, "persist") == [True]
    world.drain()
    assert world.ends()["NIFTY"] == ("OK", "")
    assert world.store.read_chain(NIFTY) is None
    assert world.ledger.open_cycles() == []


def test_a_chain_that_a_killed_try_has_written_counts_as_stored_although_its_frames_are_lost(
    past: World,
) -> None:
    past.settle_on(greeks__risk_free_rate=0.12)
    pipeline.rerun(past.runtime, NIFTY)
    past.sender.sent.clear()
    past.run(NIFTY, "analyse", task="rerun")
    assert past.begin(NIFTY, "persist", task="killed") == "run"
    past.store.write_chain(NIFTY, past.frames.get(NIFTY, "chain"))
    lose_frames(past)
    past.later(past.runtime.timing.lease + 0.1)
    assert past.run(NIFTY, "persist", task="next") == [True]
    past.drain()
    assert settings_of(stored(past)) == past.runtime.plan.config_id
    assert past.rows()["NIFTY"]["spot"] is not None
    assert "failures" not in past.reports("cycle.report")[-1]
    assert past.ledger.open_cycles() == []


def test_a_lost_chain_is_not_given_up_while_a_try_before_may_write_it(past: World) -> None:
    """Given up at once, its row was that of before, and then the chain of the rerun was written."""
    chain, rows = analysed_again(past)
    assert past.begin(NIFTY, "persist", task="slow") == "run"
    past.later(past.runtime.writing_seconds)
    assert past.run(NIFTY, "persist", task="next") == [False]
    past.drain()
    assert past.rows() != rows
    past.later(past.runtime.writing_seconds + 0.1)
    pipeline.sweep(past.runtime)
    past.drain()
    assert past.rows() == rows
    assert same(chain, stored(past))


@pytest.mark.parametrize("has_chain", [False, True])
@pytest.mark.parametrize("is_same", [False, True])
def test_from_persist_nothing_is_stored_that_a_failed_rerun_left(
    past: World, *, has_chain: bool, is_same: bool
) -> None:
    """The row is of the settings before it: its chain or its quotes would be stored under it."""
    past.cycle("2026-11-18T05:50:00Z")
    unit = Unit("2026-11-18T05:50:00Z", "NIFTY")
    before = past.runtime.plan.config_id
    older = past.frames.get(unit, "chain")
    past.settle_on(greeks__risk_free_rate=0.12)
    pipeline.rerun(past.runtime, unit)
    past.sender.sent.clear()
    past.run(unit, "analyse", task="rerun")
    if not has_chain:
        past.frames.put(unit, "chain", older, 900.0)
    pipeline.rerun(past.runtime, unit)
    past.sender.sent.clear()
    past.later(RERUN_SECONDS + 0.1)
    pipeline.sweep(past.runtime)
    past.drain()
    assert state_of(past, unit).failure
    if not is_same:
        past.settle_on(greeks__risk_free_rate=0.02)
    again(past, unit, "persist")
    expected = past.runtime.plan.config_id if has_chain else before
    assert settings_of(stored(past, unit)) == expected
    state = state_of(past, unit)
    assert (state.config_id, state.failure) == (expected, "")
