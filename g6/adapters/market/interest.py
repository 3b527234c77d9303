"""Open interest at the end of a day, in lots: heavier at round strikes, heaviest a little out of the money, puts in proportion to calls."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from g6.adapters.market.contracts import lattice
from g6.adapters.market.expiries import Series
from g6.adapters.market.noise import normal
from g6.adapters.market.roots import Root

SCALE = 26_000.0
"""Lots at a NIFTY strike that is not round, at the peak of a week-old series."""
ROUND = np.array([[1.0, 3.1, 6.6], [1.0, 3.1, 7.8]])
"""Calls and puts: strikes in general, those on two steps, those on ten."""
UNWOUND = 0.45
"""What is left at the end of expiry day."""

_AWAKE_ITM = (0.065, 0.04, 0.03, 0.02)
_AWAKE_OTM = (0.2, 0.12, 0.08, 0.05)
_MEMORY = 0.6
_LAGS = 3
_ORIGIN = date(2020, 1, 1).toordinal()

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Day:
    """What open interest of a series answers to on one day: the range of closes since it was introduced, that day's included."""

    day: date
    low: float
    high: float
    spot: float


def awake(root: Root, seed: int, series: Series, strike: Numbers, known: Day) -> NDArray[np.bool_]:
    """Return which options have ever been traded by the end of the day, `(2, n)`; one that has stays so.

    Deep in the money and far out of it many have not: what counts is how near the index ever came.
    """
    below, above = np.maximum(known.low - strike, 0) / known.spot, np.maximum(strike - known.high, 0) / known.spot
    itm, otm = np.stack([below, above]), np.stack([above, below])
    chance = 1 / (1 + (itm / _AWAKE_ITM[series.rank]) ** 3) / (1 + (otm / _AWAKE_OTM[series.rank]) ** 6)
    return np.asarray(lattice(root, strike, seed, "awake", series.expiry) < chance)


def closing(root: Root, seed: int, series: Series, strike: Numbers, known: Day) -> NDArray[np.int64]:
    """Return the open interest at the end of the day in lots, `(2, n)`."""
    own = ndtri(lattice(root, strike, seed, "interest", series.expiry))
    recent = sum(_MEMORY**lag * _daily(root, seed, series, strike, known.day, lag) for lag in range(_LAGS))
    weight = _rounds(root, strike) * _shape(strike, known.spot) * np.exp(0.45 * own + 0.12 * recent)
    weight = weight * awake(root, seed, series, strike, known)
    calls, puts = weight.sum(axis=1)
    if calls and puts:
        weight[1] *= put_call_ratio(root, seed, series, known.day) * calls / puts
    left = UNWOUND if known.day == series.expiry else 1.0
    return np.asarray(np.rint(weight * (SCALE * root.interest * _life(series, known.day) * left)).astype(np.int64))


def put_call_ratio(root: Root, seed: int, series: Series, day: date) -> float:
    """Return the ratio of put to call open interest at the end of a day, between 0.74 and 1.16 and drawn back to 0.95."""
    last = day.toordinal() - _ORIGIN
    shocks = normal(last + 1, seed, "put-call", root.name, series.expiry)[-20:]
    level = float(shocks @ 0.85 ** np.arange(len(shocks) - 1, -1, -1.0))
    return 0.95 + 0.21 * float(np.tanh(0.3 * level))


def _daily(root: Root, seed: int, series: Series, strike: Numbers, day: date, lag: int) -> Numbers:
    draw = lattice(root, strike, seed, "interest", series.expiry, day.toordinal() - lag)
    return np.asarray(ndtri(draw))


def _rounds(root: Root, strike: Numbers) -> Numbers:
    steps = np.rint(strike / root.step).astype(np.int64)
    kind = np.where(steps % 10 == 0, 2, np.where(steps % 2 == 0, 1, 0))
    return np.asarray(ROUND[:, kind])


def _shape(strike: Numbers, spot: float) -> Numbers:
    """Out of the money a plateau to about 5 %, gone at 12 %; in the money a quick fall to a few per cent of the peak."""
    out = np.stack([strike / spot - 1, 1 - strike / spot])
    otm = np.exp(-((np.maximum(out - 0.008, 0) / 0.058) ** 2))
    itm = 0.03 + 0.97 * np.exp(-np.maximum(0.008 - out, 0) / 0.011)
    return np.where(out > 0.008, otm, itm)


def _life(series: Series, day: date) -> float:
    """How much of its full size a series has on a day: weeklies fill in their last fortnight, monthlies in their last month."""
    left = (series.expiry - day).days
    if series.month < 0:
        return 0.8 / (1 + np.exp((left - 7.5) / 2.6)) + 0.0012
    return 1 / (1 + np.exp((left - 19) / 8.5)) + 0.002
