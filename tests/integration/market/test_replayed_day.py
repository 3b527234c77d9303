"""A stored day played again: the same rows, chains and panels, and its orders."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from kiteconnect import KiteConnect, KiteTicker
from websockets.sync.client import connect

import g6 as package
from g6.adapters.data_dir.certificate_files import CertificateFiles
from g6.adapters.parquet import ParquetStore
from g6.adapters.replay.stamped_day import StampedDay
from g6.bootstrap.inprocess import runtime_over
from g6.bootstrap.quote_sources.sources import stored_market
from g6.config import Settings, calendar, plan
from g6.domain.cycles.cycle import Unit, isoformat_z, parse_z
from g6.domain.figures import overview
from g6.domain.reports.switches import ReplayOrder
from g6.domain.schema.words import STAGES, Status
from g6.entrypoints.cli import main
from g6.entrypoints.machine.feeder import ReplayPace
from g6.errors import BadConfig, BadInput
from g6.kite_server import ServerOptions, started
from g6.kite_server.http_server import ServerAddresses
from g6.studies.stored.days.replay_comparison import compare_cycle
from g6.studies.stored.past_panels import panel_hashes, shown_hashes
from tests.e2e.running import clean_environment
from tests.waiting import eventually
from tests.worlds.kite import Kite, TickerListener

DAY = "2026-11-18"
FIRST = datetime(2026, 11, 18, 3, 45, tzinfo=UTC)
INDICES = ("NIFTY", "SENSEX")
NIFTY_TOKEN = 256265


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a data directory with a short day, of which one unit was lost and one cycle was never begun."""
    directory = tmp_path_factory.mktemp("stored") / "rows"
    arguments = [
        "sample",
        "--days",
        "1",
        "--to",
        DAY,
        "--interval",
        "5400",
        "--indices",
        ",".join(INDICES),
    ]
    assert main([*arguments, "--data-dir", str(directory), "--processes", "1"]) == 0
    store = ParquetStore(directory)
    lost = isoformat_z(FIRST - timedelta(minutes=1))
    store.write_overview(
        lost, [overview.missing_row(lost, name, Status.SKIPPED, "no_beat") for name in INDICES]
    )
    assert main(["data", "compact", "--date", DAY, "--data-dir", str(directory)]) == 0
    return directory


class Option(NamedTuple):
    """An option as it is stored."""

    symbol: str
    token: float
    last: float
    interest: float
    spot: float


def cycles(store: ParquetStore) -> list[str]:
    return [*store.overview_cycles(parse_z(f"{DAY}T00:00:00Z"), parse_z(f"{DAY}T23:00:00Z"))]


def test_rows_chains_and_panels_of_a_replay_are_those_that_were_stored(
    stored: Path, tmp_path: Path
) -> None:
    before, after = ParquetStore(stored), ParquetStore(tmp_path)
    names = cycles(before)
    day = StampedDay(stored, before, parse_z(names[0]), parse_z(names[-1]))
    runtime = runtime_over(day, day.planned(plan(Settings())), calendar(), after)
    for cycle in names:
        for index in day.indices(parse_z(cycle)):
            runtime.sender.stages(Unit(cycle, index), STAGES)
        chains = {index: before.read_chain(Unit(cycle, index)) for index in INDICES}
        kept = {index: frame for index, frame in chains.items() if frame is not None}
        expected = panel_hashes(cycle, before.read_overview(cycle), kept)
        shown = shown_hashes(runtime.panels, cycle)
        assert shown == expected
    compared = [compare_cycle(before, after, cycle, INDICES) for cycle in names]
    assert [cycle.differing for cycle in compared] == [()] * len(names)
    assert sum(cycle.chains for cycle in compared) == len(INDICES) * (len(names) - 1)
    assert sum(cycle.rows for cycle in compared) == len(INDICES) * len(names)


def test_a_difference_is_named(stored: Path, tmp_path: Path) -> None:
    shutil.copytree(stored, tmp_path / "other")
    other = ParquetStore(tmp_path / "other")
    cycle = cycles(other)[-1]
    row = other.read_overview(cycle)[0]
    other.write_overview(cycle, [{**row, "spot": 1.0}])
    compared = compare_cycle(ParquetStore(stored), other, cycle, INDICES)
    assert compared.differing[0] == f"row {row['underlying']}"
    assert "panel overview" in compared.differing


def test_a_day_that_is_not_stored_is_refused(stored: Path) -> None:
    with pytest.raises(BadInput, match="has no cycle"):
        StampedDay(
            stored, ParquetStore(stored), FIRST + timedelta(days=30), FIRST + timedelta(days=31)
        )


def test_a_replay_waits_for_its_speed_and_follows_orders() -> None:
    pace = ReplayPace(60.0, 0.0, FIRST)
    instants = [FIRST + timedelta(minutes=minute) for minute in range(10)]
    assert pace.is_due(instants[0], 0.0)
    assert not pace.is_due(instants[1], 0.9)
    assert pace.is_due(instants[1], 1.0)
    order = ReplayOrder().then("pause")
    pace.follow(order, 1.5, instants[2])
    assert not pace.is_due(instants[2], 100.0)
    order = order.then("step")
    pace.follow(order, 100.0, instants[2])
    assert pace.is_due(instants[2], 100.0)
    assert not pace.is_due(instants[3], 100.0)
    order = order.then(f"seek:{isoformat_z(instants[6])}").then("resume").then("120x")
    pace.follow(order, 200.0, instants[3])
    assert [pace.passes_over(at) for at in instants[3:7]] == [True, True, True, False]
    assert pace.is_due(instants[5], 200.0)
    assert not pace.is_due(instants[7], 200.9)
    assert pace.is_due(instants[7], 201.0)


@pytest.mark.parametrize("word", ["", "faster", "-2x", "step:x", "infx", "seek:14:30"])
def test_an_order_that_is_none_names_those_there_are(word: str) -> None:
    with pytest.raises(BadConfig, match="seek:INSTANT"):
        ReplayOrder().then(word)


@pytest.fixture
def look_alike(stored: Path) -> Iterator[ServerAddresses]:
    day = stored_market(stored, FIRST.date())
    options = ServerOptions(recording=day, start=day.recording.cycles()[1], speed=0.0)
    with started(options, calendar()) as addresses:
        yield addresses


@pytest.fixture
def option(stored: Path) -> Option:
    """Return a call that traded in the cycle at which the look-alike's clock stands."""
    store = ParquetStore(stored)
    frame = store.read_chain(Unit(cycles(store)[2], "NIFTY"))
    assert frame is not None
    columns = frame.columns
    place = next(
        row
        for row, symbol in enumerate(columns["ce_symbol"])
        if symbol and columns["ce_last"][row] > 0
    )
    names = ("ce_symbol", "ce_token", "ce_last", "ce_oi", "spot")
    return Option(*(columns[name][place] for name in names))


def test_a_kite_client_gets_the_stored_quotes_of_a_day(
    look_alike: ServerAddresses, option: Option
) -> None:
    client = KiteConnect("demo", "demo", root=look_alike.root)
    symbol = f"NFO:{option.symbol}"
    quote = client.quote(symbol, "NSE:NIFTY 50")
    assert quote[symbol]["last_price"] == option.last
    assert quote[symbol]["oi"] == option.interest
    assert quote["NSE:NIFTY 50"]["last_price"] == option.spot


def test_a_kite_ticker_gets_the_stored_quotes_of_a_day(
    look_alike: ServerAddresses, option: Option
) -> None:
    address = f"{look_alike.ws}?api_key=demo&access_token=demo"
    tokens = [int(option.token), 256265]
    ticks: dict[int, float] = {}
    with connect(address, proxy=None, compression=None, max_size=None) as socket:
        socket.send(json.dumps({"a": "subscribe", "v": tokens}))
        while len(ticks) < len(tokens):
            message = socket.recv(timeout=90)
            if isinstance(message, bytes) and len(message) > 4:
                for tick in KiteTicker("demo", "demo")._parse_binary(message):
                    ticks[tick["instrument_token"]] = tick["last_price"]
    assert ticks == {tokens[0]: option.last, tokens[1]: option.spot}


def test_a_kite_ticker_hears_the_stored_ticks_of_a_day(
    stored: Path, look_alike: ServerAddresses
) -> None:
    replayed = Kite(look_alike.root, look_alike.ws, os.getpid())
    store = ParquetStore(stored)
    names = cycles(store)[2:5]
    frames = [store.read_chain(Unit(name, "NIFTY")) for name in names]
    symbol, prices = moving_option(frames)
    tokens = {
        row["tradingsymbol"]: row["instrument_token"]
        for row in KiteConnect("demo", "demo", root=look_alike.root).instruments("NFO")
    }
    listener = TickerListener(replayed.ws, [tokens[symbol], NIFTY_TOKEN])
    try:
        for name, frame, price in zip(names, frames, prices, strict=True):
            replayed.clock(at=name)
            spot = float(frame.columns["spot"][0])
            eventually(lambda: newest_price(listener, tokens[symbol]) == price)  # noqa: B023
            eventually(lambda: newest_price(listener, NIFTY_TOKEN) == spot)  # noqa: B023
    finally:
        listener.end()
        eventually(lambda: not replayed.state()["connections"])


def moving_option(frames: Sequence[Any]) -> tuple[str, list[float]]:
    """Return an option whose last price is another one at each cycle, and those prices."""
    for symbol in frames[0].columns["ce_symbol"]:
        prices: list[float] = []
        for frame in frames:
            rows = np.flatnonzero(frame.columns["ce_symbol"] == symbol)
            prices += [float(frame.columns["ce_last"][row]) for row in rows]
        if symbol and len(set(prices)) == len(frames) and min(prices) > 0:
            return str(symbol), prices
    raise AssertionError("no option moves at each cycle")


def newest_price(listener: TickerListener, token: int) -> float | None:
    """Return the last price of the newest tick of an instrument."""
    prices = [tick["last_price"] for tick in listener.ticks if tick["instrument_token"] == token]
    return prices[-1] if prices else None


def test_the_whole_system_replays_a_day_with_the_same_hashes(stored: Path, tmp_path: Path) -> None:
    call = ["replay", DAY, "--from", "13:00", "--indices", "NIFTY", "--json"]
    command = [sys.executable, "-m", "g6.entrypoints.cli", *call]
    places = ["--data-dir", str(stored), "--out", str(tmp_path / "again")]
    answer = subprocess.run(
        [*command, *places], env=clean_environment(), capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stderr
    result = json.loads(answer.stdout)
    assert result["differing"] == []
    assert result["cycles"] == result["rows"] == result["chains"] > 0
    assert result["published"] > 0
    # Rows of a replay name what certifies the day that was replayed, wherever they go.
    (told,) = package.load("NIFTY", DAY, engine="pandas", data_dir=tmp_path / "again").attrs[
        "certificates"
    ]
    replayed = told["replayed"]
    name = f"{replayed['day']} v{replayed['version']} {replayed['root']}"
    assert (name, told["version"]) == (result["certificate"], None)
    assert CertificateFiles(tmp_path / "again").newest_name(date.fromisoformat(DAY)) == name
    out = package.export("NIFTY", tmp_path / "a.csv", DAY, data_dir=tmp_path / "again")
    short = f"replayed v{replayed['version']} {replayed['root'][:16]}"
    assert out.read_text().splitlines()[-1].endswith(f'"{short}"')
