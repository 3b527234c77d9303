"""What an option is worth: a smile and a clock that are the market's own.

A lognormal core has a volatility that bends with the strike. A distribution with heavy tails joins
it with a small weight. It keeps far strikes from the tick and gives the smile its ends.
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

# No price comes from the domain's Black-76: to recover a volatility must prove something.
CARRY = 0.07
PREMIUM = 0.0012
"""Of the future over the carry, as a fraction of spot. It is gone at the fix."""
RATE = 0.055
"""At which premiums are discounted."""

_FLOOR_AT = 0.125
_LEAST_DEVIATION = 1e-9

Numbers = NDArray[np.float64]
Seconds = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Curve:
    """One expiry's prices on one day.

    Attributes:
        forward: In points by second of the session, shape (seconds + 1,).
        total: Standard deviation of the logarithm that remains until the fix, by second.
        lean: The market's recent returns by minute, see `MarketDay`.
        fix: Seconds from the open to the fix, which may be days away.
        level: Scales the floor of far strikes.
    """

    forward: Numbers
    total: Numbers
    lean: Numbers
    fix: float
    level: float

    def values(self, strike: Numbers, second: Seconds) -> tuple[Numbers, Numbers]:
        """Return the values of call and put at `second`.

        Both arguments broadcast. Parity holds on the forward.
        """
        return self._values(strike, self.forward[second], second)

    def dealt(self, strike: Numbers, second: Seconds) -> tuple[Numbers, Numbers]:
        """Return the values at which call and put are dealt at `second`."""
        # The clock stands still within a minute, so that the extremes of an option are those of
        # the forward and no second between them has to be priced.
        return self._values(strike, self.forward[second], second // 60 * 60)

    def days(self, second: Seconds) -> Numbers:
        """Return the calendar days to the fix."""
        return np.asarray(np.maximum(self.fix - second, 0.0) / 86_400)

    def floor(self, days: Numbers) -> Numbers:
        """Return the value of an option an eighth of the forward out of the money.

        It is 0.5 and 0.05 a day, and nothing at the fix.
        """
        # Deep out-of-the-money prices do not sit at one tick until expiry day: in the real sample
        # 22 % of the options were at 1.0 or less.
        return np.asarray(self.level * (0.5 + 0.05 * days) * np.minimum(days, 1.0))

    def _values(self, strike: Numbers, F: Numbers, clock: Seconds) -> tuple[Numbers, Numbers]:
        s = self.total[clock]
        days = self.days(clock)
        core = _core(F, strike, s, *_bend(days, self.lean[clock // 60]))
        width = np.sqrt((2.2 * s * F) ** 2 + (0.012 * F) ** 2)
        share = np.minimum(4 * _FLOOR_AT * F * self.floor(days) / width**2, 0.5)
        ahead = F - strike
        discount = np.exp(-RATE / 365 * days)
        tail = share * 0.5 * (ahead + np.sqrt(ahead * ahead + width * width))
        call = discount * ((1 - share) * core + tail)
        return np.maximum(call, 0.0), np.maximum(call - discount * ahead, 0.0)


def _bend(days: Numbers, lean: Numbers) -> tuple[Numbers, Numbers]:
    """Return slope and curvature of the core's volatility.

    Both grow with the tenor, the slope also when the market has fallen.
    """
    # The real sample's smile lies above the money by 2.1 to 3.0 volatility points at -2 standard
    # deviations, 0.5 to 1.0 at -1, -0.2 to 0.2 at +1 and 1.0 to 1.6 at +2.
    old = np.clip((days - 6) / 14, 0, 1)
    steeper = np.exp(np.clip(-0.08 * lean, -0.25, 0.25))
    return -(0.03 + 0.03 * old) * steeper, 0.05 + 0.05 * old


def _core(F: Numbers, K: Numbers, s: Numbers, slope: Numbers, curvature: Numbers) -> Numbers:
    away = np.log(F / K)
    x = np.clip(-away / s, -12, 12)
    square = x * x
    bend = 1 + slope * x / np.sqrt(1 + square / 9) + curvature * (np.sqrt(1 + square) - 1)
    deviation = s * bend
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
    """Return the prices of `expiry`, which lives on that day, by second of the session.

    After the fix they are intrinsic.
    """
    market = inputs.market
    clock = inputs.clock
    second = np.arange(market.seconds + 1)
    today = market.session.day
    fix = clock.calendar.settlement_fix(root.exchange, expiry).timestamp() - market.opened
    days = np.maximum(fix - second, 0.0) / 86_400
    if expiry == today:
        at_fix = market.passed[min(market.fix, market.seconds)]
        units = np.maximum(market.units * (at_fix - market.passed), 0.0)
    else:
        units = market.units * (1 - market.passed) + clock.between(today, expiry)
    level = IMPLIED * root.volatility * np.exp(market.log_volatility)[second // 60]
    total = level * (1 + 0.04 * (1 - np.exp(-units / 12))) * np.sqrt(units / UNITS_A_YEAR)
    # The real basis was 28.7 points and 4.6 a day of tenor: a premium at once, and the carry.
    drawn = float(normal(1, inputs.seed, "premium", root.exchange, today)[0])
    premium = PREMIUM * np.exp(0.08 * drawn)
    forward = inputs.index.latent * (np.exp(CARRY / 365 * days) + premium * -np.expm1(-days / 0.6))
    forward = np.where(days > 0, forward, inputs.index.auction)
    total = np.maximum(total, _LEAST_DEVIATION)
    return Curve(forward, total, market.lean, fix, (root.level / 24_200) ** 0.5)
