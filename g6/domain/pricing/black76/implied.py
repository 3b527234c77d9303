"""Implied volatility, alone or with the Greeks, of arrays of options.

Options as exchanges list them need one step (`one_step`); what is left of a chunk is sorted into reasons, and the rest
of it (volatile for its time, far in the tail, within rounding of a bound) solved inside brackets (`bracketed`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from g6.domain.pricing.black76.bracketed import bracketed_root
from g6.domain.pricing.black76.broadcasting import CHUNK, Array, chunks, columns
from g6.domain.pricing.black76.model import Greeks, greeks_of
from g6.domain.pricing.black76.one_step import ROUNDING, ROWS, greeks_after, step
from g6.domain.pricing.black76.solution import Solution, SolverStatus

__all__ = ["implied_vol", "solve"]

_LARGEST = 1e15  # years, and sigma: beyond them figures are no volatilities any more
_HUGE = 1e150  # points: beyond it, or below its inverse, squares leave float64
_OK = int(SolverStatus.ok)
_LEAST = float(np.finfo(np.float64).tiny)


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
    """Black-76 volatility that reproduces each price; all arguments broadcast.

    price, forward and strike in points, years of 365 days, rate continuous, phi +1 call or -1 put. Prices may be as
    small as 1e-300 out of the money; in the money the time value must exceed the rounding of the payoff.

    Raises nothing for bad numbers; they have a status, by the first that applies: years <= 0 expired; a forward that is
    not positive and finite no_forward; strike, years, rate or phi that make no contract no_convergence; a NaN price
    no_price; no time value (or -inf) below_intrinsic; a time value within rounding of the payoff (`ROUNDING` of the price)
    at_payoff; discounted forward (call) or strike (put) reached, or inf,
    above_bound. What `max_iterations` evaluations do not settle is no_convergence.
    """
    flat, shape = columns(price, forward, strike, years, rate, phi)
    return _solve(flat, shape, max_iterations, None)


def solve(
    price: ArrayLike,
    forward: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    rate: ArrayLike,
    phi: ArrayLike,
    *,
    max_iterations: int = 100,
) -> tuple[Solution, Greeks]:
    """`implied_vol`, and `greeks` at its volatilities, for little more than the price of the first.

    The Greeks agree with those of `greeks` to 1e-9 of their scale.
    """
    flat, shape = columns(price, forward, strike, years, rate, phi)
    figures = np.empty((5, flat[0].size))
    solution = _solve(flat, shape, max_iterations, figures)
    return solution, Greeks(*(figures if len(shape) == 1 else figures.reshape(5, *shape)))


def _solve(
    flat: tuple[Array, ...], shape: tuple[int, ...], limit: int, figures: Array | None
) -> Solution:
    """Solve chunk by chunk; write the Greeks too where there are figures, (5, n), for them."""
    length = flat[0].size
    found = _Found(np.empty(length), np.zeros(length, np.int8), np.empty(length, np.int16), figures)
    found.iterations.fill(1)
    block = np.empty((ROWS, min(length, CHUNK)))
    with np.errstate(all="ignore"):
        if length <= CHUNK:
            _solve_chunk(flat, found, limit, block)
        else:
            for part in chunks(length):
                options = tuple(column[part] for column in flat)
                _solve_chunk(options, found.part(part), limit, block[:, : options[0].size])
    if len(shape) == 1:
        return Solution(found.sigma, found.status, found.iterations)
    return Solution(
        found.sigma.reshape(shape), found.status.reshape(shape), found.iterations.reshape(shape)
    )


class _Found(NamedTuple):
    """Where the answers go, each (n,), and the Greeks (5, n)."""

    sigma: Array
    status: NDArray[np.int8]
    iterations: NDArray[np.int16]
    figures: Array | None

    def part(self, part: slice) -> _Found:
        """Views of a chunk."""
        figures = None if self.figures is None else self.figures[:, part]
        return _Found(self.sigma[part], self.status[part], self.iterations[part], figures)


def _solve_chunk(options: tuple[Array, ...], found: _Found, limit: int, block: Array) -> None:
    """Solve options, the scratch's length of them, by one step, and what is left in brackets."""
    done = np.empty(found.sigma.size, np.bool_)
    rows = step(options, block, found.sigma, done)
    if found.figures is not None:
        greeks_after(rows, options, found.sigma, found.figures)
    if np.count_nonzero(done) == done.size:
        return
    left = np.flatnonzero(~done)
    rest = tuple(column[left] for column in options)
    found.sigma[left], found.status[left], found.iterations[left] = _remainder(
        rest, found.sigma[left], limit
    )
    if found.figures is not None:
        found.figures[:, left] = np.nan
        solved = left[found.status[left] == _OK]
        if solved.size:
            found.figures[:, solved] = greeks_of(
                found.sigma[solved], *(column[solved] for column in options[1:])
            )


def _remainder(
    options: tuple[Array, ...], guess: Array, limit: int
) -> tuple[Array, NDArray[np.int8], NDArray[np.int16]]:
    """Volatilities, statuses and evaluations of options that one step did not settle; guess may hold anything."""
    price, forward, strike, years, rate, phi = options
    discount = np.exp(-rate * years)
    spot, present = forward * discount, strike * discount
    value, bound = price - np.maximum(phi * (spot - present), 0.0), np.minimum(spot, present)
    status = _reasons(options, value, bound, np.maximum(spot, present))
    sigma, iterations = np.full(price.size, np.nan), np.zeros(price.size, np.int16)
    at = np.flatnonzero(status == _OK)
    if at.size:
        value, bound, root_years = value[at], bound[at], np.sqrt(years[at])
        k = np.abs(np.log(forward[at] / strike[at]))
        w, spent = bracketed_root(
            value / bound, (bound - value) / bound, k, guess[at] * root_years, limit - 1
        )
        found = w / root_years
        sound = (found > 0) & (found < _LARGEST)
        sigma[at], iterations[at] = np.where(sound, found, np.nan), spent + 1
        status[at[~sound]] = SolverStatus.no_convergence
    return sigma, status, iterations


def _reasons(
    options: tuple[Array, ...], value: Array, bound: Array, other: Array
) -> NDArray[np.int8]:
    """Codes before solving, the gravest written last; ok where a volatility exists. bound and other: S* and KD by size."""
    price, forward, strike, years, _, phi = options
    status = np.zeros(price.size, np.int8)
    status[~(value < bound)] = SolverStatus.above_bound
    status[(value > 0) & (value < _LEAST * bound)] = SolverStatus.no_convergence
    status[(value > 0) & (value <= ROUNDING * price) & (price < np.inf)] = SolverStatus.at_payoff
    status[~(value > 0)] = SolverStatus.below_intrinsic
    status[np.isnan(price)] = SolverStatus.no_price
    measured = (bound > 1 / _HUGE) & (other < _HUGE)
    status[~(measured & (strike > 0) & (years < _LARGEST) & (np.abs(phi) == 1))] = (
        SolverStatus.no_convergence
    )
    status[~((forward > 0) & (forward < np.inf))] = SolverStatus.no_forward
    status[years <= 0] = SolverStatus.expired
    return status
