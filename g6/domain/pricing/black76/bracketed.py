"""The general solver: Householder steps on the logarithm of the price, inside a bracket.

With k = |ln(F/K)|, w = sigma sqrt(T), h = k/w, t = w/2 the out-of-the-money price over min(F, K) is
c(w) = N(d1) - e^k N(d2) = n(d1) [M(h - t) - M(h + t)], M the Mills ratio, d1 = t - h, d2 = -t - h.
Below one half the residual is ln c - ln p. Above it is ln(1 - c) - ln(1 - p), with
1 - c = n(d1) [M(t - h) + M(t + h)], so that both ends keep their relative accuracy. Brackets have a
closed form: they follow from p < N(d1) and (1 - p)/2 <= N(-d1).

Idea of the logarithmic objective: P. Jaeckel, "Let's Be Rational" (2015).
"""

from math import log, pi

import numpy as np
from numpy.typing import NDArray

from g6.domain.pricing.black76.broadcasting import Array
from g6.domain.pricing.black76.model import mills
from g6.domain.pricing.distribution import ndtri

__all__ = ["bracketed_root"]

_HALF_LOG_2PI = 0.5 * log(2 * pi)
# A Householder step of the third order raises the relative error to its fourth power: steps this
# small are the last.
_LAST_STEP = 1e-4


def bracketed_root(
    p: Array, complement: Array, k: Array, guess: Array, limit: int, precision: float = 0.0
) -> tuple[Array, NDArray[np.int16]]:
    """Return the root of variance at which the folded price is p, and the evaluations spent.

    All arrays have one dimension and one length.

    Args:
        p: Out-of-the-money price over min(F, K), in (0, 1).
        complement: 1 - p with its own relative accuracy.
        k: |ln(F/K)|.
        guess: Where to begin, anything.
        limit: Evaluations at most.
        precision: Fraction of the root. One that the limit did not settle counts nevertheless if
            its last step was smaller.

    Returns:
        Roots of variance, NaN where the limit did not suffice, and counts.

    >>> p = np.array([0.0796556745540579])  # at the money: 2 N(w/2) - 1
    >>> root, spent = bracketed_root(p, 1 - p, np.zeros(1), np.array([np.nan]), 50)
    >>> round(float(root[0]), 9)
    0.2
    """
    side = np.where(p <= 0.5, 1.0, -1.0)
    target = np.log(np.where(p <= 0.5, p, complement))
    low, high = _bracket(p, complement, k)
    w = np.where((guess > low) & (guess < high), guess, np.sqrt(low * high))
    root = np.full_like(p, np.nan)
    spent = np.full(p.shape, limit, np.int16)
    live = np.arange(p.size)
    for iteration in range(1, limit + 1):
        before = w
        w, last, low, high = _step(w, low, high, k, target, side)
        if iteration == limit:
            last |= np.abs(w - before) < precision * before
        root[live[last]] = w[last]
        spent[live[last]] = iteration
        if last.all():
            break
        rest = ~last
        live = live[rest]
        w, low, high, k, target, side = (column[rest] for column in (w, low, high, k, target, side))
    return root, spent


def _bracket(p: Array, complement: Array, k: Array) -> tuple[Array, Array]:
    """Return bounds of w, widened by a few units in the last place."""
    z = ndtri(p)
    reach = np.sqrt(z * z + 2 * k)
    low = np.where(z < 0, 2 * k / (reach - z), z + reach)
    # N^-1 is convex above one half, so its chord to p = 1/2 bounds it and costs nothing in the last
    # digits.
    z = np.where(p <= 0.5, 1.35 * p, -ndtri(0.5 * complement))
    high = z + np.sqrt(z * z + 2 * k)
    return np.maximum(low * (1 - 1e-14), 1e-3 * p), high * (1 + 1e-14)


def _step(
    w: Array, low: Array, high: Array, k: Array, target: Array, side: Array
) -> tuple[Array, NDArray[np.bool_], Array, Array]:
    """Return the next w after one evaluation, whether it is final, and the narrowed bracket."""
    h = k / w
    t = 0.5 * w
    ratio = mills(side * (h - t)) - side * mills(h + t)
    residual = np.log(ratio) - 0.5 * (h - t) ** 2 - _HALF_LOG_2PI - target
    above = residual * side > 0
    low = np.where(above, low, w)
    high = np.where(above, w, high)
    relative, curvature = _householder(-side * residual * ratio / w, side * w / ratio, h, t)
    following = w * (1 + relative)
    inside = (following >= low) & (following <= high)
    last = inside & (np.abs(relative) * (1 + curvature) < _LAST_STEP) | (high - low <= 4e-16 * high)
    return np.where(inside, following, np.sqrt(low * high)), last, low, high


def _householder(newton: Array, pull: Array, h: Array, t: Array) -> tuple[Array, Array]:
    """Return the relative step of the third order, and the curvature.

    `newton` is the relative Newton step, `pull` is w times c'/c, or -c'/(1 - c).
    """
    first = h * h - t * t
    second = first - pull
    third = first * first - 3 * h * h - t * t - 3 * first * pull + 2 * pull * pull
    return newton * (1 + 0.5 * second * newton) / (
        1 + newton * (second + third * newton / 6)
    ), np.abs(first)
