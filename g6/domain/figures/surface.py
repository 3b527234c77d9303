"""The volatility surface of one index, without arbitrage between strikes or between expiries.

Each expiry's smile is held as a density of the index over its forward: a mixture of normal kernels whose weights, none of them
negative, sum to one and have the forward as their mean. Option prices are integrals over it, so no butterfly can be worth less than
nothing, between quoted strikes too. At one moneyness a later expiry is worth at least as much as every earlier one: the larger of
two convex functions is convex, so this lift cannot bring back a butterfly. Volatilities are read off these prices; between expiries
total variance at one moneyness is linear in time, so it never falls there either.

The weights are a non-negative least-squares fit of quoted volatilities, each in units of its own uncertainty.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from math import isfinite, log, nan, pi, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import nnls
from scipy.special import ndtr

from g6.domain.figures import volatility_smile
from g6.domain.pricing.black76 import implied_vol, price
from g6.domain.schema.chain import Chain

__all__ = ["LEAST_STRIKES", "LEAST_YEARS", "Fitted", "Smile", "Surface", "fit", "smiles"]

Array = NDArray[np.float64]

LEAST_YEARS = 2 / (24 * 365)
LEAST_STRIKES = 5
GOOD_POINTS = 0.005
"""Weighted residual (a fraction: half a volatility point) at which the quality is one half."""

_UNKNOWN_ERROR = 0.01
_LEAST_ERROR = 0.0005
_MOST_DEVIATION, _MOST_IV = 3.0, 10.0
_FIRST_STEP, _GROWTH, _BEYOND = 0.4, 0.15, 2.0
_WIDTH = 1.2
_BINDING, _SMOOTH = 1e4, 0.3
_INV_ROOT_2PI = 1 / sqrt(2 * pi)


@dataclass(frozen=True, slots=True)
class Smile:
    """What is quoted of one expiry.

    `forward` points, `years` to the fix; per strike `(k,)` ascending, the out-of-the-money side's `iv` (fraction per root year, NaN
    unknown) and its `error`, half the distance of the volatilities of bid and ask.
    """

    expiry: date
    forward: float
    years: float
    strike: Array
    iv: Array
    error: Array


def smiles(chain: Chain) -> list[Smile]:
    """Return the smiles of a chain, by expiry."""
    return [_smile(of_expiry) for of_expiry in chain.each_expiry()]


def _smile(chain: Chain) -> Smile:
    (expiry,) = chain.expiries
    sides = (chain.iv, chain.sides["iv_bid"], chain.sides["iv_ask"])
    iv, bid, ask = (volatility_smile.smile(chain.strike, expiry.forward, side) for side in sides)
    return Smile(
        expiry=expiry.day,
        forward=expiry.forward,
        years=expiry.years,
        strike=chain.strike,
        iv=iv,
        error=0.5 * (ask - bid),
    )


@dataclass(frozen=True, slots=True)
class Fitted:
    """One expiry of the surface.

    Kernels: `centre` and `width` over the forward, `weight` summing to 1. `low`, `high`: moneyness K/F of the outermost strikes
    used. `residual`: root mean square of what the surface misses the quotes by, `lift` the most that earlier expiries raised it
    inside its strikes, both volatility fractions; `outliers` strikes missed by more than twice their error, `strikes` those used.
    """

    expiry: date
    forward: float
    years: float
    centre: Array
    width: Array
    weight: Array
    low: float
    high: float
    strikes: int
    residual: float = nan
    lift: float = 0.0
    outliers: int = 0

    def values(self, moneyness: Array) -> Array:
        """Return undiscounted out-of-the-money prices over the forward at K/F `(m,)`; puts below 1, calls from 1 on."""
        return np.asarray(_kernels(moneyness, self.centre, self.width) @ self.weight)

    @property
    def quality(self) -> float:
        """From 1, where the surface meets every quote, towards 0; one half at half a volatility point of residual."""
        return 1 / (1 + (self.residual / GOOD_POINTS) ** 2)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the quotes offer against the surface: butterfly (no density fits them within twice their spread), calendar."""
        spoiled = self.outliers > max(1, self.strikes // 20)
        return (*(("butterfly",) if spoiled else ()), *(("calendar",) if self.lift > 0.001 else ()))


@dataclass(frozen=True, slots=True)
class Surface:
    """Fitted expiries, ascending; `quality` by expiry of everything asked for, NaN where fewer than five strikes can be used."""

    fitted: tuple[Fitted, ...]
    quality: dict[date, float]

    def iv(self, strike: ArrayLike, years: ArrayLike) -> Array:
        """Return the volatility (fraction per root year) at strikes (points) and times, which broadcast; NaN outside the hull.

        Inside are the times from the first to the last fitted expiry, and between the outermost strikes used at these,
        interpolated in the logarithm of moneyness.
        """
        K, T = np.broadcast_arrays(
            np.asarray(strike, dtype=np.float64), np.asarray(years, dtype=np.float64)
        )
        with np.errstate(all="ignore"):
            moneyness = K / self.forward(T)
            inside = self._inside(np.log(moneyness), T)
            sigma = np.full(K.shape, nan)
            if inside.any():
                sigma[inside] = np.sqrt(self._variance(moneyness[inside], T[inside]) / T[inside])
        return sigma

    def forward(self, years: ArrayLike) -> Array:
        """Return the forward (points) at times, its logarithm interpolated; NaN before the first and after the last expiry."""
        T = np.asarray(years, dtype=np.float64)
        if not self.fitted:
            return np.full(T.shape, nan)
        known = [each.years for each in self.fitted]
        return np.exp(
            np.interp(T, known, [log(each.forward) for each in self.fitted], left=nan, right=nan)
        )

    def _inside(self, k: Array, T: Array) -> NDArray[np.bool_]:
        if not self.fitted:
            return np.zeros(k.shape, dtype=np.bool_)
        known = [each.years for each in self.fitted]
        low, high = (
            np.interp(T, known, [log(getattr(each, end)) for each in self.fitted])
            for end in ("low", "high")
        )
        # A strike at the very edge must not fall out by rounding.
        return np.asarray(np.isfinite(k) & (k >= low - 1e-12) & (k <= high + 1e-12))

    def _variance(self, m: Array, T: Array) -> Array:
        """Total variance at moneyness and time, both `(n,)` inside the hull: linear in time between expiries."""
        known = np.array([each.years for each in self.fitted])
        late = np.minimum(np.searchsorted(known, T), len(known) - 1)
        early = np.maximum(late - 1, 0)
        at = np.stack([self._variance_at(place, m) for place in (early, late)])
        share = np.where(late > early, (T - known[early]) / (known[late] - known[early]), 1.0)
        return np.asarray((1 - share) * at[0] + share * at[1])

    def _variance_at(self, place: NDArray[np.intp], m: Array) -> Array:
        """Total variance of the expiry at each `place`."""
        found = np.empty(len(m))
        for i in np.unique(place).tolist():
            here = m[place == i]
            root = implied_vol(
                _lifted(self.fitted[: i + 1], here), 1.0, here, 1.0, 0.0, _side(here)
            ).sigma
            found[place == i] = root**2
        return found


def fit(quoted: Sequence[Smile]) -> Surface:
    """Return the surface of one index. Series with less than two hours to the fix, or unknown forward or time, are left out.

    Nothing is raised for bad numbers: what cannot be used is not, and an expiry of fewer than five usable strikes is left out too.
    """
    kept: list[Fitted] = []
    quality = dict.fromkeys((each.expiry for each in quoted), nan)
    for each in sorted(quoted, key=lambda smile: smile.years if isfinite(smile.years) else -1.0):
        usable = each.years >= LEAST_YEARS and each.years > (kept[-1].years if kept else 0.0)
        found = _fit_smile(each, kept) if usable and 0 < each.forward < np.inf else None
        if found is not None:
            kept.append(found)
            quality[each.expiry] = found.quality
    return Surface(tuple(kept), quality)


def _fit_smile(quoted: Smile, earlier: Sequence[Fitted]) -> Fitted | None:
    """Fit one expiry; None with too few strikes, or where the quotes are no smile at all."""
    with np.errstate(all="ignore"):
        iv, m = quoted.iv, quoted.strike / quoted.forward
        use = (
            (iv > 0)
            & (iv < _MOST_IV)
            & (iv * sqrt(quoted.years) < _MOST_DEVIATION)
            & (m > 0)
            & (m < np.inf)
        )
        use &= np.isfinite(price(iv, 1.0, m, quoted.years, 0.0, 1.0)) & (
            _vega(m, iv * sqrt(quoted.years)) > 1e-12
        )
    if np.count_nonzero(use) < LEAST_STRIKES:
        return None
    m, iv = m[use], iv[use]
    error = np.where(quoted.error[use] > 0, quoted.error[use], _UNKNOWN_ERROR)
    error = np.clip(error, _LEAST_ERROR, 1.0)
    mixture = _mixture(m, iv, error, quoted.years)
    if mixture is None:
        return None
    found = Fitted(
        quoted.expiry, quoted.forward, quoted.years, *mixture, low=float(m[0]), high=float(m[-1]), strikes=len(m)
    )  # fmt: skip
    return _judged(found, earlier, m, iv, error)


def _mixture(m: Array, iv: Array, error: Array, years: float) -> tuple[Array, Array, Array] | None:
    """Centres, widths and weights of the kernels that meet the volatilities best."""
    deviation = float(np.interp(1.0, m, iv)) * sqrt(years)
    x, step = _grid((m[0] - 1) / deviation, (m[-1] - 1) / deviation)
    centre, width = 1 + deviation * x, _WIDTH * deviation * step
    kept = centre > 3 * width  # an index below nothing has no weight
    x, centre, width = x[kept], centre[kept], width[kept]
    if len(x) < LEAST_STRIKES:
        return None
    side = _side(m)
    root = iv * sqrt(years)
    precision = 1 / (_vega(m, root) * sqrt(years) * error)
    rows = [
        _kernels(m, centre, width) * precision[:, None],
        _BINDING * np.ones((1, len(x))),
        _BINDING * x[None, :],
        _SMOOTH * np.diff(np.eye(len(x)), 2, axis=0),
    ]
    target = [
        price(root, 1.0, m, 1.0, 0.0, side) * precision,
        np.array([_BINDING]),
        np.zeros(len(x) - 1),
    ]
    try:
        weight, _ = nnls(np.concatenate(rows), np.concatenate(target), maxiter=20 * len(x))
    except RuntimeError:  # no convergence: quotes that are no smile
        return None
    if not weight.sum() > 0:
        return None
    weight /= weight.sum()
    # What rounding left of the mean's distance to the forward would be a butterfly where puts become calls.
    return centre + (1 - weight @ centre), width, weight


def _grid(low: float, high: float) -> tuple[Array, Array]:
    """Centres in standard deviations of the index from the forward, and their distances, which grow outwards."""
    places, steps = [0.0], [_FIRST_STEP]
    for sign, end in ((1.0, high), (-1.0, -low)):
        at = 0.0
        while at < _BEYOND * max(end, 0.0) + 1:
            step = _FIRST_STEP + _GROWTH * at * (3 if at > end else 1)
            at += step
            places.append(sign * at)
            steps.append(step)
    order = np.argsort(places)
    return np.array(places)[order], np.array(steps)[order]


def _kernels(m: Array, centre: Array, width: Array) -> Array:
    """What an out-of-the-money option pays on average under each kernel, `(m, kernels)`."""
    side = _side(m)[:, None]
    d = side * (centre - m[:, None]) / width
    return np.asarray(width * (d * ndtr(d) + np.exp(-0.5 * d * d) * _INV_ROOT_2PI))


def _side(m: Array) -> Array:
    """Which option is out of the money at K/F: puts (-1) below 1, calls (+1) from 1 on."""
    return np.where(m < 1, -1.0, 1.0)


def _vega(m: Array, root: Array) -> Array:
    """Change of the price over the forward with the standard deviation."""
    return np.asarray(np.exp(-0.5 * (-np.log(m) / root + 0.5 * root) ** 2) * _INV_ROOT_2PI)


def _lifted(fitted: Sequence[Fitted], m: Array) -> Array:
    """Prices of the last expiry given, raised to those of every earlier one."""
    return np.asarray(np.max([each.values(m) for each in fitted], axis=0))


def _judged(found: Fitted, earlier: Sequence[Fitted], m: Array, iv: Array, error: Array) -> Fitted:
    """Measure the surface at this expiry against its quotes."""
    side, own = _side(m), found.values(m)
    lifted = np.maximum(own, _lifted(earlier, m)) if earlier else own
    sigma = implied_vol(np.stack([own, lifted]), 1.0, m, found.years, 0.0, side).sigma
    # A price that rounds away has no volatility: it misses its quote altogether.
    missed = np.nan_to_num(np.abs(sigma[1] - iv), nan=1.0)
    weight = 1 / np.maximum(error, 0.5 * GOOD_POINTS) ** 2
    lift = np.nan_to_num(sigma[1] - sigma[0])
    return replace(
        found,
        residual=sqrt(float(weight @ missed**2) / float(weight.sum())),
        lift=max(0.0, float(lift.max())),
        outliers=int(np.count_nonzero(missed > 2 * error)),
    )
