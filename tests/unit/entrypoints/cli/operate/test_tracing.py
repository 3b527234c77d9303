"""`g6 trace` over a cycle that the use cases ran in memory."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from g6 import pipeline
from g6.adapters.memory.clock import StoppedClock
from g6.domain.cycles.cycle import parse_z
from g6.domain.documents.json_plain import json_plain
from g6.errors import NothingToDo
from g6.pipeline import Runtime
from g6.rendering import parts
from g6.studies.now import cycle_trace, time_shares
from g6.studies.now.cycle_trace import TraceParameters
from tests.worlds.pipeline import BANKNIFTY, FIRST, NIFTY, World


class Ticking(StoppedClock):
    """A clock that goes on by a millisecond whenever it is read."""

    def wall(self) -> float:
        self.now += 0.001
        return self.now


def traced(runtime: Runtime, cycle: str) -> dict[str, Any]:
    document: dict[str, Any] = json_plain(cycle_trace.answer(runtime, TraceParameters(cycle)))  # type: ignore[assignment]
    return document


def show(console: Console, runtime: Runtime, cycle: str) -> None:
    document = cycle_trace.answer(runtime, TraceParameters(cycle))
    parts.print_parts(console, parts.parts_of("trace", document))


@pytest.fixture(scope="module")
def world() -> World:
    ran = World(clock=Ticking(parse_z(FIRST).timestamp()))
    for unit in (NIFTY, BANKNIFTY):
        ran.run(unit, task=unit.index)
    ran.drain()
    assert pipeline.publish(ran.runtime, FIRST) or ran.runtime.ledger.record(FIRST).closed
    return ran


def test_every_phase_of_a_cycle_has_a_line(world: World) -> None:
    told = traced(world.runtime, FIRST)
    assert {index: list(unit["stages"]) for index, unit in told["units"].items()} == {
        name: ["collect", "analyse", "persist"] for name in ("NIFTY", "BANKNIFTY")
    }
    assert list(told["closing"]) == ["aggregate", "publish"]
    assert set(told["closing"]["aggregate"]["parts"]) == {"overview", "panels", "put"}
    assert {"overview", "panels", "instruments"} <= set(told["closing"]["publish"]["parts"])


def test_each_expiry_has_its_share_of_the_solve(world: World) -> None:
    unit = traced(world.runtime, FIRST)["units"]["NIFTY"]
    solve = unit["stages"]["analyse"]["parts"]["solve"]
    assert (len(unit["expiries"]) > 1, solve > 0) == (True, True)
    assert sum(expiry["solve"] for expiry in unit["expiries"]) == pytest.approx(
        solve, abs=0.1 * len(unit["expiries"])
    )


def test_people_see_all_of_it(world: World) -> None:
    page = io.StringIO()
    show(Console(file=page, width=160), world.runtime, FIRST)
    shown = page.getvalue()
    assert all(
        word in shown
        for word in ("collect", "analyse", "persist", "aggregate", "publish", "solve", "panels")
    )


@pytest.mark.parametrize("width", [60, 80])
def test_a_narrow_screen_leaves_shares_out_and_cuts_none(world: World, width: int) -> None:
    page = io.StringIO()
    show(Console(file=page, width=width), world.runtime, FIRST)
    table = page.getvalue().split("ms to its close")[0]
    assert "…" not in table
    heading = table.split("collect")[0]
    assert "provider" in heading or "compute" in heading
    assert ("write" in heading) == (width >= 80)


def test_a_cycle_that_nobody_knows_is_nothing_to_do(world: World) -> None:
    with pytest.raises(NothingToDo, match="knows no cycle"):
        traced(world.runtime, "2026-11-18T05:40:00Z")


def test_the_shares_of_a_stage_are_its_waiting_and_its_parts(world: World) -> None:
    unit = traced(world.runtime, FIRST)["units"]["NIFTY"]
    before = 0.0
    for stage in unit["stages"].values():
        shares = stage["shares"]
        assert sum(shares.values()) == pytest.approx(stage["ended"] - before, abs=1.0)
        assert abs(shares["unexplained"]) <= 1.0
        before = stage["ended"]
    assert sum(unit["shares"].values()) == pytest.approx(before, abs=2.0)


def test_the_way_to_the_close_is_explained(world: World) -> None:
    story = traced(world.runtime, FIRST)
    assert story["slowest"] in story["units"]
    assert sum(story["shares"].values()) == pytest.approx(story["closed"], abs=0.5)
    assert abs(story["shares"]["unexplained"]) <= 0.02 * story["closed"] + 1.0


def test_every_part_that_a_stage_reports_belongs_to_a_share(world: World) -> None:
    story = traced(world.runtime, FIRST)
    for unit in story["units"].values():
        for name, stage in unit["stages"].items():
            assert set(stage["parts"]) <= set(time_shares.SHARES[name])
    for name, stage in story["closing"].items():
        assert set(stage["parts"]) <= set(time_shares.SHARES[name])
