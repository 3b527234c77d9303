"""What a position is worth were the index elsewhere: now, and when its first leg expires."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from g6.domain.figures import series
from g6.domain.market.instrument import SIDES
from g6.domain.pricing.black76 import PHI
from g6.domain.pricing.black76 import price as black76_price
from g6.domain.schema.chain import Chain
from g6.errors import NothingToDo
from g6.ports.readers import StoredReader
from g6.studies import selection
from g6.studies.documents import DocumentColumn
from g6.studies.parameters import At, Index
from g6.studies.stored.straddle_by_cycle import Legs

Array = NDArray[np.float64]

_REACH = 0.06
_STEPS = 48


@dataclass(frozen=True, slots=True)
class PayoffParameters:
    """Asks what a position gains over levels of the index: the straddle unless legs are named."""

    index: Index
    legs: Legs = None
    at: At = None


@dataclass(frozen=True, slots=True)
class PayoffByLevel:
    """What a position gains over levels of the index, m of them, per unit of its quantities.

    Attributes:
        index: The underlying's name.
        cycle: The cycle's instant as its name.
        spot: The index, points.
        legs: The position.
        cost: What it is worth now, points, negative where premium is taken in.
        expires: The day on which its first leg expires.
        break_even: Levels at which it gains nothing when the first leg expires, points.
        level: Levels of the index, points, ascending, shape (m,).
        gain_now: Points gained were the index there now, each option at its own volatility and
            every forward moved alike, shape (m,), NaN unknown.
        gain_at_expiry: Points gained were the index there when the first leg expires, shape (m,).
            Legs that live longer are then worth what Black-76 says for the time they have left.
    """

    index: str
    cycle: str
    spot: float
    legs: tuple[series.PositionLeg, ...]
    cost: float
    expires: date
    break_even: tuple[float, ...]
    level: Array
    gain_now: Array
    gain_at_expiry: Array

    def columns(self) -> Mapping[str, DocumentColumn]:
        """Return one line per level."""
        return {
            "level": self.level,
            "gain_now": self.gain_now,
            "gain_at_expiry": self.gain_at_expiry,
        }


def answer(reader: StoredReader, parameters: PayoffParameters) -> PayoffByLevel:
    """Return the payoff of a position by the newest stored chain that was observed by `at`.

    Raises:
        UserError: There is no such index.
        NothingToDo: No chain of it is stored, or a leg has no price in it.
    """
    unit, frame = selection.latest(reader, parameters.index, parameters.at)
    chain = Chain.of_rows(frame)
    spot = float(frame.columns["spot"][0])
    legs = parameters.legs or _straddle(chain)
    cost = series.legs_value(chain, legs)
    if not np.isfinite(cost) or not np.isfinite(spot):
        raise NothingToDo(
            f"a leg has no price in the chain of {unit.index} at {unit.cycle}",
            f"see g6 chain {unit.index}",
        )
    years = [chain.expiry(leg.expiry).expiries[0].years for leg in legs]
    if not min(years) > 0:
        raise NothingToDo(f"a leg has expired by {unit.cycle}", "name legs that live, or an --at")
    strikes = [leg.strike for leg in legs]
    around = spot * np.linspace(1 - _REACH, 1 + _REACH, _STEPS + 1)
    level = np.unique(np.concatenate([around, strikes]))
    at_expiry = _value(chain, legs, level, spot, min(years)) - cost
    return PayoffByLevel(
        index=unit.index,
        cycle=unit.cycle,
        spot=spot,
        legs=tuple(legs),
        cost=cost,
        expires=min(leg.expiry for leg in legs),
        break_even=_roots(level, at_expiry),
        level=level,
        gain_now=_value(chain, legs, level, spot, 0.0) - cost,
        gain_at_expiry=at_expiry,
    )


def _straddle(chain: Chain) -> tuple[series.PositionLeg, ...]:
    """Return the straddle at the money of the nearest expiry that has one."""
    straddles = series.rolling_straddle([chain])
    if not straddles:
        raise NothingToDo("no expiry of the chain has a strike at the money")
    own = straddles[0]
    return tuple(series.PositionLeg(own.expiry, own.strike, side) for side in SIDES)


def _value(
    chain: Chain, legs: Sequence[series.PositionLeg], level: Array, spot: float, after: float
) -> Array:
    """Return what legs are worth over levels after so many years, points, shape (m,)."""
    worth = np.zeros(len(level))
    for leg in legs:
        of_expiry = chain.expiry(leg.expiry)
        expiry = of_expiry.expiries[0]
        side = SIDES.index(leg.side)
        place = int(np.flatnonzero(of_expiry.strike == leg.strike)[0])
        left = max(0.0, expiry.years - after)
        # The basis runs out with time: at the fix the forward is the index.
        carry = (expiry.forward / spot) ** (left / expiry.years)
        phi = float(np.ravel(PHI)[side])
        iv = float(of_expiry.iv[side, place]) if left else 0.0
        worth += leg.quantity * black76_price(iv, level * carry, leg.strike, left, chain.rate, phi)
    return worth


def _roots(level: Array, gain: Array) -> tuple[float, ...]:
    """Return where a line through points crosses zero.

    >>> _roots(np.array([90.0, 100.0, 110.0]), np.array([5.0, -5.0, 5.0]))
    (95.0, 105.0)
    """
    before, after = gain[:-1], gain[1:]
    crosses = np.flatnonzero((before < 0) != (after < 0))
    share = before[crosses] / (before[crosses] - after[crosses])
    roots = level[crosses] + share * (level[crosses + 1] - level[crosses])
    return tuple(float(root) for root in roots)
