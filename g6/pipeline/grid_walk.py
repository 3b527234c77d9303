"""The walk of the grid: instants that nobody opened become SKIPPED cycles."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from g6.domain.cycles.cycle import Unit, isoformat_z, parse_z
from g6.domain.cycles.gaps import REPAIRED
from g6.domain.cycles.unopened import may_vouch
from g6.domain.quotes.stamp import collection_of
from g6.domain.reports.switches import RunWindow
from g6.domain.schema.frame import Frame, FrameName
from g6.domain.schema.overview_row import OverviewRow
from g6.domain.schema.words import QuoteSource, Reason
from g6.errors import BadInput, StoreBusy, Unavailable
from g6.pipeline.runtime import Runtime

OF_OUTAGES = frozenset((Reason.REDIS_DOWN, Reason.LEDGER_LOST))
"""Reasons that a beat gives who saw an outage."""
MOST_WALKED = 2000
"""Instants of the grid that one sweep looks at."""
MOST_READ = 10
"""Cycles with a part of their rows of which one sweep asks what collected them.

A run with fewer indices earlier on the day has left one each interval. To read row and chain of 349
strikes from a folded day takes 30 ms (measured), and a sweep has 5 s where cycles are short.
"""


@dataclass(frozen=True, slots=True)
class _MissedCycle:
    """A cycle of which neither the ledger nor the store knows every unit that was due.

    Attributes:
        at: Its instant.
        indices: Those of the unknown units.
        is_whole: Whether no unit of it is known.
    """

    at: datetime
    indices: tuple[str, ...]
    is_whole: bool


def walk(runtime: Runtime, now: float, most: int) -> int:
    """Make instants of the grid that nobody opened SKIPPED cycles, at most `most` at a time.

    Returns:
        How many units that were.
    """
    window = runtime.controls.read().window or RunWindow()
    until = _until(runtime, window)
    mark = runtime.ledger.swept_until()
    stored_mark = None if mark else runtime.store.swept_until()
    if mark:
        after: datetime | None = parse_z(mark)
    else:
        after = _unmarked(runtime, stored_mark)
    if window.first:
        first = parse_z(window.first) - timedelta(microseconds=1)
        after = _not_before(first, after, has_mark=bool(mark))
    elif not mark and stored_mark is None:
        after = _since_beats(runtime, after, until)
    # Nobody knows the instants of a year without a calendar. The mark stays before them, so that
    # the calendar of that year, once it is there, makes those that nobody opened SKIPPED.
    until = runtime.calendar.known_until(until)
    if after is None or most <= 0 or after > until or (mark and after == until):
        return 0
    unknown = Reason.NO_BEAT if mark or stored_mark is None else Reason.LEDGER_LOST
    is_first = not mark
    if not mark:
        # No mark looks like the mark of a Redis that is emptied during this walk. So the walk
        # leaves one where it begins, which an emptied Redis loses.
        mark = isoformat_z(after)
        if not runtime.ledger.record_swept(mark, None):
            return 0
    instants = list(islice(_grid(runtime, after, until), MOST_WALKED))
    missed, walked = _missed(runtime, instants, most)
    reasons = _reasons(runtime, missed, unknown, now)
    if reasons is None:
        return _put_off(runtime, mark, is_first=is_first)
    skipped = _skip_all(runtime, missed, now, reasons)
    if walked < len(instants) or walked == MOST_WALKED:
        until = instants[walked - 1]
    # A Redis that was emptied during the walk has lost what was skipped in it. The mark would have
    # kept the next sweep from looking there again.
    if not instants or runtime.ledger.swept_until() == mark:
        _record(runtime, mark, until, is_first=is_first)
    return skipped


def _put_off(runtime: Runtime, mark: str, *, is_first: bool) -> int:
    """Leave the grid to the next sweep, whose walk is not the first one any more. Return 0."""
    if is_first:
        _record_in_store(runtime, parse_z(mark))
    return 0


def _until(runtime: Runtime, window: RunWindow) -> datetime:
    """Return the instant up to which no cycle can be opened any more."""
    grace = _market_seconds(runtime, runtime.timing.grace + 1.0)
    until = runtime.clock.market() - timedelta(seconds=grace)
    return min(until, parse_z(window.last)) if window.last else until


def _record(runtime: Runtime, mark: str, until: datetime, *, is_first: bool) -> None:
    """Mark the grid as walked, in the store as well after a first walk or where a day is over.

    An emptied Redis leaves the store its mark.
    """
    if is_first or parse_z(mark).date() != until.date():
        oldest = [parse_z(record.cycle) for record in runtime.ledger.open_cycles()]
        if runtime.ledger.swept_until() != mark:
            return  # these are the open cycles of an emptied Redis
        # Not all rows of an open cycle are stored.
        before = [cycle - timedelta(microseconds=1) for cycle in oldest]
        _record_in_store(runtime, min([until, *before]))
    # Written without a look, a mark went into a Redis that was emptied after it had been read. The
    # next sweep took it for walked, and two cycles that were closed and not stored were lost.
    runtime.ledger.record_swept(isoformat_z(until), mark)


def _record_in_store(runtime: Runtime, until: datetime) -> None:
    # A store that is full has the mark of an earlier day. On its first day the beats know.
    with suppress(StoreBusy):
        runtime.store.record_swept(until)


def _unmarked(runtime: Runtime, stored_mark: datetime | None) -> datetime | None:
    """Return the instant after which a grid is walked whose mark is lost, None if nobody knows.

    It is the store's mark, else just before the first instant of the newest stored day: of that one
    a rerun may have stored a single row.
    """
    # Not the newest row: cycles may have been stored between the loss of the mark and this walk.
    newest = runtime.store.last_overview()
    if newest is None or (stored_mark is not None and stored_mark.date() >= newest.date()):
        return stored_mark
    day = newest.replace(hour=0, minute=0, second=0, microsecond=0)
    first = min(map(parse_z, runtime.store.overview_cycles(day, newest)))
    return first - timedelta(microseconds=1)


def _since_beats(runtime: Runtime, after: datetime | None, until: datetime) -> datetime | None:
    """Return where the grid begins of a run without a window, of which no mark is left.

    The first row that is stored need not be of its first cycle: that may have been in a Redis that
    was emptied. The beats know when they were born. None while an emptied Redis has no beat, which
    gives it its window back: a sweep before that beat marked the grid as walked up to now.
    """
    lifeline = runtime.lifeline
    if lifeline is None:
        return until if after is None else after
    born = lifeline.first_beat()
    has_window = runtime.controls.read().window is not None
    if born is None or has_window or lifeline.first_beat() != born:
        return None
    # A beat sends what was due until so long before it was born.
    age = runtime.clock.wall() - born + runtime.timing.expires
    began = runtime.clock.market() - timedelta(seconds=_market_seconds(runtime, age))
    if after is None:
        after = min(began, until)
        # A Redis that is emptied during this first walk forgets what it finds.
        _record_in_store(runtime, after)
    elif began.date() == after.date():
        after = min(began, after)
    return after


def _not_before(first: datetime, after: datetime | None, *, has_mark: bool) -> datetime:
    """Return the instant after which a run that began after `first` is walked.

    Without a mark the run's first row need not be of its first cycle.
    """
    if after is None or (not has_mark and first.date() == after.date()):
        return first
    return max(after, first)


def _missed(
    runtime: Runtime, instants: Sequence[datetime], most: int
) -> tuple[list[_MissedCycle], int]:
    """Return the cycles with units that were due and that nobody knows, at most so many.

    Returns:
        Them, and how many instants were looked at for them.
    """
    partial = _not_wholly_opened(runtime, instants)
    if not partial:
        return [], len(instants)
    # A settled cycle is in the store alone.
    stored = runtime.store.overview_cycles(min(partial), max(partial))
    missed: list[_MissedCycle] = []
    reads = 0
    for place, at in enumerate(instants, start=1):
        if at not in partial:
            continue
        cycle = isoformat_z(at)
        indices = partial[at] | stored.get(cycle, frozenset())
        absent = tuple(index for index in runtime.expected(cycle) if index not in indices)
        if absent and indices:
            reads += 1
        if absent and (not indices or _is_collected_as_now(runtime, cycle, indices)):
            missed.append(_MissedCycle(at, absent, is_whole=not indices))
        if len(missed) == most or reads == MOST_READ:
            return missed, place
    return missed, len(instants)


def _not_wholly_opened(
    runtime: Runtime, instants: Sequence[datetime]
) -> Mapping[datetime, frozenset[str]]:
    """Return the indices that the ledger knows, by instants at which these are not all."""
    partial = {}
    for at in instants:
        cycle = isoformat_z(at)
        record = runtime.ledger.record(cycle)
        indices = frozenset(() if record is None else record.units)
        if not indices.issuperset(runtime.expected(cycle)):
            partial[at] = indices
    return partial


# Redis was emptied between the chain of a unit and the close of its cycle. A rerun of the unit then
# opened the cycle for itself and stored its row, and the other index of the cycle never had one.
def _is_collected_as_now(runtime: Runtime, cycle: str, indices: Collection[str]) -> bool:
    """Tell whether the configuration of now collected the units of a cycle that are known.

    If so, what is due by it was due then. Another one, as that of an earlier run of the day, may
    have had fewer indices.
    """
    filled = {row["underlying"] for row in runtime.store.read_overview(cycle) if _is_filled(row)}
    for index in sorted(set(indices) - filled):
        frame = _frame_of(runtime, Unit(cycle, index))
        if frame is not None:
            return collection_of(frame) == runtime.plan.config_id
    return False


def _is_filled(row: OverviewRow) -> bool:
    """Tell whether a repair or an import made a row, of an index that it was asked for."""
    sources = (row.get("quote_source") or "").split(",")
    return row["reason"] == REPAIRED or QuoteSource.IMPORT in sources


def _frame_of(runtime: Runtime, unit: Unit) -> Frame | None:
    """Return the chain or the quotes of a unit, None where nothing of it is there."""
    # What cannot be read says nothing of what was due.
    with suppress(BadInput, Unavailable, OSError):
        chain = runtime.store.read_chain(unit)
        if chain is not None:
            return chain
    # A rerun that is under way has its quotes in Redis.
    return runtime.frames.find([unit], FrameName.QUOTES).get(unit)


def _reasons(
    runtime: Runtime, missed: Sequence[_MissedCycle], unknown: Reason, now: float
) -> Sequence[Reason] | None:
    """Return why cycles were missed, `unknown` where no beat knows it of a whole one.

    None where that is not known yet.
    """
    whole = [cycle.at for cycle in missed if cycle.is_whole]
    answers = _beats_reasons(runtime, whole, now)
    if answers is None:
        return None
    reasons = dict(zip(whole, answers, strict=True))
    # A cycle of which a unit is known was opened with all of them, and the ledger lost the others.
    return [
        Reason(reasons[cycle.at] or unknown) if cycle.is_whole else Reason.LEDGER_LOST
        for cycle in missed
    ]


def _beats_reasons(
    runtime: Runtime, missed: Sequence[datetime], now: float
) -> Sequence[str] | None:
    """Return why nobody opened these instants, as far as the beats know.

    None where a beat that has not signed since, or since an outage, may know another reason.
    """
    lifeline = runtime.lifeline
    if not missed or lifeline is None:
        return [""] * len(missed)
    dues = [runtime.clock.wall_of(at) for at in missed]
    reasons = lifeline.reasons(dues)
    is_certain = all(reason in OF_OUTAGES for reason in reasons) or lifeline.is_settled(now)
    unvouched = [due for due, reason in zip(dues, reasons, strict=True) if not reason]
    if is_certain and unvouched:
        is_certain = not may_vouch(unvouched[-1], lifeline.last_beat(), now)
    return reasons if is_certain else None


def _skip_all(
    runtime: Runtime, missed: Sequence[_MissedCycle], now: float, reasons: Sequence[Reason]
) -> int:
    """Make the unknown units of cycles SKIPPED, and return how many they are."""
    skipped = 0
    for cycle, reason in zip(missed, reasons, strict=True):
        skipped += _skip(runtime, cycle, now, reason)
    return skipped


def _skip(runtime: Runtime, missed: _MissedCycle, now: float, reason: Reason) -> int:
    """Make a cycle's unknown units SKIPPED, and return how many they are."""
    cycle = isoformat_z(missed.at)
    for index in missed.indices:
        unit = Unit(cycle, index)
        answer = runtime.ledger.skip(unit, runtime.opening(unit), reason, now)
        if answer.completes_cycle:
            runtime.sender.aggregate(cycle)
    return len(missed.indices)


def _grid(runtime: Runtime, after: datetime, until: datetime) -> Iterator[datetime]:
    """Yield the grid's instants in (after, until] with an index in session, oldest first."""
    exchanges = runtime.plan.exchanges
    step = timedelta(seconds=runtime.plan.interval)
    at = after + timedelta(microseconds=1)
    while True:
        # None after the last session of the last covered year. An error out of here ended every
        # sweep from the close of 31 December on.
        following = runtime.calendar.next_known_cycle(exchanges, at, runtime.plan.interval)
        if following is None or following > until:
            return
        yield following
        at = following + step


def _market_seconds(runtime: Runtime, wall_seconds: float) -> float:
    return wall_seconds * runtime.plan.interval / runtime.timing.step
