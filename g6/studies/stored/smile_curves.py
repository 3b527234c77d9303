"""Implied volatility by strike with the fitted surface."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from g6.domain.figures.by_expiry import ExpiryFigures, expiry_figures
from g6.domain.figures.smile import surface
from g6.domain.schema.chain import Chain
from g6.ports.readers import StoredReader
from g6.studies import selection
from g6.studies.documents import DocumentColumn
from g6.studies.parameters import At, Index, OneExpiry

Array = NDArray[np.float64]

# Standard deviations to expiry that a smile is drawn over. Options beyond them are worth a tick,
# and their volatility is that of the tick.
_REACH = 5.0


@dataclass(frozen=True, slots=True)
class SmileParameters:
    """Asks for the smiles of the newest stored chain."""

    index: Index
    expiry: OneExpiry = None
    at: At = None


@dataclass(frozen=True, slots=True)
class SmileCurve:
    """The smile of one expiry, n strikes.

    Attributes:
        expiry: The expiry's day.
        forward: Points.
        atm: The listed strike at the money, points, NaN unknown.
        quality: How well the surface fits, 1 at best, NaN where it is not fitted.
        reach: How far from the forward the smile is worth drawing, a fraction of it.
        strike: Points, shape (n,).
        calls: Volatility of the calls in percent, shape (n,).
        puts: Volatility of the puts in percent, shape (n,).
        fitted: Volatility of the surface in percent, shape (n,), NaN outside its strikes.
        lacks: Where no option has a volatility, the `iv_status` that most have, empty elsewhere.
    """

    expiry: date
    forward: float
    atm: float
    quality: float
    reach: float
    strike: Array
    calls: Array
    puts: Array
    fitted: Array
    lacks: str = ""


@dataclass(frozen=True, slots=True)
class SmileCurves:
    """The smiles of one stored chain, by expiry.

    Attributes:
        index: The underlying's name.
        cycle: The cycle's instant as its name.
        spot: The index, points.
        expiries: One smile per expiry, ascending.
    """

    index: str
    cycle: str
    spot: float
    expiries: tuple[SmileCurve, ...]

    def columns(self) -> Mapping[str, DocumentColumn]:
        """Return one line per expiry and strike."""
        sizes = [len(curve.strike) for curve in self.expiries]
        days = np.array([curve.expiry for curve in self.expiries], dtype="datetime64[D]")
        columns: dict[str, DocumentColumn] = {"expiry": np.repeat(days, sizes)}
        for name in ("strike", "calls", "puts", "fitted"):
            columns[name] = np.concatenate([getattr(curve, name) for curve in self.expiries])
        return columns


def answer(reader: StoredReader, parameters: SmileParameters) -> SmileCurves:
    """Return the smiles of the newest chain, of every expiry unless one is named.

    Raises:
        UserError: There is no such index.
        NothingToDo: No chain of it is stored, or none of that expiry.
    """
    unit, frame = selection.latest(reader, parameters.index, parameters.at)
    chain = Chain.of_rows(frame)
    if parameters.expiry is not None:
        chain = chain.expiry(selection.expiry_of(chain, parameters.expiry).day)
    fitted = surface.fit(surface.smiles(chain))
    curves = [
        _curve(figures, of_expiry, fitted)
        for figures, of_expiry in zip(expiry_figures(chain), chain.each_expiry(), strict=True)
    ]
    return SmileCurves(unit.index, unit.cycle, float(frame.columns["spot"][0]), tuple(curves))


def _curve(figures: ExpiryFigures, chain: Chain, fitted: surface.Surface) -> SmileCurve:
    if np.isfinite(figures.years):
        curve = 100 * fitted.iv(chain.strike, figures.years)
    else:
        curve = np.full(len(chain.strike), np.nan)
    calls, puts = 100 * chain.iv
    return SmileCurve(
        expiry=figures.expiry,
        forward=figures.forward,
        atm=chain.expiries[0].atm,
        quality=fitted.quality[figures.expiry],
        reach=_REACH * figures.em_sd / figures.forward,
        strike=chain.strike,
        calls=calls,
        puts=puts,
        fitted=curve,
        lacks=_lacks(chain),
    )


def _lacks(chain: Chain) -> str:
    """Return the commonest status of a chain's options where none has a volatility."""
    if np.isfinite(chain.iv).any():
        return ""
    statuses = Counter(map(str, chain.sides["iv_status"][chain.is_listed].tolist()))
    return statuses.most_common(1)[0][0] if statuses else ""
