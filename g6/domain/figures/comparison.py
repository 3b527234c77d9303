"""A chain against what must be true of it: parity, and the exchange's own volatilities."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, nan

import numpy as np
from numpy.typing import NDArray

from g6.domain.pricing.black76 import PHI, SolverStatus, implied_vol
from g6.domain.schema.chain import Chain

__all__ = ["Agreement", "agreement", "side_gaps", "spot_forward"]

Array = NDArray[np.float64]

# On the parity forward, calls and puts of a recorded half hour agree to a median of 0.10 to 0.30
# points, by expiry. On S e^{rT} they are 2.3 to 3.3 points apart.
POINT = 100.0
"""Volatility points in a volatility of one."""


def spot_forward(chain: Chain) -> float:
    """Return S e^{rT} of a chain of one expiry, points.

    It is the forward of those who leave the premium of the future out.

    >>> from datetime import date
    >>> from g6.simulation.example_unit import CHAIN
    >>> round(spot_forward(CHAIN.expiry(date(2026, 8, 25))), 2)
    24072.36
    """
    return chain.market.spot * exp(chain.rate * chain.expiries[0].years)


def side_gaps(chain: Chain, forward: float, *, within: int = 10, seconds: float = 300.0) -> Array:
    """Return |IV of the call − IV of the put| of one expiry's strikes.

    Args:
        chain: The chain of one expiry.
        forward: Points. Both sides are solved on it, each on its own price.
        within: Strikes either side of ATM that are compared.
        seconds: Age of the last trade that both legs have at most.

    Returns:
        Volatility points, one per strike of which both sides have a volatility.

    >>> from datetime import date
    >>> from g6.simulation.example_unit import CHAIN
    >>> near = CHAIN.expiry(date(2026, 8, 25))
    >>> bool(side_gaps(near, near.expiries[0].forward).max() < 0.01)
    True
    """
    age = chain.instant - chain.sides["last_trade_time"]
    is_near = (np.abs(chain.offset) <= within) & np.all(age <= seconds, axis=0)
    price = chain.price[:, is_near]
    solution = implied_vol(
        price, forward, chain.strike[is_near], chain.expiries[0].years, chain.rate, PHI
    )
    sigma = np.where(solution.status == SolverStatus.ok, solution.sigma, np.nan)
    gaps: Array = np.abs(sigma[0] - sigma[1]) * POINT
    return gaps[np.isfinite(gaps)]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How near our volatilities are to the exchange's.

    `options` were compared, and `within` of them lie inside `tolerance`. `median`, `p90` and
    `largest` are of the absolute difference, volatility points. Of `unsolved` options we found
    no volatility.
    """

    options: int
    within: int
    unsolved: int
    median: float
    p90: float
    largest: float
    tolerance: float

    @property
    def share(self) -> float:
        """The share inside the tolerance, NaN of nothing."""
        return self.within / self.options if self.options else nan


# By the exchanges' own conventions 696 of 696 volatilities of their saved answers lie within 0.011
# points.
def agreement(iv: Array, exchange_iv: Array, volume: Array, tolerance: float = 0.011) -> Agreement:
    """Compare volatilities over the options that traded today and that the exchange has one of.

    Args:
        iv: Ours, fractions per root year, shape (2, n).
        exchange_iv: The exchange's, of the same shape, NaN where it has none.
        volume: Units of the day, of the same shape.
        tolerance: Volatility points.

    >>> ours = np.array([[0.1200, np.nan], [0.1300, 0.2]])
    >>> theirs = np.array([[0.1201, 0.15], [0.1400, np.nan]])
    >>> result = agreement(ours, theirs, np.ones((2, 2)))
    >>> result.options, result.within, result.unsolved, result.share
    (3, 1, 1, 0.3333333333333333)
    """
    is_compared = np.isfinite(exchange_iv) & (volume > 0)
    differences = np.abs(iv - exchange_iv)[is_compared] * POINT
    gaps = differences[np.isfinite(differences)]
    quantiles = np.percentile(gaps, [50, 90, 100]).tolist() if len(gaps) else (nan, nan, nan)
    median, p90, largest = quantiles
    return Agreement(
        options=int(is_compared.sum()),
        within=int(np.count_nonzero(gaps <= tolerance)),
        unsolved=len(differences) - len(gaps),
        median=median,
        p90=p90,
        largest=largest,
        tolerance=tolerance,
    )
