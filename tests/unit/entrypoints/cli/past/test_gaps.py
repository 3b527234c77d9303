"""Twenty minutes without a collector: listed to the minute, repaired from candles, once."""

from __future__ import annotations

import json
import shutil
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import g6 as package
from g6.adapters.clocks import ScaledClock
from g6.adapters.memory.bus import MemoryBus
from g6.adapters.memory.controls import MemoryControls
from g6.adapters.memory.frames import MemoryFrames
from g6.adapters.memory.ledger import MemoryLedger
from g6.adapters.memory.panels import MemoryPanels
from g6.adapters.memory.sender import MemorySender
from g6.adapters.parquet import ParquetStore
from g6.config import calendar, load, plan
from g6.domain.cycles.cycle import Timing, Unit, isoformat_z, parse_z
from g6.domain.market.instrument import INDICES
from g6.pipeline import Runtime, analyse, collect, persist
from g6.simulation import SimulatedMarket
from g6.simulation.simulated_candles import SimulatedCandles
from tests.unit.entrypoints.cli.conftest import Run

DAY, FIRST = "2026-11-18", parse_z("2026-11-18T05:30:00Z")
LOST = range(3, 23)
OTHERS = {f"index_params.{name}.enabled": False for name in INDICES if name != "FINNIFTY"}
WINDOW = (
    *(word for name in OTHERS for word in ("--set", f"{name}=false")),
    "--set",
    "collection.scope=window",
    "--set",
    "index_params.FINNIFTY.strikes_itm=2",
    "--set",
    "index_params.FINNIFTY.strikes_otm=2",
)


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """FINNIFTY from 11:00 to 11:25, its collector killed from 11:03 to 11:22, and one cycle that the provider failed."""
    directory = tmp_path_factory.mktemp("gap")
    settings = load(
        None,
        {
            "collection.scope": "window",
            "index_params.FINNIFTY.strikes_itm": 2,
            "index_params.FINNIFTY.strikes_otm": 2,
            **OTHERS,
        },
        {},
    )
    decided = plan(settings)
    store, market = ParquetStore(directory), SimulatedMarket(calendar())
    for minute in (n for n in range(26) if n not in LOST):
        unit = Unit(isoformat_z(FIRST + timedelta(minutes=minute)), "FINNIFTY")
        runtime = Runtime(
            decided, Timing(60.0), calendar(), ScaledClock(time.time(), unit.instant), market, MemoryFrames(),
            MemoryLedger(), store, MemoryPanels(), MemoryPanels(), MemoryBus(), MemoryControls(), MemorySender(), None,
        )  # type: ignore[arg-type]  # fmt: skip
        for stage in (collect, analyse, persist):
            stage(runtime, unit, "test")
        row = {"timestamp": unit.cycle, "underlying": "FINNIFTY", "status": "OK", "reason": ""}
        store.write_overview(unit.cycle, [row])
    gone = Unit(isoformat_z(FIRST + timedelta(minutes=25)), "FINNIFTY")
    (directory / f"chain/underlying=FINNIFTY/date={DAY}/055500Z.parquet").unlink()
    store.write_overview(
        gone.cycle,
        [
            {
                "timestamp": gone.cycle,
                "underlying": "FINNIFTY",
                "status": "MISSING",
                "reason": "provider",
            }
        ],
    )
    return directory


@pytest.fixture
def directory(collected: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(collected, tmp_path / "rows"))


BEFORE, AFTER = ("03:45", "05:29", 105, "no_row"), ("05:56", "10:10", 255, "no_row")
"""The edges of the day: the session without a row before the first one and after the last."""


def gaps(g6: Run, directory: Path, *arguments: str) -> list[tuple[str, str, int, str]]:
    told = json.loads(g6("data", "gaps", "--json", "--data-dir", str(directory), *arguments).out)
    return [
        (each["from"][11:16], each["to"][11:16], each["cycles"], each["reason"]) for each in told
    ]


def test_gaps_are_listed_to_the_minute_with_their_reasons(g6: Run, directory: Path) -> None:
    assert gaps(g6, directory) == [
        BEFORE,
        ("05:33", "05:52", 20, "no_row"),
        ("05:55", "05:55", 1, "provider"),
        AFTER,
    ]
    told = g6("data", "gaps", "--data-dir", str(directory)).out
    words = " ".join(told.split())
    assert "NIFTY 18 Nov 2026 11:03 11:22 20 not collected" in words
    assert "not collected: G6 started at 11:00" in words
    assert max(map(len, told.splitlines())) <= 80
    assert "4 gaps, 381 cycles" in told


def test_the_fix_of_lost_chains_names_their_instants_and_the_directory(
    g6: Run, directory: Path
) -> None:
    for minute in ("053100Z", "055300Z"):
        (directory / f"chain/underlying=FINNIFTY/date={DAY}/{minute}.parquet").unlink()
    told = g6("data", "gaps", "--data-dir", str(directory)).out
    command = f"g6 rerun --since {DAY}T05:31:00Z --until {DAY}T05:53:00Z --failed"
    assert f"{command} --data-dir {directory} writes it" in " ".join(told.split())


def test_gaps_can_be_asked_for_between_two_instants(g6: Run, directory: Path) -> None:
    assert gaps(g6, directory, "--since", f"{DAY}T05:40:00Z", "--until", f"{DAY}T05:55:00Z") == [
        ("05:40", "05:52", 13, "no_row"), ("05:55", "05:55", 1, "provider"),
    ]  # fmt: skip


def test_coverage_counts_what_was_due_and_how_it_ended(g6: Run, directory: Path) -> None:
    (told,) = json.loads(g6("data", "coverage", "--json", "--data-dir", str(directory)).out)
    assert {name: told[name] for name in ("due", "OK", "MISSING", "no_row", "repaired")} == {
        "due": 386, "OK": 5, "MISSING": 1, "no_row": 380, "repaired": 0,
    }  # fmt: skip
    assert "not collected" in g6("data", "coverage", "--data-dir", str(directory)).out


def test_a_repair_fills_marks_and_touches_no_live_row(g6: Run, directory: Path) -> None:
    live = {path: path.read_bytes() for path in (directory / "chain").rglob("*.parquet")}
    before = datetime.now(UTC)
    told = json.loads(g6("data", "repair", "--json", "--data-dir", str(directory), *WINDOW).out)
    assert (told["gaps"], told["repaired"], told["nothing_to_fill"]) == (21, 21, 0)
    assert all(path.read_bytes() == content for path, content in live.items())
    assert [gap for gap in gaps(g6, directory) if gap[3] != "backfill"] == [BEFORE, AFTER]
    chain = package.load("FINNIFTY", DAY, data_dir=directory, tz="UTC")
    mended = chain[chain["ce_source"].eq("backfill") | chain["pe_source"].eq("backfill")]
    assert mended["timestamp"].nunique() == 21
    filled = mended[mended["ce_source"] == "backfill"]
    assert (filled["ce_quality"].astype(int) & 128).all()
    assert (mended["observed_at"] >= before).all()
    assert filled["ce_iv"].notna().sum() > 10
    assert not (directory / ".candles").exists() or not any((directory / ".candles").rglob("*.npy"))


def test_a_chain_that_is_gone_is_repaired_and_the_row_of_the_overview_stays(
    g6: Run, directory: Path
) -> None:
    lost = directory / f"chain/underlying=FINNIFTY/date={DAY}/053100Z.parquet"
    lost.unlink()
    overview = {path: path.read_bytes() for path in (directory / "overview").rglob("*.parquet")}
    span = ("--since", f"{DAY}T05:31:00Z", "--until", f"{DAY}T05:31:00Z")
    assert gaps(g6, directory, *span) == [("05:31", "05:31", 1, "no_chain")]
    told = json.loads(
        g6("data", "repair", "--json", "--data-dir", str(directory), *span, *WINDOW).out
    )
    assert (told["gaps"], told["repaired"]) == (1, 1)
    assert lost.exists()
    assert {
        path: path.read_bytes() for path in (directory / "overview").rglob("*.parquet")
    } == overview
    assert gaps(g6, directory, *span) == []


def test_a_damaged_file_is_named_and_the_other_gaps_are_repaired(g6: Run, directory: Path) -> None:
    torn = directory / f"chain/underlying=FINNIFTY/date={DAY}/055500Z.parquet"
    torn.write_bytes(b"PAR1 torn")
    answer = g6("data", "repair", "--data-dir", str(directory), *WINDOW)
    assert (answer.code, "20 of 21 missing cycles repaired" in answer.out) == (1, True)
    assert torn.name in answer.out.replace("\n", "")
    assert torn.read_bytes() == b"PAR1 torn"


def test_repaired_rows_say_what_the_market_said(g6: Run, directory: Path) -> None:
    g6("data", "repair", "--json", "--data-dir", str(directory), *WINDOW)
    market = SimulatedMarket(calendar())
    unit = Unit("2026-11-18T05:40:00Z", "FINNIFTY")
    frame = ParquetStore(directory).read_chain(unit)
    assert frame is not None
    contracts = market.listing("FINNIFTY", unit.instant).contracts
    seen = market.quotes("FINNIFTY", contracts, unit.instant - timedelta(seconds=1))
    place = {
        (day, strike): n
        for n, (day, strike) in enumerate(
            zip(contracts.expiry.tolist(), contracts.strike.tolist(), strict=True)
        )
    }
    days = frame.columns["expiry"].tolist()
    for n, (day, strike) in enumerate(zip(days, frame.columns["strike"].tolist(), strict=True)):
        if frame.columns["ce_source"][n] == "backfill":
            at = place[day, strike]
            assert frame.columns["ce_last"][n] == seen.values["last"][0, at]
            assert frame.columns["ce_volume"][n] == seen.values["volume"][0, at]


def test_a_second_repair_changes_nothing(g6: Run, directory: Path) -> None:
    g6("data", "repair", "--json", "--data-dir", str(directory), *WINDOW)
    before = {path: path.read_bytes() for path in directory.rglob("*.parquet")}
    told = json.loads(g6("data", "repair", "--json", "--data-dir", str(directory), *WINDOW).out)
    assert (told["gaps"], told["requests"]) == (0, 0)
    assert {path: path.read_bytes() for path in directory.rglob("*.parquet")} == before


def test_a_repair_that_was_stopped_goes_on_without_asking_again(
    g6: Run, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask, asked = SimulatedCandles.minutes, list[str]()

    def stopped(self: SimulatedCandles, listing: object, instrument: str) -> object:
        if len(asked) == 8:
            raise KeyboardInterrupt
        asked.append(instrument)
        return ask(self, listing, instrument)  # type: ignore[arg-type]

    monkeypatch.setattr(SimulatedCandles, "minutes", stopped)
    assert g6("data", "repair", "--data-dir", str(directory), *WINDOW).code == 130
    monkeypatch.setattr(SimulatedCandles, "minutes", ask)
    whole = json.loads(g6("data", "repair", "--json", "--data-dir", str(directory), *WINDOW).out)
    assert whole["repaired"] == 21
    shutil.rmtree(directory)
    assert len(set(asked)) == len(asked) == 8


def test_days_without_an_overview_are_said(g6: Run, directory: Path) -> None:
    answer = g6("data", "gaps", "--from", "2027-01-01", "--data-dir", str(directory))
    assert (answer.code, "no overview" in answer.err) == (3, True)
    assert g6("data", "gaps", "--index", "DAX", "--data-dir", str(directory)).code == 2
