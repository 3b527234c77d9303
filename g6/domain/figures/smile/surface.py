"""The volatility surface of one index, without arbitrage between strikes or between expiries.

Each expiry's smile is a density of the index over its forward: a mixture of normal kernels whose
weights, none of them negative, sum to one and have the forward as their mean. Option prices are
integrals over it, so no butterfly can be worth less than nothing, between quoted strikes too. At
one moneyness a later expiry is worth at least as much as every earlier one: the larger of two
convex functions is convex, so this lift cannot bring back a butterfly. Volatilities are read off
these prices. Between expiries total variance at one moneyness is linear in time, so it never falls
there either.

The weights are a non-negative least-squares fit of quoted volatilities, each in units of its own
uncertainty.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from math import isfinite, log, nan, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from g6.domain.figures.smile.smile_density import (
    GOOD_POINTS,
    INV_ROOT_2PI,
    Fitted,
    Smile,
    kernels,
    lifted,
    otm_side,
    smiles,
)
from g6.domain.figures.smile.term_structure import LEAST_YEARS
from g6.domain.pricing.black76 import implied_vol, price

__all__ = ["LEAST_STRIKES", "LEAST_YEARS", "Fitted", "Smile", "Surface", "fit", "smiles"]

Array = NDArray[np.float64]

LEAST_STRIKES = 5
"""Usable strikes without which an expiry is left out."""

_UNKNOWN_ERROR = 0.01
"""Uncertainty of a volatility without a two-sided book, a fraction."""
_LEAST_ERROR = 0.0005
_MOST_DEVIATION = 3.0
_MOST_IV = 10.0
# Distances of the kernels, in standard deviations of the index: the first, what each grows by
# going outwards, and how far beyond the outermost strike they go.
_FIRST_STEP = 0.4
_GROWTH = 0.15
_BEYOND = 2.0
_WIDTH = 1.2
"""Width of a kernel over its distance to the next."""
# Weights of the conditions in the fit: sum and mean hold exactly, smoothness gives way to quotes.
_BINDING = 1e4
_SMOOTH = 0.3


@dataclass(frozen=True, slots=True)
class Surface:
    """The fitted expiries of one index.

    Attributes:
        fitted: Ascending.
        quality: By expiry, NaN of one that is left out.
    """

    fitted: tuple[Fitted, ...]
    quality: dict[date, float]

    def iv(self, strike: ArrayLike, years: ArrayLike) -> Array:
        """Return the volatility at strikes and times, which broadcast.

        Args:
            strike: Points.
            years: To the settlement fix.

        Returns:
            Fractions per root year, NaN outside the hull. Inside are the times from the first to
            the last fitted expiry, and the strikes between the outermost ones used at these,
            interpolated in the logarithm of moneyness.
        """
        K, T = np.broadcast_arrays(
            np.asarray(strike, dtype=np.float64), np.asarray(years, dtype=np.float64)
        )
        with np.errstate(all="ignore"):
            moneyness = K / self.forward(T)
            is_inside = self._is_inside(np.log(moneyness), T)
            sigma = np.full(K.shape, nan)
            if is_inside.any():
                within = T[is_inside]
                sigma[is_inside] = np.sqrt(self._variance(moneyness[is_inside], within) / within)
        return sigma

    def forward(self, years: ArrayLike) -> Array:
        """Return the forward at times, its logarithm interpolated.

        Returns:
            Points, NaN before the first and after the last expiry.
        """
        T = np.asarray(years, dtype=np.float64)
        if not self.fitted:
            return np.full(T.shape, nan)
        forwards = [log(smile.forward) for smile in self.fitted]
        return np.exp(np.interp(T, self._times, forwards, left=nan, right=nan))

    @property
    def _times(self) -> list[float]:
        return [smile.years for smile in self.fitted]

    def _is_inside(self, k: Array, T: Array) -> NDArray[np.bool_]:
        if not self.fitted:
            return np.zeros(k.shape, dtype=np.bool_)
        low = np.interp(T, self._times, [log(smile.low) for smile in self.fitted])
        high = np.interp(T, self._times, [log(smile.high) for smile in self.fitted])
        # A strike at the very edge must not fall out by rounding.
        return np.asarray(np.isfinite(k) & (k >= low - 1e-12) & (k <= high + 1e-12))

    def _variance(self, m: Array, T: Array) -> Array:
        """Return the total variance at moneyness and time, both `(n,)` inside the hull.

        It is linear in time between expiries.
        """
        times = np.array(self._times)
        late = np.minimum(np.searchsorted(times, T), len(times) - 1)
        early = np.maximum(late - 1, 0)
        before = self._variance_at(early, m)
        after = self._variance_at(late, m)
        share = np.where(late > early, (T - times[early]) / (times[late] - times[early]), 1.0)
        return np.asarray((1 - share) * before + share * after)

    def _variance_at(self, place: NDArray[np.intp], m: Array) -> Array:
        """Return the total variance of the expiry at each `place`."""
        variance = np.empty(len(m))
        for i in np.unique(place).tolist():
            here = m[place == i]
            values = lifted(self.fitted[: i + 1], here)
            root = implied_vol(values, 1.0, here, 1.0, 0.0, otm_side(here)).sigma
            variance[place == i] = root**2
        return variance


def fit(quoted: Sequence[Smile]) -> Surface:
    """Return the surface of one index.

    Nothing is raised for bad numbers: what cannot be used is not. Left out are series with less
    than two hours to the fix, with unknown forward or time, or of fewer than five usable strikes.

    Args:
        quoted: The smiles of the index, in any order.

    >>> strike = np.linspace(90.0, 110.0, 21)
    >>> flat = Smile(date(2026, 11, 24), 100.0, 0.1, strike, np.full(21, 0.2), np.full(21, 0.001))
    >>> round(float(fit([flat]).iv(100.0, 0.1)), 3)
    0.2
    """
    fitted: list[Fitted] = []
    quality = dict.fromkeys((smile.expiry for smile in quoted), nan)
    for smile in sorted(quoted, key=lambda smile: smile.years if isfinite(smile.years) else -1.0):
        earliest = fitted[-1].years if fitted else 0.0
        if smile.years < LEAST_YEARS or not smile.years > earliest:
            continue
        if not 0 < smile.forward < np.inf:
            continue
        expiry = _fit_smile(smile, fitted)
        if expiry is not None:
            fitted.append(expiry)
            quality[expiry.expiry] = expiry.quality
    return Surface(tuple(fitted), quality)


def _fit_smile(quoted: Smile, earlier: Sequence[Fitted]) -> Fitted | None:
    """Fit one expiry, None with too few strikes or where the quotes are no smile at all."""
    with np.errstate(all="ignore"):
        m = quoted.strike / quoted.forward
    is_usable = _is_usable(quoted, m)
    if np.count_nonzero(is_usable) < LEAST_STRIKES:
        return None
    m = m[is_usable]
    iv = quoted.iv[is_usable]
    error = quoted.error[is_usable]
    error = np.clip(np.where(error > 0, error, _UNKNOWN_ERROR), _LEAST_ERROR, 1.0)
    mixture = _mixture(m, iv, error, quoted.years)
    if mixture is None:
        return None
    centre, width, weight = mixture
    expiry = Fitted(
        expiry=quoted.expiry,
        forward=quoted.forward,
        years=quoted.years,
        centre=centre,
        width=width,
        weight=weight,
        low=float(m[0]),
        high=float(m[-1]),
        strikes=len(m),
    )
    return _measured(expiry, earlier, m, iv, error)


def _is_usable(quoted: Smile, m: Array) -> NDArray[np.bool_]:
    """Return which volatilities have a price that a volatility can be read from again."""
    iv = quoted.iv
    with np.errstate(all="ignore"):
        root = iv * sqrt(quoted.years)
        is_sane = (iv > 0) & (iv < _MOST_IV) & (root < _MOST_DEVIATION) & (m > 0) & (m < np.inf)
        has_price = np.isfinite(price(iv, 1.0, m, quoted.years, 0.0, 1.0))
        return np.asarray(is_sane & has_price & (_vega(m, root) > 1e-12))


def _mixture(m: Array, iv: Array, error: Array, years: float) -> tuple[Array, Array, Array] | None:
    """Return centres, widths and weights of the kernels that meet the volatilities best."""
    deviation = float(np.interp(1.0, m, iv)) * sqrt(years)
    x, step = _grid((m[0] - 1) / deviation, (m[-1] - 1) / deviation)
    centre = 1 + deviation * x
    width = _WIDTH * deviation * step
    # An index below nothing has no weight.
    is_above_zero = centre > 3 * width
    x = x[is_above_zero]
    centre = centre[is_above_zero]
    width = width[is_above_zero]
    if len(x) < LEAST_STRIKES:
        return None
    root = iv * sqrt(years)
    precision = 1 / (_vega(m, root) * sqrt(years) * error)
    conditions = [
        kernels(m, centre, width) * precision[:, None],
        _BINDING * np.ones((1, len(x))),
        _BINDING * x[None, :],
        _SMOOTH * np.diff(np.eye(len(x)), 2, axis=0),
    ]
    target = [
        price(root, 1.0, m, 1.0, 0.0, otm_side(m)) * precision,
        np.array([_BINDING]),
        np.zeros(len(x) - 1),
    ]
    from scipy.optimize import nnls

    try:
        weight, _ = nnls(np.concatenate(conditions), np.concatenate(target), maxiter=20 * len(x))
    except RuntimeError:  # no convergence: quotes that are no smile
        return None
    if not weight.sum() > 0:
        return None
    weight /= weight.sum()
    # The mean is the forward but for rounding, and what rounding left would be a butterfly where
    # puts become calls.
    return centre + (1 - weight @ centre), width, weight


def _grid(low: float, high: float) -> tuple[Array, Array]:
    """Return centres in standard deviations of the index from the forward, and their distances.

    The distances grow outwards, and three times as fast beyond the strikes from `low` to `high`.
    """
    places = [0.0]
    steps = [_FIRST_STEP]
    for sign, end in ((1.0, high), (-1.0, -low)):
        at = 0.0
        while at < _BEYOND * max(end, 0.0) + 1:
            step = _FIRST_STEP + _GROWTH * at * (3 if at > end else 1)
            at += step
            places.append(sign * at)
            steps.append(step)
    order = np.argsort(places)
    return np.array(places)[order], np.array(steps)[order]


def _vega(m: Array, root: Array) -> Array:
    """Return the change of the price over the forward with the standard deviation."""
    return np.asarray(np.exp(-0.5 * (-np.log(m) / root + 0.5 * root) ** 2) * INV_ROOT_2PI)


def _measured(
    expiry: Fitted, earlier: Sequence[Fitted], m: Array, iv: Array, error: Array
) -> Fitted:
    """Measure the surface at this expiry against its quotes."""
    own = expiry.values(m)
    raised = np.maximum(own, lifted(earlier, m)) if earlier else own
    prices = np.stack([own, raised])
    own_iv, surface_iv = implied_vol(prices, 1.0, m, expiry.years, 0.0, otm_side(m)).sigma
    # A price that rounds away has no volatility: it misses its quote altogether.
    misses = np.nan_to_num(np.abs(surface_iv - iv), nan=1.0)
    weight = 1 / np.maximum(error, 0.5 * GOOD_POINTS) ** 2
    lift = np.nan_to_num(surface_iv - own_iv)
    return replace(
        expiry,
        residual=sqrt(float(weight @ misses**2) / float(weight.sum())),
        lift=max(0.0, float(lift.max())),
        outliers=int(np.count_nonzero(misses > 2 * error)),
    )
