"""Gaps: what the overview rows say is not OK, units without a chain, and instants of the grid without a row, joined."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from g6.domain.market.calendar import Session
from g6.domain.schema.words import ANALYSED, GapReason, Status

__all__ = [
    "NO_CHAIN",
    "NO_ROW",
    "REPAIRED",
    "Gap",
    "Row",
    "as_stored",
    "counted",
    "find",
    "grid_of",
    "step_of",
]

NO_ROW = GapReason.NO_ROW.value
"""The reason of an instant of the grid of which the store knows nothing."""
NO_CHAIN = GapReason.NO_CHAIN.value
"""The reason of a unit that ended OK or PARTIAL and of which no chain is stored."""
REPAIRED = GapReason.BACKFILL.value
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


def as_stored(rows: Mapping[datetime, Row], chains: Collection[datetime]) -> dict[datetime, Row]:
    """Return the rows of one index, those that promise a chain which is not among `chains` as MISSING for that reason.

    >>> from datetime import UTC
    >>> as_stored({datetime(2026, 11, 18, 5, 30, tzinfo=UTC): ("OK", "")}, ()).values()
    dict_values([('MISSING', 'no_chain')])
    """
    lost = (Status.MISSING.value, NO_CHAIN)
    return {
        at: lost if row[0] in ANALYSED and at not in chains else row for at, row in rows.items()
    }


def grid_of(session: Session, intervals: Sequence[tuple[datetime, int]]) -> tuple[datetime, ...]:
    """Return the instants of a session at which cycles were due, its ends included.

    `intervals`: from when on which interval (seconds) was in force, ascending; the first one holds from the open.
    """
    instants: list[datetime] = []
    for place, (begins, seconds) in enumerate(intervals):
        first = begins if place else session.open
        last = (
            intervals[place + 1][0]
            if place + 1 < len(intervals)
            else session.close + timedelta(microseconds=1)
        )
        instants += [at for at in session.cycles(seconds) if first <= at < last]
    return tuple(instants)


def counted(grid: Sequence[datetime], rows: Mapping[datetime, Row]) -> dict[str, int]:
    """Return how many cycles were due, how many ended in each status, have no row, were repaired or have no chain."""
    words = Counter(status for status, _ in rows.values())
    reasons = Counter(reason for _, reason in rows.values())
    by_status = {status.value: words[status.value] for status in Status}
    missing = sum(at not in rows for at in grid)
    facts = {NO_ROW: missing, "repaired": reasons[REPAIRED], NO_CHAIN: reasons[NO_CHAIN]}
    return {"due": len({*grid, *rows}), **by_status, **facts}


def step_of(instants: Iterable[datetime], otherwise: timedelta) -> timedelta:
    """Return the commonest step between successive instants: the interval that was collected at, as far as it can be guessed."""
    steps = Counter(later - earlier for earlier, later in pairwise(sorted(set(instants))))
    return min(steps.items(), key=lambda step: (-step[1], step[0]))[0] if steps else otherwise
