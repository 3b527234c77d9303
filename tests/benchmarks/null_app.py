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
from types import ModuleType
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
from g6.domain.reports import AnalysisFacts, CollectCounts, Switches
from g6.domain.schema.frame import Frame
from g6.entrypoints.workers.app import G6, create_app
from g6.entrypoints.workers.jobs import jobs_with
from g6.pipeline import Runtime, aggregate, analyse
from g6.pipeline.computing import COMPUTING, Computing
from g6.pipeline.runtime import Watch
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

    def read_overview(self, cycle: str) -> tuple[()]:
        return ()

    def overview_cycles(self, first: Any, last: Any) -> dict[str, frozenset[str]]:
        return {}

    def record_swept(self, until: Any) -> None: ...

    def swept_until(self) -> None:
        return None

    def last_overview(self) -> None:
        return None

    def last_oi(self, index: str, before: Any, since: Any = None) -> None:
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


def rehearse(runtime: Runtime, unit: Unit, computing: Computing = COMPUTING) -> Results:
    """Do a unit's stages up to its analytics, and return what each gave."""
    # the market stands, so no deadline passes however long the first quotes take
    opening = runtime.opening(unit)
    now = time.time()
    runtime.ledger.begin(unit, "prepare", opening, now, 60.0)
    frame, counts = computing.gather(runtime, unit, Switches(), Watch(runtime.clock))
    runtime.frames.put(unit, "quotes", frame, 600.0)
    runtime.ledger.end_stage(unit, "collect", "prepare", now)
    analyse(runtime, unit, "prepare", computing)
    record = runtime.ledger.record(unit.cycle)
    if record is None or not record.units[unit.index].summary:
        raise SystemExit(f"the cycle that the null run is prepared from has no {unit.index}")
    facts = computing.facts(computing.price(*computing.read(frame)))
    summary = record.units[unit.index].summary
    return Results(frame, runtime.frames.get(unit, "chain"), counts, summary, facts)


def prepared(results: Mapping[str, Results], panels: Mapping[str, Any]) -> Computing:
    """Return functions that take `results` and, for a cycle, `panels` instead of computing them."""

    def gather(
        runtime: Runtime, unit: Unit, _controls: Any, _watch: Any
    ) -> tuple[Frame, CollectCounts]:
        made = results[unit.index]
        return _at(made.quotes, unit.cycle, runtime.plan.config_id), made.counts

    def summarise(stamp: Any) -> Any:
        return {**results[stamp.index].summary, "config_id": stamp.config_id}

    def chain(stamp: Any) -> Frame:
        return _at(results[stamp.index].chain, stamp.cycle, stamp.config_id)

    def facts(stamp: Any) -> AnalysisFacts:
        return results[stamp.index].facts

    def price(_quotes: Any, stamp: Any) -> Any:
        return stamp

    return Computing(
        gather=gather,
        price=price,
        summarise=summarise,
        facts=facts,
        chain=chain,
        panels=lambda *_, **__: panels,
    )


def keep_nothing() -> None:
    """Let nothing be stored by this process."""
    put_in_place(stores, "store", lambda _settings: NullStore())
    put_in_place(process_runtime, "PanelFiles", lambda *_, **__: MemoryPanels())


def put_in_place(module: ModuleType, name: str, value: Any) -> None:
    """Put something in the place of what a module has under a name."""
    if not hasattr(module, name):
        raise SystemExit(
            f"{module.__name__}.{name} is not there any more: the benchmark must follow the pipeline"
        )
    setattr(module, name, value)


def _at(frame: Frame, cycle: str, config_id: str) -> Frame:
    stamp = {**frame.header["stamp"], "cycle": cycle, "config_id": config_id}
    return Frame({**frame.header, "stamp": stamp}, frame.columns)


def _application() -> G6:
    results, panels = pickle.loads(Path(os.environ[RESULTS]).read_bytes())  # noqa: S301 (written by `prepare` a moment ago)
    keep_nothing()
    return create_app(load(), jobs=jobs_with(prepared(results, panels)))


def __getattr__(name: str) -> Any:
    """Make `app` when Celery asks for it, and not when the benchmark imports `prepare`."""
    if name != "app":
        raise AttributeError(name)
    globals()["app"] = made = _application()
    return made
