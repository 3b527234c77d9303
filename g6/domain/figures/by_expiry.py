"""One expiry of a stored chain in one record: what open interest, prices and smile say, each figure as `analytics` defines it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from g6.domain.figures import volatility_smile
from g6.domain.figures.volatility_smile import InterestLevel
from g6.domain.figures.whole_chain import of_rows
from g6.domain.market.instrument import CE, PE
from g6.domain.schema.counting import countable, countable_interest, counts
from g6.domain.schema.frame import Frame

__all__ = ["ExpiryFigures", "figures"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ExpiryFigures:
    """Figures of one expiry: points, units, years of 365 days, volatilities as fractions per root year; NaN unknown."""

    expiry: date
    bucket: str
    years: float
    forward: float
    atm: float
    pcr: float
    pcr_volume: float
    oi_calls: float
    oi_puts: float
    oi_strikes: int
    max_pain: float
    support: InterestLevel
    resistance: InterestLevel
    atm_iv: float
    straddle: float
    em_sd: float
    em_straddle: float
    em_session: float
    rr25: float
    bf25: float
    slope: float
    curvature: float


def figures(frame: Frame) -> Sequence[ExpiryFigures]:
    """Return the figures of each expiry of a stored chain (columns of `rows.CHAIN`), ascending."""
    days, starts = np.unique(frame.columns["expiry"], return_index=True)
    bounds = [*starts.tolist(), len(frame)]
    expiries = days.astype("datetime64[D]").tolist()
    return [_figures(day, frame, slice(bounds[i], bounds[i + 1])) for i, day in enumerate(expiries)]


def _figures(day: date, frame: Frame, rows: slice) -> ExpiryFigures:
    def sides(name: str) -> Array:
        return frame.both_sides(name)[:, rows].astype(np.float64)

    counted = counts(
        frame.both_sides("symbol")[:, rows] != "", frame.both_sides("quality")[:, rows]
    )
    oi, volume, iv = (
        countable_interest(sides("oi"), counted),
        countable(sides("volume"), counted),
        sides("iv"),
    )
    strike = frame.columns["strike"][rows]
    all_strikes, all_oi, oi_before, all_volume, covered = of_rows(
        frame.take(np.arange(rows.start, rows.stop)), day.isoformat(), oi, volume
    )
    if not covered:
        all_oi = np.full(all_oi.shape, np.nan)
        all_volume = np.full(all_volume.shape, np.nan)
    forward, years, atm = (
        float(frame.columns[name][rows][0]) for name in ("forward", "years_to_expiry", "atm")
    )
    atm_iv = volatility_smile.atm_iv(strike, forward, iv)
    straddle = volatility_smile.straddle(strike, sides("price"), atm)
    deviation = volatility_smile.expected_move(forward, atm_iv, years)
    rr25, bf25 = volatility_smile.risk_reversal_butterfly(strike, forward, iv, years)
    slope, curvature = volatility_smile.slope_curvature(atm_iv, rr25, bf25, years)
    return ExpiryFigures(
        expiry=day,
        bucket=str(frame.columns["bucket"][rows][0]),
        years=years,
        forward=forward,
        atm=atm,
        pcr=volatility_smile.pcr(all_oi),
        pcr_volume=volatility_smile.pcr(all_volume),
        oi_calls=volatility_smile.total(all_oi, CE),
        oi_puts=volatility_smile.total(all_oi, PE),
        oi_strikes=int(volatility_smile.strikes_with(all_oi)),
        max_pain=volatility_smile.max_pain(all_strikes, all_oi),
        support=volatility_smile.support(all_strikes, all_oi, oi_before, forward, deviation),
        resistance=volatility_smile.resistance(all_strikes, all_oi, oi_before, forward, deviation),
        atm_iv=atm_iv,
        straddle=straddle,
        em_sd=deviation,
        em_straddle=volatility_smile.expected_move_straddle(straddle),
        em_session=volatility_smile.session_move(forward, atm_iv),
        rr25=rr25,
        bf25=bf25,
        slope=slope,
        curvature=curvature,
    )
