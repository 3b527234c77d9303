"""Relief of memory: how full the workers' hosts are, and what is cut back for it."""

from __future__ import annotations

from math import isfinite

from g6.domain.cycles.memory_pressure import (
    HostMemory,
    MemoryPressure,
    PressureLevel,
    next_pressure,
)
from g6.domain.reports import Switches, VitalSigns
from g6.domain.reports.alerts import MEMORY_SHORT, memory_alert
from g6.domain.reports.switches import PRESSURE
from g6.pipeline.raised_alerts import note
from g6.pipeline.runtime import Runtime


def relieve(runtime: Runtime, switches: Switches, vitals: VitalSigns) -> MemoryPressure:
    """Look at the memory, and set what is cut back from the next unit on.

    Each level has an alert of its own, so that every change is told once.

    Returns:
        The pressure from now on.
    """
    before = switches.pressure
    now = runtime.clock.wall()
    after = next_pressure(before, hosts_of(vitals), now, runtime.pressure_rules)
    if (after.level, after.calm_since) != (before.level, before.calm_since):
        # Without a level nothing is remembered: collect reads the switches at every unit.
        runtime.controls.set(PRESSURE, after.to_json() if after.level else None)
    for level in PressureLevel:
        if level and (level <= max(before.level, after.level)):
            alert = memory_alert(level, after) if level <= after.level else None
            note(runtime, switches, MEMORY_SHORT, alert, name=str(int(level)))
    return after


def hosts_of(vitals: VitalSigns) -> list[HostMemory]:
    """Return the memory of each host that has workers, by what they last told."""
    used: dict[str, float] = {}
    total: dict[str, float] = {}
    for worker in vitals.workers.values():
        if not worker.up or worker.resident_bytes is None:
            continue
        used[worker.host] = used.get(worker.host, 0.0) + worker.resident_bytes
        if worker.host_bytes is not None and isfinite(worker.host_bytes):
            total[worker.host] = worker.host_bytes
    return [HostMemory(host, size, total.get(host)) for host, size in used.items()]
