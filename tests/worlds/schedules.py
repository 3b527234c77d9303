"""What beat's schedule reads of a Runtime, and nothing else."""

from __future__ import annotations

from typing import Any, cast

from g6.adapters.memory.controls import MemoryControls
from g6.config import Settings, calendar, plan
from g6.domain.cycles.cycle import Timing
from g6.pipeline import Runtime

_UNUSED = (
    "provider", "frames", "ledger", "store", "panels", "panel_files", "bus", "sender", "vitals",
)  # fmt: skip


def runtime_of_a_beat(
    settings: Settings, interval: float, clock: Any, controls: MemoryControls | None = None
) -> Runtime:
    """Return a runtime with a plan, a calendar, a clock and switches."""
    return Runtime(
        **dict.fromkeys(_UNUSED, cast("Any", None)),
        plan=plan(settings),
        timing=Timing(interval),
        calendar=calendar(),
        clock=clock,
        controls=controls or MemoryControls(),
    )
