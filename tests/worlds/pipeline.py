"""A small world for the use cases: two indices of the simulated market, memory adapters, a clock that stands until it is set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from g6 import pipeline
from g6.adapters.memory.bus import MemoryBus
from g6.adapters.memory.chain_memories import MemoryChainMemories
from g6.adapters.memory.clock import StoppedClock
from g6.adapters.memory.controls import MemoryControls
from g6.adapters.memory.frames import MemoryFrames
from g6.adapters.memory.ledger import MemoryLedger
from g6.adapters.memory.panels import MemoryPanels
from g6.adapters.memory.sender import MemorySender
from g6.adapters.memory.store import MemoryStore
from g6.adapters.memory.vitals import MemoryVitals
from g6.config import calendar, load, plan
from g6.domain.cycles.cycle import Timing, Unit, isoformat_z, parse_z
from g6.domain.reports import VitalSigns
from g6.domain.schema.words import STAGES
from g6.pipeline import Runtime
from tests.worlds.providers import AlteredMarket, CountingMarket

FIRST, SECOND = "2026-11-18T05:30:00Z", "2026-11-18T05:31:00Z"
NIFTY, BANKNIFTY = Unit(FIRST, "NIFTY"), Unit(FIRST, "BANKNIFTY")
SETTINGS = {
    "interval": 60,
    "collection.scope": "window",
    **{
        f"index_params.{name}.enabled": False
        for name in ("FINNIFTY", "MIDCPNIFTY", "SENSEX", "BANKEX")
    },
    **{
        f"index_params.{name}.strikes_{side}": 2
        for name in ("NIFTY", "BANKNIFTY")
        for side in ("itm", "otm")
    },
}


def first_instant() -> StoppedClock:
    """Return a clock that stands at the first cycle."""
    return StoppedClock(parse_z(FIRST).timestamp())


class Archive(MemoryPanels):
    """Panel files; `issues` is what their check finds."""

    def __init__(self) -> None:
        super().__init__()
        self.issues: dict[str, str] = {}

    def verify(self) -> Mapping[str, str]:
        return self.issues


@dataclass(slots=True)
class World:
    """Everything at hand: run stages by name, or let what was sent run as workers would."""

    clock: StoppedClock = field(default_factory=first_instant)
    provider: AlteredMarket = field(default_factory=CountingMarket)
    bus: MemoryBus = field(default_factory=MemoryBus)
    store: MemoryStore = field(default_factory=MemoryStore)
    sender: MemorySender = field(default_factory=MemorySender)
    panels: MemoryPanels = field(default_factory=MemoryPanels)
    archive: Archive = field(default_factory=Archive)
    controls: MemoryControls = field(default_factory=MemoryControls)
    frames: MemoryFrames = field(init=False)
    ledger: MemoryLedger = field(init=False)
    memories: MemoryChainMemories = field(default_factory=MemoryChainMemories)
    runtime: Runtime = field(init=False)

    def __post_init__(self) -> None:
        self.forget()
        self.runtime = self._runtime({})

    def _runtime(self, changes: Mapping[str, Any]) -> Runtime:
        settings = load(None, SETTINGS | dict(changes), {})
        return Runtime(
            plan=plan(settings),
            timing=Timing(settings.wall_interval),
            calendar=calendar(),
            clock=self.clock,
            provider=self.provider,
            frames=self.frames,
            ledger=self.ledger,
            store=self.store,
            panels=self.panels,
            panel_files=self.archive,
            bus=self.bus,
            controls=self.controls,
            sender=self.sender,
            vitals=MemoryVitals(VitalSigns(queues={"collect": 0})),
            chain_memories=self.memories,
        )

    def settle_on(self, **changes: Any) -> None:
        """Start again with other settings (dots written as two underscores), everything kept."""
        self.runtime = self._runtime(
            {name.replace("__", "."): value for name, value in changes.items()}
        )

    def forget(self) -> None:
        """Lose what Redis knew of frames and cycles (FLUSHALL)."""
        self.frames, self.ledger = (
            MemoryFrames(self.clock.wall),
            MemoryLedger(self.bus, self.controls),
        )
        if hasattr(self, "runtime"):
            self.runtime = replace(self.runtime, frames=self.frames, ledger=self.ledger)

    def run(self, unit: Unit, *stages: str, task: str = "task") -> list[bool]:
        """Run stages of a unit; return whether the chain might go on after each."""
        return [getattr(pipeline, stage)(self.runtime, unit, task) for stage in stages or STAGES]

    def begin(self, unit: Unit, stage: str, task: str = "dead") -> str:
        """Let a worker take a stage and never come back."""
        now, lease = self.clock.now, self.runtime.timing.lease
        if stage == "collect":
            return self.ledger.begin(unit, task, self.runtime.opening(unit), now, lease).answer
        return self.ledger.start(unit, stage, task, now, lease).answer

    def drain(self) -> None:
        """Run what was sent, and what that sends, until nothing waits."""
        while self.sender.sent:
            kind, *rest = self.sender.sent.pop(0)
            if kind == "stages":
                task, unit, stages, _ = rest
                for stage in stages:
                    if not getattr(pipeline, stage)(self.runtime, unit, task):
                        break
            else:
                getattr(pipeline, kind)(self.runtime, *rest)

    def cycle(self, cycle: str = FIRST) -> None:
        """Collect a whole cycle at its instant and bring it to the store."""
        self.clock.now = parse_z(cycle).timestamp()
        for index in self.runtime.plan.indices:
            self.run(Unit(cycle, index), task=f"{cycle}-{index}")
        self.drain()

    def rows(self, cycle: str = FIRST) -> dict[str, Mapping[str, Any]]:
        """Return the stored overview rows of a cycle by index."""
        return {row["underlying"]: row for row in self.store.read_overview(cycle)}

    def ends(self, cycle: str = FIRST) -> dict[str, tuple[str, str]]:
        """Return (status, reason) in the stored overview by index."""
        return {index: (row["status"], row["reason"]) for index, row in self.rows(cycle).items()}

    def reports(self, type: str) -> list[Mapping[str, Any]]:
        """Return the payloads of a type of event."""
        return [event.document for event in self.bus.read("0") if event.type == type]

    def later(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.now += seconds


def after(cycle: str, seconds: float) -> str:
    """Return the cycle `seconds` later."""
    return isoformat_z(parse_z(cycle).timestamp() + seconds)
