"""Figures over cycles and days: open interest of chosen strikes, straddles that follow the money, ranks, overlays, trends.

Instants are epoch seconds ascending; what is unknown is NaN and stays out of every figure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from math import nan

import numpy as np
from numpy.typing import NDArray

from g6.domain.figures import open_interest
from g6.domain.figures.expiry_table import whole_chains
from g6.domain.market.calendar import IST
from g6.domain.market.instrument import CE, PE, SIDES
from g6.domain.schema.chain import Chain

__all__ = [
    "LEAST_DAYS", "LOOKBACK_DAYS", "MAX_LEGS", "DayCurve", "Interest", "PositionLeg", "Rank", "Straddle", "Trend", "interest", "legs_value",
"overlay", "parse_leg", "rank", "rolling_straddle", "trends",
]  # fmt: skip

Array = NDArray[np.float64]

LOOKBACK_DAYS = 252
LEAST_DAYS = 20
MAX_LEGS = 6


@dataclass(frozen=True, slots=True)
class Rank:
    """Where today's volatility stands among the days before it, fractions; NaN under 20 known days. `n_days`: how many."""

    rank: float
    percentile: float
    n_days: int


def rank(today: float, before: Sequence[float]) -> Rank:
    """Return rank and percentile of `today` among one value per earlier session, the newest last; at most 252 are used.

    rank = (x − min)/(max − min), beyond 0 to 1 when today leaves the range; percentile = the share of days below x.
    """
    known = np.asarray(before, dtype=np.float64)[-LOOKBACK_DAYS:]
    known = known[np.isfinite(known)]
    if len(known) < LEAST_DAYS or not np.isfinite(today):
        return Rank(nan, nan, len(known))
    low, high = float(known.min()), float(known.max())
    return Rank(
        (today - low) / (high - low) if high > low else nan,
        float(np.mean(known < today)),
        len(known),
    )


@dataclass(frozen=True, slots=True)
class PositionLeg:
    """One leg of a position: expiry, strike (points), side CE or PE, and how many units per unit, negative when sold."""

    expiry: date
    strike: float
    side: str
    quantity: float = 1.0


def legs_value(chain: Chain, legs: Sequence[PositionLeg], column: str = "price") -> float:
    """Return what up to six legs are worth together, points; NaN when one of them has no price.

    Args:
        chain: The chain that prices them.
        legs: The position.
        column: price (what was analysed), last, or average_price for the day's VWAP.

    Raises:
        ValueError: There are more than six legs.
    """
    if len(legs) > MAX_LEGS:
        raise ValueError(f"{len(legs)} legs; at most {MAX_LEGS} can be followed together")
    return sum(leg.quantity * _price(chain, leg, column) for leg in legs) if legs else nan


def _price(chain: Chain, leg: PositionLeg, column: str) -> float:
    of_expiry = chain.expiry(leg.expiry)
    rows = np.flatnonzero(of_expiry.strike == leg.strike)
    if not len(rows):
        return nan
    return float(of_expiry.sides[column][SIDES.index(leg.side), rows[0]])


def parse_leg(text: str) -> PositionLeg:
    """Read a leg written `2026-11-24:24000:CE` or, with a quantity, `2026-11-24:24000:CE:-2`. Errors: ValueError."""
    day, strike, side, *quantity = text.split(":")
    if side.upper() not in SIDES or len(quantity) > 1:
        raise ValueError(f"{text!r} is no leg")
    return PositionLeg(
        date.fromisoformat(day),
        float(strike),
        side.upper(),
        float(quantity[0]) if quantity else 1.0,
    )


@dataclass(frozen=True, slots=True)
class Straddle:
    """The straddle at the money of one cycle: `price` and `vwap` (of the day) in points.

    `rolled`: strike or expiry differs from the cycle before, so that the step in price is no move of the market; `carried` is what
    the previous cycle's straddle is worth now.
    """

    instant: float
    expiry: date
    strike: float
    price: float
    vwap: float
    rolled: bool
    carried: float


def rolling_straddle(chains: Sequence[Chain]) -> list[Straddle]:
    """Return the ATM straddle of the nearest expiry of each chain, in their order.

    Chains without an expiry ahead that has an ATM are left out.
    """
    straddles: list[Straddle] = []
    for chain in chains:
        expiry = chain.nearest(needs_atm=True)
        if expiry is None:
            continue
        legs = [PositionLeg(expiry.day, expiry.atm, side) for side in SIDES]
        last = straddles[-1] if straddles else None
        before = [PositionLeg(last.expiry, last.strike, side) for side in SIDES] if last else legs
        straddles.append(
            Straddle(
                instant=chain.instant,
                expiry=expiry.day,
                strike=expiry.atm,
                price=legs_value(chain, legs),
                vwap=legs_value(chain, legs, "average_price"),
                rolled=before != legs,
                carried=legs_value(chain, before),
            )
        )
    return straddles


@dataclass(frozen=True, slots=True)
class Interest:
    """Open interest of one cycle over chosen strikes of one expiry: ratios, max pain (points) and sums (units); NaN unknown.

    `strikes` with a figure are what the sums hold; `max_pain` is among the chosen strikes, of the positions at them.
    """

    instant: float
    expiry: date
    strikes: int
    pcr: float
    pcr_volume: float
    max_pain: float
    oi_calls: float
    oi_puts: float


def interest(
    chains: Sequence[Chain], strikes: Sequence[float] | None = None, expiry: date | None = None
) -> list[Interest]:
    """Return open interest by cycle, over chosen strikes or the whole chain of one expiry.

    Args:
        chains: One per cycle. Those without the expiry, or without any of the strikes, are left
            out.
        strikes: Points. None: the whole chain, NaN where that is not known.
        expiry: None: the nearest one of each cycle.
    """
    cycles = []
    for chain in chains:
        day = expiry or _nearest_day(chain)
        if day is None:
            continue
        of_expiry = chain.expiry(day)
        if strikes is not None:
            of_expiry = of_expiry.take(np.isin(of_expiry.strike, np.asarray(strikes, np.float64)))
        if len(of_expiry):
            cycles.append(_interest(of_expiry, day, whole=strikes is None))
    return cycles


def _nearest_day(chain: Chain) -> date | None:
    nearest = chain.nearest()
    return nearest.day if nearest else None


def _interest(chain: Chain, expiry: date, *, whole: bool) -> Interest:
    strike = chain.strike
    oi = chain.oi
    volume = chain.volume
    if whole:
        known = whole_chains([chain])
        strike = known.strike[0]
        oi = known.oi[0]
        volume = known.volume[0]
    return Interest(
        instant=chain.instant,
        expiry=expiry,
        strikes=int(open_interest.strikes_with(oi)),
        pcr=open_interest.pcr(oi),
        pcr_volume=open_interest.pcr(volume),
        max_pain=open_interest.max_pain(strike, oi),
        oi_calls=open_interest.total(oi, CE),
        oi_puts=open_interest.total(oi, PE),
    )


@dataclass(frozen=True, slots=True)
class DayCurve:
    """One session's values by minutes since midnight in India; `weekday` 0 is Monday."""

    day: date
    weekday: int
    minute: Array
    value: Array


def overlay(instants: Sequence[float], values: Sequence[float]) -> dict[int, list[DayCurve]]:
    """Return the sessions of a series laid over each other, by weekday, oldest first; unknown values are left out."""
    days: dict[date, list[tuple[float, float]]] = {}
    for instant, value in zip(instants, values, strict=True):
        if np.isfinite(value):
            at = datetime.fromtimestamp(instant, UTC).astimezone(IST)
            days.setdefault(at.date(), []).append(
                (at.hour * 60 + at.minute + at.second / 60, value)
            )
    curves: dict[int, list[DayCurve]] = {}
    for day in sorted(days):
        minute, value = np.array(sorted(days[day])).T
        curves.setdefault(day.weekday(), []).append(DayCurve(day, day.weekday(), minute, value))
    return dict(sorted(curves.items()))


@dataclass(frozen=True, slots=True)
class Trend:
    """One figure over one window that ends now: `change` from its first known value to its last, `low`, `high`, `mean`, `slope`.

    `slope`: least-squares change per hour; `cycles`: known values in the window. NaN with fewer than two.
    """

    name: str
    seconds: float
    cycles: int
    last: float
    change: float
    low: float
    high: float
    mean: float
    slope: float


def trends(
    instants: Sequence[float], figures: Mapping[str, Sequence[float]], windows: Sequence[float]
) -> list[Trend]:
    """Return every figure's trend over windows (seconds) that end at the last instant."""
    at = np.asarray(instants, dtype=np.float64)
    found = []
    for name, values in figures.items():
        series = np.asarray(values, dtype=np.float64)
        for seconds in windows:
            inside = (
                np.isfinite(series) & (at >= at[-1] - seconds)
                if len(at)
                else np.zeros(0, dtype=np.bool_)
            )
            found.append(_trend(name, seconds, at[inside], series[inside]))
    return found


def _trend(name: str, seconds: float, at: Array, value: Array) -> Trend:
    if len(value) < 2:
        return Trend(
            name,
            seconds,
            len(value),
            float(value[-1]) if len(value) else nan,
            nan,
            nan,
            nan,
            nan,
            nan,
        )
    hours = (at - at.mean()) / 3600
    spread = float(hours @ hours)
    slope = float(hours @ value) / spread if spread > 0 else nan
    last, change = float(value[-1]), float(value[-1] - value[0])
    return Trend(
        name,
        seconds,
        len(value),
        last,
        change,
        float(value.min()),
        float(value.max()),
        float(value.mean()),
        slope,
    )
