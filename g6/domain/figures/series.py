"""Figures over cycles and days: open interest, straddles, ranks, sessions laid over each other.

Instants are epoch seconds ascending. What is unknown is NaN and stays out of every figure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from math import nan

import numpy as np
from numpy.typing import NDArray

from g6.domain.figures.by_expiry import FIGURES
from g6.domain.figures.expiry_table import WholeChains, expiry_table
from g6.domain.market.calendar import IST
from g6.domain.market.instrument import SIDES
from g6.domain.schema.chain import Chain

__all__ = [
    "LEAST_DAYS",
    "LOOKBACK_DAYS",
    "MAX_LEGS",
    "DayCurve",
    "Interest",
    "PositionLeg",
    "Rank",
    "Straddle",
    "interest",
    "legs_value",
    "overlay",
    "parse_leg",
    "rank",
    "rolling_straddle",
]

Array = NDArray[np.float64]

LOOKBACK_DAYS = 252
LEAST_DAYS = 20
MAX_LEGS = 6


@dataclass(frozen=True, slots=True)
class Rank:
    """Where today's volatility stands among the days before it.

    Attributes:
        rank: A fraction, NaN under 20 known days.
        percentile: A fraction, NaN under 20 known days.
        n_days: How many days are known.
    """

    rank: float
    percentile: float
    n_days: int


def rank(today: float, before: Sequence[float]) -> Rank:
    """Return rank and percentile of today's value among those of earlier sessions.

    rank = (x − min)/(max − min), beyond 0 to 1 when today leaves the range. percentile = the share
    of days below x.

    Args:
        today: The value x.
        before: One value per earlier session, the newest last. At most 252 are used.

    >>> rank(0.5, 10 * [0.0] + 10 * [1.0])
    Rank(rank=0.5, percentile=0.5, n_days=20)
    """
    recent = np.asarray(before, dtype=np.float64)[-LOOKBACK_DAYS:]
    recent = recent[np.isfinite(recent)]
    if len(recent) < LEAST_DAYS or not np.isfinite(today):
        return Rank(nan, nan, len(recent))
    low = float(recent.min())
    high = float(recent.max())
    share = (today - low) / (high - low) if high > low else nan
    return Rank(share, float(np.mean(recent < today)), len(recent))


@dataclass(frozen=True, slots=True)
class PositionLeg:
    """One leg of a position.

    Attributes:
        expiry: Of the option.
        strike: Points.
        side: CE or PE.
        quantity: Units per unit of the position, negative when sold.
    """

    expiry: date
    strike: float
    side: str
    quantity: float = 1.0


def legs_value(chain: Chain, legs: Sequence[PositionLeg], column: str = "price") -> float:
    """Return what up to six legs are worth together, points, NaN when one of them has no price.

    Args:
        chain: The chain that prices them.
        legs: The position.
        column: price (what was analysed), last, or average_price for the day's VWAP.

    Raises:
        ValueError: There are more than six legs.

    >>> from g6.simulation.example_unit import CHAIN
    >>> straddle = [PositionLeg(date(2026, 8, 25), 24100.0, side, 1) for side in ("CE", "PE")]
    >>> round(legs_value(CHAIN, straddle), 1)
    299.7
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
    """Read a leg of a position.

    Args:
        text: Expiry, strike and side, and a quantity where it is not 1.

    Raises:
        ValueError: The text is no leg.

    >>> parse_leg("2026-11-24:24000:CE:-2")
    PositionLeg(expiry=datetime.date(2026, 11, 24), strike=24000.0, side='CE', quantity=-2.0)
    """
    day, strike, side, *quantity = text.split(":")
    if side.upper() not in SIDES or len(quantity) > 1:
        raise ValueError(f"{text!r} is no leg")
    units = float(quantity[0]) if quantity else 1.0
    return PositionLeg(date.fromisoformat(day), float(strike), side.upper(), units)


@dataclass(frozen=True, slots=True)
class Straddle:
    """The straddle at the money of one cycle.

    Attributes:
        instant: The cycle's instant.
        expiry: The nearest one.
        strike: At the money, points.
        price: Points.
        vwap: Of the day, points.
        rolled: Whether strike or expiry differs from the cycle before, so that the step in price is
            no move of the market.
        carried: What the previous cycle's straddle is worth now, points.
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

    >>> from g6.simulation.example_unit import CHAIN
    >>> [straddle.strike for straddle in rolling_straddle([CHAIN])]
    [24100.0]
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
    """Open interest of one cycle over strikes of one expiry, NaN unknown.

    Attributes:
        instant: The cycle's instant.
        expiry: Whose strikes.
        strikes: Strikes with a figure: what the sums hold.
        pcr: Put/call ratio of open interest.
        pcr_volume: Put/call ratio of the day's volume.
        max_pain: Points, among the chosen strikes and of the positions at them.
        oi_calls: Units.
        oi_puts: Units.
        forward: Of the expiry, points.
        atm: The strike at the money, points.
    """

    instant: float
    expiry: date
    strikes: int
    pcr: float
    pcr_volume: float
    max_pain: float
    oi_calls: float
    oi_puts: float
    forward: float
    atm: float


def interest(
    chains: Sequence[Chain], strikes: Sequence[float] | None = None, expiry: date | None = None
) -> list[Interest]:
    """Return open interest by cycle, over chosen strikes or the whole chain of one expiry.

    Args:
        chains: One per cycle. Those without the expiry, or without any of the strikes, are left
            out.
        strikes: Points. None: the whole chain, NaN where that is not known.
        expiry: None: the nearest one of each cycle.

    >>> from g6.simulation.example_unit import CHAIN
    >>> [(cycle.expiry.isoformat(), cycle.strikes) for cycle in interest([CHAIN])]
    [('2026-08-25', 41)]
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
    table = expiry_table([chain])
    if not whole:
        table = replace(table, whole=WholeChains.of_rows(chain))
    figures = {name: float(FIGURES[name](table)[0]) for name in _OF_INTEREST}
    return Interest(
        instant=chain.instant,
        expiry=expiry,
        strikes=int(FIGURES["oi_strikes"](table)[0]),
        forward=chain.expiries[0].forward,
        atm=chain.expiries[0].atm,
        **figures,
    )


_OF_INTEREST = ("pcr", "pcr_volume", "max_pain", "oi_calls", "oi_puts")


@dataclass(frozen=True, slots=True)
class DayCurve:
    """One session's values.

    Attributes:
        day: The session.
        weekday: 0 is Monday.
        minute: Minutes since midnight in India.
        value: At each of them.
    """

    day: date
    weekday: int
    minute: Array
    value: Array


def overlay(instants: Sequence[float], values: Sequence[float]) -> dict[int, list[DayCurve]]:
    """Return the sessions of a series laid over each other.

    Args:
        instants: Epoch seconds.
        values: One at each instant. Unknown ones are left out.

    Returns:
        Sessions by weekday, oldest first.

    >>> monday = datetime(2026, 11, 16, 4, 0, tzinfo=UTC).timestamp()
    >>> [curve.minute.tolist() for curve in overlay([monday, monday + 60], [1.0, 2.0])[0]]
    [[570.0, 571.0]]
    """
    points: dict[date, list[tuple[float, float]]] = {}
    for instant, value in zip(instants, values, strict=True):
        if np.isfinite(value):
            at = datetime.fromtimestamp(instant, UTC).astimezone(IST)
            minute = at.hour * 60 + at.minute + at.second / 60
            points.setdefault(at.date(), []).append((minute, value))
    curves: dict[int, list[DayCurve]] = {}
    for day in sorted(points):
        minutes, ordered = np.array(sorted(points[day])).T
        curve = DayCurve(day, day.weekday(), minutes, ordered)
        curves.setdefault(day.weekday(), []).append(curve)
    return dict(sorted(curves.items()))
