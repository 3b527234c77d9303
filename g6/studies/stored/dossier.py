"""Trends of an index over rolling windows, its term structure, and the rank of its volatility."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from math import nan
from typing import Annotated

import numpy as np

from g6.domain.cycles.cycle import Unit
from g6.domain.figures import series
from g6.domain.figures.by_expiry import ExpiryFigures, expiry_figures
from g6.domain.figures.contracts.study_definitions import TERM_FIGURES
from g6.domain.figures.smile import term_structure
from g6.domain.figures.trends import Trend, TrendFigure, TrendWindow, trends
from g6.domain.market.calendar import IST, Calendar, day_of
from g6.domain.market.instrument import INDICES
from g6.domain.schema.chain import Chain
from g6.domain.schema.frame import Frame
from g6.domain.schema.words import Bucket
from g6.errors import UncoveredYear, UserError
from g6.ports.readers import StoredReader
from g6.studies import selection
from g6.studies.documents import columns_of
from g6.studies.parameters import At, Index, Parameter, numbers, written

_EXAMPLE = "15,60"
_LONGEST_MINUTES = 1e6


def _windows(value: object) -> tuple[float, ...]:
    minutes = numbers("windows", _EXAMPLE)(value)
    if not all(0 < window < _LONGEST_MINUTES for window in minutes):
        raise UserError(
            f"windows {written(minutes)}: a window is longer than nothing",
            f"write it as {_EXAMPLE}",
        )
    return minutes


Windows = Annotated[
    tuple[float, ...],
    Parameter(
        "Lengths of the rolling windows in minutes.", "30,120", metavar="MINUTES,…", read=_windows
    ),
]

FIGURES: Mapping[str, str] = {
    "spot": "",
    "forward": "expiry_nearest",
    "basis": "future_expiry",
    "vix": "",
    "atm_iv_this_week": Bucket.THIS_WEEK,
    "atm_iv_this_month": Bucket.THIS_MONTH,
    "straddle_nearest": "expiry_nearest",
    "em_sd": "expiry_nearest",
    "rr25": "expiry_nearest",
    "bf25": "expiry_nearest",
    "pcr_this_week": Bucket.THIS_WEEK,
    "pcr_this_month": Bucket.THIS_MONTH,
    "max_pain_nearest": "expiry_nearest",
    "support": "expiry_nearest",
    "resistance": "expiry_nearest",
    "oi_calls": "expiry_nearest",
    "oi_puts": "expiry_nearest",
}
"""Columns of the overview whose trends are shown, and which expiry each is of: the column that has
it, or the bucket."""
_EXPIRY_COLUMNS = ("expiry_nearest", "future_expiry")
# A session's volatility is that of its last cycle before the closing auction, in which the index
# stands still.
RANKED_BEFORE = time(15, 15)
# 252 sessions take about 370 calendar days with the holidays of both exchanges.
RANKED_DAYS = 400
RANKED_MATURITY = 30


@dataclass(frozen=True, slots=True)
class DossierParameters:
    """Asks for trends, term structure and volatility rank of an index."""

    index: Index
    windows: Windows = (15.0, 60.0, 375.0)
    at: At = None


@dataclass(frozen=True, slots=True)
class Dossier:
    """Trends, term structure and volatility rank of an index.

    Attributes:
        index: The underlying's name.
        cycle: The cycle's instant as its name.
        trends: Each figure of the overview over each window.
        constant_maturity: ATM volatility by days to expiry, a fraction.
        forward_volatility: Volatility between successive expiries, fractions.
        term: Further numbers of the term structure by the last word of their contract, fractions.
        iv_rank: Today's 30-day volatility among the sessions before.
    """

    index: str
    cycle: str
    trends: tuple[Trend, ...]
    constant_maturity: Mapping[int, float]
    forward_volatility: tuple[float, ...]
    term: Mapping[str, float]
    iv_rank: series.Rank

    def columns(self) -> Mapping[str, list[object]]:
        """Return one line per figure and window."""
        return columns_of(Trend, self.trends)


def answer(reader: StoredReader, parameters: DossierParameters) -> Dossier:
    """Return trends over windows that end at the newest cycle, and its volatilities.

    Raises:
        UserError: There is no such index.
        NothingToDo: Nothing of it is stored.
    """
    at = parameters.at
    unit, frame = selection.latest(reader, parameters.index, at)
    chain = Chain.of_rows(frame)
    years, volatilities = _term(expiry_figures(chain))
    maturities = {
        days: term_structure.constant_maturity(years, volatilities, days)
        for days in term_structure.MATURITIES_DAYS
    }
    between = term_structure.forward_volatility(years, volatilities)
    term = {
        figure.id.rpartition(".")[2]: figure.function(years, volatilities)
        for figure in TERM_FIGURES
    }
    sessions = _past_sessions(reader, unit, at)
    buckets = {session.day: session.expiry_of for session in sessions}
    buckets[day_of(unit.instant)] = _expiry_of(chain)
    windows = [
        _window(reader.calendar, unit, timedelta(minutes=minutes)) for minutes in parameters.windows
    ]
    return Dossier(
        index=unit.index,
        cycle=unit.cycle,
        trends=tuple(_trends(reader, unit, windows, buckets, at)),
        constant_maturity=maturities,
        forward_volatility=tuple(between),
        term=term,
        iv_rank=series.rank(
            maturities[RANKED_MATURITY], [session.volatility for session in sessions]
        ),
    )


def _window(calendar: Calendar, unit: Unit, length: timedelta) -> TrendWindow:
    """Return the window of a length that ends at a cycle."""
    exchange = INDICES[unit.index].exchange
    start = unit.instant - length
    # Of a year that no calendar covers the close before is not known.
    with suppress(UncoveredYear):
        session = calendar.session(exchange, day_of(start))
        if session is None or start < session.open:
            session = calendar.previous_session(exchange, day_of(start))
        start = min(start, session.close)
    return TrendWindow(length.total_seconds(), start.timestamp())


def _trends(
    reader: StoredReader,
    unit: Unit,
    windows: Sequence[TrendWindow],
    buckets: Mapping[date, Mapping[str, date]],
    at: datetime | None,
) -> list[Trend]:
    first = day_of(datetime.fromtimestamp(min(window.start for window in windows), UTC))
    names = (*FIGURES, *_EXPIRY_COLUMNS)
    rows = reader.overview(unit.index, first, unit.instant, names, at).columns
    instants = rows["timestamp"].tolist()
    days = [day_of(datetime.fromtimestamp(instant, UTC)) for instant in instants]
    figures = {}
    for name, expiry in FIGURES.items():
        expiries = None
        if expiry in _EXPIRY_COLUMNS:
            expiries = rows[expiry]
        elif expiry:
            of_day = [buckets.get(day, {}).get(expiry) for day in days]
            expiries = np.array(of_day, dtype="datetime64[D]")
        figures[name] = TrendFigure(rows[name], expiries)
    return trends(instants, figures, windows)


def _expiry_of(chain: Chain) -> dict[str, date]:
    """Return the expiry of each bucket that is filled."""
    return {
        bucket: expiry.day
        for expiry in chain.expiries
        for bucket in Bucket
        if expiry.mask & bucket.bit
    }


def _term(figures: Sequence[ExpiryFigures]) -> tuple[list[float], list[float]]:
    """Return years to each expiry and its volatility at the money."""
    return [expiry.years for expiry in figures], [expiry.atm_iv for expiry in figures]


@dataclass(frozen=True, slots=True)
class _PastSession:
    """A session before, as its last cycle of continuous trading was.

    Attributes:
        day: India's.
        volatility: 30 days ahead, NaN where the chain is gone.
        expiry_of: The expiry of each bucket.
    """

    day: date
    volatility: float
    expiry_of: Mapping[str, date]


def _past_sessions(reader: StoredReader, unit: Unit, at: datetime | None) -> list[_PastSession]:
    """Return each earlier session, oldest first."""
    sessions = []
    units = _ranked_units(reader, unit)
    for earlier, frame in zip(units, reader.chains(units), strict=True):
        figures: Sequence[ExpiryFigures] = ()
        expiry_of: Mapping[str, date] = {}
        if frame is not None and len(frame) and selection.is_observed_by(frame, at):
            chain = Chain.of_rows(frame)
            figures = expiry_figures(chain)
            expiry_of = _expiry_of(chain)
        # A day whose chain is gone is NaN and stays in its place: the rank counts known days.
        volatility = term_structure.constant_maturity(*_term(figures), RANKED_MATURITY)
        sessions.append(_PastSession(day_of(earlier.instant), volatility, expiry_of))
    return sessions


def volatilities_before(reader: StoredReader, unit: Unit) -> list[float]:
    """Return the volatility 30 days ahead of each earlier session, the newest last."""
    return [session.volatility for session in _past_sessions(reader, unit, None)]


def volatility_of(frame: Frame) -> float:
    """Return the volatility 30 days ahead that a chain says, NaN where it says none."""
    if not len(frame):
        return nan
    figures = expiry_figures(Chain.of_rows(frame))
    return term_structure.constant_maturity(*_term(figures), RANKED_MATURITY)


def _ranked_units(reader: StoredReader, unit: Unit) -> list[Unit]:
    """Return each earlier session's last unit before 15:15 in India, at most 252 of them.

    A day that is known by its end alone, as an end-of-day file tells it, stands with that.
    """
    today = unit.instant.astimezone(IST).date()
    first = unit.instant - timedelta(days=RANKED_DAYS)
    last: dict[date, str] = {}
    ends: dict[date, str] = {}
    for cycle, indices in reader.cycles(first, unit.instant).items():
        clock = datetime.fromisoformat(cycle).astimezone(IST)
        if clock.date() >= today or unit.index not in indices:
            continue
        ends[clock.date()] = cycle
        if clock.time() < RANKED_BEFORE:
            last[clock.date()] = cycle
    of_day = ends | last
    units = [Unit(of_day[day], unit.index) for day in sorted(of_day)]
    return units[-series.LOOKBACK_DAYS :]
