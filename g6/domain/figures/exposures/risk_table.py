"""Greeks times open interest by expiry bucket and moneyness."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from g6.domain.figures.exposures.open_positions import Positions
from g6.domain.pricing.black76 import PHI, greeks

__all__ = ["MONEYNESS", "Risk", "risk"]

MONEYNESS = ("deep_in", "in", "at", "out", "deep_out")
_EDGES = (-1.5, -0.5, 0.5, 1.5)
_RISKS = ("delta", "gamma", "theta", "vega", "rho")
"""Greeks in the order of the sums of `Risk`."""


@dataclass(frozen=True, slots=True)
class Risk:
    """Greeks times open interest of one moneyness class of one expiry bucket, the holder's sign.

    Attributes:
        bucket: Of the expiry.
        moneyness: One of `MONEYNESS`.
        options: How many options the sums hold.
        oi: Units.
        delta: Units of the index.
        gamma: Units per point.
        theta: ₹ per calendar day.
        vega: ₹ per 1 % of volatility.
        rho: ₹ per 1 % of rate.
    """

    bucket: str
    moneyness: str
    options: int
    oi: float
    delta: float
    gamma: float
    theta: float
    vega: float
    rho: float


def risk(book: Positions) -> Sequence[Risk]:
    """Return risk by expiry bucket and moneyness, without the classes that have no option.

    Moneyness is φ ln(K/F)/(σ√T), how many standard deviations an option is out of the money:
    deep_in below −1.5, in to −0.5, at to 0.5, out to 1.5, deep_out beyond. Options without a
    volatility or open interest have no Greeks and are in no class.

    >>> from g6.domain.figures.exposures import positions
    >>> from g6.simulation.example_unit import CHAIN
    >>> [(row.moneyness, row.options) for row in risk(positions(CHAIN))][:2]
    [('deep_in', 19), ('in', 15)]
    """
    figures = greeks(book.iv, book.forward, book.strike, book.years, book.rate, PHI)
    with np.errstate(all="ignore"):
        out = PHI * np.log(book.strike / book.forward) / (book.iv * np.sqrt(book.years))
    is_known = np.isfinite(out) & np.isfinite(book.oi) & np.isfinite(figures.gamma)
    level = np.where(is_known, np.digitize(out, _EDGES), -1)
    of_option = np.stack([getattr(figures, name).ravel() for name in _RISKS])
    oi = book.oi.ravel()
    table = []
    for bucket in dict.fromkeys(book.bucket.tolist()):
        level_in_bucket = np.where(book.bucket == bucket, level, -1).ravel()
        for i, moneyness in enumerate(MONEYNESS):
            members = np.flatnonzero(level_in_bucket == i)
            if not len(members):
                continue
            units = oi[members]
            sums = (of_option.take(members, axis=1) * units).sum(axis=1).tolist()
            table.append(Risk(bucket, moneyness, len(members), float(units.sum()), *sums))
    return table
