"""g6.domain.black76 behind the signature that bench_iv.py asks of a candidate (spot in, arrays of one length)."""

import numpy as np
from numpy.typing import NDArray

from g6.domain.black76 import greeks, implied_vol

Array = NDArray[np.float64]


def iv(price: Array, spot: Array, strike: Array, years: Array, rate: Array, flag: Array) -> Array:
    with np.errstate(all="ignore"):
        return implied_vol(price, spot * np.exp(rate * years), strike, years, rate, flag).sigma


def ivg(price: Array, spot: Array, strike: Array, years: Array, rate: Array, flag: Array) -> tuple[Array, ...]:
    with np.errstate(all="ignore"):
        forward = spot * np.exp(rate * years)
        sigma = implied_vol(price, forward, strike, years, rate, flag).sigma
        found = greeks(sigma, forward, strike, years, rate, flag)
    return sigma, found.delta, found.gamma, found.theta, found.vega, found.rho
