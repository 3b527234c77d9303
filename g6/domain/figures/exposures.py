"""What open positions are worth to those who hedge them: exposures by strike, walls, the flip, and risk by moneyness and expiry.

Rows are (expiry, strike), n of them over any number of expiries; axis 0 of `(2, n)` arrays is (CE, PE). Open interest is in units
of the underlying (contracts times lot already), never multiplied again. Money is in ₹: an index point of one unit is one ₹.
Who is long and who is short nobody publishes: the signs are those of the convention, which is stored with every figure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, nan, pi, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from g6.domain.market.instrument import CE, PE
from g6.domain.pricing.black76 import PHI, greeks, higher_greeks
from g6.domain.schema.chain import Chain

__all__ = [
    "CONVENTION", "EXPOSURES", "MONEYNESS", "Exposures", "Positions", "Risk", "Walls", "exposures", "flip", "interest_walls",
    "net_gex", "positions", "regime", "risk", "walls",
]  # fmt: skip

Array = NDArray[np.float64]

CONVENTION = "dealer_short_puts_long_calls"
EXPOSURES = ("gex", "dex", "vex", "vanna", "charm", "vomma")
MONEYNESS = ("deep_in", "in", "at", "out", "deep_out")
FLIP_REACH = 0.10

_DEALER = PHI
_FLIP_STEPS = 80
_EDGES = (-1.5, -0.5, 0.5, 1.5)


@dataclass(frozen=True, slots=True)
class Positions:
    """Open positions and what is needed to price them.

    `strike`, `forward` points and `years` to the fix, each `(n,)`; `bucket` `(n,)` names; `iv` fraction per root year and `oi`
    units, each `(2, n)`, NaN unknown; `rate` continuous.
    """

    strike: Array
    forward: Array
    years: Array
    bucket: NDArray[np.object_]
    iv: Array
    oi: Array
    rate: float

    @property
    def spot(self) -> Array:
        """The forward-implied spot S* = F e^{−rT} of each row, points `(n,)`."""
        with np.errstate(all="ignore"):
            return _finite(self.forward * np.exp(-self.rate * self.years))


def positions(chain: Chain) -> Positions:
    """Return the positions of a chain, whatever its expiries."""
    return Positions(
        strike=chain.strike,
        forward=chain.forward,
        years=chain.years,
        bucket=chain.bucket,
        iv=chain.iv,
        oi=chain.oi,
        rate=chain.rate,
    )


@dataclass(frozen=True, slots=True)
class Exposures:
    """Exposures of each option, `(2, n)`, under `convention`; NaN where volatility or open interest is unknown.

    gex: γ·OI·S*²/100, ₹ of delta per 1 % move of the index; calls +, puts −.
    dex: δ·OI·S*, ₹ of delta; the holder's sign.
    vex: vega·OI, ₹ per 1 % of volatility; the holder's sign.
    vanna: vanna·OI·S*, ₹ of delta per 1 % of volatility; calls +, puts −.
    charm: charm·OI·S*, ₹ of delta per calendar day; calls +, puts −.
    vomma: vomma·OI, ₹ of vega per 1 % of volatility; the holder's sign.
    """

    convention: str
    strike: Array
    gex: Array
    dex: Array
    vex: Array
    vanna: Array
    charm: Array
    vomma: Array

    def net(self, name: str) -> float:
        """Return the sum of one exposure over everything known, ₹; NaN when nothing is."""
        values: Array = getattr(self, name)
        known = values[np.isfinite(values)]
        return float(known.sum()) if len(known) else nan

    def by_strike(self, name: str) -> tuple[Array, Array]:
        """Return the distinct strikes `(k,)` and one exposure over all expiries at each, `(2, k)` ₹; the unknown adds nothing."""
        strikes, place = np.unique(self.strike, return_inverse=True)
        summed = np.zeros((2, len(strikes)))
        for side, values in enumerate(np.nan_to_num(getattr(self, name))):
            np.add.at(summed[side], place, values)
        return strikes, summed

    @property
    def options(self) -> int:
        """How many options the sums hold."""
        return int(np.count_nonzero(np.isfinite(self.gex)))


def exposures(held: Positions) -> Exposures:
    """Return the exposures of every option, at its own implied volatility. Nothing is raised for bad numbers."""
    terms = (held.iv, held.forward, held.strike, held.years, held.rate, PHI)
    first, second, spot = greeks(*terms), higher_greeks(*terms), held.spot
    with np.errstate(all="ignore"):
        return Exposures(
            convention=CONVENTION,
            strike=held.strike,
            gex=_finite(_DEALER * first.gamma * held.oi * spot**2 / 100),
            dex=_finite(first.delta * held.oi * spot),
            vex=_finite(first.vega * held.oi),
            vanna=_finite(_DEALER * second.vanna * held.oi * spot),
            charm=_finite(_DEALER * second.charm * held.oi * spot),
            vomma=_finite(second.vomma * held.oi),
        )


def _finite(values: Array) -> Array:
    """The values, NaN for what no figure in ₹ could be."""
    return np.where(np.isfinite(values), values, np.nan)


@dataclass(frozen=True, slots=True)
class Walls:
    """Strikes (points) of the largest gamma exposure of calls and of puts over all expiries given; NaN when there is none."""

    call: float = nan
    put: float = nan


def walls(found: Exposures) -> Walls:
    """Return the walls, the lower strike on a tie."""
    strikes, gex = found.by_strike("gex")
    heights = np.abs(gex)
    peaks = [
        float(strikes[np.argmax(heights[side])]) if heights[side].any() else nan
        for side in (CE, PE)
    ]
    return Walls(*peaks)


def interest_walls(held: Positions) -> Walls:
    """Return the strikes of the most open interest of calls and of puts over all expiries: what a flip is held against."""
    strikes, place = np.unique(held.strike, return_inverse=True)
    known = np.nan_to_num(held.oi)
    heights = [np.bincount(place, weights=known[side], minlength=len(strikes)) for side in (CE, PE)]
    return Walls(*(float(strikes[np.argmax(each)]) if each.any() else nan for each in heights))


def net_gex(held: Positions, moves: Array) -> Array:
    """Return net GEX `(m,)`, ₹ per 1 % move, were every forward `moves` `(m,)` times what it is; each option keeps its σ."""
    with np.errstate(all="ignore"):
        deviation = held.iv * np.sqrt(held.years)
        start = np.log(held.forward / held.strike) / deviation + 0.5 * deviation
        weight = _DEALER * held.oi * held.spot / deviation / sqrt(2 * pi) / 100
        known = np.isfinite(start) & np.isfinite(weight) & (deviation > 0) & (held.forward > 0)
        if not known.any():
            return np.full(len(moves), nan)
        d1 = start[known] + np.log(moves)[:, None] / deviation[known]
        return np.asarray(moves * (np.exp(-0.5 * d1 * d1) @ weight[known]))


def flip(held: Positions, spot: float) -> float:
    """Return the index (points) at which net GEX changes sign, the root nearest to `spot`; NaN without one within ±10 %.

    The root of the whole curve over the index with each option's σ held, not the strike where a running sum changes sign.
    """
    if not (isfinite(spot) and spot > 0):
        return nan
    moves = np.linspace(1 - FLIP_REACH, 1 + FLIP_REACH, _FLIP_STEPS + 1)
    curve = net_gex(held, moves)
    crossings = (
        np.flatnonzero(curve[:-1] * curve[1:] <= 0)
        if np.isfinite(curve).all() and curve.any()
        else np.array([], dtype=np.int64)
    )
    roots = [_root(held, float(moves[i]), float(moves[i + 1])) for i in crossings.tolist()]
    return spot * min(roots, key=lambda move: abs(move - 1), default=nan)


def _root(held: Positions, low: float, high: float) -> float:
    return float(
        brentq(lambda move: float(net_gex(held, np.array([move]))[0]), low, high, xtol=1e-10)
    )


def regime(net: float) -> str:
    """Return what the sign of net GEX says of dealers under the convention: long_gamma damps moves, short_gamma feeds them."""
    return "" if not isfinite(net) or net == 0 else "long_gamma" if net > 0 else "short_gamma"


@dataclass(frozen=True, slots=True)
class Risk:
    """Greeks times open interest of one moneyness class of one expiry bucket, the holder's sign, over `options` options.

    delta units of the index, gamma units per point, theta ₹ per calendar day, vega ₹ per 1 % of volatility, rho ₹ per 1 % of rate.
    """

    bucket: str
    moneyness: str
    options: int
    oi: float
    delta: float
    gamma: float
    theta: float
    vega: float
    rho: float


def risk(held: Positions) -> Sequence[Risk]:
    """Return risk by expiry bucket and moneyness; classes without an option are left out.

    Moneyness is φ ln(K/F)/(σ√T), how many standard deviations an option is out of the money: deep_in below −1.5, in to −0.5, at to
    0.5, out to 1.5, deep_out beyond. Options without a volatility or open interest have no Greeks and are in no class.
    """
    figures = greeks(held.iv, held.forward, held.strike, held.years, held.rate, PHI)
    with np.errstate(all="ignore"):
        out = PHI * np.log(held.strike / held.forward) / (held.iv * np.sqrt(held.years))
    known = np.isfinite(out) & np.isfinite(held.oi) & np.isfinite(figures.gamma)
    level = np.digitize(out, _EDGES)
    columns: Mapping[str, Array] = {
        name: getattr(figures, name) * held.oi
        for name in ("delta", "gamma", "theta", "vega", "rho")
    }
    table = []
    for bucket in dict.fromkeys(held.bucket.tolist()):
        for i, moneyness in enumerate(MONEYNESS):
            chosen = known & (level == i) & (held.bucket == bucket)
            if chosen.any():
                sums = {name: float(values[chosen].sum()) for name, values in columns.items()}
                table.append(
                    Risk(
                        bucket,
                        moneyness,
                        int(np.count_nonzero(chosen)),
                        float(held.oi[chosen].sum()),
                        **sums,
                    )
                )
    return table
