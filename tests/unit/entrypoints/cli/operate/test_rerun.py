"""Which units `g6 rerun --failed` does again: those that did not end OK, also when the ledger has forgotten them."""

from __future__ import annotations

import json
import os
import shutil
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from g6.adapters.csv import CsvStore
from g6.adapters.memory.bus import MemoryBus
from g6.adapters.memory.controls import MemoryControls
from g6.adapters.memory.ledger import MemoryLedger
from g6.adapters.parquet import ParquetStore
from g6.adapters.wrapping.tee import Tee
from g6.config import Settings, load
from g6.domain.cycles.cycle import Unit, isoformat_z, parse_z
from g6.domain.reports.heartbeat import WorkerFacts
from g6.domain.schema.frame import Frame
from g6.entrypoints.cli.operate import rerunning as rerun
from g6.entrypoints.cli.operate.rerun_selection import instants, units
from g6.entrypoints.cli.shared import manual
from g6.pipeline.rerun_results import RerunResult, note_refusals, send_again
from g6.ports import Opening, UnitEnd
from tests.unit.entrypoints.cli.conftest import Run
from tests.worlds.pipeline import BANKNIFTY, NIFTY, World

FIRST, LATER = "2026-11-18T05:30:00Z", "2026-11-18T05:31:00Z"
CYCLES = (FIRST, LATER)


@pytest.fixture
def settings(tmp_path: Path, chain_of: Callable[..., Frame]) -> Settings:
    """Two stored cycles of two indices; one of the four units was PARTIAL, one MISSING and has no chain."""
    store = ParquetStore(tmp_path)
    for cycle, ends in ((FIRST, ("OK", "PARTIAL")), (LATER, ("MISSING", "OK"))):
        rows = zip(("NIFTY", "SENSEX"), ends, strict=True)
        store.write_overview(
            cycle,
            [{"timestamp": cycle, "underlying": name, "status": status} for name, status in rows],
        )
        for name, status in zip(("NIFTY", "SENSEX"), ends, strict=True):
            if status != "MISSING":
                store.write_chain(Unit(cycle, name), chain_of(cycle, name))
    return load(None, {"demo_dir": str(tmp_path), "index_params.NIFTY.enabled": True}, {})


@pytest.fixture
def runtime(settings: Settings) -> Any:
    return SimpleNamespace(
        ledger=MemoryLedger(MemoryBus(), MemoryControls()), expected=lambda _: ("NIFTY", "SENSEX"),
        store=ParquetStore(settings.directory), provider=None,
    )  # fmt: skip


def test_what_failed_is_known_from_the_files_when_the_ledger_has_forgotten_it(
    runtime: Any, settings: Settings
) -> None:
    assert units(runtime, settings, CYCLES, None, failed=True) == [
        Unit(FIRST, "SENSEX"),
        Unit(LATER, "NIFTY"),
    ]
    assert units(runtime, settings, CYCLES, "SENSEX", failed=True) == [Unit(FIRST, "SENSEX")]


def test_what_the_ledger_knows_is_newer_than_the_files(runtime: Any, settings: Settings) -> None:
    runtime.ledger.begin(
        Unit(FIRST, "SENSEX"), "task", Opening(("SENSEX",), "c1", 90.0, 60.0), 60.0, 30.0
    )
    runtime.ledger.finish(Unit(FIRST, "SENSEX"), UnitEnd("OK", "", {"config_id": "c1"}), 61.0)
    assert units(runtime, settings, CYCLES, None, failed=True) == [Unit(LATER, "NIFTY")]


def test_without_failed_every_unit_is_done_again(runtime: Any, settings: Settings) -> None:
    assert len(units(runtime, settings, CYCLES, None, failed=False)) == 4


def test_what_has_no_chain_is_not_stored_and_what_nobody_knows_is_not_ok(
    runtime: Any, settings: Settings
) -> None:
    (settings.directory / "chain/underlying=NIFTY/date=2026-11-18/053000Z.parquet").unlink()
    unknown = "2026-11-18T05:32:00Z"
    assert units(runtime, settings, (*CYCLES, unknown), "NIFTY", failed=True) == [
        Unit(FIRST, "NIFTY"), Unit(LATER, "NIFTY"), Unit(unknown, "NIFTY"),
    ]  # fmt: skip


def test_a_unit_that_ended_ok_and_is_not_stored_yet_is_not_done(
    runtime: Any, settings: Settings
) -> None:
    unit = Unit("2026-11-18T05:32:00Z", "NIFTY")
    runtime.ledger.begin(unit, "task", Opening(("NIFTY",), "c1", 90.0, 60.0), 60.0, 30.0)
    runtime.ledger.finish(unit, UnitEnd("OK", "", {"config_id": "c1"}), 61.0)
    assert units(runtime, settings, [unit.cycle], "NIFTY", failed=True) == [unit]


@pytest.mark.parametrize("kept", [True, False], ids=["between rows", "no file at all"])
def test_a_range_is_the_grid_of_the_session_whatever_is_stored(
    runtime: Any, settings: Settings, *, kept: bool
) -> None:
    """Ten cycles that a disk refused left nothing in any file; their frames are found by their instants."""
    if not kept:
        shutil.rmtree(settings.directory / "overview")
        shutil.rmtree(settings.directory / "chain")
    found = instants(runtime, settings, parse_z(FIRST), parse_z("2026-11-18T05:41:00Z"))
    assert [isoformat_z(at) for at in found] == [
        f"2026-11-18T05:{minute}:00Z" for minute in range(30, 42)
    ]


def test_a_range_has_the_interval_of_its_days_configuration_and_what_lies_off_the_grid(
    runtime: Any, settings: Settings
) -> None:
    path = settings.directory / "configs/c1.json"
    path.parent.mkdir()
    path.write_text(json.dumps({"settings": {"interval": 300}}))
    opened = Unit("2026-11-18T05:33:20Z", "NIFTY")
    runtime.ledger.begin(opened, "task", Opening(("NIFTY",), "c1", 90.0, 60.0), 60.0, 30.0)
    found = instants(runtime, settings, parse_z(FIRST), parse_z("2026-11-18T05:41:00Z"))
    assert [isoformat_z(at)[11:19] for at in found] == [
        "05:30:00",
        "05:31:00",
        "05:33:20",
        "05:35:00",
        "05:40:00",
    ]


def test_a_range_holds_no_instant_outside_of_sessions(runtime: Any, settings: Settings) -> None:
    found = instants(
        runtime, settings, parse_z("2026-11-18T10:09:00Z"), parse_z("2026-11-19T03:46:00Z")
    )
    assert [isoformat_z(at)[8:16] for at in found] == [
        "18T10:09",
        "18T10:10",
        "19T03:45",
        "19T03:46",
    ]


@pytest.fixture
def past() -> World:
    """A world with one whole cycle, a while ago, and no worker."""
    world = World()
    world.cycle(NIFTY.cycle)
    world.later(1000.0)
    return world


def done_again(world: World, *, drain: bool = True) -> RerunResult:
    """Return the result of doing one unit again, with a worker or without."""
    after = world.bus.bounds()[1]
    result = send_again(world.runtime, NIFTY, "analyse")
    if drain:
        world.drain()
    rerun.wait(world.runtime, [result], Console(quiet=True))
    note_refusals(world.runtime, [result], after)
    return result


def test_the_same_rows_are_said_after_comparing_them(past: World) -> None:
    result = done_again(past)
    assert (result.outcome, result.changed, result.is_done) == ("OK", False, True)
    assert rerun.sentence(result) == "OK, run 2 of the unit, from the frame: the same rows"


def test_each_unit_of_a_cycle_counts_its_own_runs(past: World) -> None:
    first = send_again(past.runtime, NIFTY, "analyse")
    second = send_again(past.runtime, BANKNIFTY, "analyse")
    third = send_again(past.runtime, NIFTY, "analyse")
    assert [first.run, second.run, third.run] == [2, 2, 3]
    assert third.document()["attempt"] == 3


def test_rows_that_differ_in_the_name_of_their_settings_alone_are_the_same_rows(
    past: World,
) -> None:
    (other,) = {"c2"} - {past.runtime.plan.config_id}
    frame = past.runtime.store.read_chain(NIFTY)
    assert frame is not None
    names = np.full(len(frame), other, dtype=object)
    past.runtime.store.write_chain(
        NIFTY, Frame(frame.header, {**frame.columns, "config_id": names})
    )
    result = done_again(past)
    assert (result.changed, result.is_reconfigured) == (False, True)
    assert rerun.sentence(result).endswith("the same rows, under other settings")
    assert result.document()["reconfigured"] is True


def test_a_unit_that_nobody_takes_is_unfinished_and_nothing_is_said_of_its_rows(
    past: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manual, "GRACE_SECONDS", 0.2)
    result = done_again(past, drain=False)
    assert (result.outcome, result.is_done) == ("unfinished", False)
    assert "rows" not in rerun.sentence(result)


@pytest.mark.parametrize(
    ("pid", "is_alone"), [(os.getpid(), False), (0, True)], ids=["lives", "is gone"]
)
def test_a_worker_that_lives_and_is_silent_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, pid: int, *, is_alone: bool
) -> None:
    worker = WorkerFacts(pid, socket.gethostname(), queues=(manual.QUEUE,), up=False)
    runtime: Any = SimpleNamespace(
        vitals=SimpleNamespace(read=lambda: SimpleNamespace(workers={"worker": worker}))
    )
    monkeypatch.setattr(manual, "GRACE_SECONDS", 0.0)
    assert manual.is_served(runtime) is False
    assert manual.QueueWatch(runtime, _served=0.0).is_alone() is is_alone


def test_what_is_unfinished_has_a_fix_that_needs_no_running_system() -> None:
    text = rerun.sentence(RerunResult(NIFTY, None, run=2, source="frame"))
    assert "g6 ps" not in text
    assert f"g6 rerun --cycle {NIFTY.cycle} --index NIFTY sends it again" in text


def test_rows_that_a_sink_refused_are_not_the_same_rows(past: World, tmp_path: Path) -> None:
    (tmp_path / "csv").write_text("a file where a directory would be")
    past.runtime = replace(past.runtime, store=Tee(past.store, CsvStore(tmp_path / "csv")))
    result = done_again(past)
    assert not result.is_done
    assert str(tmp_path / "csv") in rerun.sentence(result)


def test_rows_that_are_nowhere_afterwards_are_not_done(past: World) -> None:
    past.runtime = replace(past.runtime, store=Tee())
    result = done_again(past)
    assert (result.is_done, "nothing is stored" in rerun.sentence(result)) == (False, True)


@pytest.mark.parametrize(
    ("since", "until"), [("2026-11-18 11:00", "11:01"), ("11:00", "2026-11-18 11:01")]
)
def test_a_bare_end_is_of_the_day_of_the_other_end(
    runtime: Any, settings: Settings, since: str, until: str
) -> None:
    """Counted from the newest day, the span went on to it, or began there."""
    later = {"timestamp": "2026-11-19T05:30:00Z", "underlying": "NIFTY", "status": "OK"}
    ParquetStore(settings.directory).write_overview("2026-11-19T05:30:00Z", [later])
    span = rerun.CycleOptions(since=since, until=until)
    assert rerun._cycles(runtime, settings, span) == [FIRST, LATER]


@pytest.mark.parametrize(
    ("arguments", "fix"),
    [
        (("--since", "11:00"), "--since 11:00 --until CYCLE"),
        (("--until", "11:01"), "--since CYCLE --until 11:01"),
        ((), "--cycle CYCLE, or --since CYCLE --until CYCLE"),
    ],
)
def test_one_end_alone_is_asked_for_the_other_before_anything_is_started(
    g6: Run, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], fix: str
) -> None:
    monkeypatch.setattr(manual, "system", None)
    answer = g6("rerun", *arguments)
    assert answer.code == 2
    assert "which cycles?" in answer.err
    assert fix in answer.err
