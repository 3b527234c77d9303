"""The recorder reads what the use cases really report: totals equal the rows of a cycle that ran."""

import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from g6.adapters.clocks import ScaledClock
from g6.adapters.memory.bus import MemoryBus
from g6.adapters.memory.controls import MemoryControls
from g6.adapters.memory.frames import MemoryFrames
from g6.adapters.memory.ledger import MemoryLedger
from g6.adapters.memory.panels import MemoryPanels
from g6.adapters.memory.sender import MemorySender
from g6.adapters.memory.store import MemoryStore
from g6.adapters.memory.totals import MemoryTotals
from g6.adapters.memory.vitals import MemoryVitals
from g6.config import calendar
from g6.domain.cycles.cycle import Timing, Unit, isoformat_z
from g6.domain.cycles.plan import IndexPlan, Plan
from g6.domain.market.instrument import INDICES
from g6.observability.follower import BusFollower
from g6.pipeline import Runtime, aggregate, analyse, collect, persist, publish
from g6.simulation import SimulatedMarket
from g6.simulation.faults import MarketFaults

NOON = datetime(2026, 11, 18, 6, 30, tzinfo=UTC)
CYCLE = isoformat_z(NOON)
RULES = ("this_week", "next_week", "this_month", "next_month")


def runtime_on(bus):
    """A runtime of two indices in memory."""
    days = calendar()
    indices = {name: IndexPlan(INDICES[name], RULES, 3, 3) for name in ("NIFTY", "BANKNIFTY")}
    return Runtime(
        plan=Plan(60, indices, scope="chain", config_id="cafe"), timing=Timing(60.0), calendar=days,
        clock=ScaledClock(time.time(), NOON), provider=SimulatedMarket(days), frames=MemoryFrames(), ledger=MemoryLedger(bus),
        store=MemoryStore(), panels=MemoryPanels(), panel_files=MemoryPanels(), bus=bus, controls=MemoryControls(),
        sender=MemorySender(), vitals=MemoryVitals(),
    )  # fmt: skip


@pytest.fixture(scope="module")
def ran():
    """One whole cycle of two indices, and what a follower made of its events."""
    bus = MemoryBus()
    runtime = runtime_on(bus)
    indices = runtime.plan.indices
    for stage in (collect, analyse, persist):
        for name in indices:
            assert stage(runtime, Unit(CYCLE, name), f"{stage.__name__}-{name}")
    assert aggregate(runtime, CYCLE)
    assert publish(runtime, CYCLE)
    follower = BusFollower(bus, MemoryTotals(), indices)
    follower.catch_up()
    return follower


@pytest.fixture(params=["NIFTY", "BANKNIFTY"])
def row(request, ran):
    return next(row for row in ran.latest.cycle.rows if row["underlying"] == request.param)


def total(ran, family, index):
    return sum(
        value for key, value in ran.totals.state.items() if key.startswith(f"{family}{{{index}")
    )


def test_options_processed_are_those_of_the_overview_row(ran, row):
    index = row["underlying"]
    assert row["options"] > 20
    assert ran.totals.value("g6_index_options_processed", index) == row["options"]
    assert ran.totals.value("g6_index_options_processed_total", index) == row["options"]
    assert total(ran, "g6_quote_source_total", index) == row["options"]


@pytest.mark.parametrize(
    ("family", "column"),
    [
        ("g6_iv_estimation_success_total", "iv_ok"),
        ("g6_iv_estimation_failure_total", "iv_failed"),
        ("g6_iv_unavailable_total", "iv_unavailable"),
    ],
)
def test_iv_counts_are_those_of_the_overview_row(ran, row, family, column):
    assert total(ran, family, row["underlying"]) == row[column]


def test_the_solver_was_timed_once_a_unit(ran):
    parts = [
        value
        for key, value in ran.totals.state.items()
        if key.startswith("g6_iv_solve_seconds{}:") and not key.endswith("sum")
    ]
    assert sum(parts) == 2


def test_gauges_are_those_of_the_overview_row(ran, row):
    index = row["underlying"]
    assert ran.totals.value("g6_index_spot", index) == row["spot"]
    assert ran.totals.value("g6_index_atm_strike", index) == row["atm"]
    assert ran.totals.value("g6_index_pcr", index, "next_month") == row["pcr_next_month"]
    assert ran.totals.value("g6_index_atm_iv", index, "this_month") == row["atm_iv_this_month"]
    assert ran.totals.value("g6_coverage_ratio", index, "next_month") == 1.0


def test_the_cycle_its_units_and_its_stages_are_counted_once(ran):
    assert ran.totals.value("g6_cycles_total", "OK") == 1
    assert ran.totals.value("g6_units_total", "NIFTY", "OK") == 1
    stages = {
        stage: sum(_counts(ran, stage)) for stage in ("collect", "analyse", "persist", "publish")
    }
    assert stages == {"collect": 2, "analyse": 2, "persist": 2, "publish": 1}


def _counts(ran, stage):
    head = f"g6_stage_duration_seconds{{{stage},"
    return (
        value
        for key, value in ran.totals.state.items()
        if key.startswith(head) and not key.endswith(":sum")
    )


def test_every_event_was_understood(ran):
    assert ran.totals.value("g6_bus_events_dropped_total", "events", "unreadable") == 0


def test_rows_written_are_counted_for_units_and_for_the_whole_cycle(ran):
    assert total(ran, "g6_rows_written_total", "") > 0
    written = {
        key
        for key, value in ran.totals.state.items()
        if key.startswith("g6_rows_written_total") and value
    }
    assert {key.rstrip("}").rpartition(",")[2] for key in written} == {"NIFTY", "BANKNIFTY", "all"}


def test_a_provider_that_fails_for_one_index_is_counted_once_and_leaves_the_others_whole():
    bus = MemoryBus()
    runtime, failing = (
        runtime_on(bus),
        SimulatedMarket(calendar(), faults=MarketFaults.parse("fail:BANKNIFTY")),
    )
    runtime = replace(runtime, provider=failing)
    for name in runtime.plan.indices:
        for stage in (collect, analyse, persist):
            if not stage(runtime, Unit(CYCLE, name), f"task-{name}"):
                break
    assert aggregate(runtime, CYCLE)
    follower = BusFollower(bus, MemoryTotals(), runtime.plan.indices)
    follower.catch_up()
    report = follower.latest.cycle.to_json()
    assert (report["status"], report["units"]) == (
        "PARTIAL",
        {"NIFTY": "OK", "BANKNIFTY": "MISSING"},
    )
    assert follower.totals.value("g6_task_failures_total", "collect", "provider") == 1
    assert runtime.store.read_chain(Unit(CYCLE, "NIFTY")) is not None
