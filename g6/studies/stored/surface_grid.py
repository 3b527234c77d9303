"""The volatility surface over moneyness and time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from g6.domain.figures.smile import surface
from g6.domain.schema.chain import Chain, ChainExpiry
from g6.ports.readers import StoredReader
from g6.studies import selection
from g6.studies.documents import DocumentColumn
from g6.studies.parameters import At, Index

Array = NDArray[np.float64]

_STEPS_OF_MONEYNESS = 81
_STEPS_OF_TIME = 41
_DAYS_PER_YEAR = 365


@dataclass(frozen=True, slots=True)
class SurfaceParameters:
    """Asks for the volatility surface of the newest stored chain."""

    index: Index
    at: At = None


@dataclass(frozen=True, slots=True)
class SurfaceExpiry:
    """An expiry that the surface is fitted to.

    Attributes:
        expiry: Its day.
        days: Days to the settlement fix.
        forward: Points.
        atm: The listed strike at the money, points, NaN unknown.
        quality: How well the surface fits, 1 at best.
    """

    expiry: date
    days: float
    forward: float
    atm: float
    quality: float


@dataclass(frozen=True, slots=True)
class SurfaceGrid:
    """The volatility surface, t rows of equal time from one edge of the hull to the other.

    Attributes:
        index: The underlying's name.
        cycle: The cycle's instant as its name.
        moneyness: Strike over forward, shape (t, k).
        days: Days to expiry, shape (t,).
        iv: Volatility in percent, shape (t, k).
        spot: The index, points.
        expiries: The expiries that the surface is fitted to.
    """

    index: str
    cycle: str
    moneyness: Array
    days: Array
    iv: Array
    spot: float
    expiries: tuple[SurfaceExpiry, ...]

    def columns(self) -> Mapping[str, DocumentColumn]:
        """Return one line per point of the grid."""
        days = np.broadcast_to(self.days[:, None], self.iv.shape)
        return {
            "days": days.ravel(),
            "moneyness": self.moneyness.ravel(),
            "iv": self.iv.ravel(),
        }


def answer(reader: StoredReader, parameters: SurfaceParameters) -> SurfaceGrid:
    """Return the surface of the newest stored chain, without points where nothing fits.

    Raises:
        UserError: There is no such index.
        NothingToDo: No chain of it is stored.
    """
    unit, frame = selection.latest(reader, parameters.index, parameters.at)
    chain = Chain.of_rows(frame)
    fitted = surface.fit(surface.smiles(chain))
    smiles = fitted.fitted
    years = np.zeros(0)
    if smiles:
        years = np.linspace(smiles[0].years, smiles[-1].years, _STEPS_OF_TIME)
    moneyness = _within_hull(smiles, years)
    of_day = {expiry.day: expiry for expiry in chain.expiries}
    strikes = moneyness * fitted.forward(years)[:, None]
    return SurfaceGrid(
        index=unit.index,
        cycle=unit.cycle,
        moneyness=moneyness,
        days=_DAYS_PER_YEAR * years,
        iv=100 * fitted.iv(strikes, years[:, None]),
        spot=float(frame.columns["spot"][0]),
        expiries=tuple(_expiry(smile, of_day[smile.expiry]) for smile in smiles),
    )


def _expiry(smile: surface.Fitted, expiry: ChainExpiry) -> SurfaceExpiry:
    return SurfaceExpiry(
        expiry=smile.expiry,
        days=_DAYS_PER_YEAR * smile.years,
        forward=expiry.forward,
        atm=expiry.atm,
        quality=smile.quality,
    )


def _within_hull(smiles: Sequence[surface.Fitted], years: Array) -> Array:
    """Return moneyness (t, k) between the outermost strikes used, even in its logarithm."""
    # Outside the strikes that were used the surface is no answer but an extrapolation.
    if not smiles:
        return np.zeros((0, _STEPS_OF_MONEYNESS))
    fitted_years = [smile.years for smile in smiles]
    low = np.interp(years, fitted_years, np.log([smile.low for smile in smiles]))
    high = np.interp(years, fitted_years, np.log([smile.high for smile in smiles]))
    moneyness: Array = np.exp(np.linspace(low, high, _STEPS_OF_MONEYNESS, axis=1))
    return moneyness
