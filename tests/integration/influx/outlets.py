"""A small world for the outlet: one index whose cycles are stored, a server in memory, a clock that is moved."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import numpy as np

from g6.adapters.data_dir.outbox import OutboxFile
from g6.adapters.memory.bus import MemoryBus
from g6.adapters.memory.clock import StoppedClock
from g6.adapters.memory.controls import MemoryControls
from g6.adapters.memory.sink import MemorySink
from g6.adapters.memory.store import MemoryStore
from g6.domain.cycles.cycle import Unit, isoformat_z, parse_z
from g6.domain.figures import overview
from g6.domain.reports import CycleReport, StageReport, WriteReport
from g6.domain.schema.overview_row import OverviewRow
from g6.domain.schema.words import Stage, Status
from g6.pipeline.maintenance.outlet import Outlet
from g6.simulation.example_unit import FRAME

OPEN = "2026-11-18T03:45:00Z"
INDEX = "NIFTY"
STEP = 60.0
FEW = FRAME.take(np.flatnonzero(np.abs(FRAME.columns["offset"].astype(np.float64)) <= 1))
"""The three strikes around the money of both expiries."""


def instants(count: int, begin: str = OPEN) -> list[str]:
    """Return the names of `count` cycles a minute apart."""
    first = parse_z(begin).timestamp()
    return [isoformat_z(first + STEP * place) for place in range(count)]


def row_of(cycle: str) -> OverviewRow:
    """Return an overview row with some figures."""
    figures = {
        "status": Status.OK,
        "reason": "",
        "options": 82,
        "spot": 24100.5,
        "pcr_this_week": 0.91,
    }
    return cast(
        "OverviewRow", {**overview.missing_row(cycle, INDEX, Status.MISSING, "provider"), **figures}
    )


@dataclass
class OutletWorld:
    """A system that stores cycles, and its outlet."""

    directory: Path
    most: int = 10_000
    clock: StoppedClock = field(default_factory=lambda: StoppedClock(parse_z(OPEN).timestamp()))
    store: MemoryStore = field(default_factory=MemoryStore)
    sink: MemorySink = field(default_factory=MemorySink)
    controls: MemoryControls = field(default_factory=MemoryControls)
    events: int = 20_000
    bus: MemoryBus = field(init=False)
    outlet: Outlet = field(init=False)

    def __post_init__(self) -> None:
        self.bus = MemoryBus(wall=self.clock.wall, length=self.events)
        self.start()

    def start(self) -> None:
        """Start the sender, as after its process ended."""
        outbox = OutboxFile(self.directory / "outbox.sqlite", self.most)
        self.outlet = Outlet(self.store, self.sink, outbox, self.bus, self.clock, self.controls)

    def collect(self, cycle: str, *, attempt: int = 1, elapsed: float = 0.5) -> None:
        """Store a cycle and publish what workers publish of it."""
        unit = Unit(cycle, INDEX)
        self.store.write_chain(unit, FEW)
        self.store.write_overview(cycle, [row_of(cycle)])
        statuses = {INDEX: Status.OK}
        report = CycleReport(cycle, Status.OK, statuses, {}, {INDEX: 82}, 0.0, elapsed, attempt)
        self.bus.publish(report, key=cycle)
        counts = WriteReport({"parquet": 82, "csv": 42})
        self.bus.publish(
            StageReport(cycle, INDEX, Stage.PERSIST, Status.OK, counts=counts), key=INDEX
        )
        counts = WriteReport({"parquet": 1, "csv": 1})
        self.bus.publish(StageReport(cycle, "", Stage.PUBLISH, Status.OK, counts=counts))

    def live(self, cycles: Iterable[str]) -> None:
        """Collect cycles a minute apart, and let the sender do its work once in each."""
        for cycle in cycles:
            self.clock.now = max(self.clock.now, parse_z(cycle).timestamp())
            self.collect(cycle)
            self.outlet.step()

    def settle(self) -> None:
        """Let the sender work, a second at a time, until nothing waits."""
        for _ in range(5_000):
            self.clock.sleep(1.0)
            self.outlet.step()
            state = self.outlet.outbox.state()
            if not state.units and not state.spans:
                self.outlet.report()
                return
        raise AssertionError(f"still waiting: {self.outlet.outbox.state()}")

    def cycles_in_server(self) -> list[str]:
        """Return the cycles of which the server has an option, an overview and the cycle itself."""
        seconds: dict[str, set[str]] = {}
        for series, instant in self.sink.points:
            seconds.setdefault(instant, set()).add(series.partition(",")[0])
        whole = [at for at, kinds in seconds.items() if len(kinds) == 3]
        return sorted(isoformat_z(float(at)) for at in whole)
