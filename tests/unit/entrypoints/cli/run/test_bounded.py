from __future__ import annotations

import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import typer
from rich.console import Console

from g6.adapters.memory.ledger import MemoryLedger
from g6.config import Settings, load
from g6.domain.cycles.cycle import Unit, isoformat_z, parse_z
from g6.domain.reports import CycleReport
from g6.domain.schema.words import Status
from g6.entrypoints.cli.run.bounded import moved_on, refuse_closed
from g6.entrypoints.cli.run.bounded_run import _BoundedRun
from g6.entrypoints.cli.run.demonstration import whole_session
from g6.entrypoints.machine.market_start import Window
from g6.errors import NothingToDo, UserError
from g6.ports import Opening
from tests.worlds.pipeline import World, first_instant


def settings(start: str, **more: object) -> Settings:
    return load(
        None,
        {"market.start": start, "interval": 60}
        | {name.replace("__", "."): value for name, value in more.items()},
        {},
    )


@pytest.mark.parametrize(
    ("start", "cycles"),
    [("2026-11-18T05:30:00Z", 386), ("2026-11-23T09:59:00Z", 386), ("2026-07-15T05:30:00Z", 376)],
)
def test_a_whole_session_goes_from_open_to_close_whatever_the_hour(start: str, cycles: int) -> None:
    chosen, count = whole_session(settings(start))
    assert (isoformat_z(chosen.market.start), count) == (f"{start[:10]}T03:45:00Z", cycles)


def test_a_slower_grid_has_fewer_cycles_and_keeps_both_ends() -> None:
    assert whole_session(settings("2026-11-18T05:30:00Z", interval=300))[1] == 78


@pytest.mark.parametrize("closed", ["2026-11-21T05:30:00Z", "2026-11-24T05:30:00Z"])
def test_a_day_without_a_session_is_refused_with_what_to_do(closed: str) -> None:
    with pytest.raises(UserError, match=r"the exchanges are closed on 2026-11-2[14]"):
        whole_session(settings(closed))


FIRST, NEXT = "2026-11-18T05:30:00Z", "2026-11-18T05:31:00Z"
BOTH = Window(parse_z(FIRST), parse_z(NEXT), 2)


@pytest.fixture
def closed_first() -> MemoryLedger:
    """A ledger whose first cycle is closed."""
    ledger = MemoryLedger()
    ledger.skip(Unit(FIRST, "NIFTY"), Opening(("NIFTY",), "c1", 50.0, 1.0), "expired", 60.0)
    assert ledger.close(FIRST, 61.0)
    return ledger


def test_a_live_instant_that_is_closed_is_refused_with_the_reason(
    closed_first: MemoryLedger,
) -> None:
    live = settings(FIRST, provider__name="kite")
    with pytest.raises(
        NothingToDo,
        match="11:00 IST is collected and closed already; a live instant is collected once",
    ):
        refuse_closed(closed_first, live, BOTH, None)
    refuse_closed(closed_first, live, Window(parse_z(NEXT), parse_z(NEXT), 1), None)


def test_a_simulated_one_is_done_again_unless_the_same_run_has_not_ended(
    closed_first: MemoryLedger,
) -> None:
    refuse_closed(closed_first, settings(FIRST), BOTH, None)
    with pytest.raises(
        NothingToDo, match=r"closed by the same run, which has not ended yet \(process 7\)"
    ):
        refuse_closed(closed_first, settings(FIRST), BOTH, {"pid": 7})


@pytest.mark.parametrize(("seconds", "first"), [(0.0, FIRST), (29.0, FIRST), (29.5, NEXT)])
def test_a_live_run_begins_with_the_first_cycle_that_beat_would_still_send(
    seconds: float, first: str
) -> None:
    world = World()
    world.later(seconds)
    moved = moved_on(settings(FIRST, provider__name="kite"), world.runtime, BOTH)
    assert (isoformat_z(moved.first), moved.cycles) == (first, 2)
    assert moved.last - moved.first == BOTH.last - BOTH.first


def test_a_later_cycle_that_is_closed_is_refused_too() -> None:
    world = World()
    world.later(40.0)
    world.ledger.skip(Unit(NEXT, "NIFTY"), Opening(("NIFTY",), "c1", 50.0, 1.0), "expired", 60.0)
    world.ledger.close(NEXT, 61.0)
    with pytest.raises(NothingToDo, match="11:01 IST is collected and closed already"):
        moved_on(settings(FIRST, provider__name="kite"), world.runtime, BOTH)


def test_a_simulated_market_waits_for_its_beat_and_begins_where_it_stood() -> None:
    world = World()
    world.later(600.0)
    assert moved_on(settings(FIRST), world.runtime, BOTH) == BOTH


@pytest.mark.parametrize(("options", "code"), [(0, 1), (2, 0)])
def test_a_run_that_collected_nothing_fails(tmp_path: Path, options: int, code: int) -> None:
    cycle = "2026-11-20T04:05:00Z"
    status = Status.OK if options else Status.SKIPPED
    report = CycleReport(cycle, status, {"NIFTY": status}, {}, {"NIFTY": options}, 0.0, 0.2)
    stack: Any = SimpleNamespace(
        runtime=SimpleNamespace(clock=first_instant(), provider=None),
        settings=load(None, {"data_dir": tmp_path}, {}),
    )
    follower: Any = SimpleNamespace(
        stack=stack, closed={cycle: report}, until_stored=lambda _: True
    )
    run = _BoundedRun(Console(file=io.StringIO()), None, json_lines=False)
    try:
        run.follow(stack, follower, 1, 0.0)
        ended = 0
    except typer.Exit as end:
        ended = end.exit_code
    assert ended == code
