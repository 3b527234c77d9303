"""How far an index is expected to move, and how often it stayed within what was expected before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from math import nan

import numpy as np

from g6.domain.figures.smile import expected_moves
from g6.domain.market.calendar import IST, Calendar
from g6.domain.market.expiry import years_to
from g6.domain.market.instrument import INDICES
from g6.domain.schema.frame import Frame
from g6.errors import NothingToDo
from g6.ports.readers import StoredReader
from g6.studies import selection
from g6.studies.documents import columns_of
from g6.studies.parameters import At, Days, Index

# Since 3 August 2026 the index stops at 15:15 in India, when the closing auction begins, and jumps
# once to its result: 0.82 % of NIFTY on the first day. A band is drawn before that.
REFERENCE = time(15, 15)
LATE = timedelta(minutes=30)
"""How long before the fix the last stored index value still stands for it."""
_COLUMNS = ("spot", "forward", "expiry_nearest", "em_sd", "em_straddle")


@dataclass(frozen=True, slots=True)
class MoveParameters:
    """Asks for expected moves of an index and how the earlier ones held."""

    index: Index
    days: Days = 400
    at: At = None


@dataclass(frozen=True, slots=True)
class MoveBand:
    """One expected move around its centre, points."""

    name: str
    centre: float
    move: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class BandCoverage:
    """How often a band held.

    Attributes:
        name: The band's name.
        expected: The share of outcomes that it should hold.
        inside: How many outcomes it held.
        known: How many outcomes are known.
        share: `inside` over `known`, NaN when nothing is known.
    """

    name: str
    expected: float
    inside: int
    known: int
    share: float


@dataclass(frozen=True, slots=True)
class ExpectedMoves:
    """Expected moves of an index.

    Attributes:
        index: The underlying's name.
        cycle: The cycle's instant as its name.
        expiry: The nearest expiry.
        bands: The bands that are drawn at that cycle.
        coverage: How often each band held on the stored days before, in the same order.
    """

    index: str
    cycle: str
    expiry: date
    bands: tuple[MoveBand, ...]
    coverage: tuple[BandCoverage, ...]

    def columns(self) -> Mapping[str, list[object]]:
        """Return one line per band."""
        bands = columns_of(MoveBand, self.bands)
        return {**bands, **columns_of(BandCoverage, self.coverage)}


def answer(reader: StoredReader, parameters: MoveParameters) -> ExpectedMoves:
    """Return the bands of the newest cycle, and the share of stored days that stayed within.

    Raises:
        UserError: There is no such index.
        NothingToDo: No stored row has an expected move.
    """
    at = parameters.at
    unit = selection.units(reader, parameters.index, at, 1)[0]
    first = unit.instant.astimezone(IST).date() - timedelta(days=parameters.days - 1)
    rows = reader.overview(unit.index, first, unit.instant, _COLUMNS, at)
    with_expiry = rows.take(~np.isnat(rows.columns["expiry_nearest"]))
    if not len(with_expiry):
        raise NothingToDo(f"{unit.index}: no stored row has an expected move")
    fixes = Fixes(reader.calendar, unit.index)
    now = _drawn(with_expiry, len(with_expiry) - 1, fixes)
    past = _past_of(with_expiry, rows, fixes, unit.instant)
    return ExpectedMoves(
        index=unit.index,
        cycle=unit.cycle,
        expiry=now.expiry,
        bands=tuple(map(_move_band, expected_moves.bands(now))),
        coverage=tuple(
            map(_coverage, expected_moves.coverage(past.drawn, past.settled, past.next_spot))
        ),
    )


@dataclass(frozen=True, slots=True)
class _PastBands:
    """The bands of the sessions before today, and what has come of them by now.

    Attributes:
        drawn: One record per session, oldest first.
        settled: The index at the fixes that have passed, points by expiry.
        next_spot: The index today when bands are drawn, NaN before.
    """

    drawn: Sequence[expected_moves.DrawnBands]
    settled: Mapping[date, float]
    next_spot: float


def _past_of(with_expiry: Frame, rows: Frame, fixes: Fixes, now: datetime) -> _PastBands:
    """Return the bands of the sessions before today, and what has come of them.

    Today's own bands are no past: their outcome is not known, or a moment old.
    """
    clock = now.astimezone(IST)
    before: list[expected_moves.DrawnBands] = []
    next_spot = nan
    for row in reference_rows(with_expiry):
        bands = _drawn(with_expiry, row, fixes)
        if datetime.fromtimestamp(bands.instant, UTC).astimezone(IST).date() < clock.date():
            before.append(bands)
        elif clock.time() >= REFERENCE:
            next_spot = bands.spot
    outcomes = {day: spot for day, spot in settled(rows, fixes).items() if fixes.of(day) <= now}
    return _PastBands(before, outcomes, next_spot)


def _move_band(band: expected_moves.Band) -> MoveBand:
    return MoveBand(band.name, band.centre, band.move, band.low, band.high)


def _coverage(tally: expected_moves.BandTally) -> BandCoverage:
    return BandCoverage(tally.name, tally.expected, tally.inside, tally.known, tally.share)


@dataclass(frozen=True, slots=True)
class Fixes:
    """Gives the settlement fixes of one index."""

    calendar: Calendar
    index: str

    def of(self, expiry: date) -> datetime:
        """Return the instant of an expiry's fix."""
        return self.calendar.settlement_fix(INDICES[self.index].exchange, expiry)


def reference_rows(rows: Frame) -> list[int]:
    """Return the place of each session's last row before 15:15 in India, oldest first.

    Args:
        rows: Overview rows, ascending.
    """
    last: dict[date, int] = {}
    for row, instant in enumerate(rows.columns["timestamp"].tolist()):
        clock = datetime.fromtimestamp(instant, UTC).astimezone(IST)
        if clock.time() < REFERENCE:
            last[clock.date()] = row
    return [last[day] for day in sorted(last)]


def settled(rows: Frame, fixes: Fixes) -> dict[date, float]:
    """Return the index at the fix of each expiry: its last value of the half hour before.

    Args:
        rows: Overview rows, ascending: `timestamp`, `spot`, `expiry_nearest`.
        fixes: The fixes of their index.

    Returns:
        Points by expiry. An expiry without a value in that half hour is left out.
    """
    days = rows.columns["expiry_nearest"]
    fix_of = {day: fixes.of(day) for day in np.unique(days[~np.isnat(days)]).tolist()}
    values: dict[date, float] = {}
    for instant, spot in zip(
        rows.columns["timestamp"].tolist(), rows.columns["spot"].tolist(), strict=True
    ):
        observed = datetime.fromtimestamp(instant, UTC)
        day = observed.astimezone(IST).date()
        fix = fix_of.get(day)
        if fix is not None and np.isfinite(spot) and fix - LATE <= observed <= fix:
            values[day] = spot
    return values


def _drawn(rows: Frame, row: int, fixes: Fixes) -> expected_moves.DrawnBands:
    """Return what was known at one overview row."""
    expiry: date = rows.columns["expiry_nearest"][row].item()
    instant = float(rows.columns["timestamp"][row])
    names = ("spot", "forward", "em_sd", "em_straddle")
    figures = {name: float(rows.columns[name][row]) for name in names}
    return expected_moves.DrawnBands(
        instant,
        expiry,
        years=years_to(fixes.of(expiry), datetime.fromtimestamp(instant, UTC)),
        **figures,
    )
