"""Net gamma exposure as a curve over the index, and the level at which its sign changes."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite, nan, pi, sqrt

import numpy as np

from g6.domain.figures.exposures.open_positions import DEALER, Array, Positions

__all__ = ["flip", "net_gex"]

FLIP_REACH = 0.10
"""Part of the index within which the flip is looked for."""

_FLIP_STEPS = 80
_ROOT_STEPS = 16
"""Parts in which the change of sign is looked for until it is narrow enough.

Seven rounds of 16 moves price 119 of them, five rounds of 80 price 405: a third of the time.
"""
_ROOT_WIDTH = 1e-11
_ROUNDING = 1e-11
"""Part of the gross GEX that a net may owe to rounding, well above d₁² ≤ 1,490 times 2e-16."""
_LEAST_DENSITY = 1e-290
"""Below this numbers begin to lose digits, so a sign there is none."""


def net_gex(book: Positions, moves: Array) -> Array:
    """Return net GEX were every forward moved, each option at its σ.

    Args:
        book: The positions.
        moves: Multiples of what the forwards are, shape (m,).

    Returns:
        ₹ per 1 % move, shape (m,).

    >>> from g6.domain.figures.exposures import positions
    >>> from g6.simulation.example_unit import CHAIN
    >>> net_gex(positions(CHAIN), np.array([0.99, 1.01])) > 0
    array([False, False])
    """
    return _Curve.of(book).net(moves)


@dataclass(frozen=True, slots=True)
class _Curve:
    """What of the options of known GEX does not change when the forwards move, shape (k,).

    Attributes:
        deviation: σ√T.
        start: d₁ without a move.
        weight: ₹ per 1 % move at a density exp(−d₁²/2) of 1.
    """

    deviation: Array
    start: Array
    weight: Array

    @classmethod
    def of(cls, book: Positions) -> _Curve:
        """Return the curve of these positions."""
        with np.errstate(all="ignore"):
            deviation = book.iv * np.sqrt(book.years)
            start = np.log(book.forward / book.strike) / deviation + 0.5 * deviation
            weight = DEALER * book.oi * book.spot / deviation / sqrt(2 * pi) / 100
            is_known = np.isfinite(start) & np.isfinite(weight)
            is_known &= (deviation > 0) & (book.forward > 0)
        return cls(deviation[is_known], start[is_known], weight[is_known])

    def densities(self, moves: Array) -> Array:
        """Return exp(−d₁²/2) of each option at each move, shape (m, k)."""
        # In place: 81 moves of 400 options are 260 KB, which malloc fetches from the kernel each
        # time.
        with np.errstate(all="ignore"):
            d1 = np.log(moves)[:, None] / self.deviation
            d1 += self.start
            d1 *= d1
            d1 *= -0.5
            return np.exp(d1, out=d1)

    def net(self, moves: Array) -> Array:
        """Return net GEX at each move, ₹ per 1 % move, shape (m,), NaN where nothing is known."""
        if not len(self.weight):
            return np.full(len(moves), nan)
        with np.errstate(all="ignore"):
            return np.asarray(moves * (self.densities(moves) @ self.weight))

    def signs(self, moves: Array) -> Array:
        """Return the sign of net GEX at each move, 0 where the sum is within its own rounding."""
        # Calls and puts of equal interest at one strike cancel to ±1e-18, and the sign of that
        # changes with the number of moves that are asked for at once. The product of two values
        # near 1e-199 is 0, which is no change of sign either. Both made brentq raise ValueError.
        with np.errstate(all="ignore"):
            densities = self.densities(moves)
            net = moves * (densities @ self.weight)
            densities += _LEAST_DENSITY
            gross = moves * (densities @ np.abs(self.weight))
            if not np.isfinite(net).all():
                return np.zeros(len(moves))
            return np.where(np.abs(net) > _ROUNDING * gross + _LEAST_DENSITY, np.sign(net), 0.0)

    def root(self, low: float, high: float) -> float:
        """Return the first move between two of other signs at which net GEX is zero."""
        # brentq would have the process that makes panels import scipy.optimize: 20 MB and 0.37 s.
        while high - low > _ROOT_WIDTH:
            moves = np.linspace(low, high, _ROOT_STEPS + 1)
            signs = np.sign(self.net(moves))
            place = int(np.argmax(signs != signs[0]))
            if not place:
                break
            low, high = moves[place - 1 : place + 1].tolist()
        return (low + high) / 2


def flip(book: Positions, spot: float) -> float:
    """Return the index at which net GEX changes sign, the root nearest to the spot.

    It is the root of the whole curve over the index with each option's σ held, not the strike where
    a running sum over strikes changes sign.

    Args:
        book: The positions.
        spot: The index, points.

    Returns:
        Points, NaN without a root within ±10 %.

    >>> from g6.domain.figures.exposures import positions
    >>> from g6.simulation.example_unit import CHAIN
    >>> flip(positions(CHAIN), 24050.0)
    nan
    """
    if not (isfinite(spot) and spot > 0):
        return nan
    moves = np.linspace(1 - FLIP_REACH, 1 + FLIP_REACH, _FLIP_STEPS + 1)
    curve = _Curve.of(book)
    signs = curve.signs(moves)
    certain = np.flatnonzero(signs)
    crossings = np.flatnonzero(np.diff(signs[certain])).tolist()
    roots = [curve.root(float(moves[certain[i]]), float(moves[certain[i + 1]])) for i in crossings]
    return spot * min(roots, key=lambda move: abs(move - 1), default=nan)
