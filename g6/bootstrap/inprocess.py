"""Runs a recording through the use cases in one process, for comparisons and tests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from g6 import pipeline
from g6.adapters.clocks import WallClock
from g6.adapters.memory.bus import MemoryBus
from g6.adapters.memory.chain_memories import MemoryChainMemories
from g6.adapters.memory.controls import MemoryControls
from g6.adapters.memory.frames import MemoryFrames
from g6.adapters.memory.ledger import MemoryLedger
from g6.adapters.memory.panels import MemoryPanels
from g6.adapters.memory.store import MemoryStore
from g6.adapters.memory.vitals import MemoryVitals
from g6.adapters.replay import Recording, Replay
from g6.domain.cycles.cycle import Timing, Unit, isoformat_z
from g6.domain.cycles.plan import Plan
from g6.domain.market.calendar import Calendar
from g6.domain.pricing.assembly import assemble
from g6.domain.pricing.priced_chain import PricedChain
from g6.domain.quotes import stamp as quote
from g6.domain.schema.frame import FrameName
from g6.domain.schema.overview_row import OverviewRow
from g6.domain.schema.words import STAGES, Stage
from g6.pipeline import Runtime
from g6.ports import Store
from g6.ports.sources import Provider, abilities_of

PATIENT = Timing(3600.0)
"""No deadline passes, however long a unit takes."""


class InlineSender:
    """Sender port that runs what it is asked to send, at once."""

    def __init__(self) -> None:
        self.runtime: Runtime | None = None
        self._tasks = 0

    def stages(
        self,
        unit: Unit,
        stages: Iterable[Stage],
        *,
        manual: bool = False,  # noqa: ARG002 - the port's
    ) -> str:
        """Run the stages of a unit until one of them ends the chain."""
        self._tasks += 1
        task = f"task-{self._tasks}"
        for stage in stages:
            run = getattr(pipeline, stage)
            if not run(self._attached(), unit, task):
                break
        return task

    def aggregate(self, cycle: str) -> None:
        """Run the aggregate of a cycle."""
        pipeline.aggregate(self._attached(), cycle)

    def publish(self, cycle: str) -> None:
        """Run the persistence of a cycle's overview and panels."""
        pipeline.publish(self._attached(), cycle)

    def job(self, name: str, *arguments: str) -> None:
        """Do nothing: what is in memory alone has no files to work on."""

    def _attached(self) -> Runtime:
        if self.runtime is None:
            raise LookupError("the sender was not given its runtime")
        return self.runtime


class AskedClock(WallClock):
    """Clock port by which each instant comes when it is asked for."""

    def wall_of(self, instant: datetime) -> float:  # noqa: ARG002 - the port's
        """Return now."""
        return self.wall()


class UndamagedPanels(MemoryPanels):
    """Panel files that nobody damages."""

    def verify(self) -> Mapping[str, str]:
        """Return that nothing is wrong."""
        return {}


@dataclass(frozen=True, slots=True)
class ReplayedUnit:
    """One unit of a recording: its instant, priced chain and overview row."""

    unit: Unit
    priced: PricedChain
    row: OverviewRow


def memory_runtime(
    recording: Recording, plan: Plan, calendar: Calendar
) -> tuple[Runtime, MemoryStore]:
    """Return a Runtime over memory that collects the whole recording, and the store it writes to.

    Raises:
        BadInput: The plan has none of the recorded indices.
    """
    store = MemoryStore()
    provider = Replay(recording)
    return runtime_over(provider, recording.planned(plan), calendar, store), store


def runtime_over(
    provider: Provider, plan: Plan, calendar: Calendar, store: Store, bus: MemoryBus | None = None
) -> Runtime:
    """Return a Runtime that collects what a provider has, and writes it to a store.

    All else that it works with is in memory, and each stage runs as soon as it is sent. Without a
    bus it has one of its own.
    """
    clock = AskedClock()
    bus = bus or MemoryBus(wall=clock.wall)
    sender = InlineSender()
    recorded = abilities_of(provider).recorded
    runtime = Runtime(
        plan=plan,
        timing=PATIENT,
        calendar=calendar,
        clock=clock,
        provider=provider,
        frames=MemoryFrames(),
        ledger=MemoryLedger(bus),
        store=store,
        panels=MemoryPanels(),
        panel_files=UndamagedPanels(),
        bus=bus,
        controls=MemoryControls(),
        sender=sender,
        vitals=MemoryVitals(),
        feeds=None if recorded is None else recorded.indices,
        chain_memories=MemoryChainMemories(),
    )
    sender.runtime = runtime
    return runtime


def replay_units(recording: Recording, plan: Plan, calendar: Calendar) -> Iterator[ReplayedUnit]:
    """Yield every unit of the recording, in order, made by the use cases as workers make it."""
    runtime, store = memory_runtime(recording, plan, calendar)
    for at in recording.cycles():
        cycle = isoformat_z(at)
        units = [
            Unit(cycle, index) for index in recording.indices(at) if index in runtime.plan.indices
        ]
        for unit in units:
            runtime.sender.stages(unit, STAGES)
        rows = {row["underlying"]: row for row in store.read_overview(cycle)}
        for unit in units:
            quotes, stamp = quote.from_frame(runtime.frames.get(unit, FrameName.QUOTES))
            yield ReplayedUnit(unit, assemble(quotes, stamp), rows.get(unit.index, {}))
