"""Three cycles of six indices of the simulated market, through the use cases, on a clock that stands: everything they leave behind.

Numbers enter a hash with nine significant digits: the last bits of logarithms and exponentials differ between processors.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from g6 import pipeline
from g6.adapters.csv import CsvStore
from g6.adapters.memory.bus import MemoryBus
from g6.adapters.memory.clock import StoppedClock
from g6.adapters.memory.controls import MemoryControls
from g6.adapters.memory.frames import MemoryFrames
from g6.adapters.memory.ledger import MemoryLedger
from g6.adapters.memory.panels import MemoryPanels
from g6.adapters.memory.sender import MemorySender
from g6.adapters.memory.vitals import MemoryVitals
from g6.adapters.panel_files import PanelFiles
from g6.adapters.parquet import ParquetStore
from g6.adapters.wrapping.tee import Tee
from g6.config import calendar, load, plan
from g6.config.keys import keys
from g6.domain.cycles.cycle import Timing, Unit, isoformat_z, parse_z
from g6.domain.figures.contracts import definitions as contracts
from g6.domain.reports import VitalSigns
from g6.domain.schema import rows
from g6.domain.schema.words import STAGES
from g6.observability import catalogue
from g6.pipeline import Runtime
from g6.simulation import SimulatedMarket

BASELINE = Path(__file__).resolve().parents[1] / "data" / "baseline.json"
FIRST = parse_z("2026-11-23T09:58:00Z")
"""Two minutes before the fix of NIFTY's monthly expiry, so that one cycle lies beyond it."""
CYCLES = tuple(isoformat_z(FIRST + timedelta(minutes=minute)) for minute in (0, 1, 3))


def ran(directory: Path) -> Runtime:
    """Run the cycles; everything is in memory but the files below `directory`."""
    settings, clock, bus = (
        load(None, {"interval": 60, "collection.scope": "chain"}, {}),
        StoppedClock(FIRST.timestamp()),
        MemoryBus(),
    )
    controls = MemoryControls()
    runtime = Runtime(
        plan=plan(settings), timing=Timing(settings.wall_interval), calendar=calendar(), clock=clock,
        provider=SimulatedMarket(calendar()), frames=MemoryFrames(clock.wall), ledger=MemoryLedger(bus, controls),
        store=Tee(ParquetStore(directory), CsvStore(directory / "csv")), panels=MemoryPanels(),
        panel_files=PanelFiles(directory / "panels"), bus=bus, controls=controls, sender=MemorySender(),
        vitals=MemoryVitals(VitalSigns(queues={"collect": 0})),
    )  # fmt: skip
    for cycle in CYCLES:
        clock.now = parse_z(cycle).timestamp()
        for index in runtime.plan.indices:
            for stage in STAGES:
                getattr(pipeline, stage)(runtime, Unit(cycle, index), f"{cycle}-{index}")
        pipeline.aggregate(runtime, cycle)
        pipeline.publish(runtime, cycle)
    return runtime


def baseline(directory: Path) -> dict[str, Any]:
    """Return the hashes by what they are of."""
    runtime = ran(directory)
    events = [
        [event.type, event.key, event.document, event.meta.to_json()]
        for event in runtime.bus.read("0", count=100_000)
    ]
    return {
        "chain rows": digest(tables(directory / "chain")),
        "overview rows": digest(tables(directory / "overview")),
        "csv": digest(lines(directory / "csv")),
        "panels": {
            name: digest(runtime.panels.get(name)["data"])
            for name in sorted(runtime.panels.names())
        },
        "events": digest(events),
        "event types": sorted({event[0] for event in events}),
        "metric families": digest([catalogue_of(family) for family in catalogue.FAMILIES.values()]),
        "settings": digest([[key.path, key.default] for key in keys()]),
        "columns": digest(
            [[column.name, column.kind, column.unit] for column in (*rows.CHAIN, *rows.OVERVIEW)]
        ),
        "csv header": digest(rows.csv_header(greeks=True)),
        "contracts": digest(contracts.as_document()),
    }


def catalogue_of(family: Any) -> list[str]:
    return [family.name, family.kind, *family.labels]


def tables(directory: Path) -> Iterator[list[Any]]:
    """Path, schema and values of every Parquet file, a column at a time."""
    for path in sorted(directory.rglob("*.parquet")):
        table: pa.Table = pq.read_table(path, partitioning=None)
        yield [
            path.relative_to(directory).as_posix(),
            [[field.name, str(field.type)] for field in table.schema],
        ]
        for name in table.column_names:
            yield [
                name,
                [
                    value if isinstance(value, int | float | None) else str(value)
                    for value in table.column(name).to_pylist()
                ],
            ]


def lines(directory: Path) -> Iterator[list[Any]]:
    """Path and cells of every CSV file."""
    for path in sorted(directory.rglob("*.csv")):
        cells = [
            [number(cell) for cell in line.split(",")]
            for line in path.read_text(encoding="utf-8").splitlines()
        ]
        yield [path.relative_to(directory).as_posix(), cells]


def number(cell: str) -> float | str:
    try:
        return float(cell)
    except ValueError:
        return cell


def digest(document: Any) -> str:
    """Return the hash of a document whose floats are rounded."""
    parts = document if isinstance(document, Iterator) else [document]
    seen = hashlib.sha256()
    for part in parts:
        seen.update(
            json.dumps(rounded(part), sort_keys=True, default=str, ensure_ascii=False).encode()
        )
    return seen.hexdigest()[:32]


def rounded(value: Any) -> Any:
    if isinstance(value, float):
        return f"{value:.9g}"
    if isinstance(value, Mapping):
        return {str(key): rounded(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(each) for each in value]
    return value


def file_hashes(directory: Path) -> dict[str, str]:
    """Return one hash over all bytes of each kind of file: what must agree on one machine with one set of packages."""
    found = {}
    for kind in ("chain", "overview", "csv"):
        seen = hashlib.sha256()
        for path in sorted(
            each
            for each in (directory / kind).rglob("*")
            if each.is_file() and not each.name.startswith(".")
        ):
            seen.update(path.relative_to(directory).as_posix().encode() + path.read_bytes())
        found[kind] = seen.hexdigest()[:32]
    return found
