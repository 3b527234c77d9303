"""The open positions of a chain, and what is needed to price them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from g6.domain.pricing.black76 import PHI
from g6.domain.schema.chain import Chain

__all__ = ["DEALER", "Array", "Positions", "finite", "positions"]

Array = NDArray[np.float64]

DEALER = PHI
"""The convention's sign of each side: calls are held, puts are owed."""


@dataclass(frozen=True, slots=True)
class Positions:
    """Open positions and what is needed to price them.

    Attributes:
        strike: Points, shape (n,).
        forward: Points, shape (n,).
        years: To the settlement fix, shape (n,).
        bucket: What each row's expiry was collected as, shape (n,).
        iv: Fractions per root year, shape (2, n), NaN unknown.
        oi: Units, shape (2, n), NaN unknown.
        rate: Continuous.
    """

    strike: Array
    forward: Array
    years: Array
    bucket: NDArray[np.object_]
    iv: Array
    oi: Array
    rate: float

    @property
    def spot(self) -> Array:
        """The forward-implied spot S* = F e^{−rT} of each row, points, shape (n,)."""
        with np.errstate(all="ignore"):
            return finite(self.forward * np.exp(-self.rate * self.years))


def positions(chain: Chain) -> Positions:
    """Return the positions of a chain, whatever its expiries.

    >>> from g6.simulation.example_unit import CHAIN
    >>> positions(CHAIN).strike.shape
    (82,)
    """
    return Positions(
        strike=chain.strike,
        forward=chain.forward,
        years=chain.years,
        bucket=chain.bucket,
        iv=chain.iv,
        oi=chain.oi,
        rate=chain.rate,
    )


def finite(values: Array) -> Array:
    """Return the values, NaN for what no figure in ₹ could be.

    >>> finite(np.array([1.0, np.inf])).tolist()
    [1.0, nan]
    """
    return np.where(np.isfinite(values), values, np.nan)
