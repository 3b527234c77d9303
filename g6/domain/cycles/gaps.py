"""Gaps: cycles that are not OK, units without a chain, and instants of the grid without a row.

Instants are whole microseconds since 1970, UTC, in ascending arrays: a year of six indices at 60 s
has 560,000 of them, and a datetime for each took most of the 4.7 s of `g6 data coverage`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from g6.domain.market.calendar import Session
from g6.domain.schema.json_types import JsonObject
from g6.domain.schema.words import ANALYSED, GapReason, Status

__all__ = [
    "NO_CHAIN",
    "NO_ROW",
    "REPAIRED",
    "CycleCounts",
    "Gap",
    "Instants",
    "Outcomes",
    "StatusReason",
    "as_stored",
    "counts_of",
    "gaps_of",
    "grid_of",
    "instant_at",
    "instants_of",
    "step_of",
    "union_of",
]

NO_ROW = GapReason.NO_ROW.value
"""The reason of an instant of the grid of which the store knows nothing."""
NO_CHAIN = GapReason.NO_CHAIN.value
"""The reason of a unit that ended OK or PARTIAL and of which no chain is stored."""
REPAIRED = GapReason.BACKFILL.value
"""The reason of a row that a repair made."""

StatusReason = tuple[str, str]
"""Status and reason of one index at one instant."""
Instants = NDArray[np.int64]
"""Microseconds since 1970, UTC, ascending, without doubles."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def instants_of(times: Iterable[datetime]) -> Instants:
    """Return times as instants, ascending and without doubles.

    >>> instants_of([datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)])
    array([1000000])
    """
    # np.unique imports numpy.ma at its first call: 7 ms of a command that reads a few columns.
    return np.array(sorted({_instant(at) for at in times}), dtype=np.int64)


def instant_at(instant: int) -> datetime:
    """Return one instant as a time.

    >>> instant_at(1_000_000)
    datetime.datetime(1970, 1, 1, 0, 0, 1, tzinfo=datetime.timezone.utc)
    """
    return _EPOCH + timedelta(microseconds=int(instant))


def union_of(parts: Sequence[Instants]) -> Instants:
    """Return the instants of all parts, ascending and without doubles.

    >>> union_of([np.array([60, 120]), np.array([60, 180])]).tolist()
    [60, 120, 180]
    """
    if not parts:
        return instants_of(())
    # On most days every index has the same ones.
    if all(np.array_equal(parts[0], part) for part in parts[1:]):
        return parts[0]
    return np.unique(np.concatenate(parts))


@dataclass(frozen=True, slots=True)
class Outcomes:
    """How the cycles of one index ended: at `instants[i]` with `rows[codes[i]]`.

    Attributes:
        instants: Shape (n,), ascending.
        codes: Places in `rows`, shape (n,).
        rows: The distinct statuses and reasons.
    """

    instants: Instants
    codes: NDArray[np.int64]
    rows: tuple[StatusReason, ...]

    def __len__(self) -> int:
        return len(self.instants)

    @property
    def ends(self) -> tuple[datetime, datetime] | None:
        """The first and the last instant, None without any."""
        if not len(self):
            return None
        return instant_at(self.instants[0]), instant_at(self.instants[-1])

    @classmethod
    def of(cls, rows: Mapping[datetime, StatusReason]) -> Outcomes:
        """Return the outcomes of rows by instant.

        >>> len(Outcomes.of({datetime(2026, 11, 18, tzinfo=UTC): ("OK", "")}))
        1
        """
        distinct = tuple(dict.fromkeys(rows.values()))
        codes = [distinct.index(rows[at]) for at in sorted(rows)]
        return cls(instants_of(rows), np.array(codes, dtype=np.int64), distinct)

    def items(self) -> Iterator[tuple[datetime, StatusReason]]:
        """Yield each instant with its status and reason."""
        for instant, code in zip(self.instants.tolist(), self.codes.tolist(), strict=True):
            yield instant_at(instant), self.rows[code]

    def between(self, first: int | None, last: int | None) -> Outcomes:
        """Return the outcomes from `first` to `last`, both in it; None is without an end."""
        begin = 0 if first is None else int(np.searchsorted(self.instants, first))
        end = len(self) if last is None else int(np.searchsorted(self.instants, last, "right"))
        return Outcomes(self.instants[begin:end], self.codes[begin:end], self.rows)

    def has(self, rows: Iterable[bool]) -> NDArray[np.bool_]:
        """Return for each instant what holds of its row; `rows` says it of each of `self.rows`."""
        return np.array([*rows, False])[self.codes]


@dataclass(frozen=True, slots=True)
class Gap:
    """Successive cycles of one index that are not OK for one reason.

    `first` and `last` are instants of the grid, both in the gap. `reason` is the store's
    text: a word of `Reason` or `GapReason`, or whatever an older or imported file says.
    """

    index: str
    first: datetime
    last: datetime
    status: Status
    reason: str
    cycles: int


@dataclass(frozen=True, slots=True)
class CycleCounts:
    """How the cycles of one index ended; every field is a number of cycles.

    Attributes:
        due: Cycles that should have a row or have one.
        ok: Rows of status OK.
        partial: Rows of status PARTIAL.
        missing: Rows of status MISSING, those without their chain among them.
        skipped: Rows of status SKIPPED.
        no_row: Cycles that were due and have no row.
        repaired: Rows that a repair made.
        no_chain: Rows that promise a chain which is not stored.
    """

    due: int
    ok: int
    partial: int
    missing: int
    skipped: int
    no_row: int
    repaired: int
    no_chain: int

    @property
    def share(self) -> float:
        """The whole cycles (OK) as a share of those that were due, six decimals."""
        return round(self.ok / self.due, 6) if self.due else 0.0

    def to_json(self) -> JsonObject:
        """Return the counts as JSON has them, with their share."""
        counts = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {**counts, "share": self.share}


def gaps_of(index: str, grid: Instants, outcomes: Outcomes) -> list[Gap]:
    """Return the gaps of one index, oldest first.

    Args:
        index: The underlying's name.
        grid: Instants that should have a row. Rows off the grid count as well.
        outcomes: The rows there are.

    >>> grid = np.array([0, 60_000_000, 120_000_000])
    >>> rows = Outcomes(grid[:1], np.array([0]), (("OK", ""),))
    >>> [(gap.status, gap.reason, gap.cycles) for gap in gaps_of("NIFTY", grid, rows)]
    [('SKIPPED', 'no_row', 2)]
    """
    no_row: StatusReason = (Status.SKIPPED.value, NO_ROW)
    rows = outcomes.rows if no_row in outcomes.rows else (*outcomes.rows, no_row)
    instants = np.union1d(grid, outcomes.instants)
    codes = np.full(len(instants), rows.index(no_row))
    codes[np.searchsorted(instants, outcomes.instants)] = outcomes.codes
    begins = np.flatnonzero(np.diff(codes, prepend=-1)).tolist()
    ends = [*begins[1:], len(instants)]
    gaps: list[Gap] = []
    for begin, end in zip(begins, ends, strict=True):
        status, reason = rows[codes[begin]]
        if status != Status.OK:
            first = instant_at(instants[begin])
            gaps.append(
                Gap(index, first, instant_at(instants[end - 1]), status, reason, end - begin)
            )
    return gaps


def as_stored(outcomes: Outcomes, chains: Instants) -> Outcomes:
    """Return outcomes as MISSING, no_chain, where they promise a chain which is not stored.

    Args:
        outcomes: The rows of one index.
        chains: Instants of which a chain of it is stored.

    >>> ok = Outcomes.of({datetime(2026, 11, 18, 5, 30, tzinfo=UTC): ("OK", "")})
    >>> [row for _, row in as_stored(ok, instants_of([])).items()]
    [('MISSING', 'no_chain')]
    """
    if np.array_equal(outcomes.instants, chains):
        return outcomes
    is_promised = outcomes.has(row[0] in ANALYSED for row in outcomes.rows)
    is_lost = is_promised & ~np.isin(outcomes.instants, chains, assume_unique=True)
    if not is_lost.any():
        return outcomes
    rows = (*outcomes.rows, (Status.MISSING.value, NO_CHAIN))
    codes = np.where(is_lost, len(rows) - 1, outcomes.codes)
    return Outcomes(outcomes.instants, codes, rows)


def grid_of(session: Session, intervals: Sequence[tuple[int, int]]) -> Instants:
    """Return the instants of a session at which cycles were due, its ends included.

    Args:
        session: One day of one exchange.
        intervals: From which instant on which interval (seconds) was in force, ascending. The first
            one holds from the open.

    >>> from datetime import date
    >>> from g6.config import calendar
    >>> session = calendar().session("NSE", date(2026, 11, 18))
    >>> len(grid_of(session, [(0, 60)]))
    386
    """
    begins = [_instant(session.open), *(instant for instant, _ in intervals[1:])]
    ends = [*begins[1:], _instant(session.close) + 1]
    parts = [
        _multiples(seconds * 1_000_000, begin, end)
        for (_, seconds), begin, end in zip(intervals, begins, ends, strict=True)
    ]
    grid = np.concatenate(parts)
    for begin, end in session.breaks:
        grid = grid[(grid <= _instant(begin)) | (grid >= _instant(end))]
    return grid[(grid >= _instant(session.open)) & (grid <= _instant(session.close))]


def _multiples(step: int, begin: int, end: int) -> Instants:
    """Return the multiples of a step from `begin`, up to and without `end`."""
    return np.arange(-(-begin // step) * step, end, step, dtype=np.int64)


def _instant(at: datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND


def counts_of(grid: Instants, outcomes: Outcomes) -> CycleCounts:
    """Return how many cycles were due and how they ended.

    Args:
        grid: Instants that should have a row.
        outcomes: The rows there are, held against the chains by `as_stored`.

    >>> rows = Outcomes(np.array([0]), np.array([0]), (("OK", ""),))
    >>> counts_of(np.array([0, 60_000_000]), rows).due
    2
    """
    totals = np.bincount(outcomes.codes, minlength=len(outcomes.rows)).tolist()
    by_status = dict.fromkeys(Status, 0)
    by_reason = {NO_CHAIN: 0, REPAIRED: 0}
    for (status, reason), total in zip(outcomes.rows, totals, strict=True):
        if status in by_status:
            by_status[Status(status)] += total
        if reason in by_reason:
            by_reason[reason] += total
    no_row = 0
    if not np.array_equal(grid, outcomes.instants):
        no_row = int((~np.isin(grid, outcomes.instants, assume_unique=True)).sum())
    return CycleCounts(
        due=len(outcomes) + no_row,
        ok=by_status[Status.OK],
        partial=by_status[Status.PARTIAL],
        missing=by_status[Status.MISSING],
        skipped=by_status[Status.SKIPPED],
        no_row=no_row,
        repaired=by_reason[REPAIRED],
        no_chain=by_reason[NO_CHAIN],
    )


def step_of(days: Iterable[Instants]) -> int | None:
    """Return the commonest step between successive instants: the interval, as far as it shows.

    Args:
        days: Instants of some days, ascending within and between the days.

    Returns:
        Microseconds, the smaller step on a tie; None where there are no two instants.

    >>> step_of([np.array([0, 60, 120, 420])])
    60
    """
    instants = [np.empty(0, dtype=np.int64), *days]
    steps, counts = np.unique(np.diff(np.unique(np.concatenate(instants))), return_counts=True)
    return int(steps[np.argmax(counts)]) if len(steps) else None
