"""g6.domain.pricing.black76 behind the signature that bench_iv.py asks of a candidate: spot in, arrays of one length."""

import numpy as np
from numpy.typing import NDArray

from g6.domain.pricing.black76 import implied_vol, solve

Array = NDArray[np.float64]


def iv(price: Array, spot: Array, strike: Array, years: Array, rate: Array, flag: Array) -> Array:
    return implied_vol(price, spot * np.exp(rate * years), strike, years, rate, flag).sigma


def ivg(
    price: Array, spot: Array, strike: Array, years: Array, rate: Array, flag: Array
) -> tuple[Array, ...]:
    solution, greeks = solve(price, spot * np.exp(rate * years), strike, years, rate, flag)
    return solution.sigma, greeks.delta, greeks.gamma, greeks.theta, greeks.vega, greeks.rho
