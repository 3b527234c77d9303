"""Open interest in lots: at the end of a day, and its way there within the day.

It is heavier at round strikes and heaviest a little out of the money. Puts stand in proportion to
calls.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from math import exp

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from g6.simulation.contracts import draws_by_strike
from g6.simulation.expiries import SERIAL, ExpirySeries
from g6.simulation.noise import normal
from g6.simulation.paths import MarketDay
from g6.simulation.roots import Root

# The real sample held, within 30 strikes of the money, 137 thousand contracts of calls at multiples
# of 500, 68 thousand at multiples of 100 and 22 thousand at multiples of 50, and of puts 106, 41
# and 13 thousand. The tables below by kind of strike come from that.
SCALE = 125_000.0
"""Lots at a NIFTY strike that is not round, at the money and at the peak of a weekly."""
ROUND = np.array([1.0, 2.5, 2.9])
"""At the money: strikes in general, those on two steps, those on ten."""
REACH = np.array([0.027, 0.04, 0.12])
"""How far out of the money each kind goes, as a fraction of spot.

The farther out, the more of the open interest is at round strikes.
"""
CUT = np.array([0.088, 0.088, 0.115])
"""Where each kind comes to an end, as a fraction of spot."""
DEEP = np.array([0.0015, 0.012, 0.07])
"""The share of each kind that stays deep in the money."""
RATIO = 0.9
"""The mean of the ratio of puts to calls.

The ratio moves around it by the shares below: with where the index stands in its range, and by
itself.
"""
UNWOUND = 0.45
"""The share that is open at the end of expiry day."""
SETTLED = 3
"""Minutes before the close from which it does not change, so that the last published is final."""
ROUGH = (12, 0.003)
"""How calls and puts sway in common: for how many minutes, and by which share."""

_AWAKE_ITM = (0.04, 0.016, 0.009, 0.008)
_AWAKE_OTM = (0.2, 0.07, 0.04, 0.03)
_AWAKE_ODD = (0.97, 0.8, 0.6, 0.3)
_NEAR_STEPS = 4
"""Strikes beyond the closes that have all traded: three beside the money, and one more."""
_NEAR_SHARE = 0.003
"""A day's range beyond the closes, as a fraction of spot."""
_CARRY = 0.075
"""The most that a forward lies above the index, as a share a year."""
_PREMIUM = 0.0013
"""The most that a forward lies above the index at once, 28.7 points of NIFTY's basis."""
_FAR_DAYS = 100
_MEMORY = 0.6
_LAGS = 3
_SWING = 0.03
_TREND = 0.1
_OWN_WAYS = 0.14
_ORIGIN = date(2020, 1, 1).toordinal()

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CloseRange:
    """The closes of an index since a series was introduced, those of `day` included."""

    day: date
    low: float
    high: float
    spot: float


@dataclass(frozen=True, slots=True)
class InterestBounds:
    """Open interest of a series at both ends of a day.

    Attributes:
        start: Lots at the start of the day, shape (2, n).
        end: Lots at its end, shape (2, n).
        has_traded: Which options have ever traded by its end, shape (2, n).
    """

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    has_traded: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Sway:
    """How open interest sways within a day.

    Attributes:
        swing: Numbers in (0, 1) by which each option swings about its way, shape (2, n).
        rough: Standard normal numbers by which calls and puts do, shape (2, minutes).
    """

    swing: Numbers
    rough: Numbers


def ever_traded(
    root: Root, seed: int, series: ExpirySeries, strike: Numbers, closes: CloseRange
) -> NDArray[np.bool_]:
    """Return which options have ever been traded by the end of the day, shape (2, n).

    One that has stays so. Deep in the money and far out of it many have not, nor have odd strikes:
    what counts is how near the index ever came.
    """
    below = np.maximum(closes.low - strike, 0) / closes.spot
    above = np.maximum(strike - closes.high, 0) / closes.spot
    itm = np.stack([below, above])
    otm = np.stack([above, below])
    chance = (
        1 / (1 + (itm / _AWAKE_ITM[series.rank]) ** 3) / (1 + (otm / _AWAKE_OTM[series.rank]) ** 6)
    )
    chance[:, np.rint(strike / root.step).astype(np.int64) % 2 == 1] *= _AWAKE_ODD[series.rank]
    # Without this up to 69 % of the options within three strikes of a later expiry's ATM slept all
    # day. With it 0.02 % do, after moves beyond any close.
    chance[:, _near_the_money(root, series, strike, closes)] = 1.0
    return np.asarray(draws_by_strike(root, strike, seed, "awake", series.expiry) < chance)


def _near_the_money(
    root: Root, series: ExpirySeries, strike: Numbers, closes: CloseRange
) -> NDArray[np.bool_]:
    """Return which strikes were near the series' own money since it was introduced, shape (n,).

    A series whose expiry is over a hundred days ahead has none.
    """
    if (series.expiry - closes.day).days > _FAR_DAYS:
        return np.zeros(len(strike), dtype=np.bool_)
    # The money of a series is its forward, which lies above the index by the carry of its whole
    # life at most. Nothing in these bounds shrinks from day to day, so that an option that has
    # traded stays so.
    steps = _NEAR_STEPS * root.step * (2 if root.coarse_from < SERIAL else 1)
    life = (series.expiry - series.introduced).days / 365
    top = closes.high * (1 + _CARRY * life + _PREMIUM + _NEAR_SHARE) + steps
    return np.asarray((strike >= closes.low * (1 - _NEAR_SHARE) - steps) & (strike <= top))


def closing_interest(
    root: Root, seed: int, series: ExpirySeries, strike: Numbers, closes: CloseRange
) -> NDArray[np.int64]:
    """Return the open interest at the end of the day in lots, shape (2, n)."""
    own = ndtri(draws_by_strike(root, strike, seed, "interest", series.expiry))
    # No day is computed from the day before: each sums the shocks of its own last three days, so
    # that any day can be asked first.
    recent = np.zeros_like(own)
    for lag in range(_LAGS):
        ordinal = closes.day.toordinal() - lag
        draws = draws_by_strike(root, strike, seed, "interest", series.expiry, ordinal)
        recent = recent + _MEMORY**lag * ndtri(draws)
    weight = _shape(root, strike, closes.spot) * np.exp(0.24 * own + 0.12 * recent)
    weight = weight * ever_traded(root, seed, series, strike, closes)
    calls, puts = weight.sum(axis=1)
    if calls and puts:
        weight[1] *= put_call_ratio(root, seed, series, closes) * calls / puts
    still_open = UNWOUND if closes.day == series.expiry else 1.0
    scale = SCALE * root.interest * _life(series, closes.day) * still_open
    lots = np.rint(weight * scale).astype(np.int64)
    # A thin root's third month rounds to nothing even near its money, where at least one lot is
    # open.
    near = _near_the_money(root, series, strike, closes)
    lots[:, near] = np.maximum(lots[:, near], 1)
    return np.asarray(lots)


def put_call_ratio(root: Root, seed: int, series: ExpirySeries, closes: CloseRange) -> float:
    """Return the ratio of put to call open interest at the end of a day.

    It lies between 0.71 and 1.14 and is drawn back to 0.9.
    """
    last = closes.day.toordinal() - _ORIGIN
    shocks = normal(last + 1, seed, "put-call", root.name, series.expiry)[-20:]
    level = float(shocks @ 0.85 ** np.arange(len(shocks) - 1, -1, -1.0))
    # It is low where the index has fallen to the bottom of its range: calls are written into a
    # fall, puts into a rise.
    width = max(closes.high - closes.low, 0.01 * closes.spot)
    position = (2 * closes.spot - closes.low - closes.high) / width
    return RATIO * exp(_TREND * position + _OWN_WAYS * float(np.tanh(0.3 * level)))


def _shape(root: Root, strike: Numbers, spot: float) -> Numbers:
    """Return open interest at each strike over that at the money, shape (2, n).

    In the money it falls within half a per cent.
    """
    steps = np.rint(strike / root.step).astype(np.int64)
    kind = np.where(steps % 10 == 0, 2, np.where(steps % 2 == 0, 1, 0))
    out = np.stack([strike / spot - 1, 1 - strike / spot])
    otm = np.exp(-np.maximum(out, 0) / REACH[kind] - np.maximum(out / CUT[kind], 0) ** 4)
    itm = DEEP[kind] + (1 - DEEP[kind]) * np.exp(np.minimum(out + 0.002, 0) / 0.0045)
    return np.asarray(ROUND[kind] * np.where(out > 0, otm, itm))


def _life(series: ExpirySeries, day: date) -> float:
    """Return how much of its full size a series has on a day.

    Weeklies fill in their last fortnight, monthlies in their last month.
    """
    days_left = (series.expiry - day).days
    if series.month < 0:
        return 0.8 / (1 + exp((days_left - 7.5) / 2.6)) + 0.0012
    return 1 / (1 + exp(min(days_left - 19, 500) / 8.5)) + 0.002


def interest_path(
    series: ExpirySeries,
    market: MarketDay,
    bounds: InterestBounds,
    sway: Sway,
    last: NDArray[np.int16],
) -> NDArray[np.int32]:
    """Return open interest after each minute, shape (minutes, 2n), calls before puts.

    It goes from the day's start to its end, faster in the morning, and changes in a minute with a
    trade only: `last`, of the same shape, is the latest one, -1 where there is none.
    """
    start = bounds.start.reshape(-1).astype(np.float64)
    end = bounds.end.reshape(-1).astype(np.float64)
    minute = np.arange(1, market.minutes + 1)
    settled = market.minutes - SETTLED
    way = np.minimum(minute / settled, 1.0)
    if market.session.day == series.expiry:
        level = _level_of_expiry_day(market, start, end)
    else:
        level = start + np.outer(1 - (1 - way) ** 1.6, end - start)
    level += _waves(way, _SWING * np.minimum(start, end), 2 * np.pi * sway.swing.reshape(-1))
    fading = np.clip(np.minimum(minute / 10, (settled - minute) / 30), 0, 1)
    level *= 1 + np.repeat((ROUGH[1] * sway.rough * fading).T, len(start) // 2, axis=1)
    final = np.where(last[settled - 1] >= 0, last[settled - 1], market.minutes)
    level = np.where(np.arange(market.minutes)[:, None] >= final, end, np.maximum(level, 0))
    lots = np.rint(level).astype(np.int32)
    at_last_trade = np.take_along_axis(lots, np.maximum(last, 0).astype(np.int64), axis=0)
    return np.where(last >= 0, at_last_trade, start.astype(np.int32))


def _level_of_expiry_day(market: MarketDay, start: Numbers, end: Numbers) -> Numbers:
    # Writers build in the morning and unwind after 14:30, an hour before the fix.
    minute = np.arange(1, market.minutes + 1)
    unwinding = max(0.0, market.fix / 60 - 60)
    unwound = np.clip((minute - unwinding) / (market.minutes - SETTLED - unwinding), 0, 1)
    return np.asarray(
        start
        + np.outer((1 - np.exp(-minute / 70)) * (1 - unwound), 0.25 * start)
        + np.outer(unwound, end - start)
    )


def _waves(way: Numbers, size: Numbers, phase: Numbers) -> Numbers:
    """Return waves over `way`, shape (minutes,), that begin and end at 0, shape (minutes, 2n)."""
    angle = 4 * np.pi * way
    sines = np.outer(np.sin(angle) * (1 - way), size * np.cos(phase))
    cosines = np.outer((np.cos(angle) - 1) * (1 - way), size * np.sin(phase))
    return np.asarray(sines + cosines)
