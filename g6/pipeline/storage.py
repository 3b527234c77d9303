"""How large the store is: looked at every quarter hour by who writes it, for the panel and the metric."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from g6.domain.cycles.cycle import isoformat_z, parse_z
from g6.domain.documents.panels import envelope
from g6.pipeline.runtime import Runtime

EVERY = 900.0
"""Wall seconds between two looks: a year of CSV files takes a second to walk."""


def kept_storage(runtime: Runtime) -> Mapping[str, Any]:
    """Return what the panel says of the store, for the next one to say it as well; empty before the first look."""
    return (runtime.panels.get("storage") or {}).get("data") or {}


def tell_storage(runtime: Runtime, cycle: str) -> None:
    """Look how large the store is, if nobody did lately: files and bytes by kind to the panel and the bus."""
    now, known = runtime.clock.wall(), kept_storage(runtime)
    if runtime.history is None or (
        known.get("at") and now - parse_z(known["at"]).timestamp() < EVERY
    ):
        return
    sizes = {
        kind: {"files": files, "bytes": size}
        for kind, (files, size) in runtime.history.sizes().items()
    }
    total = {name: sum(each[name] for each in sizes.values()) for name in ("files", "bytes")}
    at = isoformat_z(round(now))
    runtime.panels.put(
        cycle,
        {
            "storage": envelope(
                "storage", {"at": at, "kinds": sizes, "total": total}, cycle, at, "publish"
            )
        },
    )
    runtime.bus.publish("storage.sizes", {"kinds": sizes})
