"""The smile of one expiry as it is quoted, and as a density of the index over its forward."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import nan, pi, sqrt

import numpy as np
from numpy.typing import NDArray

from g6.domain.figures.smile import volatility_smile
from g6.domain.pricing.distribution import ndtr
from g6.domain.schema.chain import Chain

__all__ = [
    "GOOD_POINTS",
    "INV_ROOT_2PI",
    "Fitted",
    "Smile",
    "kernels",
    "lifted",
    "otm_side",
    "smiles",
]

Array = NDArray[np.float64]

GOOD_POINTS = 0.005
"""Weighted residual (a fraction: half a volatility point) at which the quality is one half."""
INV_ROOT_2PI = 1 / sqrt(2 * pi)


@dataclass(frozen=True, slots=True)
class Smile:
    """What is quoted of one expiry.

    Attributes:
        expiry: Its day.
        forward: Points.
        years: To the settlement fix.
        strike: Points, ascending, shape (k,).
        iv: Of the out-of-the-money sides, fractions per root year, NaN unknown.
        error: Half the distance of the volatilities of bid and ask.
    """

    expiry: date
    forward: float
    years: float
    strike: Array
    iv: Array
    error: Array


def smiles(chain: Chain) -> list[Smile]:
    """Return the smiles of a chain, by expiry.

    >>> from g6.simulation.example_unit import CHAIN
    >>> len(smiles(CHAIN))
    2
    """
    # Stored columns are stacked by side whenever they are read: once here, not once an expiry.
    quoted = np.stack([chain.iv, chain.sides["iv_bid"], chain.sides["iv_ask"]])
    curves = []
    for expiry in chain.expiries:
        strike = chain.strike[expiry.rows]
        iv, bid, ask = volatility_smile.smile(strike, expiry.forward, quoted[..., expiry.rows])
        error = 0.5 * (ask - bid)
        curves.append(Smile(expiry.day, expiry.forward, expiry.years, strike, iv, error))
    return curves


@dataclass(frozen=True, slots=True)
class Fitted:
    """One expiry of the surface.

    Attributes:
        expiry: Its day.
        forward: Points.
        years: To the settlement fix.
        centre: Of each kernel, over the forward.
        width: Of each kernel, over the forward.
        weight: Of each kernel, summing to 1.
        low: Moneyness K/F of the lowest strike used.
        high: Moneyness K/F of the highest strike used.
        strikes: How many strikes are used.
        residual: Root mean square of what the surface misses the quotes by, a volatility fraction.
        lift: The most that earlier expiries raised it inside its strikes, a volatility fraction.
        outliers: Strikes missed by more than twice their error.
    """

    expiry: date
    forward: float
    years: float
    centre: Array
    width: Array
    weight: Array
    low: float
    high: float
    strikes: int
    residual: float = nan
    lift: float = 0.0
    outliers: int = 0

    def values(self, moneyness: Array) -> Array:
        """Return undiscounted out-of-the-money prices over the forward.

        Args:
            moneyness: K/F, shape (m,): puts below 1, calls from 1 on.
        """
        return np.asarray(kernels(moneyness, self.centre, self.width) @ self.weight)

    @property
    def quality(self) -> float:
        """From 1, where the surface meets every quote, towards 0: one half at half a point."""
        return 1 / (1 + (self.residual / GOOD_POINTS) ** 2)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the quotes offer against the surface: butterfly, calendar.

        It is a butterfly where no density fits them within twice their spread.
        """
        warnings = []
        if self.outliers > max(1, self.strikes // 20):
            warnings.append("butterfly")
        if self.lift > 0.001:
            warnings.append("calendar")
        return tuple(warnings)


def kernels(m: Array, centre: Array, width: Array) -> Array:
    """Return what an out-of-the-money option pays on average under each kernel.

    Args:
        m: Moneyness K/F, shape (m,).
        centre: Of each kernel, over the forward.
        width: Of each kernel, over the forward.

    Returns:
        Over the forward, shape (m, kernels).

    >>> kernels(np.array([1.0]), np.array([1.0]), np.array([0.1])).round(4)
    array([[0.0399]])
    """
    side = otm_side(m)[:, None]
    d = side * (centre - m[:, None]) / width
    return np.asarray(width * (d * ndtr(d) + np.exp(-0.5 * d * d) * INV_ROOT_2PI))


def otm_side(m: Array) -> Array:
    """Return which option is out of the money at K/F: puts (-1) below 1, calls (+1) from 1 on.

    >>> otm_side(np.array([0.9, 1.0]))
    array([-1.,  1.])
    """
    return np.where(m < 1, -1.0, 1.0)


def lifted(fitted: Sequence[Fitted], m: Array) -> Array:
    """Return prices of the last of these expiries, raised to those of every earlier one."""
    return np.asarray(np.max([smile.values(m) for smile in fitted], axis=0))
