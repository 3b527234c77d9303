"""The end of a cycle: rows and panels, once, whatever its units became."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from g6 import pipeline
from g6.adapters.memory.store import MemoryStore
from g6.ports import WriteReport
from tests.worlds.pipeline import BANKNIFTY, FIRST, NIFTY, SECOND, World


class FullDisk(MemoryStore):
    """A store whose only sink takes no overview."""

    def write_overview(self, cycle: str, rows: Sequence[Mapping[str, Any]]) -> WriteReport:
        return WriteReport(errors={"csv": "no space left on device"})


def test_a_cycle_leaves_one_row_per_expected_index(world: World) -> None:
    world.cycle()
    assert world.ends() == {"NIFTY": ("OK", ""), "BANKNIFTY": ("OK", "")}


def test_a_missing_unit_has_a_row_that_says_why_and_no_figure(world: World) -> None:
    world.run(NIFTY)
    world.run(BANKNIFTY, "collect")
    world.frames.expire(BANKNIFTY, "quotes", 0.0)
    world.run(BANKNIFTY, "analyse")
    world.drain()
    row = world.rows()["BANKNIFTY"]
    assert (row["status"], row["reason"], row["spot"], row["options"]) == (
        "MISSING",
        "frame_missing",
        None,
        0,
    )


def test_an_aggregate_before_the_cycle_is_complete_does_nothing(world: World) -> None:
    world.run(NIFTY)
    assert not pipeline.aggregate(world.runtime, FIRST)
    assert world.panels.names() == []


def test_an_aggregate_of_a_cycle_nobody_knows_does_nothing(world: World) -> None:
    assert not pipeline.aggregate(world.runtime, FIRST)
    assert not pipeline.publish(world.runtime, FIRST)


def test_two_aggregates_close_a_cycle_once(world: World) -> None:
    world.run(NIFTY)
    world.run(BANKNIFTY)
    assert [pipeline.aggregate(world.runtime, FIRST) for _ in range(2)] == [True, False]
    assert len(world.reports("cycle.report")) == 1
    assert world.sender.sent.count(("publish", FIRST)) == 1


def test_the_report_tells_times_options_and_rows(world: World) -> None:
    world.later(0.25)
    world.run(NIFTY)
    world.run(BANKNIFTY)
    world.later(0.5)
    world.drain()
    (report,) = world.reports("cycle.report")
    assert (report["status"], report["lateness_seconds"], report["elapsed_seconds"]) == (
        "OK",
        0.25,
        0.75,
    )
    assert report["options"] == {index: row["options"] for index, row in world.rows().items()}
    assert [row["underlying"] for row in report["rows"]] == ["NIFTY", "BANKNIFTY"]


def test_panels_reach_redis_and_the_disk(world: World) -> None:
    world.cycle()
    wanted = {"summary", "indices", "index_NIFTY", "index_BANKNIFTY", "analytics", "breadth", "exposures", "overview", "alerts", "provider",
              "health", "storage", "cycle"}  # fmt: skip
    assert wanted <= set(world.panels.names())
    assert set(world.archive.names()) == set(world.panels.names())


def test_panels_without_a_chain_are_still_built(world: World) -> None:
    world.run(NIFTY)
    world.run(BANKNIFTY)
    world.frames.expire(NIFTY, "chain", 0.0)
    world.drain()
    assert "indices" in world.panels.names()
    assert world.ends()["NIFTY"] == ("OK", "")


def test_a_late_aggregate_of_an_older_cycle_leaves_newer_panels_alone(world: World) -> None:
    world.run(NIFTY)
    world.run(BANKNIFTY)
    held, world.sender.sent = world.sender.sent, []
    world.cycle(SECOND)
    world.sender.sent = held
    world.drain()
    assert set(world.panels.cycles().values()) == {SECOND}
    assert set(world.archive.cycles().values()) == {SECOND}
    assert world.ends(FIRST) == world.ends(SECOND)


def test_the_days_instruments_are_kept_once(world: World) -> None:
    world.cycle()
    kept = dict(world.store.listings)
    assert {underlying for _, underlying, _ in kept} == {"NIFTY", "BANKNIFTY"}
    world.store.listings.clear()
    world.cycle(SECOND)
    assert world.store.listings == {}


def test_a_sink_that_refuses_is_said_in_the_report(world: World) -> None:
    world.runtime = replace(world.runtime, store=FullDisk())
    world.cycle()
    report = next(each for each in world.reports("unit.report") if each["stage"] == "publish")
    assert (report["status"], report["reason"]) == ("PARTIAL", "sink")
    assert report["counts"]["errors"] == {"csv": "no space left on device"}


def test_a_publish_that_is_delivered_twice_is_reported_once(world: World) -> None:
    world.cycle()
    assert not pipeline.publish(world.runtime, FIRST)
    assert [report["stage"] for report in world.reports("unit.report")].count("publish") == 1
