"""How fast this machine solves volatilities and Greeks, on chains as the exchanges list them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from g6.domain.pricing.black76 import SolverStatus, price, solve

__all__ = ["CallSpeed", "SolvedPart", "best_call", "chain_terms", "recomputation"]

SolverTerms = tuple[NDArray[np.float64], ...]
"""Price, forward, strike, years, rate and side (+1, −1) of options, `(n,)` each."""

LARGEST_PART = 10_000
"""Options of one call of a long recomputation."""
FEWEST_CALLS = 2
_RATE = 0.055
_FORWARD = 24_000.0
_STRIKE_STEP = 50.0
_DAYS = (0.02, 1, 3, 7, 14, 30, 60)
_SEED = 7


@dataclass(frozen=True, slots=True)
class CallSpeed:
    """The best of many calls of one size, for the volatility and five Greeks of each option.

    Attributes:
        options: Options in one call.
        nanoseconds: Time of one option.
    """

    options: int
    nanoseconds: float

    @property
    def per_second(self) -> float:
        """Options per second."""
        return 1e9 / self.nanoseconds


@dataclass(frozen=True, slots=True)
class SolvedPart:
    """One call of a long recomputation.

    Attributes:
        options: Options in it.
        solved: Options that have a volatility.
        seconds: How long it took.
    """

    options: int
    solved: int
    seconds: float


def chain_terms(count: int, seed: int = _SEED) -> SolverTerms:
    """Return the terms of options as exchanges list them: strikes denser near the money, a smile.

    Args:
        count: How many options.
        seed: Of the random numbers.

    Returns:
        Price, forward, strike, years, rate and side (+1, −1), shape `(count,)` each.

    >>> [term.shape for term in chain_terms(3)]
    [(3,), (3,), (3,), (3,), (3,), (3,)]
    """
    die = np.random.default_rng(seed)
    years = die.choice(np.array(_DAYS), count) / 365
    reach = np.clip(3.5 * 0.15 * np.sqrt(years), 2 * _STRIKE_STEP / _FORWARD, 0.2)
    strike = _FORWARD * np.exp(die.uniform(-1, 1, count) * reach)
    strike = _STRIKE_STEP * np.rint(strike / _STRIKE_STEP)
    moneyness = np.log(strike / _FORWARD) / np.sqrt(years)
    sigma = np.clip(0.12 - 0.05 * moneyness + 0.1 * moneyness**2, 0.08, 0.6)
    forward = np.full(count, _FORWARD + 7.3)
    rate = np.full(count, _RATE)
    side = die.choice([1.0, -1.0], count)
    return price(sigma, forward, strike, years, rate, side), forward, strike, years, rate, side


def best_call(size: int, seconds: float) -> CallSpeed:
    """Return the best of all calls that fit into some seconds.

    Args:
        size: Options in one call.
        seconds: How long calls go on, two of them at least.
    """
    terms = chain_terms(size)
    best = float("inf")
    calls = 0
    end = time.perf_counter() + seconds
    while calls < FEWEST_CALLS or time.perf_counter() < end:
        best = min(best, _seconds_of(terms)[0])
        calls += 1
    return CallSpeed(size, 1e9 * best / size)


def recomputation(total: int) -> Iterator[SolvedPart]:
    """Solve many options part by part. The options are made beforehand, once."""
    terms = chain_terms(min(total, LARGEST_PART))
    remaining = total
    while remaining > 0:
        part = tuple(column[:remaining] for column in terms)
        seconds, solved = _seconds_of(part)
        yield SolvedPart(len(part[0]), solved, seconds)
        remaining -= len(part[0])


def _seconds_of(terms: SolverTerms) -> tuple[float, int]:
    """Return how long one call took, and how many options it solved."""
    began = time.perf_counter()
    solution, _ = solve(*terms)
    seconds = time.perf_counter() - began
    return seconds, int(np.count_nonzero(solution.status == SolverStatus.ok))
