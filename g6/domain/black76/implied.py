"""Implied volatility of arrays of options."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from g6.domain.black76.bracketed import bracketed_root
from g6.domain.black76.model import Array
from g6.domain.black76.solution import Solution, Status

__all__ = ["implied_vol"]

_QUIET = {"divide": "ignore", "over": "ignore", "under": "ignore", "invalid": "ignore"}


def implied_vol(
    price: ArrayLike,
    forward: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    rate: ArrayLike,
    phi: ArrayLike,
    *,
    max_iterations: int = 100,
) -> Solution:
    """Black-76 volatility that reproduces each price; all arguments broadcast."""
    arguments = np.broadcast_arrays(*(np.asarray(a, np.float64) for a in (price, forward, strike, years, rate, phi)))
    shape = arguments[0].shape
    price, forward, strike, years, rate, phi = (a.ravel() for a in arguments)
    with np.errstate(**_QUIET):
        discount = np.exp(-rate * years)
        value = price - np.maximum(phi * (forward * discount - strike * discount), 0.0)
        bound = np.minimum(forward, strike) * discount
        status = _statuses(price, value, bound, forward, strike, years, rate, phi)
        sigma, iterations = np.full(status.shape, np.nan), np.zeros(status.shape, np.int16)
        at = np.flatnonzero(status == Status.ok)
        k = np.abs(np.log(forward / strike))[at]
        w, iterations[at] = bracketed_root((value / bound)[at], ((bound - value) / bound)[at], k, k, max_iterations)
        sigma[at] = w / np.sqrt(years[at])
        status[at[~((sigma[at] > 0) & np.isfinite(sigma[at]))]] = Status.no_convergence
        sigma[status != Status.ok] = np.nan
    return Solution(sigma.reshape(shape), status.reshape(shape), iterations.reshape(shape))


def _statuses(
    price: Array, value: Array, bound: Array, forward: Array, strike: Array, years: Array, rate: Array, phi: Array
) -> NDArray[np.int8]:
    """Codes before solving; the first reason that applies wins, ok where a volatility exists."""
    contract = (strike > 0) & np.isfinite(strike) & np.isfinite(rate * years) & np.isfinite(years) & (np.abs(phi) == 1)
    reasons = (
        (years <= 0, Status.expired),
        (~((forward > 0) & np.isfinite(forward)), Status.no_forward),
        (~contract, Status.no_convergence),
        (np.isnan(price), Status.no_price),
        (~(value > 0), Status.below_intrinsic),
        (~(value < bound), Status.above_bound),
    )
    return np.select([mask for mask, _ in reasons], [np.int8(code) for _, code in reasons], np.int8(Status.ok)).astype(np.int8)
