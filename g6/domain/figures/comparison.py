"""A chain held against what must be true of it: calls and puts of a strike agree, and the exchange finds the same volatility."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, nan

import numpy as np
from numpy.typing import NDArray

from g6.domain.pricing.black76 import PHI, SolverStatus, implied_vol
from g6.domain.pricing.chain import Chain

__all__ = ["Agreement", "agreement", "side_gaps", "spot_forward"]

Array = NDArray[np.float64]

POINT = 100.0
"""Volatility points in a volatility of one."""


def spot_forward(chain: Chain, i: int) -> float:
    """Return S e^{rT} of expiry `i`, points: the forward of those who leave the premium of the future out."""
    return chain.quotes.spot.spot * exp(chain.rate * chain.expiries.years[i])


def side_gaps(
    chain: Chain, i: int, forward: float, *, within: int = 10, seconds: float = 300.0
) -> Array:
    """Return |IV of the call − IV of the put| of expiry `i` on `forward`, volatility points, one per strike.

    Of the strikes within `within` of ATM whose two legs traded in the last `seconds`; each side's own volatility, none shared.
    """
    rows, quotes = chain.expiries.rows(i), chain.quotes
    age = chain.stamp.at.timestamp() - quotes.last_trade_time[:, rows]
    near = (np.abs(chain.offset[rows]) <= within) & np.all(age <= seconds, axis=0)
    price = chain.prices.price[:, rows][:, near]
    solution = implied_vol(
        price, forward, quotes.strike[rows][near], chain.expiries.years[i], chain.rate, PHI
    )
    sigma = np.where(solution.status == SolverStatus.ok, solution.sigma, np.nan)
    gaps: Array = np.abs(sigma[0] - sigma[1]) * POINT
    return gaps[np.isfinite(gaps)]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How near our volatilities are to the exchange's: `options` compared, `within` of them inside `tolerance`.

    `median`, `p90`, `largest` of the absolute difference, volatility points; `unsolved` options of which we found none.
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


def agreement(iv: Array, exchange_iv: Array, volume: Array, tolerance: float = 0.011) -> Agreement:
    """Compare fractions `(2, n)` over the options that traded today and of which the exchange gives a volatility."""
    compared = np.isfinite(exchange_iv) & (volume > 0)
    gap = np.abs(iv - exchange_iv)[compared] * POINT
    found = gap[np.isfinite(gap)]
    median, p90, largest = (
        np.percentile(found, [50, 90, 100]).tolist() if len(found) else (nan, nan, nan)
    )
    within = int(np.count_nonzero(found <= tolerance))
    return Agreement(
        int(compared.sum()), within, len(gap) - len(found), median, p90, largest, tolerance
    )
