"""How the cycles of a run went, in a few numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import nan

import numpy as np

from g6.domain.reports.cycle_report import CycleReport

__all__ = ["ClosedCycles", "closed_cycles"]


@dataclass(frozen=True, slots=True)
class ClosedCycles:
    """Cycles that closed.

    Attributes:
        count: How many.
        statuses: How many of each status, by its name.
        options: The mean number of options of a cycle, NaN without a cycle.
        p50_ms: Milliseconds from the instant to the close, their median.
        p95_ms: Likewise, what one in twenty exceeds.
    """

    count: int
    statuses: Mapping[str, int]
    options: float
    p50_ms: float
    p95_ms: float


def closed_cycles(reports: Collection[CycleReport]) -> ClosedCycles:
    """Return the numbers of these cycles.

    >>> closed_cycles([]).count
    0
    """
    statuses = Counter(str(report.status) for report in reports)
    if not reports:
        return ClosedCycles(0, statuses, nan, nan, nan)
    elapsed = 1e3 * np.array([report.elapsed_seconds for report in reports])
    p50, p95 = np.percentile(elapsed, [50, 95])
    options = np.mean([sum(report.options.values()) for report in reports])
    return ClosedCycles(
        len(reports), dict(sorted(statuses.items())), float(options), float(p50), float(p95)
    )
