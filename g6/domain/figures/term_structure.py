"""Volatility by time to expiry: constant maturities and the volatility between two expiries."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import nan, sqrt

import numpy as np

__all__ = ["MATURITIES_DAYS", "constant_maturity", "forward_volatility"]

MATURITIES_DAYS = (7, 14, 30)
LEAST_YEARS = 2 / (24 * 365)
_DAYS = 365.0


def constant_maturity(years: Sequence[float], atm_iv: Sequence[float], days: float) -> float:
    """Return the ATM volatility of `days` calendar days, total variance linear in time between the two expiries around it.

    `years` to the fix and `atm_iv` (fractions per root year) by expiry, in any order. NaN before the first and after the last
    expiry, which nobody quotes; unknown volatilities and series within two hours of the fix are left out.
    """
    known = sorted(
        (t, sigma * sigma * t)
        for t, sigma in zip(years, atm_iv, strict=True)
        if t >= LEAST_YEARS and 0 < sigma < np.inf
    )
    target = days / _DAYS
    if not known or target <= 0:
        return nan
    variance = np.interp(target, [t for t, _ in known], [w for _, w in known], left=nan, right=nan)
    return sqrt(float(variance) / target)


def forward_volatility(years: Sequence[float], atm_iv: Sequence[float]) -> list[float]:
    """Return the volatility from each expiry to the next, ascending in time, one less than expiries.

    √((σ₂²T₂ − σ₁²T₁)/(T₂ − T₁)), fractions per root year; NaN where total variance falls (a calendar arbitrage) or is unknown.
    """
    ends = list(zip(years, atm_iv, strict=True))
    found = []
    for (t1, s1), (t2, s2) in pairwise(ends):
        between = (s2 * s2 * t2 - s1 * s1 * t1) / (t2 - t1) if t2 > t1 else nan
        found.append(sqrt(between) if between >= 0 else nan)
    return found
