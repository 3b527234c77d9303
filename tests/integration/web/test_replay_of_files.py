"""A day that is told from Parquet files shows the panels that a listener of that day had."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from g6.adapters.memory.bus import MemoryBus
from g6.adapters.memory.panels import MemoryPanels
from g6.adapters.memory.totals import MemoryTotals
from g6.adapters.parquet import ParquetStore
from g6.adapters.parquet.maintenance.parquet_history import ParquetHistory
from g6.domain.cycles.cycle import isoformat_z, parse_z
from g6.domain.documents.stream_state import StreamState
from g6.entrypoints.web.stream.hub import Hub
from g6.errors import ProviderRefused
from g6.studies.stored.days.day_replay import NOT_OF_ROWS
from tests.unit.entrypoints.web.test_serve import Serving
from tests.worlds.pipeline import FIRST, World

CYCLES = 6
FAILING = 3
"""The cycle in which the provider gives no quotes of NIFTY."""
DAY = parse_z(FIRST).date()
Panels = dict[str, Any]


def told(panels: Panels) -> Panels:
    """Return the panels that rows tell of, without the times that only Redis knows."""
    stored = {name: data for name, data in panels.items() if name not in NOT_OF_ROWS}
    return {
        name: data | {"latency_seconds": None} if name.startswith("index_") else data
        for name, data in stored.items()
    }


def lived_day(world: World) -> dict[str, Panels]:
    """Run cycles, and return the panels that a listener had after each."""
    hub = Hub(world.bus, world.panels, length=4_096, heartbeat_seconds=1e6, wall=world.clock.wall)
    last = hub.step("")
    state = StreamState()
    seen: dict[str, Panels] = {}
    for number in range(CYCLES):
        cycle = isoformat_z(parse_z(FIRST) + timedelta(minutes=number))
        refused = {"NIFTY": ProviderRefused("no quotes")} if number == FAILING else {}
        world.provider.errors = refused  # type: ignore[attr-defined]
        world.cycle(cycle)
        last = hub.step(last)
        events = hub.sequence.after(state.last_id) if state.last_id else None
        for event in events or [hub.sequence.snapshot(is_recovered=True)]:
            document = json.loads(event.message)
            state.apply(document["type"], document["id"], document["data"])
        assert state.is_whole
        assert state.cycle == cycle
        seen[cycle] = dict(state.panels)
    return seen


def replayed_day(url: str) -> tuple[dict[str, Panels], Any]:
    """Return the panels after each cycle as `/events?from=` tells them, and how it ends."""
    state = StreamState()
    seen: dict[str, Panels] = {}
    fields: dict[str, str] = {}
    since = isoformat_z(parse_z(FIRST) - timedelta(minutes=1))
    with httpx.stream("GET", f"{url}/events?from={since}", timeout=90) as answer:
        assert answer.status_code == 200
        for line in answer.iter_lines():
            if line:
                name, _, value = line.partition(": ")
                fields[name] = value
                continue
            data = json.loads(fields["data"])
            state.apply(fields["event"], fields.get("id", ""), data)
            assert state.is_whole or fields["event"] == "replay_completed"
            if fields["event"] == "replay_completed":
                return seen, data
            if fields["event"] == "end_of_cycle":
                seen[data["cycle"]] = dict(state.panels)
            fields = {}
    raise AssertionError("the replay never ended")


def test_what_files_tell_of_a_day_is_what_its_listener_had(tmp_path: Path) -> None:
    world = World(store=ParquetStore(tmp_path))  # type: ignore[arg-type]
    lived = lived_day(world)
    history = ParquetHistory(tmp_path)
    for name in history.names():
        history.compact(name, DAY)
    # Redis has forgotten the day: what is told comes from the files alone.
    later = replace(world.runtime, bus=MemoryBus(), panels=MemoryPanels())
    serving = Serving(later, MemoryTotals())
    try:
        replayed, end = replayed_day(serving.web)
    finally:
        serving.end()
    assert [*replayed] == [*lived]
    assert end["cycles"] == CYCLES
    for cycle, panels in lived.items():
        assert told(replayed[cycle]) == told(panels), cycle
    assert {"overview", "index_NIFTY", "index_BANKNIFTY", "breadth"} <= told(lived[FIRST]).keys()
    statuses = {
        row["underlying"]: row["status"] for row in [*lived.values()][FAILING]["overview"]["rows"]
    }
    assert statuses == {"NIFTY": "MISSING", "BANKNIFTY": "OK"}
