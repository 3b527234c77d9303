"""What open positions are worth to those who hedge them: exposures, walls, the flip, and risk.

Rows are (expiry, strike), n of them over any number of expiries. Axis 0 of `(2, n)` arrays is
(CE, PE). Open interest is in units of the underlying (contracts times lot already), never
multiplied again. Money is in ₹: an index point of one unit is one ₹. Who is long and who is short
nobody publishes: the signs are those of the convention, which is stored with every figure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, nan, pi, sqrt

import numpy as np
from numpy.typing import NDArray

from g6.domain.market.instrument import CE, PE
from g6.domain.pricing.black76 import PHI, greeks, higher_greeks
from g6.domain.schema.chain import Chain

__all__ = [
    "CONVENTION",
    "EXPOSURES",
    "MONEYNESS",
    "Exposures",
    "Positions",
    "Risk",
    "Walls",
    "exposures",
    "flip",
    "interest_walls",
    "net_gex",
    "positions",
    "regime",
    "risk",
    "walls",
]

Array = NDArray[np.float64]

CONVENTION = "dealer_short_puts_long_calls"
EXPOSURES = ("gex", "dex", "vex", "vanna", "charm", "vomma")
MONEYNESS = ("deep_in", "in", "at", "out", "deep_out")
FLIP_REACH = 0.10
"""Part of the index within which the flip is looked for."""

_DEALER = PHI
"""The convention's sign of each side: calls are held, puts are owed."""
_FLIP_STEPS = 80
_ROOT_WIDTH = 1e-11
_ROUNDING = 1e-11
"""Part of the gross GEX that a net may owe to rounding, well above d₁² ≤ 1,490 times 2e-16."""
_LEAST_DENSITY = 1e-290
"""Below this numbers begin to lose digits, so a sign there is none."""
_EDGES = (-1.5, -0.5, 0.5, 1.5)
_RISKS = ("delta", "gamma", "theta", "vega", "rho")
"""Greeks in the order of the sums of `Risk`."""


@dataclass(frozen=True, slots=True)
class Positions:
    """Open positions and what is needed to price them.

    Attributes:
        strike: Points, shape (n,).
        forward: Points, shape (n,).
        years: To the settlement fix, shape (n,).
        bucket: What each row's expiry was collected as, shape (n,).
        iv: Fractions per root year, shape (2, n), NaN unknown.
        oi: Units, shape (2, n), NaN unknown.
        rate: Continuous.
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
        """The forward-implied spot S* = F e^{−rT} of each row, points, shape (n,)."""
        with np.errstate(all="ignore"):
            return _finite(self.forward * np.exp(-self.rate * self.years))


def positions(chain: Chain) -> Positions:
    """Return the positions of a chain, whatever its expiries.

    >>> from g6.simulation.example_unit import CHAIN
    >>> positions(CHAIN).strike.shape
    (82,)
    """
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
    """Exposures of each option, shape (2, n), NaN where volatility or open interest is unknown.

    Attributes:
        convention: Whose signs they carry.
        strike: Points, shape (n,).
        gex: γ·OI·S*²/100, ₹ of delta per 1 % move of the index. Calls +, puts −.
        dex: δ·OI·S*, ₹ of delta, the holder's sign.
        vex: vega·OI, ₹ per 1 % of volatility, the holder's sign.
        vanna: vanna·OI·S*, ₹ of delta per 1 % of volatility. Calls +, puts −.
        charm: charm·OI·S*, ₹ of delta per calendar day. Calls +, puts −.
        vomma: vomma·OI, ₹ of vega per 1 % of volatility, the holder's sign.
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
        """Return the sum of one exposure over everything known, ₹, NaN when nothing is.

        Where calls and puts nearly cancel, the net is a small difference of large sums: a few ₹
        among millions move by more than 1e-5 when volatilities are stored as float32.
        """
        values: Array = getattr(self, name)
        finite = values[np.isfinite(values)]
        return float(finite.sum()) if len(finite) else nan

    def by_strike(self, name: str) -> tuple[Array, Array]:
        """Return one exposure at each distinct strike, over all expiries.

        Returns:
            Strikes in points, shape (k,), and ₹, shape (2, k). The unknown adds nothing.
        """
        strikes, place = np.unique(self.strike, return_inverse=True)
        sums = np.zeros((2, len(strikes)))
        for side, values in enumerate(np.nan_to_num(getattr(self, name))):
            np.add.at(sums[side], place, values)
        return strikes, sums

    @property
    def options(self) -> int:
        """How many options the sums hold."""
        return int(np.count_nonzero(np.isfinite(self.gex)))


def exposures(book: Positions) -> Exposures:
    """Return the exposures of every option, at its own implied volatility.

    Nothing is raised for bad numbers.

    >>> book = Positions(
    ...     strike=np.array([100.0]), forward=np.array([100.0]), years=np.array([0.25]),
    ...     bucket=np.array(["this_week"], dtype=object), iv=np.full((2, 1), 0.2),
    ...     oi=np.array([[650.0], [65.0]]), rate=0.0)
    >>> exposures(book).gex.round(1).tolist()
    [[2589.9], [-259.0]]
    """
    terms = (book.iv, book.forward, book.strike, book.years, book.rate, PHI)
    # Greeks at the forward-implied spot: the printed index is no input, so that a late or frozen
    # index cannot move an exposure.
    first = greeks(*terms)
    second = higher_greeks(*terms)
    spot = book.spot
    with np.errstate(all="ignore"):
        return Exposures(
            convention=CONVENTION,
            strike=book.strike,
            gex=_finite(_DEALER * first.gamma * book.oi * spot**2 / 100),
            dex=_finite(first.delta * book.oi * spot),
            vex=_finite(first.vega * book.oi),
            vanna=_finite(_DEALER * second.vanna * book.oi * spot),
            charm=_finite(_DEALER * second.charm * book.oi * spot),
            vomma=_finite(second.vomma * book.oi),
        )


def _finite(values: Array) -> Array:
    """Return the values, NaN for what no figure in ₹ could be."""
    return np.where(np.isfinite(values), values, np.nan)


@dataclass(frozen=True, slots=True)
class Walls:
    """Strikes (points) at which calls and puts weigh most over all expiries, NaN without one."""

    call: float = nan
    put: float = nan


def walls(weighed: Exposures) -> Walls:
    """Return the strikes of the largest gamma exposure, the lower one on a tie.

    >>> from g6.simulation.example_unit import CHAIN
    >>> walls(exposures(positions(CHAIN)))
    Walls(call=24100.0, put=24100.0)
    """
    strikes, gex = weighed.by_strike("gex")
    return _peaks(strikes, np.abs(gex))


def interest_walls(book: Positions) -> Walls:
    """Return the strikes of the most open interest over all expiries, the lower one on a tie.

    >>> from g6.simulation.example_unit import CHAIN
    >>> interest_walls(positions(CHAIN))
    Walls(call=24100.0, put=24100.0)
    """
    # A flip is held against them: far outside it says more of the convention than of the market.
    strikes, place = np.unique(book.strike, return_inverse=True)
    units = np.nan_to_num(book.oi)
    sums = [np.bincount(place, weights=side, minlength=len(strikes)) for side in units]
    return _peaks(strikes, np.stack(sums))


def _peaks(strikes: Array, heights: Array) -> Walls:
    """Return the strike of the largest height of each side, heights of shape (2, k)."""
    call, put = (
        float(strikes[np.argmax(heights[side])]) if heights[side].any() else nan
        for side in (CE, PE)
    )
    return Walls(call, put)


def net_gex(book: Positions, moves: Array) -> Array:
    """Return net GEX were every forward moved, each option at its σ.

    Args:
        book: The positions.
        moves: Multiples of what the forwards are, shape (m,).

    Returns:
        ₹ per 1 % move, shape (m,).

    >>> from g6.simulation.example_unit import CHAIN
    >>> net_gex(positions(CHAIN), np.array([0.99, 1.01])) > 0
    array([False, False])
    """
    with np.errstate(all="ignore"):
        densities, weight = _densities(book, moves)
        if not len(weight):
            return np.full(len(moves), nan)
        return np.asarray(moves * (densities @ weight))


def _densities(book: Positions, moves: Array) -> tuple[Array, Array]:
    """Return exp(−d₁²/2) of the known options at each move, (m, k), and their weights, (k,)."""
    deviation = book.iv * np.sqrt(book.years)
    start = np.log(book.forward / book.strike) / deviation + 0.5 * deviation
    weight = _DEALER * book.oi * book.spot / deviation / sqrt(2 * pi) / 100
    is_known = np.isfinite(start) & np.isfinite(weight) & (deviation > 0) & (book.forward > 0)
    # In place: 81 moves of 400 options are 260 KB, which malloc fetches from the kernel each time.
    d1 = np.log(moves)[:, None] / deviation[is_known]
    d1 += start[is_known]
    d1 *= d1
    d1 *= -0.5
    return np.exp(d1, out=d1), weight[is_known]


def flip(book: Positions, spot: float) -> float:
    """Return the index at which net GEX changes sign, the root nearest to the spot.

    It is the root of the whole curve over the index with each option's σ held, not the strike where
    a running sum over strikes changes sign.

    Args:
        book: The positions.
        spot: The index, points.

    Returns:
        Points, NaN without a root within ±10 %.

    >>> from g6.simulation.example_unit import CHAIN
    >>> flip(positions(CHAIN), 24050.0)
    nan
    """
    if not (isfinite(spot) and spot > 0):
        return nan
    moves = np.linspace(1 - FLIP_REACH, 1 + FLIP_REACH, _FLIP_STEPS + 1)
    signs = _signs(book, moves)
    certain = np.flatnonzero(signs)
    crossings = np.flatnonzero(np.diff(signs[certain])).tolist()
    roots = [_root(book, float(moves[certain[i]]), float(moves[certain[i + 1]])) for i in crossings]
    return spot * min(roots, key=lambda move: abs(move - 1), default=nan)


def _signs(book: Positions, moves: Array) -> Array:
    """Return the sign of net GEX at each move, 0 where the sum is within its own rounding."""
    # Calls and puts of equal interest at one strike cancel to ±1e-18, and the sign of that changes
    # with the number of moves that are asked for at once. The product of two values near 1e-199 is
    # 0, which is no change of sign either. Both made brentq raise ValueError.
    with np.errstate(all="ignore"):
        densities, weight = _densities(book, moves)
        net = moves * (densities @ weight)
        densities += _LEAST_DENSITY
        gross = moves * (densities @ np.abs(weight))
        if not np.isfinite(net).all():
            return np.zeros(len(moves))
        return np.where(np.abs(net) > _ROUNDING * gross + _LEAST_DENSITY, np.sign(net), 0.0)


def _root(book: Positions, low: float, high: float) -> float:
    """Return the first move between two of other signs at which net GEX is zero."""
    # brentq would have the process that makes panels import scipy.optimize: 20 MB and 0.37 s.
    while high - low > _ROOT_WIDTH:
        moves = np.linspace(low, high, _FLIP_STEPS + 1)
        signs = np.sign(net_gex(book, moves))
        place = int(np.argmax(signs != signs[0]))
        if not place:
            break
        low, high = moves[place - 1 : place + 1].tolist()
    return (low + high) / 2


def regime(net: float) -> str:
    """Return what the sign of net GEX says of dealers under the convention.

    Args:
        net: ₹ per 1 % move.

    Returns:
        long_gamma, which damps moves, short_gamma, which feeds them, or nothing.

    >>> regime(1e9), regime(-1e9), regime(float("nan"))
    ('long_gamma', 'short_gamma', '')
    """
    if not isfinite(net) or net == 0:
        return ""
    return "long_gamma" if net > 0 else "short_gamma"


@dataclass(frozen=True, slots=True)
class Risk:
    """Greeks times open interest of one moneyness class of one expiry bucket, the holder's sign.

    Attributes:
        bucket: Of the expiry.
        moneyness: One of `MONEYNESS`.
        options: How many options the sums hold.
        oi: Units.
        delta: Units of the index.
        gamma: Units per point.
        theta: ₹ per calendar day.
        vega: ₹ per 1 % of volatility.
        rho: ₹ per 1 % of rate.
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


def risk(book: Positions) -> Sequence[Risk]:
    """Return risk by expiry bucket and moneyness, without the classes that have no option.

    Moneyness is φ ln(K/F)/(σ√T), how many standard deviations an option is out of the money:
    deep_in below −1.5, in to −0.5, at to 0.5, out to 1.5, deep_out beyond. Options without a
    volatility or open interest have no Greeks and are in no class.

    >>> from g6.simulation.example_unit import CHAIN
    >>> [(row.moneyness, row.options) for row in risk(positions(CHAIN))][:2]
    [('deep_in', 19), ('in', 15)]
    """
    figures = greeks(book.iv, book.forward, book.strike, book.years, book.rate, PHI)
    with np.errstate(all="ignore"):
        out = PHI * np.log(book.strike / book.forward) / (book.iv * np.sqrt(book.years))
    is_known = np.isfinite(out) & np.isfinite(book.oi) & np.isfinite(figures.gamma)
    level = np.where(is_known, np.digitize(out, _EDGES), -1)
    of_option = np.stack([getattr(figures, name).ravel() for name in _RISKS])
    oi = book.oi.ravel()
    table = []
    for bucket in dict.fromkeys(book.bucket.tolist()):
        level_in_bucket = np.where(book.bucket == bucket, level, -1).ravel()
        for i, moneyness in enumerate(MONEYNESS):
            members = np.flatnonzero(level_in_bucket == i)
            if not len(members):
                continue
            units = oi[members]
            sums = (of_option.take(members, axis=1) * units).sum(axis=1).tolist()
            table.append(Risk(bucket, moneyness, len(members), float(units.sum()), *sums))
    return table
