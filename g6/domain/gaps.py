"""Gaps: what the overview rows say is not OK, and the instants of the grid that have no row, joined."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from g6.domain.cycle import Status

__all__ = ["NO_ROW", "REPAIRED", "Gap", "Row", "counted", "find", "step_of"]

NO_ROW = "no_row"
"""The reason of an instant of the grid of which the store knows nothing."""
REPAIRED = "backfill"
"""The reason of a row that a repair made."""

Row = tuple[str, str]
"""Status and reason of one index at one instant."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Successive cycles of one index that are not OK for one reason; `first` and `last` are instants of the grid, both in it."""

    index: str
    first: datetime
    last: datetime
    status: str
    reason: str
    cycles: int


def find(index: str, grid: Iterable[datetime], rows: Mapping[datetime, Row]) -> list[Gap]:
    """Return the gaps of one index, oldest first. `grid`: instants that should have a row; rows off the grid count as well."""
    gaps: list[Gap] = []
    last_ok = True
    for at in sorted({*grid, *rows}):
        status, reason = rows.get(at, (Status.SKIPPED.value, NO_ROW))
        if status == Status.OK:
            last_ok = True
            continue
        newest = gaps[-1] if gaps and not last_ok else None
        if newest is not None and (newest.status, newest.reason) == (status, reason):
            gaps[-1] = Gap(index, newest.first, at, status, reason, newest.cycles + 1)
        else:
            gaps.append(Gap(index, at, at, status, reason, 1))
        last_ok = False
    return gaps


def counted(grid: Sequence[datetime], rows: Mapping[datetime, Row]) -> dict[str, int]:
    """Return how many cycles were due, and how many ended in each status, have no row, or were repaired."""
    words = Counter(status for status, _ in rows.values())
    known = {status.value: words[status.value] for status in Status}
    missing = sum(at not in rows for at in grid)
    repaired = sum(reason == REPAIRED for _, reason in rows.values())
    return {"due": len({*grid, *rows}), **known, NO_ROW: missing, "repaired": repaired}


def step_of(instants: Iterable[datetime], otherwise: timedelta) -> timedelta:
    """Return the commonest step between successive instants: the interval that was collected at."""
    steps = Counter(later - earlier for earlier, later in pairwise(sorted(set(instants))))
    return min(steps.items(), key=lambda step: (-step[1], step[0]))[0] if steps else otherwise
