"""What a day will take on the disk, held against files that the pipeline really wrote."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

import g6 as package
from g6.adapters.clocks import ScaledClock
from g6.adapters.csv import CsvStore
from g6.adapters.memory.bus import MemoryBus
from g6.adapters.memory.chain_memories import MemoryChainMemories
from g6.adapters.memory.controls import MemoryControls
from g6.adapters.memory.frames import MemoryFrames
from g6.adapters.memory.ledger import MemoryLedger
from g6.adapters.memory.panels import MemoryPanels
from g6.adapters.memory.sender import MemorySender
from g6.adapters.parquet import ParquetStore
from g6.adapters.wrapping.tee import Tee
from g6.bootstrap.reading.study_readers import collection_reader
from g6.config import calendar, load, plan
from g6.domain.cycles.cycle import Timing, Unit, isoformat_z, parse_z
from g6.domain.cycles.sizing import Sizing
from g6.pipeline import Runtime, analyse, collect, persist
from g6.simulation import SimulatedMarket
from g6.studies.market.day_estimate import estimate_of_cycles
from tests.unit.entrypoints.cli.conftest import Run

FIRST, CYCLES = parse_z("2026-11-18T05:30:00Z"), 8
WITHIN = pytest.approx(1.0, abs=0.2)


def size(directory: Path) -> int:
    return sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("scope", "index", "greeks"),
    [("chain", "FINNIFTY", True), ("window", "NIFTY", True), ("window", "NIFTY", False)],
)
def test_parts_and_csv_are_estimated_within_a_fifth_of_what_a_run_wrote(
    tmp_path: Path, scope: str, index: str, greeks: bool
) -> None:
    settings = load(
        None, {"provider.name": "sim", "collection.scope": scope, "greeks.enabled": greeks}, {}
    )
    decided = plan(settings)
    decided = replace(decided, indices={index: decided.indices[index]})
    market, store, ledger = (
        SimulatedMarket(calendar()),
        Tee(ParquetStore(tmp_path), CsvStore(tmp_path / "csv")),
        MemoryLedger(),
    )
    memories = MemoryChainMemories()
    for minute in range(CYCLES):
        unit = Unit(isoformat_z(FIRST + timedelta(minutes=minute)), index)
        runtime = Runtime(
            decided, Timing(60.0), calendar(), ScaledClock(time.time(), unit.instant), market, MemoryFrames(), ledger, store,
            MemoryPanels(), MemoryPanels(), MemoryBus(), MemoryControls(), MemorySender(),
            None,  # type: ignore[arg-type]
            chain_memories=memories,
        )  # fmt: skip
        for stage in (collect, analyse, persist):
            stage(runtime, unit, "test")
    found = estimate_of_cycles(collection_reader(settings), CYCLES)
    assert found.indices[index].parts / size(tmp_path / "chain") == WITHIN
    assert found.indices[index].csv / size(tmp_path / "csv") == WITHIN


def test_compacted_days_are_estimated_within_a_fifth_of_the_measured_ones() -> None:
    results = Path(__file__).parents[5] / "benchmarks/results.json"
    measured = json.loads(results.read_text("utf-8"))["store"]
    params = {
        "expiries": ["nth:1", "nth:2", "nth:3", "nth:4"],
        "strikes_itm": 20,
        "strikes_otm": 20,
    }
    wanted = {
        f"index_params.{name}.{key}": value
        for name in measured["indices"]
        for key, value in params.items()
    }
    found = estimate_of_cycles(
        collection_reader(
            load(None, {"provider.name": "sim", "collection.scope": "window", **wanted}, {})
        )
    )
    together = sum(found.indices.values(), Sizing())
    rows = together.options * found.cycles
    assert rows / measured["options"] == pytest.approx(1.0, abs=0.05)
    assert together.parts / rows / measured["bytes_per_option"]["parts"] == WITHIN
    assert together.compacted / rows / measured["bytes_per_option"]["compacted"] == WITHIN


def test_whole_chains_are_estimated_within_a_fifth_of_the_measured_days() -> None:
    results = Path(__file__).parents[5] / "benchmarks/keeping.json"
    measured = json.loads(results.read_text("utf-8"))["bytes_of_a_day"]
    settings = load(None, {"provider.name": "sim"}, {})
    found = estimate_of_cycles(collection_reader(settings))
    for index, bytes_ in measured.items():
        assert found.indices[index].compacted / bytes_["compacted"] == WITHIN
        assert found.indices[index].csv / bytes_["csv"] == WITHIN


def test_the_estimate_of_a_day_follows_interval_and_indices(g6: Run) -> None:
    def estimate(*options: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(
            g6("data", "size", "--estimate", "--json", "--set", "provider.name=sim", *options).out
        )
        return found

    minute, half, one = estimate(), estimate("--interval", "30"), estimate("--indices", "NIFTY")
    assert (minute["cycles"], half["cycles"]) == (386, 771)
    assert 1.8 < half["total"]["compacted"] / minute["total"]["compacted"] < 2.1
    assert set(minute["indices"]) > set(one["indices"]) == {"NIFTY"}
    told = g6("data", "size", "--estimate", "--set", "provider.name=sim").out
    assert "a whole day of 386 cycles will take about" in told


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    """A directory that keeps a listing of NIFTY alone."""
    store, market = ParquetStore(tmp_path / "kept"), SimulatedMarket(calendar())
    store.keep_listing(replace(market.listing("NIFTY", FIRST), on=date(2026, 1, 1)), "NFO")
    return tmp_path / "kept"


@pytest.mark.usefixtures("covered_today")
def test_indices_of_which_nothing_is_listed_are_named(g6: Run, listed: Path) -> None:
    asked = ("data", "size", "--estimate", "--set", "provider.name=kite", "--data-dir", str(listed))
    assert (
        "without SENSEX, whose contracts no kept listing tells"
        in g6(*asked, "--indices", "NIFTY,SENSEX").out
    )
    assert "without" not in g6(*asked, "--indices", "NIFTY").out


@pytest.mark.usefixtures("covered_today")
def test_a_first_day_of_which_nothing_is_listed_has_no_figure(g6: Run, tmp_path: Path) -> None:
    told = g6(
        "data",
        "size",
        "--estimate",
        "--set",
        "provider.name=kite",
        "--indices",
        "NIFTY",
        "--data-dir",
        str(tmp_path),
    ).out
    assert "known once a listing of NIFTY is kept" in told
    assert "MB" not in told


def test_a_recording_has_no_day_to_estimate(g6: Run) -> None:
    assert g6("data", "size", "--estimate", "--set", "provider.name=replay").code == 3


def test_python_is_told_what_the_command_tells(g6: Run, tmp_path: Path) -> None:
    answer = package.ask.day_estimate(data_dir=tmp_path)
    place = ("--data-dir", str(tmp_path))
    told = g6("data", "size", "--estimate", "--json", *place).out
    assert json.loads(answer.to_json()) == json.loads(told)
    assert " ".join(str(answer).split()) == " ".join(
        g6("data", "size", "--estimate", *place).out.split()
    )
