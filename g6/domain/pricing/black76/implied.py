"""Implied volatility, alone or with the Greeks, of arrays of options.

Options as exchanges list them need one step (`one_step`). What remains of a chunk is sorted into
reasons, and the rest of it (volatile for its time, far in the tail, within rounding of a bound) is
solved inside brackets (`bracketed`).
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
    precision: float = 0.0,
) -> Solution:
    """Return the Black-76 volatility that reproduces each price. All arguments broadcast.

    Nothing is raised for bad numbers. They have a status, the first of these that applies:

    - expired: years <= 0
    - no_forward: it is not positive and finite
    - no_convergence: strike, years, rate or phi make no contract
    - no_price: it is NaN
    - below_intrinsic: no time value, or -inf
    - at_payoff: a time value within ROUNDING of the price
    - above_bound: the discounted forward of a call or strike of a put is reached, or inf
    - no_convergence: not settled by `max_iterations` evaluations, and its last step not below
      `precision`

    Args:
        price: Points. Out of the money as small as 1e-300, in the money with a time value above the
            rounding of the payoff.
        forward: Points.
        strike: Points.
        years: Years of 365 days.
        rate: Continuous rate a year.
        phi: +1 call or -1 put.
        max_iterations: Evaluations of the price at most.
        precision: Fraction of the volatility. What the evaluations did not settle counts
            nevertheless if the last of them moved it by less.

    >>> solution = implied_vol([12.0, 0.0], 100.0, 100.0, 1.0, 0.0, 1.0)
    >>> float(solution.sigma[0].round(6)), solution.status.tolist()
    (0.301938, [0, 1])
    """
    flat, shape = columns(price, forward, strike, years, rate, phi)
    return _solve(flat, shape, max_iterations, None, precision)


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
    """Return `implied_vol`, and `greeks` at its volatilities, in little more time than the first.

    The Greeks agree with those of `greeks` to 1e-9 of their scale. Arguments as in `implied_vol`.

    >>> solution, greeks = solve([12.0], [100.0], [100.0], [1.0], [0.0], [1.0])
    >>> round(float(greeks.delta[0]), 4)
    0.56
    """
    flat, shape = columns(price, forward, strike, years, rate, phi)
    figures = np.empty((5, flat[0].size))
    solution = _solve(flat, shape, max_iterations, figures)
    return solution, Greeks(*(figures if len(shape) == 1 else figures.reshape(5, *shape)))


def _solve(
    flat: tuple[Array, ...],
    shape: tuple[int, ...],
    limit: int,
    figures: Array | None,
    precision: float = 0.0,
) -> Solution:
    """Solve chunk by chunk. Write the Greeks too where there are figures (5, n) for them."""
    length = flat[0].size
    answers = _Answers(
        np.empty(length), np.zeros(length, np.int8), np.empty(length, np.int16), figures
    )
    answers.iterations.fill(1)
    block = np.empty((ROWS, min(length, CHUNK)))
    with np.errstate(all="ignore"):
        if length <= CHUNK:
            _solve_chunk(flat, answers, (limit, precision), block)
        else:
            for part in chunks(length):
                options = tuple(column[part] for column in flat)
                scratch = block[:, : options[0].size]
                _solve_chunk(options, answers.part(part), (limit, precision), scratch)
    if len(shape) == 1:
        return Solution(answers.sigma, answers.status, answers.iterations)
    return Solution(
        answers.sigma.reshape(shape),
        answers.status.reshape(shape),
        answers.iterations.reshape(shape),
    )


class _Answers(NamedTuple):
    """Where the answers go, each of shape (n,), and the Greeks, shape (5, n)."""

    sigma: Array
    status: NDArray[np.int8]
    iterations: NDArray[np.int16]
    figures: Array | None

    def part(self, part: slice) -> _Answers:
        """Return views of a chunk."""
        figures = None if self.figures is None else self.figures[:, part]
        return _Answers(self.sigma[part], self.status[part], self.iterations[part], figures)


def _solve_chunk(
    options: tuple[Array, ...], answers: _Answers, until: tuple[int, float], block: Array
) -> None:
    """Solve options, the scratch's length of them, by one step, and what remains in brackets."""
    is_final = np.empty(answers.sigma.size, np.bool_)
    rows = step(options, block, answers.sigma, is_final)
    if answers.figures is not None:
        greeks_after(rows, options, answers.sigma, answers.figures)
    if np.count_nonzero(is_final) == is_final.size:
        return
    open_rows = np.flatnonzero(~is_final)
    rest = tuple(column[open_rows] for column in options)
    answers.sigma[open_rows], answers.status[open_rows], answers.iterations[open_rows] = _remainder(
        rest, answers.sigma[open_rows], *until
    )
    if answers.figures is not None:
        answers.figures[:, open_rows] = np.nan
        solved = open_rows[answers.status[open_rows] == _OK]
        if solved.size:
            answers.figures[:, solved] = greeks_of(
                answers.sigma[solved], *(column[solved] for column in options[1:])
            )


def _remainder(
    options: tuple[Array, ...], guess: Array, limit: int, precision: float
) -> tuple[Array, NDArray[np.int8], NDArray[np.int16]]:
    """Return volatilities, statuses and evaluations of options that one step did not settle."""
    price, forward, strike, years, rate, phi = options
    discount = np.exp(-rate * years)
    spot = forward * discount
    present = strike * discount
    value = price - np.maximum(phi * (spot - present), 0.0)
    bound = np.minimum(spot, present)
    status = _reasons(options, value, bound, np.maximum(spot, present))
    sigma = np.full(price.size, np.nan)
    iterations = np.zeros(price.size, np.int16)
    at = np.flatnonzero(status == _OK)
    if at.size:
        value = value[at]
        bound = bound[at]
        root_years = np.sqrt(years[at])
        k = np.abs(np.log(forward[at] / strike[at]))
        w, spent = bracketed_root(
            value / bound,
            (bound - value) / bound,
            k,
            guess[at] * root_years,
            limit - 1,
            precision,
        )
        solved = w / root_years
        sound = (solved > 0) & (solved < _LARGEST)
        sigma[at] = np.where(sound, solved, np.nan)
        iterations[at] = spent + 1
        status[at[~sound]] = SolverStatus.no_convergence
    return sigma, status, iterations


def _reasons(
    options: tuple[Array, ...], value: Array, bound: Array, other: Array
) -> NDArray[np.int8]:
    """Return the codes before solving, the gravest written last, ok where a volatility exists.

    `bound` and `other` are S* and KD, the smaller first.
    """
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
