"""The exposures of every option, their sums, and the strikes at which they weigh most."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite, nan

import numpy as np

from g6.domain.figures.exposures.open_positions import DEALER, Array, Positions, finite
from g6.domain.market.instrument import CE, PE
from g6.domain.pricing.black76 import PHI, greeks, higher_greeks

__all__ = [
    "CONVENTION",
    "EXPOSURES",
    "Exposures",
    "Walls",
    "exposures",
    "interest_walls",
    "regime",
    "walls",
]

CONVENTION = "dealer_short_puts_long_calls"
EXPOSURES = ("gex", "dex", "vex", "vanna", "charm", "vomma")


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
            gex=finite(DEALER * first.gamma * book.oi * spot**2 / 100),
            dex=finite(first.delta * book.oi * spot),
            vex=finite(first.vega * book.oi),
            vanna=finite(DEALER * second.vanna * book.oi * spot),
            charm=finite(DEALER * second.charm * book.oi * spot),
            vomma=finite(second.vomma * book.oi),
        )


@dataclass(frozen=True, slots=True)
class Walls:
    """Strikes (points) at which calls and puts weigh most over all expiries, NaN without one."""

    call: float = nan
    put: float = nan


def walls(weighed: Exposures) -> Walls:
    """Return the strikes of the largest gamma exposure, the lower one on a tie.

    >>> from g6.domain.figures.exposures import positions
    >>> from g6.simulation.example_unit import CHAIN
    >>> walls(exposures(positions(CHAIN)))
    Walls(call=24100.0, put=24100.0)
    """
    strikes, gex = weighed.by_strike("gex")
    return _peaks(strikes, np.abs(gex))


def interest_walls(book: Positions) -> Walls:
    """Return the strikes of the most open interest over all expiries, the lower one on a tie.

    >>> from g6.domain.figures.exposures import positions
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
