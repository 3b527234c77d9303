"""The null-compute run's Celery application: G6 as it is, but every stage takes a prepared result where it would work one out.

Frames and panels of the real size are still written and read, the ledger is kept, every message is sent; nothing goes to disk.
`prepare` works the results out once; workers and beat (`celery -A null_app …`) read them from the file NULL_RESULTS.
"""

import os
import pickle
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

from g6.adapters.clocks import ScaledClock
from g6.adapters.memory.bus import MemoryBus
from g6.adapters.memory.chain_memories import MemoryChainMemories
from g6.adapters.memory.controls import MemoryControls
from g6.adapters.memory.frames import MemoryFrames
from g6.adapters.memory.ledger import MemoryLedger
from g6.adapters.memory.panels import MemoryPanels
from g6.adapters.memory.sender import MemorySender
from g6.adapters.memory.store import MemoryStore
from g6.bootstrap import stores
from g6.bootstrap.processes import process_runtime
from g6.config import Settings, load
from g6.domain.cycles.cycle import Unit, isoformat_z
from g6.domain.figures import unit_facts
from g6.domain.pricing.assembly import assemble
from g6.domain.quotes import stamp as quote
from g6.domain.reports import AnalysisFacts, CollectCounts, Switches
from g6.domain.schema.frame import Frame
from g6.entrypoints.workers.app import G6, create_app
from g6.pipeline import Runtime, aggregate, analyse, closing, stages
from g6.ports import WriteReport

RESULTS = "NULL_RESULTS"


@dataclass(frozen=True)
class Results:
    """What the stages of one index give: both frames, the overview row, the facts of the report."""

    quotes: Frame
    chain: Frame
    counts: CollectCounts
    summary: Mapping[str, Any]
    facts: AnalysisFacts


class NullStore:
    """Store port that keeps nothing."""

    sink = "null"

    def write_chain(self, unit: Unit, frame: Frame) -> WriteReport:
        return WriteReport()

    def write_overview(self, cycle: str, rows: Any) -> WriteReport:
        return WriteReport()

    def read_chain(self, unit: Unit) -> None:
        return None

    def overview_cycles(self, first: Any, last: Any) -> dict[str, frozenset[str]]:
        return {}

    def last_overview(self) -> None:
        return None

    def last_oi(self, index: str, before: Any) -> None:
        return None

    def keep_listing(self, listing: Any, exchange: str) -> None:
        return None


def prepare(settings: Settings, path: Path) -> None:
    """Run one real cycle in memory, without a server, and keep what each stage gave in `path`."""
    runtime, cycle = alone(settings)
    results = {index: rehearse(runtime, Unit(cycle, index)) for index in runtime.plan.indices}
    aggregate(runtime, cycle)
    panels = {name: runtime.panels.get(name) for name in runtime.panels.names()}
    path.write_bytes(pickle.dumps((results, panels)))


def alone(settings: Settings) -> tuple[Runtime, str]:
    """Return a runtime that keeps everything in this process, and its first cycle."""
    runtime, start = create_app(settings, "redis://127.0.0.1:1/0").runtime, settings.market.start
    private = replace(
        runtime, frames=MemoryFrames(), ledger=MemoryLedger(), store=MemoryStore(), panels=MemoryPanels(),
        panel_files=MemoryPanels(), bus=MemoryBus(), controls=MemoryControls(), sender=MemorySender(),
        clock=ScaledClock(time.time() + 3600.0, start), chain_memories=MemoryChainMemories(),
    )  # fmt: skip
    return private, isoformat_z(start)


def rehearse(runtime: Runtime, unit: Unit) -> Results:
    """Do a unit's stages up to its analytics, and return what each gave."""
    # the market stands, so no deadline passes however long the first quotes take
    opening = runtime.opening(unit)
    now = time.time()
    runtime.ledger.begin(unit, "prepare", opening, now, 60.0)
    frame, counts = stages.gather(runtime, unit, Switches(), stages.Watch(runtime.clock))
    runtime.frames.put(unit, "quotes", frame, 600.0)
    runtime.ledger.end_stage(unit, "collect", "prepare", now)
    analyse(runtime, unit, "prepare")
    record = runtime.ledger.record(unit.cycle)
    if record is None or not record.units[unit.index].summary:
        raise SystemExit(f"the cycle that the null run is prepared from has no {unit.index}")
    priced = assemble(*quote.from_frame(frame))
    summary = record.units[unit.index].summary
    return Results(
        frame, runtime.frames.get(unit, "chain"), counts, summary, unit_facts.facts(priced)
    )


def take_out_the_compute(results: Mapping[str, Results], panels: Mapping[str, Any]) -> None:
    """Let the stages of this process take `results` and the aggregate `panels`, and let nothing be stored."""

    def gather(
        runtime: Runtime, unit: Unit, _controls: Any, _watch: Any
    ) -> tuple[Frame, CollectCounts]:
        made = results[unit.index]
        return _at(made.quotes, unit.cycle, runtime.plan.config_id), made.counts

    _put(stages, "gather", gather)
    _put(stages, "assemble", lambda _quotes, stamp: stamp)
    _put(
        stages,
        "chain_frame",
        lambda stamp: _at(results[stamp.index].chain, stamp.cycle, stamp.config_id),
    )
    summarise = lambda stamp: {**results[stamp.index].summary, "config_id": stamp.config_id}  # noqa: E731
    _put(stages, "overview", SimpleNamespace(summarise=summarise))
    facts = lambda stamp: results[stamp.index].facts  # noqa: E731
    _put(stages, "unit_facts", SimpleNamespace(facts=facts))
    _put(closing, "panels", SimpleNamespace(build=lambda *_, **__: panels))
    _put(stores, "store", lambda _settings: NullStore())
    _put(process_runtime, "PanelFiles", lambda *_, **__: MemoryPanels())


def _put(module: ModuleType, name: str, value: Any) -> None:
    if not hasattr(module, name):
        raise SystemExit(
            f"{module.__name__}.{name} is not there any more: the null run must follow the pipeline"
        )
    setattr(module, name, value)


def _at(frame: Frame, cycle: str, config_id: str) -> Frame:
    stamp = {**frame.header["stamp"], "cycle": cycle, "config_id": config_id}
    return Frame({**frame.header, "stamp": stamp}, frame.columns)


def _application() -> G6:
    take_out_the_compute(*pickle.loads(Path(os.environ[RESULTS]).read_bytes()))  # noqa: S301 (written by `prepare` a moment ago)
    return create_app(load())


def __getattr__(name: str) -> Any:
    """Make `app` when Celery asks for it, and not when the benchmark imports `prepare`."""
    if name != "app":
        raise AttributeError(name)
    globals()["app"] = made = _application()
    return made
