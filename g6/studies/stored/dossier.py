"""Trends of an index over rolling windows, its term structure, and the rank of its volatility."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated

from g6.domain.cycles.cycle import Unit
from g6.domain.figures import series
from g6.domain.figures.by_expiry import ExpiryFigures, expiry_figures
from g6.domain.figures.smile import term_structure
from g6.domain.market.calendar import IST
from g6.domain.schema.chain import Chain
from g6.errors import UserError
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

FIGURES = (
    "spot",
    "forward",
    "basis",
    "vix",
    "atm_iv_this_week",
    "atm_iv_this_month",
    "straddle_nearest",
    "em_sd",
    "rr25",
    "bf25",
    "pcr_this_week",
    "pcr_this_month",
    "max_pain_nearest",
    "support",
    "resistance",
    "oi_calls",
    "oi_puts",
)
"""Columns of the overview whose trends are shown."""
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
        iv_rank: Today's 30-day volatility among the sessions before.
    """

    index: str
    cycle: str
    trends: tuple[series.Trend, ...]
    constant_maturity: Mapping[int, float]
    forward_volatility: tuple[float, ...]
    iv_rank: series.Rank

    def columns(self) -> Mapping[str, list[object]]:
        """Return one line per figure and window."""
        return columns_of(series.Trend, self.trends)


def answer(reader: StoredReader, parameters: DossierParameters) -> Dossier:
    """Return trends over windows that end at the newest cycle, and its volatilities.

    Raises:
        UserError: There is no such index.
        NothingToDo: Nothing of it is stored.
    """
    at = parameters.at
    unit, frame = selection.latest(reader, parameters.index, at)
    windows = [60.0 * minutes for minutes in parameters.windows]
    years, volatilities = _term(expiry_figures(Chain.of_rows(frame)))
    maturities = {
        days: term_structure.constant_maturity(years, volatilities, days)
        for days in term_structure.MATURITIES_DAYS
    }
    between = term_structure.forward_volatility(years, volatilities)
    past = _past_volatility(reader, unit, at)
    return Dossier(
        index=unit.index,
        cycle=unit.cycle,
        trends=tuple(_trends(reader, unit, windows, at)),
        constant_maturity=maturities,
        forward_volatility=tuple(between),
        iv_rank=series.rank(maturities[RANKED_MATURITY], past),
    )


def _trends(
    reader: StoredReader, unit: Unit, windows: Sequence[float], at: datetime | None
) -> list[series.Trend]:
    first = (unit.instant - timedelta(seconds=max(windows))).astimezone(IST).date()
    rows = reader.overview(unit.index, first, unit.instant, FIGURES, at)
    values = {name: rows.columns[name].tolist() for name in FIGURES}
    return series.trends(rows.columns["timestamp"].tolist(), values, windows)


def _term(figures: Sequence[ExpiryFigures]) -> tuple[list[float], list[float]]:
    """Return years to each expiry and its volatility at the money."""
    return [expiry.years for expiry in figures], [expiry.atm_iv for expiry in figures]


def _past_volatility(reader: StoredReader, unit: Unit, at: datetime | None) -> list[float]:
    """Return the 30-day volatility of each earlier session, oldest first."""
    values = []
    for earlier in _ranked_units(reader, unit):
        frame = reader.chain(earlier)
        figures: Sequence[ExpiryFigures] = ()
        if frame is not None and len(frame) and selection.is_observed_by(frame, at):
            figures = expiry_figures(Chain.of_rows(frame))
        # A day whose chain is gone is NaN and stays in its place: the rank counts known days.
        values.append(term_structure.constant_maturity(*_term(figures), RANKED_MATURITY))
    return values


def _ranked_units(reader: StoredReader, unit: Unit) -> list[Unit]:
    """Return each earlier session's last unit before 15:15 in India, at most 252 of them."""
    today = unit.instant.astimezone(IST).date()
    first = unit.instant - timedelta(days=RANKED_DAYS)
    last: dict[date, str] = {}
    for cycle, indices in reader.cycles(first, unit.instant).items():
        clock = datetime.fromisoformat(cycle).astimezone(IST)
        is_ranked = clock.date() < today and clock.time() < RANKED_BEFORE
        if is_ranked and unit.index in indices:
            last[clock.date()] = cycle
    units = [Unit(last[day], unit.index) for day in sorted(last)]
    return units[-series.LOOKBACK_DAYS :]
