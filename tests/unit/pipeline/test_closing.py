"""The end of a cycle: rows and panels, once, whatever its units became."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from g6 import pipeline
from g6.adapters.memory.store import MemoryStore
from g6.domain.schema.overview_row import OverviewRow
from g6.errors import ProviderBusy, StoreBusy
from g6.ports import WriteReport
from tests.worlds.pipeline import BANKNIFTY, FIRST, NIFTY, SECOND, World


class FullDisk(MemoryStore):
    """A store whose only sink takes no overview."""

    def write_overview(self, cycle: str, rows: Sequence[Mapping[str, Any]]) -> WriteReport:
        return WriteReport(errors={"csv": "no space left on device"})


class BusyDisk(MemoryStore):
    """A store that cannot be read for now."""

    def read_overview(self, cycle: str) -> Sequence[OverviewRow]:
        raise StoreBusy(f"{cycle} vanishes whenever it is read")


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


def test_a_stored_cycle_that_a_beat_sends_late_into_an_emptied_redis_is_left_alone(
    world: World,
) -> None:
    """It was ended as expired, and MISSING rows took the place of OK ones over their chains."""
    world.cycle()
    rows, count = world.rows(), world.provider.count
    world.forget()
    world.later(world.runtime.timing.expires + 1.0)
    assert world.run(NIFTY, "collect") == [False]
    world.drain()
    assert (world.rows(), world.provider.count) == (rows, count)
    assert world.ledger.record(FIRST) is None


def test_a_late_unit_is_collected_where_the_store_cannot_be_read(world: World) -> None:
    world.runtime = replace(world.runtime, store=BusyDisk())
    world.begin(NIFTY, "collect")
    world.later(world.runtime.timing.expires + 1.0)
    assert world.run(NIFTY, "collect") == [True]


def test_a_recording_that_is_played_again_collects_what_is_stored(world: World) -> None:
    world.cycle()
    world.forget()
    world.runtime = replace(world.runtime, feeds=lambda _: ("NIFTY", "BANKNIFTY"))
    world.begin(NIFTY, "collect")
    world.later(world.runtime.timing.expires + 1.0)
    assert world.run(NIFTY, "collect") == [True]


@pytest.mark.parametrize("seconds", [0.0, 1.0])
def test_a_unit_that_ends_without_figures_keeps_its_stored_row_while_its_chain_is_stored(
    world: World, seconds: float
) -> None:
    """Sent anew by a beat that had stood still, or by one whose clock had gone back to the instant."""
    world.cycle()
    rows = world.rows()
    world.forget()
    world.store._chains.pop(BANKNIFTY)
    world.provider.errors = {index: ProviderBusy("slow") for index in ("NIFTY", "BANKNIFTY")}
    world.later(seconds)
    world.run(NIFTY)
    world.run(BANKNIFTY)
    world.drain()
    assert world.rows()["NIFTY"] == rows["NIFTY"]
    assert world.ends()["BANKNIFTY"] == ("MISSING", "provider")
    report = world.reports("cycle.report")[-1]
    assert report["units"] == {"NIFTY": "OK", "BANKNIFTY": "MISSING"}
    assert report["reasons"] == {"BANKNIFTY": "provider"}


def test_a_cycle_is_closed_and_stored_where_its_rows_cannot_be_read(world: World) -> None:
    world.runtime = replace(world.runtime, store=BusyDisk())
    world.provider.errors = {"NIFTY": ProviderBusy("slow")}
    world.later(1.0)
    world.run(NIFTY)
    world.run(BANKNIFTY)
    world.drain()
    assert world.ledger.open_cycles() == []
