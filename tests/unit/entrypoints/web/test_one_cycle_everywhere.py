"""One cycle, wherever it is looked at: the same name on every face, the same counts as in its files."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import connect

from g6.adapters.csv import CsvStore
from g6.adapters.memory.totals import MemoryTotals
from g6.adapters.panel_server import PanelServer, ServedBoard
from g6.adapters.parquet import ParquetStore
from g6.adapters.wrapping.tee import Tee
from g6.domain.cycles.cycle import Unit, parse_z
from g6.entrypoints.python.panel_stream import PanelStream
from g6.entrypoints.web.state import Watcher
from g6.observability.follower import BusFollower
from g6.rendering.screens.top_board import board_screen
from g6.rendering.screens.top_head import TopView
from g6.rendering.wording import clock
from tests.unit.entrypoints.web.test_serve import Serving
from tests.waiting import eventually
from tests.worlds.boards import CYCLES, world_of_three_cycles
from tests.worlds.pipeline import FIRST, World

NEWEST = CYCLES[-1]
STATUS_FIELDS = """timestamp cycle elapsed interval sleep_sec success_rate_pct options_last_cycle
options_per_minute api_success_rate memory_mb cpu_pct readiness_ok readiness_reason indices
indices_info provider queues market last_gap"""
"""Names that programs of others read of the status."""


@pytest.fixture
def serving() -> Iterator[Serving]:
    """A server of three cycles of two indices."""
    serving = Serving(world_of_three_cycles().runtime, MemoryTotals())
    yield serving
    serving.end()


def test_screen_streams_panels_and_status_show_the_same_cycle(serving: Serving) -> None:
    url = str(serving.web)
    status = eventually(
        lambda: (document := serving.get("/status").json())["cycle"] == NEWEST and document
    )
    assert status["cycle"] == NEWEST
    panels = {name: serving.get(f"/panels/{name}").json() for name in ("overview", "index_NIFTY")}
    assert {document["updated_at"] for document in panels.values()} == {NEWEST}
    eventually(lambda: serving.get("/resync").json()["data"]["cycle"] == NEWEST)
    heard = next(iter(PanelStream(url)))
    with connect(url.replace("http", "ws") + "/ws") as socket:
        message = json.loads(socket.recv(timeout=90))
    assert heard.type == message["type"] == "snapshot"
    assert heard.data["cycle"] == message["data"]["cycle"] == NEWEST
    facts = ServedBoard(PanelServer(url)).facts()
    assert facts.report is not None
    assert facts.report.cycle == NEWEST
    screen = board_screen(facts, [], {}, TopView(index="NIFTY"), (80, 24))
    assert clock(parse_z(NEWEST)) in screen.lines()[1]


def options_in(directory: Path) -> dict[str, int]:
    """Return by index the options of which the CSV files hold a price or an open interest."""
    options: dict[str, set[tuple[str, str, str]]] = {}
    for path in directory.rglob("*.csv"):
        with path.open(encoding="utf-8", newline="") as lines:
            for line in csv.DictReader(lines):
                # An expiry that fills two buckets has its line under both.
                if "expiry_tag" in line:
                    own = options.setdefault(line["index"], set())
                    for side in ("ce", "pe"):
                        if line[side] or line[f"{side}_oi"]:
                            own.add((line["expiry"], line["strike"], side))
    return {index: len(of_index) for index, of_index in options.items()}


def test_options_in_status_and_metrics_are_those_of_the_csv_rows(tmp_path: Path) -> None:
    store = Tee(ParquetStore(tmp_path / "rows"), CsvStore(tmp_path / "csv"))
    world = World(store=store)  # type: ignore[arg-type]
    world.cycle(FIRST)
    follower = BusFollower(world.bus, MemoryTotals(), world.runtime.plan.indices)
    follower.catch_up()
    totals = follower.totals
    assert totals is not None
    status: Any = json.loads(json.dumps(Watcher(world.runtime, follower).status()))
    assert set(STATUS_FIELDS.split()) <= set(status)
    assert {"mode", "source", "breaker", "budget_left"} <= set(status["provider"])
    assert {"open", "phase", "next_change"} <= set(status["market"])
    options = options_in(tmp_path / "csv")
    assert set(options) == set(world.runtime.plan.indices)
    for index, count in options.items():
        chain = world.store.read_chain(Unit(FIRST, index))
        assert chain is not None
        collected = status["indices_info"][index]["options"]
        assert collected == 2 * len(chain)
        # CSV has the offsets around the money as it is priced. Where the index moved since the
        # window was chosen, the window's end has none.
        assert collected - 8 <= count <= collected
        for family in ("g6_index_options_processed", "g6_index_options_processed_total"):
            assert totals.value(family, index) == collected
