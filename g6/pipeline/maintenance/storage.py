"""The size of the store, measured every quarter hour for the panel and the metric."""

from __future__ import annotations

from g6.domain.cycles.cycle import isoformat_z, parse_z
from g6.domain.documents.panels import envelope
from g6.domain.reports import StorageFacts, StorageSizes
from g6.domain.reports.job_reports import KindSize
from g6.domain.schema.json_reading import part
from g6.pipeline.runtime import Runtime

EVERY_SECONDS = 900.0
"""Wall seconds between two looks: a year of CSV files takes a second to walk."""


def stored_sizes(runtime: Runtime) -> StorageFacts | None:
    """Return what the newest storage panel says, None where nobody measured the store."""
    data = part(runtime.panels.get("storage") or {}, "data")
    return StorageFacts.from_json(data) if data else None


def publish_storage(runtime: Runtime, cycle: str) -> None:
    """Publish files and bytes by kind to the panel and the bus, if nobody did lately."""
    now = runtime.clock.wall()
    if runtime.history is None:
        return
    measured = stored_sizes(runtime)
    if measured is not None and now - parse_z(measured.at).timestamp() < EVERY_SECONDS:
        return
    sizes = runtime.history.sizes()
    report = StorageSizes({kind: KindSize(files, size) for kind, (files, size) in sizes.items()})
    at = isoformat_z(round(now))
    data = StorageFacts(at, report).to_json()
    runtime.panels.put({"storage": envelope("storage", data, cycle, at, "publish")})
    runtime.bus.publish(report)
