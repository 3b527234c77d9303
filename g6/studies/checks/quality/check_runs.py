"""Runs the checks over the stored cycles of a day, and over one cycle."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from math import nan

import numpy as np

from g6.domain.cycles.cycle import Unit, isoformat_z
from g6.domain.market.calendar import IST
from g6.domain.market.instrument import INDICES
from g6.domain.quotes.quality_days import (
    CheckResult,
    DayStatistics,
    IndexQuality,
    QualityDay,
)
from g6.domain.schema.chain import Chain
from g6.domain.schema.frame import Frame
from g6.domain.schema.words import SpotSource, Status
from g6.errors import NothingToDo, UncoveredYear
from g6.ports.readers import QualityReader
from g6.studies.checks.quality.checked_rows import (
    CycleCheck,
    CycleRows,
    DayCheck,
    DayRows,
    RowCounts,
    is_failure,
)
from g6.studies.checks.quality.day_checks import DAY_CHECKS
from g6.studies.checks.quality.pricing_checks import PRICING_CHECKS, atm_volatility
from g6.studies.checks.quality.quote_checks import QUOTE_CHECKS

__all__ = ["CHECKS", "CYCLE_CHECKS", "checked_cycle", "checked_day", "day_units"]

CYCLE_CHECKS: Sequence[CycleCheck] = (*QUOTE_CHECKS, *PRICING_CHECKS)
"""Checks of each cycle."""
CHECKS: Sequence[CycleCheck | DayCheck] = (*CYCLE_CHECKS, *DAY_CHECKS)
"""Every check, in the order in which they are shown."""
CLOSING = timedelta(minutes=15)
"""How long before the close a day's last cycle is at the earliest, where the day is whole."""
MOST_CHAINS = 100
"""Chains in memory at once: 375 of NIFTY are 480 MB."""
_OVERVIEW = ("status", "oi_calls", "oi_puts")


class _CheckTally:
    """Counts what one check says of cycle after cycle."""

    def __init__(self, check: CycleCheck | DayCheck) -> None:
        self._check = check
        self._ran = 0
        self._rows = 0
        self._wrong = 0
        self._failures = 0
        self._first = ""

    def add(self, counts: RowCounts, where: str) -> None:
        """Count one cycle, or the day."""
        rows, wrong = counts
        self._ran += rows > 0
        self._rows += rows
        self._wrong += wrong
        if is_failure(self._check, counts):
            self._failures += 1
            self._first = self._first or where

    def result(self) -> CheckResult:
        """Return what was counted."""
        return CheckResult(
            self._check.name,
            self._check.severity.value,
            self._ran,
            self._rows,
            self._wrong,
            self._failures,
            self._first,
        )


def checked_cycle(rows: CycleRows) -> tuple[CheckResult, ...]:
    """Return what the checks of cycles say of one."""
    where = isoformat_z(rows.chain.instant)
    results = []
    for check in CYCLE_CHECKS:
        tally = _CheckTally(check)
        tally.add(check.rule(rows), where)
        results.append(tally.result())
    return tuple(results)


def day_units(reader: QualityReader, day: date) -> Mapping[str, list[Unit]]:
    """Return the units of a day that have an overview row, ascending, by index."""
    first = datetime.combine(day, time(), IST)
    last = first + timedelta(days=1, microseconds=-1)
    units: dict[str, list[Unit]] = {}
    for cycle, indices in sorted(reader.rows.cycles(first, last).items()):
        for index in sorted(indices):
            units.setdefault(index, []).append(Unit(cycle, index))
    return units


def checked_day(reader: QualityReader, day: date, only: str | None = None) -> QualityDay:
    """Run every check over a stored day.

    Args:
        reader: Stored rows, and what is kept of the days before.
        day: The session day.
        only: One index, None for all.

    Raises:
        NothingToDo: No chain of it is stored.
    """
    before = max((other for other in reader.days() if other < day), default=None)
    earlier = None if before is None else reader.results(before)
    indices = []
    for index, units in day_units(reader, day).items():
        if only is None or index == only:
            statistics = None
            if earlier is not None and (of := earlier.of(index)):
                statistics = of.statistics
            quality = _checked_index(reader, day, units, statistics)
            if quality is not None:
                indices.append(quality)
    if not indices:
        of_index = f" of {only}" if only else ""
        raise NothingToDo(f"no chain{of_index} of {day} is stored in {reader.place}")
    return QualityDay(day, tuple(indices))


def _checked_index(
    reader: QualityReader, day: date, units: Sequence[Unit], before: DayStatistics | None
) -> IndexQuality | None:
    index = units[0].index
    overview = reader.rows.overview(index, day, units[-1].instant, _OVERVIEW, None)
    figures = _figures(overview)
    tallies = [_CheckTally(check) for check in CYCLE_CHECKS]
    walk = _Walk()
    for frame in _frames(reader, units):
        instant = float(frame.columns["timestamp"][0])
        rows = CycleRows.of(day, frame, walk.last, figures.get(instant, {}))
        where = isoformat_z(instant)
        for check, tally in zip(CYCLE_CHECKS, tallies, strict=True):
            tally.add(check.rule(rows), where)
        walk.add(rows)
    if walk.last is None:
        return None
    of_day = DayRows(
        index=index,
        day=day,
        calendar=reader.rows.calendar,
        instants=overview.columns["timestamp"],
        is_ok=np.asarray(overview.columns["status"] == Status.OK.value),
        spots=np.array(walk.spots),
        prev_close=walk.last.market.prev_close,
        statistics=walk.statistics(_closing_instant(reader, day, index)),
        before=before,
        agreement=reader.agreement(day, index),
    )
    results = [tally.result() for tally in tallies]
    for of_days in DAY_CHECKS:
        tally = _CheckTally(of_days)
        tally.add(of_days.rule(of_day), day.isoformat())
        results.append(tally.result())
    return IndexQuality(index, len(walk.spots), of_day.statistics, tuple(results))


def _closing_instant(reader: QualityReader, day: date, index: str) -> float:
    """Return the instant from which a last cycle is one of the close, NaN of an unknown year."""
    with suppress(UncoveredYear):
        close = reader.rows.calendar.close_of(INDICES[index].exchange, day)
        return (close - CLOSING).timestamp()
    return nan


def _frames(reader: QualityReader, units: Sequence[Unit]) -> Iterator[Frame]:
    for first in range(0, len(units), MOST_CHAINS):
        for frame in reader.rows.chains(units[first : first + MOST_CHAINS]):
            if frame is not None and len(frame):
                yield frame


def _figures(overview: Frame) -> Mapping[float, Mapping[str, float]]:
    columns = overview.columns
    totals = zip(
        columns["timestamp"].tolist(),
        columns["oi_calls"].tolist(),
        columns["oi_puts"].tolist(),
        strict=True,
    )
    return {instant: {"oi_calls": calls, "oi_puts": puts} for instant, calls, puts in totals}


class _Walk:
    """Remembers what a day is summed up as, cycle after cycle."""

    def __init__(self) -> None:
        self.last: Chain | None = None
        self.spots: list[float] = []
        self._strikes: list[int] = []
        self._lots: dict[str, float] = {}

    def add(self, rows: CycleRows) -> None:
        """Add the next cycle."""
        chain = rows.chain
        self.last = chain
        is_live = rows.spot_source == SpotSource.LIVE
        self.spots.append(chain.market.spot if is_live else nan)
        self._strikes.append(len(chain))
        for expiry in chain.expiries:
            lot = float(chain.lot_size[expiry.rows.start])
            self._lots.setdefault(expiry.day.isoformat(), lot)

    def statistics(self, closing: float) -> DayStatistics:
        """Return the statistics of the cycles so far.

        Args:
            closing: Volume and last price of a day that ends earlier are not those of the day.
        """
        chain = self.last
        if chain is None:
            return DayStatistics()
        is_whole = chain.instant >= closing
        return DayStatistics(
            strikes=float(np.median(self._strikes)),
            oi=float(np.nansum(chain.oi)),
            volume=float(np.nansum(chain.volume)) if is_whole else nan,
            atm_iv=atm_volatility(chain, chain.expiries[-1]),
            last_spot=chain.market.spot if is_whole else nan,
            lots=self._lots,
        )
