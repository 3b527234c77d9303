"""Volatility by time to expiry: constant maturities and the volatility between two expiries."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import nan, sqrt

import numpy as np

__all__ = ["LEAST_YEARS", "MATURITIES_DAYS", "constant_maturity", "forward_volatility", "slope"]

MATURITIES_DAYS = (7, 14, 30)
LEAST_YEARS = 2 / (24 * 365)
"""Two hours: series nearer to their settlement fix are left out."""
_DAYS = 365.0


def constant_maturity(years: Sequence[float], atm_iv: Sequence[float], days: float) -> float:
    """Return the ATM volatility of a number of calendar days.

    Total variance is linear in time between the two expiries around it.

    Args:
        years: To the settlement fix, by expiry, in any order.
        atm_iv: Fractions per root year, by expiry. Unknown ones and series within two hours of the
            fix are left out.
        days: Calendar days.

    Returns:
        A fraction per root year. NaN before the first and after the last expiry, where nobody
        quotes.

    >>> round(constant_maturity([7 / 365, 35 / 365], [0.12, 0.14], 30), 4)
    0.1392
    """
    variances = []
    for T, sigma in zip(years, atm_iv, strict=True):
        if T >= LEAST_YEARS and 0 < sigma < np.inf:
            variances.append((T, sigma * sigma * T))
    target = days / _DAYS
    if not variances or target <= 0:
        return nan
    times, totals = zip(*sorted(variances), strict=True)
    variance = np.interp(target, times, totals, left=nan, right=nan)
    return sqrt(float(variance) / target)


def slope(years: Sequence[float], atm_iv: Sequence[float]) -> float:
    """Return the ATM volatility of the longest constant maturity less that of the shortest.

    >>> round(slope([7 / 365, 35 / 365], [0.12, 0.14]), 4)
    0.0192
    """
    longest = constant_maturity(years, atm_iv, MATURITIES_DAYS[-1])
    return longest - constant_maturity(years, atm_iv, MATURITIES_DAYS[0])


def forward_volatility(years: Sequence[float], atm_iv: Sequence[float]) -> list[float]:
    """Return the volatility from each expiry to the next, √((σ₂²T₂ − σ₁²T₁)/(T₂ − T₁)).

    Args:
        years: To the settlement fix, by expiry, ascending.
        atm_iv: Fractions per root year, by expiry.

    Returns:
        Fractions per root year, one less than expiries. NaN where total variance falls (a calendar
        arbitrage) or is unknown.

    >>> [round(sigma, 4) for sigma in forward_volatility([0.02, 0.1], [0.12, 0.14])]
    [0.1446]
    """
    volatilities = []
    for (t1, s1), (t2, s2) in pairwise(zip(years, atm_iv, strict=True)):
        variance = (s2 * s2 * t2 - s1 * s1 * t1) / (t2 - t1) if t2 > t1 else nan
        volatilities.append(sqrt(variance) if variance >= 0 else nan)
    return volatilities
