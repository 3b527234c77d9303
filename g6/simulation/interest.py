"""Open interest in lots: at the end of a day, and its way there within the day.

It is heavier at round strikes and heaviest a little out of the money; puts stand in proportion to calls.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from math import exp

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from g6.simulation.contracts import lattice
from g6.simulation.expiries import SERIAL, ExpirySeries
from g6.simulation.noise import normal
from g6.simulation.paths import MarketDay
from g6.simulation.roots import Root

SCALE = 125_000.0
"""Lots at a NIFTY strike that is not round, at the money and at the peak of a weekly."""
ROUND = np.array([1.0, 2.5, 2.9])
"""At the money: strikes in general, those on two steps, those on ten."""
REACH = np.array([0.027, 0.04, 0.12])
"""How far out of the money each kind goes, as a fraction of spot: the farther, the more of what is held is at round strikes."""
CUT = np.array([0.088, 0.088, 0.115])
"""Where each kind comes to an end."""
LEFT = np.array([0.0015, 0.012, 0.07])
"""What each kind keeps deep in the money."""
RATIO = 0.9
"""Around which the ratio of puts to calls moves, by the shares below: with where the index stands in its range, and by itself."""
UNWOUND = 0.45
"""What is left at the end of expiry day."""
SETTLED = 3
"""Minutes before the close from which it does not change any more, so that the last published is the day's."""

_AWAKE_ITM = (0.04, 0.016, 0.009, 0.008)
_AWAKE_OTM = (0.2, 0.07, 0.04, 0.03)
_AWAKE_ODD = (0.97, 0.8, 0.6, 0.3)
_NEAR_STEPS, _NEAR_SHARE = 4, 0.003
"""How far beyond the closes every option is alive: steps, for three strikes beside the money, and a share, for a day's range."""
_CARRY, _PREMIUM = 0.075, 0.0013
"""The most that a forward lies above the index: a share a year, and one at once (28.7 points of NIFTY's basis)."""
_FAR_DAYS = 100
_MEMORY = 0.6
_LAGS = 3
_SWING = 0.03
ROUGH = (12, 0.003)
"""How calls and puts sway about their way, each in common: for how many minutes, and by which share."""
_TREND, _OWN_WAYS = 0.1, 0.14
_ORIGIN = date(2020, 1, 1).toordinal()

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class InterestDay:
    """What open interest of a series answers to on one day: the range of closes since it was introduced, that day's included."""

    day: date
    low: float
    high: float
    spot: float


@dataclass(frozen=True, slots=True)
class InterestBounds:
    """Open interest of a series at both ends of a day, `(2, n)` lots, and which options have ever traded by its end."""

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    awake: NDArray[np.bool_]


def awake(
    root: Root, seed: int, series: ExpirySeries, strike: Numbers, known: InterestDay
) -> NDArray[np.bool_]:
    """Return which options have ever been traded by the end of the day, `(2, n)`; one that has stays so.

    Deep in the money and far out of it many have not, nor have odd strikes: what counts is how near the index ever came. Near
    the money of the series all have; without that up to 69 % within three strikes of a later expiry's ATM slept all day.
    """
    below, above = (
        np.maximum(known.low - strike, 0) / known.spot,
        np.maximum(strike - known.high, 0) / known.spot,
    )
    itm, otm = np.stack([below, above]), np.stack([above, below])
    chance = (
        1 / (1 + (itm / _AWAKE_ITM[series.rank]) ** 3) / (1 + (otm / _AWAKE_OTM[series.rank]) ** 6)
    )
    chance[:, np.rint(strike / root.step).astype(np.int64) % 2 == 1] *= _AWAKE_ODD[series.rank]
    chance[:, _near(root, series, strike, known)] = 1.0
    return np.asarray(lattice(root, strike, seed, "awake", series.expiry) < chance)


def _near(
    root: Root, series: ExpirySeries, strike: Numbers, known: InterestDay
) -> NDArray[np.bool_]:
    """Return which strikes were near the series' own money since it was introduced, `(n,)`; none of one a hundred days ahead.

    The money of a series is its forward, which lies above the index by the carry of its whole life at most. Nothing in the
    bounds shrinks from day to day, so that an option that is awake stays so.
    """
    if (series.expiry - known.day).days > _FAR_DAYS:
        return np.zeros(len(strike), dtype=np.bool_)
    steps = _NEAR_STEPS * root.step * (2 if root.coarse_from < SERIAL else 1)
    life = (series.expiry - series.introduced).days / 365
    top = known.high * (1 + _CARRY * life + _PREMIUM + _NEAR_SHARE) + steps
    return np.asarray((strike >= known.low * (1 - _NEAR_SHARE) - steps) & (strike <= top))


def closing(
    root: Root, seed: int, series: ExpirySeries, strike: Numbers, known: InterestDay
) -> NDArray[np.int64]:
    """Return the open interest at the end of the day in lots, `(2, n)`."""
    own = ndtri(lattice(root, strike, seed, "interest", series.expiry))
    days = [known.day.toordinal() - lag for lag in range(_LAGS)]
    daily = [ndtri(lattice(root, strike, seed, "interest", series.expiry, day)) for day in days]
    recent = sum(_MEMORY**lag * each for lag, each in enumerate(daily))
    weight = _shape(root, strike, known.spot) * np.exp(0.24 * own + 0.12 * recent)
    weight = weight * awake(root, seed, series, strike, known)
    calls, puts = weight.sum(axis=1)
    if calls and puts:
        weight[1] *= put_call_ratio(root, seed, series, known) * calls / puts
    left = UNWOUND if known.day == series.expiry else 1.0
    lots = np.rint(weight * (SCALE * root.interest * _life(series, known.day) * left)).astype(
        np.int64
    )
    # A thin root's third month rounds to nothing even near its money, where at least one lot is held.
    near = _near(root, series, strike, known)
    lots[:, near] = np.maximum(lots[:, near], 1)
    return np.asarray(lots)


def put_call_ratio(root: Root, seed: int, series: ExpirySeries, known: InterestDay) -> float:
    """Return the ratio of put to call open interest at the end of a day, between 0.71 and 1.14 and drawn back to 0.9.

    It is low where the index has fallen to the bottom of its range: calls are written into a fall, puts into a rise.
    """
    last = known.day.toordinal() - _ORIGIN
    shocks = normal(last + 1, seed, "put-call", root.name, series.expiry)[-20:]
    level = float(shocks @ 0.85 ** np.arange(len(shocks) - 1, -1, -1.0))
    place = (2 * known.spot - known.low - known.high) / max(
        known.high - known.low, 0.01 * known.spot
    )
    return RATIO * exp(_TREND * place + _OWN_WAYS * float(np.tanh(0.3 * level)))


def _shape(root: Root, strike: Numbers, spot: float) -> Numbers:
    """Return what is held at each strike over what is held at the money, `(2, n)`; in the money it falls within half a per cent."""
    steps = np.rint(strike / root.step).astype(np.int64)
    kind = np.where(steps % 10 == 0, 2, np.where(steps % 2 == 0, 1, 0))
    out = np.stack([strike / spot - 1, 1 - strike / spot])
    otm = np.exp(-np.maximum(out, 0) / REACH[kind] - np.maximum(out / CUT[kind], 0) ** 4)
    itm = LEFT[kind] + (1 - LEFT[kind]) * np.exp(np.minimum(out + 0.002, 0) / 0.0045)
    return np.asarray(ROUND[kind] * np.where(out > 0, otm, itm))


def _life(series: ExpirySeries, day: date) -> float:
    """How much of its full size a series has on a day: weeklies fill in their last fortnight, monthlies in their last month."""
    left = (series.expiry - day).days
    if series.month < 0:
        return 0.8 / (1 + exp((left - 7.5) / 2.6)) + 0.0012
    return 1 / (1 + exp(min(left - 19, 500) / 8.5)) + 0.002


def path(
    series: ExpirySeries,
    market: MarketDay,
    held: InterestBounds,
    ways: tuple[Numbers, Numbers],
    last: NDArray[np.int16],
) -> NDArray[np.int32]:
    """Return open interest after each minute, `(minutes, 2n)`, calls before puts.

    It goes from the day's start to its end, faster in the morning, and changes in a minute with a trade only: `last`
    `(minutes, 2n)` is the latest one, -1 none. On expiry day it is built first and unwound after 14:30. `ways`: numbers in (0, 1)
    `(2, n)` by which each option swings about the way, and standard normal ones `(2, minutes)` by which calls and puts do.
    """
    swing, rough = ways
    start, end = (each.reshape(-1).astype(np.float64) for each in (held.start, held.end))
    minute, settled = np.arange(1, market.minutes + 1), market.minutes - SETTLED
    way = np.minimum(minute / settled, 1.0)
    if market.session.day == series.expiry:
        unwinding = max(0.0, market.fix / 60 - 60)
        gone = np.clip((minute - unwinding) / (settled - unwinding), 0, 1)
        level = (
            start
            + np.outer((1 - np.exp(-minute / 70)) * (1 - gone), 0.25 * start)
            + np.outer(gone, end - start)
        )
    else:
        level = start + np.outer(1 - (1 - way) ** 1.6, end - start)
    level += _swings(way, _SWING * np.minimum(start, end), 2 * np.pi * swing.reshape(-1))
    fading = np.clip(np.minimum(minute / 10, (settled - minute) / 30), 0, 1)
    level *= 1 + np.repeat((ROUGH[1] * rough * fading).T, len(start) // 2, axis=1)
    final = np.where(last[settled - 1] >= 0, last[settled - 1], market.minutes)
    level = np.where(np.arange(market.minutes)[:, None] >= final, end, np.maximum(level, 0))
    seen = np.take_along_axis(
        np.rint(level).astype(np.int32), np.maximum(last, 0).astype(np.int64), axis=0
    )
    return np.where(last >= 0, seen, start.astype(np.int32))


def _swings(way: Numbers, size: Numbers, phase: Numbers) -> Numbers:
    """Return waves over `way` `(minutes,)` that begin and end at 0, `(minutes, 2n)`."""
    angle = 4 * np.pi * way
    waves = np.outer(np.sin(angle) * (1 - way), size * np.cos(phase)) + np.outer(
        (np.cos(angle) - 1) * (1 - way), size * np.sin(phase)
    )
    return np.asarray(waves)
