"""A serving process whose panels a test changes, cycle by cycle."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from g6.adapters.memory.totals import MemoryTotals
from g6.domain.documents.panels import envelope
from g6.domain.reports import CycleReport
from g6.domain.schema.words import Status
from tests.unit.entrypoints.web.test_serve import Serving, world
from tests.waiting import eventually

CYCLES = [f"2026-11-18T06:{minute:02d}:00Z" for minute in range(30, 59)]


@dataclass
class Running:
    """A serving process with panels that a test changes, cycle by cycle."""

    runtime: Any = field(default_factory=world)
    serving: Any = None
    number: int = 0

    def begin(self, **options: Any) -> Running:
        self.serving = Serving(self.runtime, MemoryTotals(), **options)
        if "token" not in options and "guard" not in options:
            eventually(lambda: self.shown() == self.panels())
        return self

    def shown(self) -> Any:
        """Return the panels that a listener would be sent."""
        return self.serving.get("/resync").json()["data"]["panels"]

    @property
    def url(self) -> str:
        return str(self.serving.web)

    def panels(self) -> dict[str, Any]:
        return {name: one["data"] for name, one in self.runtime.panels.all().items()}

    def cycle(self, **data: Any) -> str:
        """Put panels and say that the cycle ended, as the aggregate does."""
        cycle = CYCLES[self.number]
        self.number += 1
        documents = {name: envelope(name, value, cycle, cycle) for name, value in data.items()}
        self.runtime.panels.put(documents)
        report = CycleReport(
            cycle=cycle, status=Status.OK, units={"NIFTY": Status.OK}, reasons={}, options={"NIFTY": 2},
            lateness_seconds=0.0, elapsed_seconds=0.1, attempt=1, rows=(), seconds={},
        )  # fmt: skip
        self.runtime.bus.publish(report, key=cycle)
        return cycle
