"""What an option is worth: an own smile on an own clock.

A lognormal core whose volatility bends with the strike, and with a small weight a distribution with heavy tails, which keeps far
strikes from the tick and gives the smile its ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from g6.simulation.business import UNITS_A_YEAR, BusinessClock
from g6.simulation.noise import normal
from g6.simulation.past_sessions import IMPLIED
from g6.simulation.paths import IndexPath, MarketDay
from g6.simulation.roots import Root

CARRY = 0.07
PREMIUM = 0.0012
"""Of the future over the carry, as a fraction of spot; gone at the fix."""
RATE = 0.055
"""At which premiums are discounted."""

_FLOOR_AT = 0.125
_LAST = 1e-9

Numbers = NDArray[np.float64]
Seconds = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Curve:
    """One expiry's prices on one day.

    By second of the session, `(seconds + 1,)`: `forward` in points and `total`, the standard deviation of the logarithm left until
    the fix; `lean` by minute. `fix`: seconds from the open to the fix, days perhaps; `level` scales the floor of far strikes.
    """

    forward: Numbers
    total: Numbers
    lean: Numbers
    fix: float
    level: float

    def values(self, strike: Numbers, second: Seconds) -> tuple[Numbers, Numbers]:
        """Return what call and put are worth at `second`; both arguments broadcast. Parity holds on the forward."""
        return self._values(strike, self.forward[second], second)

    def dealt(self, strike: Numbers, second: Seconds) -> tuple[Numbers, Numbers]:
        """Return what call and put are dealt at: the clock stands still within a minute, so its extremes are the forward's."""
        return self._values(strike, self.forward[second], second // 60 * 60)

    def days(self, second: Seconds) -> Numbers:
        """Return the calendar days left to the fix."""
        return np.asarray(np.maximum(self.fix - second, 0.0) / 86_400)

    def floor(self, days: Numbers) -> Numbers:
        """Return what an option an eighth of the forward out of the money is worth: 0.5 + 0.05 a day, nothing at the fix."""
        return np.asarray(self.level * (0.5 + 0.05 * days) * np.minimum(days, 1.0))

    def _values(self, strike: Numbers, F: Numbers, clock: Seconds) -> tuple[Numbers, Numbers]:
        s, days = self.total[clock], self.days(clock)
        core = _core(F, strike, s, *_bend(days, self.lean[clock // 60]))
        width = np.sqrt((2.2 * s * F) ** 2 + (0.012 * F) ** 2)
        share = np.minimum(4 * _FLOOR_AT * F * self.floor(days) / width**2, 0.5)
        ahead = F - strike
        discount = np.exp(-RATE / 365 * days)
        call = discount * (
            (1 - share) * core + share * 0.5 * (ahead + np.sqrt(ahead * ahead + width * width))
        )
        return np.maximum(call, 0.0), np.maximum(call - discount * ahead, 0.0)


def _bend(days: Numbers, lean: Numbers) -> tuple[Numbers, Numbers]:
    """Return slope and curvature of the core's volatility: both grow with the tenor, the slope also when the market has fallen."""
    old = np.clip((days - 6) / 14, 0, 1)
    steeper = np.exp(np.clip(-0.08 * lean, -0.25, 0.25))
    return -(0.03 + 0.03 * old) * steeper, 0.05 + 0.05 * old


def _core(F: Numbers, K: Numbers, s: Numbers, slope: Numbers, curvature: Numbers) -> Numbers:
    away = np.log(F / K)
    x = np.clip(-away / s, -12, 12)
    square = x * x
    deviation = s * (
        1 + slope * x / np.sqrt(1 + square / 9) + curvature * (np.sqrt(1 + square) - 1)
    )
    d1 = away / deviation + deviation / 2
    return np.asarray(F * ndtr(d1) - K * ndtr(d1 - deviation))


@dataclass(frozen=True, slots=True)
class CurveInputs:
    """What prices of a day follow from: the seed, the exchange's clock, its day and the index's."""

    seed: int
    clock: BusinessClock
    market: MarketDay
    index: IndexPath


def curve(inputs: CurveInputs, root: Root, expiry: date) -> Curve:
    """Return the prices of `expiry` (alive on that day) by second of the session; after the fix they are intrinsic."""
    market, clock = inputs.market, inputs.clock
    second = np.arange(market.seconds + 1)
    today = market.session.day
    fix = clock.calendar.settlement_fix(root.exchange, expiry).timestamp() - market.opened
    days = np.maximum(fix - second, 0.0) / 86_400
    left = market.units * (1 - market.passed) + clock.between(today, expiry)
    if expiry == today:
        left = np.maximum(
            market.units * (market.passed[min(market.fix, market.seconds)] - market.passed), 0.0
        )
    level = IMPLIED * root.volatility * np.exp(market.log_volatility)[second // 60]
    total = level * (1 + 0.04 * (1 - np.exp(-left / 12))) * np.sqrt(left / UNITS_A_YEAR)
    premium = PREMIUM * np.exp(
        0.08 * float(normal(1, inputs.seed, "premium", root.exchange, today)[0])
    )
    forward = inputs.index.latent * (np.exp(CARRY / 365 * days) + premium * -np.expm1(-days / 0.6))
    forward = np.where(days > 0, forward, inputs.index.auction)
    return Curve(forward, np.maximum(total, _LAST), market.lean, fix, (root.level / 24_200) ** 0.5)
